"""Room: tests.install. Stage 1, and how an installation that broke off is found and mended. Never downloads."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from nas_asr.core.errors import ConfigError
from nas_asr.install.child import Child, Listener, Outcome
from nas_asr.install.light import install, light_stamp, missing, usable
from nas_asr.install.locks import Stamps, lock


@dataclass
class FakeChild:
    """Makes what `venv` would make; remembers the rest. `kill_at`: the pip run in which the power goes out."""

    prefix: Path
    asked: list[str] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    kill_at: int = 0

    def run(self, arguments: Sequence[str], heard: Listener, limit_s: float) -> Outcome:
        self.asked.append(" ".join(arguments))
        if "venv" in arguments:
            (self.prefix / "bin").mkdir(parents=True, exist_ok=True)
            (self.prefix / "bin" / "python").touch(mode=0o755)
            (self.prefix / "lib" / f"python3.{sys.version_info[1]}").mkdir(parents=True, exist_ok=True)
            for mark in (self.prefix / "installed").glob("*"):
                mark.unlink()
            return Outcome(0)
        self.kill_at -= 1
        if self.kill_at == 0:
            raise KeyboardInterrupt
        return self.outcomes.pop(0) if self.outcomes else Outcome(0)


@pytest.fixture
def child(tmp_path: Path) -> FakeChild:
    return FakeChild(tmp_path / "venv")


def run(child: FakeChild, *stages: str) -> list[str]:
    child.asked.clear()
    said: list[str] = []
    of: Callable[[Path], Child] = lambda python: child  # noqa: E731 (one line says it)
    install(child.prefix, of, stages or missing(child.prefix, dev=False), said.append)
    return said


def test_a_fresh_clone_gets_its_environment_and_then_nothing_is_missing(child: FakeChild) -> None:
    assert missing(child.prefix, dev=True) == ["light", "dev"]
    run(child, "light", "dev")
    assert [command.split()[1] for command in child.asked] == ["venv", "pip", "pip", "pip"]
    assert missing(child.prefix, dev=True) == []


def test_every_package_is_checked_by_its_hash_and_nothing_is_fetched_to_build_the_project(child: FakeChild) -> None:
    run(child)
    packages, project = child.asked[1:]
    assert "--no-deps --require-hashes" in packages
    assert "--no-deps --no-build-isolation --editable" in project


@pytest.mark.parametrize("step", [1, 2])
def test_an_installation_that_was_killed_is_made_anew_by_the_next_run(child: FakeChild, step: int) -> None:
    child.kill_at = step
    with pytest.raises(KeyboardInterrupt):
        run(child)
    assert not usable(child.prefix)
    run(child)
    assert "venv --clear" in child.asked[0]
    assert missing(child.prefix, dev=False) == []


def test_a_pip_that_gave_up_in_good_order_is_only_asked_again(child: FakeChild) -> None:
    child.outcomes = [Outcome(1, ("NewConnectionError",))]
    with pytest.raises(ConfigError) as failure:
        run(child)
    assert "not reached" in failure.value.message
    assert ".venv.log" in failure.value.remedy
    run(child)
    assert all("venv" not in command.split() for command in child.asked)


def test_a_pip_that_was_killed_leaves_the_mark(child: FakeChild) -> None:
    child.outcomes = [Outcome(-9)]
    with pytest.raises(ConfigError):
        run(child)
    assert not usable(child.prefix)


def test_a_new_lock_is_installed_into_the_environment_that_is_there(child: FakeChild) -> None:
    run(child)
    Stamps(child.prefix).write("light", light_stamp() + "# older\n")
    assert missing(child.prefix, dev=False) == ["light"]
    run(child)
    assert all("venv" not in command.split() for command in child.asked)


def test_an_environment_that_was_moved_here_from_another_folder_is_made_anew(child: FakeChild) -> None:
    run(child)
    Stamps(child.prefix).write("light", f"/somewhere/else\n{lock('light').text}")
    assert not usable(child.prefix)


def test_an_environment_of_another_python_is_made_anew(child: FakeChild) -> None:
    run(child)
    (child.prefix / "lib" / f"python3.{sys.version_info[1]}").rename(child.prefix / "lib" / "python3.99")
    assert missing(child.prefix, dev=False) == ["light"]
    assert not usable(child.prefix)
