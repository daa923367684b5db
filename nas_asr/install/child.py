"""Room: install.child. Runs one Python program (pip, say) with a log, a limit and a listener. Never outlives us."""

import os
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from nas_asr.install.locks import PROJECT

TICK_SECONDS = 1.0
TAIL_LINES = 40

Listener = Callable[[str], None]  # called with each line, and with "" at every tick


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it ended: exit status (None: over its time limit) and its last lines."""

    status: int | None
    tail: tuple[str, ...] = ()

    @property
    def good(self) -> bool:
        """Whether it did what it was asked."""
        return self.status == 0


class Child(Protocol):
    """Runs `python ARGUMENTS...`; VenvChild is the real one."""

    def run(self, arguments: Sequence[str], heard: Listener, limit_s: float) -> Outcome:
        """Run to the end or to the limit."""


@dataclass(frozen=True, slots=True)
class VenvChild:
    """Runs with the Python of a virtual environment; everything it says goes to `log`."""

    python: Path
    log: Path

    def run(self, arguments: Sequence[str], heard: Listener, limit_s: float) -> Outcome:
        """Run to the end or to the limit; a child still there then is killed with its own children."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as sink:
            start = sink.tell()
            sink.write(f"$ python {' '.join(arguments)}\n".encode())
            sink.flush()
            # A session of its own: a Ctrl-C reaches only us, and we end it and what it started together.
            held = [str(self.python), "-m", "nas_asr.core.lifeline", str(os.getpid())]
            child = subprocess.Popen(
                [*held, str(self.python), "-u", *arguments],
                stdin=subprocess.DEVNULL, stdout=sink, stderr=subprocess.STDOUT, cwd=PROJECT, start_new_session=True,
            )  # fmt: skip
        try:
            with self.log.open("r", encoding="utf-8", errors="replace") as source:
                source.seek(start)
                return _follow(child, source, heard, time.monotonic() + limit_s)
        finally:
            _end(child)


def _follow(child: subprocess.Popen[bytes], source: IO[str], heard: Listener, deadline: float) -> Outcome:
    tail: deque[str] = deque(maxlen=TAIL_LINES)
    while True:
        try:
            status: int | None = child.wait(TICK_SECONDS)
        except subprocess.TimeoutExpired:
            status = None
        for line in source:
            tail.append(line.rstrip("\n"))
            heard(tail[-1])
        if status is not None or time.monotonic() > deadline:
            return Outcome(status, tuple(tail))
        heard("")


def _end(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is None:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def explain(outcome: Outcome, doing: str) -> tuple[str, str]:
    """A sentence and a remedy for a pip run that failed. `doing` completes "... failed while"."""
    text = "\n".join(outcome.tail)
    if outcome.status is None:
        return f"It took too long while {doing}.", "Look at the network, then start again: what was downloaded is kept."
    for symptoms, sentence, remedy in _KNOWN:
        if any(symptom in text for symptom in symptoms):
            return f"{sentence} while {doing}.", remedy
    return f"pip failed while {doing}.", "The log names the reason."


_KNOWN = (
    (
        ("No space left on device",),
        "The disk was full",
        "Make room (for temporary files, too: TMPDIR may name another folder), then start again.",
    ),
    (
        ("DO NOT MATCH THE HASHES",),
        "A package was not the one that the lock file names",
        "Look at which index pip is configured with; nothing was installed from it.",
    ),
    (
        ("No matching distribution", "Could not find a version"),
        "The package index lacked a package",
        "Look at which index pip is configured with, and whether it is reached.",
    ),
    (
        (
            "NewConnectionError",
            "NameResolutionError",
            "timed out",
            "ConnectTimeout",
            "ProxyError",
            "SSLError",
            "Connection broken",
        ),
        "The package index was not reached",
        "Look at the network and at pip's configuration (proxy, certificate), then start again.",
    ),
    (
        ("Permission denied",),
        "A file could not be written",
        "Give the folder to the user who starts nas_asr, then start again.",
    ),
)
