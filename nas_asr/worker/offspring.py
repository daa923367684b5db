"""Room: worker.offspring. The parent's end of the warm child: spawn it, ring it, hear it, end it. Never loads an engine."""

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Any

from nas_asr.core.frames import BrokenFrame, read_frame, write_frame
from nas_asr.services.transcribe import Incarnation
from nas_asr.worker.child import ALIVE, DONE, READY, RING, TROUBLE
from nas_asr.worker.growth import Growth, machine_bytes
from nas_asr.worker.room import Errand, WorkerPlan

_BOOT = "import json, sys; sys.path[:] = json.loads(sys.argv[1])['path']; from nas_asr.worker.child import main; main()"


class ChildState(StrEnum):
    """What the child is at."""

    STARTING = "starting"
    IDLE = "idle"
    BUSY = "busy"
    DEAD = "dead"


class WarmChild:
    """One spawned child, from its birth to its death. Spawn it in the main thread: its life hangs on the thread's."""

    def __init__(self, plan: WorkerPlan, who: Incarnation, shuns: Sequence[str] = ()) -> None:
        self._silence_s = plan.pace.silence_s
        self.state = ChildState.STARTING
        self.engine: dict[str, Any] = {}
        self.trouble: dict[str, str] = {}
        self.rung = ""  # the run whose ring it answers
        self._heard_at = time.monotonic()
        self._done_at: float | None = None
        self.growth = Growth(machine_bytes())
        self.news: Callable[[], object] = int  # called when the child said what it has loaded now
        ears, self._mouth = os.pipe()
        self._ears, mouth = os.pipe()
        errand = Errand(
            parent=os.getpid(), ears=ears, mouth=mouth, path=[str(Path(entry).absolute()) for entry in sys.path],
            factory=plan.factory, argument=plan.argument, name=who.name, boot=who.boot, pace=asdict(plan.pace),
            shuns=list(shuns),
        )  # fmt: skip
        self._program = subprocess.Popen(
            [sys.executable, "-c", _BOOT, json.dumps(errand.to_json())],
            stdin=subprocess.DEVNULL,
            pass_fds=(ears, mouth),
            process_group=0,  # so that it can be ended together with the programs that the engine starts
        )
        os.close(ears)
        os.close(mouth)

    @property
    def pid(self) -> int:
        """The child's number."""
        return self._program.pid

    @property
    def idle_s(self) -> float:
        """For how long it has had nothing to do since its last run; 0 before its first one."""
        if self.state != ChildState.IDLE or self._done_at is None:
            return 0.0
        return time.monotonic() - self._done_at

    @property
    def wait_status(self) -> int:
        """How the dead child ended, as os.waitpid would say it; never 0, because a child has no reason to leave."""
        code = self._program.returncode or 1
        return -code if code < 0 else code << 8

    def ring(self, run_id: str) -> None:
        """Send the idle child to work. A child that just died is noticed by listen()."""
        self.state, self.rung = ChildState.BUSY, run_id
        self._heard_at = time.monotonic()
        with suppress(BrokenPipeError):
            write_frame(self._mouth, RING, run_id.encode())

    def listen(self, timeout_s: float) -> ChildState:
        """Wait for a word of the child, no longer than timeout_s; its state after that."""
        if self.state == ChildState.DEAD:
            return self.state
        poller = select.poll()
        poller.register(self._ears, select.POLLIN)
        if poller.poll(timeout_s * 1000):
            self._hear()
        elif self._program.poll() is not None or self._is_too_silent():
            self.end()
        return self.state

    def end(self) -> None:
        """Kill the child with everything that it started, and wait until it is gone."""
        if self.state == ChildState.DEAD:
            return
        with suppress(ProcessLookupError):
            os.killpg(self._program.pid, signal.SIGKILL)
        self._program.wait()
        os.close(self._ears)
        os.close(self._mouth)
        self.state = ChildState.DEAD

    def _is_too_silent(self) -> bool:
        return self.state == ChildState.BUSY and time.monotonic() - self._heard_at > self._silence_s

    def _hear(self) -> None:
        try:
            frame = read_frame(self._ears, patience_s=5)
        except BrokenFrame:
            frame = None
        self._heard_at = time.monotonic()
        if frame is None:
            self.end()
        elif frame.kind == READY:
            self.engine = json.loads(frame.body)
            self.state = ChildState.IDLE
        elif frame.kind == TROUBLE:
            self.trouble = json.loads(frame.body)
        elif frame.kind == DONE:
            self.engine |= json.loads(frame.body or b"{}")
            self.state, self.rung = ChildState.IDLE, ""
            self._done_at = time.monotonic()
            self.growth.told(self.engine)
            self.news()
        elif frame.kind != ALIVE:
            self.end()
