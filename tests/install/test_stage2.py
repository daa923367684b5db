"""Room: tests.install. Stage 2 from its first word to its last, with a pip that only remembers what it was asked."""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from nas_asr.core.errors import ConfigError
from nas_asr.install.child import Listener, Outcome
from nas_asr.install.locks import lock
from nas_asr.install.stage2 import Stage2, Stopped, forget_halves
from nas_asr.install.status import Stage2State, finished, read_status
from nas_asr.install.torch_source import CPU_INDEX, Choice

GOOD = Outcome(0, ('{"cuda": true}',))
NOT_FOUND = Outcome(1, ("ERROR: No matching distribution found for torch==2.13.0+cpu",))
OFFLINE = Outcome(1, ("ERROR: NewConnectionError: Failed to establish a new connection",))


@dataclass
class FakeChild:
    """Answers by the first word of `answers` that stands in the command; else all is good."""

    data: Path
    answers: dict[str, Outcome] = field(default_factory=dict)
    lines: tuple[str, ...] = ()
    asked: list[str] = field(default_factory=list)
    seen: list[tuple[str, int]] = field(default_factory=list)

    def run(self, arguments: Sequence[str], heard: Listener, limit_s: float) -> Outcome:
        command = " ".join(arguments)
        self.asked.append(command)
        for line in self.lines:
            heard(line)
            status = read_status(self.data)
            assert status is not None
            self.seen.append((status.step, status.done))
        return next((outcome for word, outcome in self.answers.items() if word in command), GOOD)

    def installs(self) -> list[str]:
        return [command.partition("--progress-bar off ")[2] for command in self.asked if "pip install" in command]


@dataclass
class Machine:
    """A place to install into, and what is to be seen there."""

    root: Path
    child: FakeChild
    packages: dict[str, str] = field(default_factory=lambda: {"flask": "3.1.3"})
    after: dict[str, str] | None = None
    gpu: bool = False
    room: ConfigError | None = None
    choice: Choice = Choice.AUTO
    moment: datetime = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def prefix(self) -> Path:
        return self.root / "venv"

    def now(self) -> datetime:
        self.moment += timedelta(seconds=3)
        return self.moment

    def listed(self) -> dict[str, str]:
        return self.packages if self.after is None or not self.child.asked else self.after

    def install(self) -> Stage2State:
        stage2 = Stage2(
            self.data, self.prefix, self.child, choice=self.choice, system="linux",
            gpu=lambda: self.gpu, packages=self.listed, room=lambda folder, needed: self.room, now=self.now,
        )  # fmt: skip
        said = stage2.run()
        assert read_status(self.data) == said
        return said.state

    def words(self) -> str:
        status = read_status(self.data)
        assert status is not None
        return f"{status.message} {status.remedy}"


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    (tmp_path / "venv").mkdir()
    return Machine(tmp_path, FakeChild(tmp_path / "data"))


def test_a_machine_without_gpu_gets_the_cpu_build_and_then_the_engine(machine: Machine) -> None:
    assert machine.install() is Stage2State.INSTALLED
    torch, engine = machine.child.installs()
    assert torch == "--no-deps torch==2.13.0+cpu"
    assert engine.startswith("--no-deps --require-hashes --no-build-isolation")
    assert engine.endswith(str(lock("engine").path))
    assert finished(machine.prefix)


def test_where_the_configured_index_has_no_cpu_build_pytorchs_own_is_asked(machine: Machine) -> None:
    def only_far(arguments: Sequence[str], heard: Listener, limit_s: float) -> Outcome:
        outcome = FakeChild.run(machine.child, arguments, heard, limit_s)
        return NOT_FOUND if arguments[-1] == "torch==2.13.0+cpu" and CPU_INDEX not in arguments else outcome

    machine.child.run = only_far  # type: ignore[method-assign]
    assert machine.install() is Stage2State.INSTALLED
    assert [CPU_INDEX in command for command in machine.child.installs()] == [False, True, False]


def test_without_any_torch_stage_2_is_left_out_with_a_remedy(machine: Machine) -> None:
    machine.child.answers = {"torch==": OFFLINE}
    assert machine.install() is Stage2State.SKIPPED
    assert "left out" in machine.words()
    assert "nas_asr.install.stage2 --data" in machine.words()
    assert len(machine.child.installs()) == 2, "the engine is not installed without torch"
    assert not finished(machine.prefix)


