"""Room: tests.install. `make` as a person types it, in a copy of the tree's outside. Never installs."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from nas_asr.install.locks import PROJECT

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """What `make run` looks at, in a folder whose name has a space."""
    folder = tmp_path / "my clone"
    for name in ("setup", "requirements"):
        shutil.copytree(PROJECT / name, folder / name)
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(PROJECT / name, folder / name)
    return folder


def installed(clone: Path) -> None:
    """As after a finished installation, with a nas-asr that says what it was asked."""
    program(clone / ".venv" / "bin" / "nas-asr", 'echo "nas-asr $*"')
    program(clone / ".venv" / "bin" / "python", "exit 9")
    made_of = [clone / "requirements" / "light.lock", clone / "pyproject.toml"]
    (clone / ".venv" / "installed").mkdir()
    stamp = f"{clone.resolve()}\n" + "".join(file.read_text("utf-8") for file in made_of)
    (clone / ".venv" / "installed" / "light").write_text(stamp, "utf-8")


def program(path: Path, body: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n", "utf-8")
    path.chmod(0o755)
    return path


def make(clone: Path, *arguments: str, path: str = os.environ["PATH"]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", *arguments], cwd=clone, env={"PATH": path}, capture_output=True, text=True, timeout=60, check=False
    )


def test_make_alone_shows_the_menu(clone: Path) -> None:
    shown = make(clone)
    assert shown.returncode == 0
    targets = re.findall(r"^([a-z]+):", (clone / "Makefile").read_text("utf-8"), re.MULTILINE)
    for target in targets:
        assert re.search(rf"^ +{target} +\S", shown.stdout, re.MULTILINE), f"{target} is not in the menu"
    assert {"run", "test", "demo"} <= set(targets)


def test_a_second_make_run_goes_straight_to_the_house(clone: Path) -> None:
    installed(clone)
    assert make(clone, "run").stdout == "nas-asr up\n"
    assert make(clone, "run", "STAGE=1", "ARGS=--port 9").stdout == "nas-asr up --stage 1 --port 9\n"


@pytest.mark.parametrize("changed", ["requirements/light.lock", "pyproject.toml", ".venv/installed/unfinished"])
def test_a_changed_lock_or_a_broken_installation_is_noticed(clone: Path, changed: str) -> None:
    installed(clone)
    with (clone / changed).open("a") as file:
        file.write("\n# changed\n")
    python = program(clone / "bin" / "python3.11", 'case "$1" in -c) exit 0;; *) echo "python $*";; esac')
    said = make(clone, "run", path=f"{python.parent}:/usr/bin:/bin").stdout
    assert "python -m nas_asr.install.light" in said


def test_an_unsupported_python_is_told_with_a_remedy(clone: Path) -> None:
    old = program(clone / "bin" / "old", 'case "$2" in *sys.exit*) exit 1;; *) echo "this is Python 3.9";; esac')
    told = make(clone, "run", f"PYTHON={old}")
    assert told.returncode != 0
    assert "nas_asr needs Python 3.11 or 3.12, and this is Python 3.9." in told.stderr
    assert "make run PYTHON=" in told.stderr


def test_no_python_at_all_is_told_with_a_remedy(clone: Path) -> None:
    told = make(clone, "run", "PYTHON=/nowhere/python")
    assert told.returncode != 0
    assert "none was found" in told.stderr


def test_a_python_that_does_not_fit_is_passed_over_for_one_that_does(clone: Path) -> None:
    program(clone / "bin" / "python3.11", "exit 127")  # a version manager's name without a Python behind it
    program(clone / "bin" / "python3.12", 'case "$1" in -c) exit 0;; *) echo "3.12 $*"; exit 1;; esac')
    said = make(clone, "run", path=f"{clone / 'bin'}:/usr/bin:/bin").stdout
    assert said == "3.12 -m nas_asr.install.light\n"
