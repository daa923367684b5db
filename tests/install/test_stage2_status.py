"""Room: tests.install. What page and doctor are told about stage 2. Never installs anything."""

import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from nas_asr.install.locks import Stamps, lock
from nas_asr.install.status import (
    Stage2State,
    Stage2Status,
    modules_here,
    stage2_status,
    stamped,
    status_file,
    write_status,
)

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
UNDER_WAY = stamped(Stage2Status(Stage2State.INSTALLING, "packages", 40, 100, "Installing."), NOON)


@pytest.fixture
def modules(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Importable modules, as far as the status is concerned; the test changes it."""
    here: set[str] = set()
    monkeypatch.setattr("importlib.util.find_spec", lambda name: name if name in here else None)
    return here


def told(data: Path, prefix: Path, after: timedelta = timedelta()) -> Stage2Status:
    return stage2_status(data, now=NOON + after, prefix=prefix)


def test_a_fresh_house_is_told_how_to_get_the_engine(tmp_path: Path, modules: set[str]) -> None:
    assert told(tmp_path, tmp_path).state is Stage2State.ABSENT
    assert "make run" in told(tmp_path, tmp_path).remedy


def test_progress_is_read_as_it_was_written(tmp_path: Path, modules: set[str]) -> None:
    write_status(tmp_path / "data", UNDER_WAY)
    assert told(tmp_path / "data", tmp_path, timedelta(seconds=20)) == UNDER_WAY
    assert [file.name for file in (tmp_path / "data").iterdir()] == ["stage2.json"]


def test_an_installer_that_fell_silent_was_interrupted(tmp_path: Path, modules: set[str]) -> None:
    write_status(tmp_path, UNDER_WAY)
    modules.update({"torch", "funasr"})
    now = told(tmp_path, tmp_path, timedelta(minutes=5))
    assert now.state is Stage2State.ABSENT
    assert "interrupted" in now.message


@pytest.mark.parametrize("state", [Stage2State.FAILED, Stage2State.SKIPPED])
def test_a_failure_keeps_its_sentence_and_remedy(tmp_path: Path, modules: set[str], state: Stage2State) -> None:
    failure = Stage2Status(state, message="The disk was full.", remedy="Make room.")
    write_status(tmp_path, failure)
    assert told(tmp_path, tmp_path) == failure


def test_a_finished_installation_counts_whatever_an_old_file_says(tmp_path: Path, modules: set[str]) -> None:
    write_status(tmp_path, Stage2Status(Stage2State.FAILED, message="Old."))
    Stamps(tmp_path).write("engine", lock("engine").text)
    modules.update({"torch", "funasr"})
    assert told(tmp_path, tmp_path).state is Stage2State.INSTALLED


def test_packages_that_somebody_installed_by_hand_count(tmp_path: Path, modules: set[str]) -> None:
    modules.update({"torch", "funasr"})
    assert told(tmp_path, tmp_path).state is Stage2State.INSTALLED
    modules.discard("funasr")
    assert told(tmp_path, tmp_path).state is Stage2State.ABSENT


@pytest.mark.parametrize("text", ["", "{", "[]", '{"state": "dancing"}', '{"state": "failed", "unheard": 1}'])
def test_a_damaged_file_is_no_status(tmp_path: Path, modules: set[str], text: str) -> None:
    status_file(tmp_path).write_text(text)
    assert told(tmp_path, tmp_path).state is Stage2State.ABSENT


def test_two_pages_at_the_same_moment_may_both_look_for_the_modules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path_importer_cache", dict(sys.path_importer_cache))
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)

    def look() -> None:
        for number in range(25):
            sys.path_importer_cache[f"/nowhere/{number}.zip"] = None  # what an import leaves where there is nothing
            modules_here()

    try:
        with ThreadPoolExecutor(4) as pool:
            for done in [pool.submit(look) for _ in range(4)]:
                done.result()
    finally:
        sys.setswitchinterval(interval)
