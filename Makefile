# The menu: `make` shows it. Everything happens in this folder; nothing needs root.
#   PYTHON=python3.12   another Python          STAGE=1   without torch and the Fun-ASR engine
#   ARGS="..."          handed on to the command or to pytest
#   JOBS=4              tests at once, file by file, where ARGS is empty

PYTHON ?=
STAGE ?=
ARGS ?=
JOBS ?= 4
export PYTHON
BIN = .venv/bin

.DEFAULT_GOAL := menu
.PHONY: menu run demo test lint types bench nano lock settings clean

menu: ## shows this menu
	@echo "make ..."
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  %-8s %s\n", $$1, $$2 }' Makefile

run: ## sets everything up and starts it (STAGE=1: without torch)
	@sh setup/venv.sh
	@exec $(BIN)/nas-asr up $(if $(STAGE),--stage $(STAGE)) $(ARGS)

demo: ## drops the sample meeting into the folder of a team called demo, and starts everything
	@sh setup/venv.sh
	@exec $(BIN)/nas-asr demo tests/sample/meeting.flac $(ARGS)

test: ## sets everything up and runs all the tests (STAGE=1: without torch; ARGS="tests/web -x")
	@sh setup/venv.sh --dev
	@$(if $(STAGE),:,$(BIN)/python -m nas_asr.install.stage2 --data artifacts)
	$(BIN)/ruff check
	$(BIN)/mypy
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest $(if $(ARGS),$(ARGS),--numprocesses $(JOBS) -p no:hydra_pytest --dist loadfile --no-loadscope-reorder --durations 15)

lint: ## looks for mistakes and untidiness (ruff)
	@sh setup/venv.sh --dev
	$(BIN)/ruff check

types: ## checks the types (mypy --strict)
	@sh setup/venv.sh --dev
	$(BIN)/mypy

bench: ## runs the measurements of bench/, quickly
	@sh setup/venv.sh --dev
	@for script in bench/[!_]*.py; do echo "== $$script"; $(BIN)/python "$$script" --quick $(ARGS) || exit 1; done

nano: ## trains the small checkpoint of tests/nano anew into artifacts/nano/small and measures it (needs espeak-ng, flite; an hour or more)
	@sh setup/venv.sh --dev
	OMP_WAIT_POLICY=PASSIVE $(BIN)/python -m tests.nano.train artifacts/nano $(ARGS)
	OMP_WAIT_POLICY=PASSIVE $(BIN)/python -m tests.nano.evaluate artifacts/nano/small

lock: ## pins the packages anew (ARGS=--upgrade: the newest)
	@sh setup/venv.sh --dev
	$(BIN)/python setup/lock.py $(ARGS)

settings: ## writes deploy/settings.env from nas_asr/settings.py
	@sh setup/venv.sh
	$(BIN)/python -m nas_asr.settings

clean: ## removes .venv and what tools left behind; never data/
	rm -rf .venv .venv.log .mypy_cache .ruff_cache .pytest_cache .hypothesis artifacts
	find nas_asr tests bench setup -name __pycache__ -type d -prune -exec rm -rf {} +
