"""Room: supervisor. Keeps the parts of `nas-asr up` running: starts, restarts, ends them together. Knows commands, not rooms.

Every part is started through core.lifeline, so that kill -9 of this process leaves none behind.
"""

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

log = logging.getLogger(__name__)

_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 30.0
_WELL_AFTER_S = 20.0  # a part that ran for so long was well; its next restart is quick again
_GRACE_S = 10.0


@dataclass
class Part:
    """One process: its name, its command, its log file (None: our own output). `once` parts are not restarted."""

    name: str
    command: Sequence[str]
    log_file: Path | None = None
    once: bool = False
    grace_s: float = _GRACE_S
    running: "subprocess.Popen[bytes] | None" = None
    started_at: float = 0.0
    pause_s: float = _FIRST_PAUSE_S
    due_at: float = 0.0
    over: bool = False


@dataclass
class Supervisor:
    """Runs parts until it is told to stop, then ends them all.

    chores are called about five times a second; each must be quick.
    """

    parts: list[Part] = field(default_factory=list)
    chores: list[Callable[[], None]] = field(default_factory=list)
    _stopping: bool = False

    def start(self, part: Part) -> None:
        """Start a part and watch over it from now on."""
        self.parts.append(part)
        self._spawn(part)

    def watch(self) -> None:
        """Restart what ends, until SIGINT or SIGTERM; then end everything."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._ask_to_stop)
        try:
            while not self._stopping:
                for chore in self.chores:
                    chore()
                for part in self.parts:
                    self._look_after(part)
                time.sleep(0.2)
        finally:
            self.stop()

    def stop(self) -> None:
        """SIGTERM to all, then SIGKILL to those that do not go within their grace."""
        alive = [part for part in self.parts if part.running is not None and part.running.poll() is None]
        for part in alive:
            _process(part).terminate()
        for part in alive:
            _end(part)

    def _ask_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True

    def _look_after(self, part: Part) -> None:
        now = time.monotonic()
        if part.running is not None and part.running.poll() is not None:
            code, part.running = part.running.returncode, None
            if part.once:
                part.over = True
                return
            part.pause_s = _FIRST_PAUSE_S if now - part.started_at > _WELL_AFTER_S else part.pause_s * 2
            part.due_at = now + min(part.pause_s, _LONGEST_PAUSE_S)
            log.warning("part.ended", extra={"part": part.name, "status": code, "log": part.log_file})
        elif part.running is None and not part.over and now >= part.due_at:
            self._spawn(part)

    def _spawn(self, part: Part) -> None:
        command = [sys.executable, "-m", "nas_asr.core.lifeline", str(os.getpid()), *part.command]
        output = part.log_file.open("ab") if part.log_file else None
        try:
            # A session of its own: Ctrl-C reaches us alone, and we end the parts in order.
            part.running = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
            )
        finally:
            if output is not None:
                output.close()
        part.started_at = time.monotonic()


def _end(part: Part) -> None:
    try:
        _process(part).wait(part.grace_s)
    except subprocess.TimeoutExpired:
        log.warning("part.killed", extra={"part": part.name})
        _process(part).kill()
        _process(part).wait()


def _process(part: Part) -> "subprocess.Popen[bytes]":
    assert part.running is not None
    return part.running
