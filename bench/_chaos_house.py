"""Room: bench._chaos_house. The real processes of a house: starts them, kills them, and starts them again as a supervisor would.

Everything is started from the main thread and dies with it (core.lifeline).
"""

import os
import shutil
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from bench._chaos_worker import Post
from nas_asr.core import lifeline
from nas_asr.jobs.embedded import EmbeddedRedis
from nas_asr.worker.room import Pace
from tests.live import free_port

CHECKOUT = Path(__file__).parents[1]
WORKERS = ("worker-1", "worker-2")
EVERYBODY = ("redis", "watcher", "web", *WORKERS)
RESTART_S = 0.5  # nas_asr.supervisor's first pause
_CLOCK = Path(__file__).with_name("_chaos_clock.c")


@dataclass(frozen=True)
class Tempo:
    """The intervals of the house, in seconds; printed with every result. speed: audio seconds a second of each engine."""

    lease_s: float = 3.0
    settle_s: float = 0.7
    scan_s: float = 2.0
    speed: float = 12.0

    @property
    def pace(self) -> Pace:
        """The workers' pace."""
        return Pace(lease_s=self.lease_s, tick_s=0.4, beat_s=1.0, silence_s=10.0, patience_s=0.3, grace_s=2.0)


@dataclass(frozen=True)
class Place:
    """Where one seed's house lives. data may be a file system of its own; logs of the processes are never on it."""

    home: Path

    @property
    def data(self) -> Path:
        """NAS_ASR_DATA."""
        return self.home / "data"

    @property
    def shares(self) -> Path:
        """Below it lie the watched folders."""
        return self.home / "shares"

    @property
    def logs(self) -> Path:
        """What the processes say."""
        return self.home / "logs"

    @property
    def clock(self) -> Path:
        """How far the house's clock is off: a file of eight bytes, see _chaos_clock.c."""
        return self.home / "clock"


def compiler() -> str:
    """The C compiler that makes what steps the house's clock; empty where there is none."""
    return shutil.which("cc") or ""


def _environ(place: Place, database_url: str, tempo: Tempo) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("NAS_ASR_")}
    made = {
        **kept, "PYTHONPATH": str(CHECKOUT), "NAS_ASR_DATABASE_URL": database_url, "NAS_ASR_DATA": str(place.data),
        "NAS_ASR_SETTLE_SECONDS": str(tempo.settle_s), "NAS_ASR_SCAN_SECONDS": str(tempo.scan_s),
        "NAS_ASR_TIMEZONE": "UTC",
    }  # fmt: skip
    if compiler():
        library = place.home / "clock.so"
        subprocess.run([compiler(), "-shared", "-fPIC", "-O1", "-o", library, _CLOCK], check=True)
        made |= {"LD_PRELOAD": str(library), "CHAOS_CLOCK": str(place.clock)}
    return made


@dataclass
class _Part:
    running: "subprocess.Popen[bytes] | None" = None
    due: float | None = None  # when it is started again
    stopped: list[int] = field(default_factory=list)
    ended_alone: int = 0


