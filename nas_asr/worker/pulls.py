"""Room: worker.pulls. Models on this worker's machine: which are here, and how far a download is. Starts it when admins wish.

The download is a child, `nas-asr model pull`, bound to our life. Whoever else downloads into the same DATA is shown as well.
Everything but `mark` and `close` is called by one thread, which has to live as long as the child: the kernel ends it with that.
"""

import logging
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from nas_asr.core.checkpoints import CHECKPOINTS, find, mark, models
from nas_asr.core.pulls import PullState, PullStatus, read_status
from nas_asr.services.base import House
from nas_asr.services.models import PullWish, pull_wish

log = logging.getLogger(__name__)

_NOT_AGAIN_S = 20.0  # a child that ends at once must not be started again and again
_MOST_STARTS = 3
_GRACE_S = 3.0


class Pulls:
    """What a worker knows of the models beside it."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._models = models(house.options.data)
        self._child: subprocess.Popen[bytes] | None = None
        self._tried = PullWish(0, "")
        self._starts = 0
        self._started_at = float("-inf")
        self._over = False

    def mark(self) -> object:
        """Differs when a model came, went or was replaced."""
        return mark(self._models)

    def look(self) -> dict[str, Any]:
        """See to the wish, and say what is here; goes into the sign of life."""
        wish, status = pull_wish(self._house), read_status(self._models, self._house.now())
        self._bury()
        if wish is not None and self._child is None and not self._over and self._has_to_start(wish, status):
            self._start(wish)
        if wish is not None and self._gave_up(wish, status):
            status = PullStatus(
                PullState.FAILED, wish.model, message="The program that downloads the model ended without a word.",
                remedy="Run `nas-asr model pull` on that machine; it says more.", wish=wish.number,
            )  # fmt: skip
        return {
            "shelf": f"{socket.gethostname()}:{self._models.resolve()}",
            "machine": socket.gethostname(),
            "here": [one.name for one in CHECKPOINTS if find(self._models, one.name) is not None],
            "pull": asdict(status) if status is not None else None,
            "heard": max(status.wish if status else 0, 0 if self._child else self._tried.number),  # its child needs a moment
        }

    def close(self) -> None:
        """End the download; the next worker goes on with it."""
        self._over = True
        child = self._child
        if child is None or child.poll() is not None:
            return
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGTERM)
        try:
            child.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()

    def _has_to_start(self, wish: PullWish, status: PullStatus | None) -> bool:
        if wish.number > self._tried.number:
            self._starts = 0
        if self._starts >= _MOST_STARTS or time.monotonic() - self._started_at < _NOT_AGAIN_S * min(self._starts, 1):
            return False
        if status is None or status.wish < wish.number:
            return status is None or status.state is not PullState.PULLING  # somebody else's is waited for
        broken_off = status.state is PullState.INTERRUPTED and status.model == wish.model
        return broken_off and find(self._models, wish.model) is None

    def _gave_up(self, wish: PullWish, status: PullStatus | None) -> bool:
        """Whether the child was started for this wish and never wrote a word of its own."""
        silent = status is None or status.wish < wish.number and status.state is not PullState.PULLING
        return silent and self._child is None and self._starts > 0 and self._tried.number == wish.number

    def _start(self, wish: PullWish) -> None:
        command = [sys.executable, "-m", "nas_asr", "--data", str(self._house.options.data), "model", "pull", wish.model]
        command += ["--wish", str(wish.number), *(["--hub", wish.hub] if wish.hub else [])]
        held = [sys.executable, "-m", "nas_asr.core.lifeline", str(os.getpid()), *command]
        self._child = subprocess.Popen(
            held, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, process_group=0
        )
        self._tried, self._starts, self._started_at = wish, self._starts + 1, time.monotonic()
        log.info("pull.started", extra={"model": wish.model, "pid": self._child.pid})

    def _bury(self) -> None:
        if self._child is not None and self._child.poll() is not None:
            log.info("pull.ended", extra={"model": self._tried.model, "status": self._child.returncode})
            self._child = None
