"""Room: tests.install. A pip that runs too long is ended, and no pip outlives the one who started it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nas_asr.install import child as room
from nas_asr.install.child import Outcome, VenvChild, explain
from nas_asr.install.exclusive import exclusive

PYTHON = Path(sys.executable)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "TICK_SECONDS", 0.05)


def gone(pid: int, within_s: float = 20) -> bool:
    """Waits until no such process runs (a zombie that nobody collects counts as gone)."""
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except OSError:
            return True
        time.sleep(0.02)
    return False


def test_what_it_says_is_heard_and_logged(tmp_path: Path) -> None:
    heard: list[str] = []
    child = VenvChild(PYTHON, tmp_path / "logs" / "x.log")
    outcome = child.run(["-c", "print('Collecting flask'); raise SystemExit(3)"], heard.append, 30)
    assert outcome.status == 3
    assert outcome.tail[-1] == "Collecting flask"
    assert "Collecting flask" in heard
    assert "Collecting flask" in child.log.read_text()


def test_one_that_takes_too_long_is_ended_and_explained(tmp_path: Path) -> None:
    outcome = VenvChild(PYTHON, tmp_path / "x.log").run(["-c", "import time; time.sleep(99)"], lambda line: None, 0.2)
    assert outcome.status is None
    assert "took too long" in explain(outcome, "installing x")[0]


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_killing_the_installer_leaves_no_pip_behind(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    sleeper = f"import os, pathlib, time; pathlib.Path({str(note)!r}).write_text(str(os.getpid())); time.sleep(99)"
    code = (
        "from pathlib import Path; from nas_asr.install.child import VenvChild; import sys; "
        f"VenvChild(Path(sys.executable), Path({str(tmp_path / 'x.log')!r})).run(['-c', {sleeper!r}], print, 99)"
    )
    installer = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.DEVNULL)
    end = time.monotonic() + 20
    while not (note.is_file() and note.read_text()) and time.monotonic() < end:
        time.sleep(0.02)
    pid = int(note.read_text())
    os.kill(installer.pid, signal.SIGKILL)
    installer.wait()
    assert gone(pid)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("OSError: [Errno 28] No space left on device", "disk was full"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.", "not the one"),
        ("ERROR: No matching distribution found for x==1", "lacked a package"),
        ("NewConnectionError: [Errno -3] Temporary failure in name resolution", "not reached"),
        ("something new", "pip failed"),
    ],
)
def test_pips_own_words_become_a_sentence_and_a_remedy(line: str, sentence: str) -> None:
    said, remedy = explain(Outcome(1, ("...", line)), "installing the engine")
    assert sentence in said
    assert said.endswith("while installing the engine.")
    assert remedy


def test_two_installations_never_run_at_once(tmp_path: Path) -> None:
    waited: list[int] = []

    class Busy(Exception):
        pass

    def waiting() -> None:
        waited.append(1)
        raise Busy

    with exclusive(tmp_path, waiting), pytest.raises(Busy), exclusive(tmp_path, waiting):
        pass
    assert waited == [1]
    with exclusive(tmp_path, waiting):
        pass
    assert waited == [1]