class Household:
    """The processes of one house."""

    def __init__(self, place: Place, database_url: str, tempo: Tempo) -> None:
        self.place = place
        self.port = free_port()
        self._tempo = tempo
        self.step_clock(0)
        self._environ = _environ(place, database_url, tempo)
        self._redis = EmbeddedRedis(place.data)
        self._parts = {name: _Part() for name in EVERYBODY}
        place.logs.mkdir(exist_ok=True)

    @property
    def ended_alone(self) -> dict[str, int]:
        """How often a process ended that nobody had killed."""
        return {name: part.ended_alone for name, part in self._parts.items() if part.ended_alone}

    def start(self) -> None:
        """Start everybody."""
        for name in EVERYBODY:
            self._start(name)
        self._redis.wait_ready()

    def tend(self) -> None:
        """Start again what ended."""
        now = time.monotonic()
        for name, part in self._parts.items():
            if part.due is not None and now >= part.due:
                self._start(name)
            elif part.due is None and self._has_ended(name):
                part.ended_alone += 1
                part.due = now + RESTART_S

    def kill(self, *names: str) -> float:
        """kill -9; they are started again after RESTART_S. Returns when that is."""
        due = time.monotonic() + RESTART_S
        for name in names:
            if (pid := self._pid(name)) is not None:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        for name in names:
            part = self._parts[name]
            if name == "redis":
                _until(lambda: self._redis.poll() is not None)
            elif part.running is not None:
                part.running.wait()
            part.due, part.stopped = due, []
        return due

    def kill_child(self, name: str) -> bool:
        """kill -9 of a worker's child. False where there is none just now."""
        found = [pid for pid in children(self._pid(name) or 0) if b"worker.child" in _words(pid)]
        for pid in found:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return bool(found)

    def pause(self, name: str) -> None:
        """SIGSTOP of a process and all that it started."""
        part, pid = self._parts[name], self._pid(name)
        part.stopped = _family(pid) if pid is not None else []
        for one in part.stopped:
            with suppress(ProcessLookupError):
                os.kill(one, signal.SIGSTOP)

    def resume(self, name: str) -> None:
        """SIGCONT of those."""
        part = self._parts[name]
        for one in part.stopped:
            with suppress(ProcessLookupError):
                os.kill(one, signal.SIGCONT)
        part.stopped = []

    def forget_queue(self) -> None:
        """Redis's file is gone, as if it had never been written. Redis must be dead."""
        shutil.rmtree(self.place.data / "redis" / "appendonlydir", ignore_errors=True)

    def step_clock(self, seconds: float) -> None:
        """From now on the house's clock is off by so much."""
        with self.place.clock.open("r+b" if self.place.clock.exists() else "wb") as file:  # in place: it is mapped
            file.write(struct.pack("=q", round(seconds)))

    def close(self) -> None:
        """End everybody."""
        for name in reversed(EVERYBODY):
            self.resume(name)
            running = self._parts[name].running
            if running is not None and running.poll() is None:
                running.kill()
                running.wait()
        self._redis.stop()

    # -- one of them --------------------------------------------------------------------------------------------------

    def _start(self, name: str) -> None:
        part = self._parts[name]
        part.due = None
        if name == "redis":
            self._redis.start()
            return
        words = self._command(name)
        if name not in WORKERS:  # a worker holds on to us by itself
            words = [sys.executable, "-I", "-S", lifeline.__file__, str(os.getpid()), *words]
        with (self.place.logs / f"{name}.log").open("ab") as log:
            part.running = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=CHECKOUT, env=self._environ,
                start_new_session=True,
            )  # fmt: skip

    def _command(self, name: str) -> list[str]:
        if name in WORKERS:
            post = Post(os.getpid(), name, str(self.place.data), self._tempo.speed, self._tempo.pace)
            return [sys.executable, "-m", "bench._chaos_worker", post.to_argument()]
        ours = [sys.executable, "-m", "nas_asr", "--data", str(self.place.data)]
        return [*ours, "watch"] if name == "watcher" else [*ours, "web", "--port", str(self.port)]

    def _pid(self, name: str) -> int | None:
        if name == "redis":
            return self._redis.pid
        running = self._parts[name].running
        return running.pid if running is not None and running.poll() is None else None

    def _has_ended(self, name: str) -> bool:
        if name == "redis":
            return self._redis.poll() is not None
        running = self._parts[name].running
        return running is not None and running.poll() is not None


def children(parent: int) -> list[int]:
    """The numbers of the processes that this one started."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text("utf-8", "replace")
            except OSError:
                continue
            if int(stat.rsplit(")", 1)[1].split()[1]) == parent:
                found.append(int(entry.name))
    return found


def _family(pid: int) -> list[int]:
    return [pid, *(below for child in children(pid) for below in _family(child))]


def _words(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + 5
    while not is_so() and time.monotonic() < end:
        time.sleep(0.01)
