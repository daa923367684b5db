"""Room: tests.supervisor. Parts are restarted, ended together, and do not outlive the supervisor."""

import os
import signal
import sys
import threading
from pathlib import Path

from nas_asr.supervisor import Part, Supervisor
from tests.live import wait_for

_FOREVER = "import signal; signal.pause()"


def test_a_part_that_dies_is_started_again(tmp_path: Path) -> None:
    supervisor = Supervisor()
    part = Part("sleeper", [sys.executable, "-c", _FOREVER])
    supervisor.start(part)
    assert part.running is not None
    first = part.running.pid
    os.kill(first, signal.SIGKILL)

    def again() -> bool:
        supervisor._look_after(part)
        return part.running is not None and part.running.pid != first

    wait_for(again, 10, "a new process")
    supervisor.stop()
    assert part.running is not None and part.running.poll() is not None


def test_a_part_that_runs_once_is_not_restarted(tmp_path: Path) -> None:
    supervisor = Supervisor()
    part = Part("installer", [sys.executable, "-c", "pass"], tmp_path / "log", once=True)
    supervisor.start(part)
    assert part.running is not None
    part.running.wait()
    supervisor._look_after(part)
    supervisor._look_after(part)
    assert part.over


def test_sigterm_ends_the_watch(tmp_path: Path) -> None:
    supervisor = Supervisor()
    supervisor.start(Part("sleeper", [sys.executable, "-c", _FOREVER]))
    threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGTERM)).start()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        supervisor.watch()
    finally:
        for number, old in before.items():
            signal.signal(number, old)
    assert all(part.running is not None and part.running.poll() is not None for part in supervisor.parts)