def test_a_gpu_gets_the_cuda_build_and_its_failure_names_the_way_to_the_other(machine: Machine) -> None:
    machine.gpu = True
    machine.child.answers = {"torch.lock": OFFLINE}
    assert machine.install() is Stage2State.FAILED
    assert machine.child.installs() == [f"--no-deps --require-hashes -r {lock('torch').path}"]
    assert "--torch cpu" in machine.words()


def test_a_cpu_build_is_replaced_when_a_person_asks_for_cuda(machine: Machine) -> None:
    machine.packages["torch"] = "2.13.0+cpu"
    machine.choice = Choice.CUDA
    assert machine.install() is Stage2State.INSTALLED
    assert machine.child.installs()[0].startswith("--force-reinstall ")


def test_a_driver_that_is_too_old_for_the_cuda_build_is_told(machine: Machine) -> None:
    machine.gpu = True
    machine.child.answers = {"import json, torch": Outcome(0, ("", '{"cuda": false}'))}
    assert machine.install() is Stage2State.INSTALLED
    assert "driver" in machine.words()


def test_a_second_run_goes_on_where_the_first_stopped(machine: Machine) -> None:
    machine.child.answers = {"engine.lock": OFFLINE}
    assert machine.install() is Stage2State.FAILED
    assert "not reached" in machine.words()
    machine.packages["torch"], machine.child.answers, machine.child.asked = "2.13.0+cpu", {}, []
    assert machine.install() is Stage2State.INSTALLED
    assert len(machine.child.installs()) == 1, "torch is there already"


def test_when_all_is_installed_nothing_is_asked_of_pip(machine: Machine) -> None:
    machine.install()
    machine.child.asked.clear()
    assert machine.install() is Stage2State.INSTALLED
    assert machine.child.asked == []


def test_too_little_room_is_said_before_anything_is_downloaded(machine: Machine) -> None:
    machine.room = ConfigError("2.5 GB of free disk are needed.", "Make room.")
    assert machine.install() is Stage2State.FAILED
    assert machine.words() == "2.5 GB of free disk are needed. Make room."
    assert machine.child.asked == []


def test_a_package_of_stage_1_that_changed_is_never_passed_over(machine: Machine) -> None:
    machine.after = {"flask": "2.0", "torch": "2.13.0+cpu"}
    assert machine.install() is Stage2State.FAILED
    assert "flask" in machine.words()


def test_torchaudio_is_refused(machine: Machine) -> None:
    machine.packages["torchaudio"] = "2.11.0"
    assert machine.install() is Stage2State.FAILED
    assert "pip uninstall torchaudio" in machine.words()


def test_an_engine_that_does_not_load_is_not_called_installed(machine: Machine) -> None:
    machine.child.answers = {"import json, torch": Outcome(1, ("OSError",))}
    assert machine.install() is Stage2State.FAILED
    assert "do not load" in machine.words()
    assert not finished(machine.prefix)


def test_progress_never_goes_back_and_ends_at_the_total(machine: Machine) -> None:
    machine.child.lines = tuple(f"Collecting package{number}" for number in range(40))
    machine.install()
    done = [done for _, done in machine.child.seen]
    assert done == sorted(done)
    assert len(set(done)) > 10
    assert {step for step, _ in machine.child.seen} == {"torch", "packages", "check"}
    written = json.loads((machine.data / "stage2.json").read_text())
    assert (written["done"], written["total"], written["step"]) == (100, 100, "")


def test_being_stopped_is_written_down_as_something_that_goes_on_later(machine: Machine) -> None:
    def stop(arguments: Sequence[str], heard: Listener, limit_s: float) -> Outcome:
        raise Stopped

    machine.child.run = stop  # type: ignore[method-assign]
    assert machine.install() is Stage2State.ABSENT
    assert "goes on at the next start" in machine.words()


def test_a_package_that_a_kill_cut_in_half_is_taken_as_missing(tmp_path: Path) -> None:
    site = tmp_path / "lib" / f"python3.{sys.version_info[1]}" / "site-packages"
    for name, whole in (("hydra_core-1.3.8", False), ("librosa-0.11.0", True), ("Flask-3.1.3", False)):
        (site / f"{name}.dist-info").mkdir(parents=True)
        if whole:
            (site / f"{name}.dist-info" / "INSTALLER").write_text("pip")
    forget_halves(tmp_path, frozenset({"hydra-core", "librosa"}))
    assert sorted(folder.name for folder in site.iterdir()) == ["Flask-3.1.3.dist-info", "librosa-0.11.0.dist-info"]
