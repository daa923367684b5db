"""Room: cli.night. Starts `archive run` as a child of the watcher when something is due, and waits for no one.

A process of its own: its memory goes back to the system, and an archive on a share that hangs keeps no other work waiting.
"""

import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

log = logging.getLogger("nas_asr.night")

_NOT_AGAIN_S = 30.0  # a child that ends at once must not be started again and again


class NightShift:
    """Called every few seconds; due says whether there is something to do."""

    def __init__(self, data: Path, due: Callable[[], bool]) -> None:
        self._data, self._due = data, due
        self._child: subprocess.Popen[bytes] | None = None
        self._started_at = float("-inf")

    def __call__(self) -> None:
        """Look after the child, or start one."""
        if self._child is not None:
            if self._child.poll() is None:
                return
            log.info("archive.child_ended", extra={"status": self._child.returncode})
            self._child = None
        if time.monotonic() - self._started_at < _NOT_AGAIN_S or not self._due():
            return
        self._started_at = time.monotonic()
        command = [sys.executable, "-m", "nas_asr", "--data", str(self._data), "archive", "run", "--as-child"]
        held = [sys.executable, "-m", "nas_asr.core.lifeline", str(os.getpid()), *command]
        self._child = subprocess.Popen(held, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
