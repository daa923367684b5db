"""Room: worker.keeper. Holds a claim while the engine works: lease, progress, stop, time limit. Knows no engine, no queue."""

import logging
import os
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from nas_asr.core.doorbell import limit_seconds
from nas_asr.core.errors import MediaTooHard, NasAsrError, RunStopped
from nas_asr.services.base import House
from nas_asr.services.transcribe import Claim, extend, wanted
from nas_asr.worker.room import Pace

log = logging.getLogger(__name__)


class Keeper:
    """A thread beside the engine. `progress` is what the engine calls: cheap, and raises when the run must end."""

    def __init__(self, house: House, held: Claim, pace: Pace, sign: Callable[[], None]) -> None:
        self._house = house
        self._held = held
        self._pace = pace
        self._sign = sign  # tells the parent that we live
        self._value = 0.0
        self._end: NasAsrError | None = None
        self._over = threading.Event()
        self._limit_s = limit_seconds(held.duration_ms)
        self._started = time.monotonic()
        self._thread = threading.Thread(target=self._keep, name="keeper", daemon=True)

    def progress(self, value: float) -> None:
        """How far the work is, 0..1. Raises RunStopped or MediaTooHard when it must not go on."""
        self._value = value
        if self._end is not None:
            raise self._end

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _keep(self) -> None:
        tick = 0
        while not self._over.wait(self._pace.tick_s) and self._end is None:
            tick += 1
            self._sign()
            self._end = self._look(tick)
        self._insist()

    def _look(self, tick: int) -> NasAsrError | None:
        if time.monotonic() - self._started > self._limit_s:
            return MediaTooHard(
                f"The transcription took longer than {self._limit_s // 60} minutes and was broken off.",
                "Try again when the machine has less to do, or cut the recording into parts.",
            )
        try:
            if tick % 2 == 0:
                if not extend(self._house, self._held, self._value):
                    log.warning("run.not_extended", extra={"run": self._held.run_id})
            elif not wanted(self._house, self._held):
                return RunStopped("This run is not wanted any more.")
        except RunStopped as stop:
            return stop
        return None

    def _insist(self) -> None:
        """An engine that does not listen is ended with its whole program; the parent gives the run back."""
        given_up = time.monotonic() + self._pace.grace_s
        while not self._over.wait(self._pace.tick_s):
            self._sign()
            if time.monotonic() > given_up:
                log.error("run.engine_does_not_listen", extra={"run": self._held.run_id})
                os._exit(70)
