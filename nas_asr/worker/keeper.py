"""Room: worker.keeper. Holds a claim while the engine works: lease, progress, stop, limits. Knows no engine, no queue."""

import logging
import math
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from nas_asr.core.doorbell import limit_seconds
from nas_asr.core.errors import MediaTooHard, NasAsrError, RunStopped
from nas_asr.services.base import House
from nas_asr.services.transcribe import Claim, extend, wanted
from nas_asr.worker.room import Pace

log = logging.getLogger(__name__)

_EXTENSIONS_PER_LEASE = 15
_TIMES_EXPECTED = 2


@dataclass(frozen=True, slots=True)
class Terms:
    """How long, in seconds, a run may take and how often it is looked after. stuck_s: without any progress."""

    pace: Pace
    stuck_s: float

    @classmethod
    def of(cls, pace: Pace, expected_s: float) -> Self:
        """For a run that should take so long; nothing is known of one of no length, so its limit alone holds."""
        return cls(pace, max(pace.stall_s, _TIMES_EXPECTED * expected_s) if expected_s else math.inf)


class Keeper:
    """A thread beside the engine. `progress` is what the engine calls: cheap, and raises when the run must end."""

    def __init__(self, house: House, held: Claim, terms: Terms, sign: Callable[[], None]) -> None:
        self._house = house
        self._held = held
        self._pace = terms.pace
        self._stuck_s = terms.stuck_s
        self._sign = sign  # tells the parent that we live
        self._value = 0.0
        self._moved_at = self._extended_at = time.monotonic()
        self._end: NasAsrError | None = None
        self._through = False
        self._over = threading.Event()
        self._limit_s = limit_seconds(held.duration_ms)
        self._started = time.monotonic()
        self._thread = threading.Thread(target=self._keep, name="keeper", daemon=True)

    def progress(self, value: float) -> None:
        """How far the work is, 0..1. Raises RunStopped or MediaTooHard when it must not go on."""
        if value != self._value:
            self._value, self._moved_at = value, time.monotonic()
        if self._end is not None:
            raise self._end

    def engine_is_through(self) -> None:
        """What is left is to write it down: that waits for the database, and no longer for the engine."""
        self._through = True

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _keep(self) -> None:
        while not self._over.wait(self._pace.tick_s) and self._end is None:
            self._sign()
            self._end = self._look(time.monotonic())
        self._insist()

    def _look(self, now: float) -> NasAsrError | None:
        if now - self._moved_at > self._stuck_s and not self._through:
            self._give_up("run.stuck")
        if now - self._started > self._limit_s and not self._through:
            return MediaTooHard(
                f"The transcription took longer than {self._limit_s // 60} minutes and was broken off.",
                "Try again when the machine has less to do, or cut the recording into parts.",
            )
        try:
            if now - self._extended_at >= self._pace.lease_s / _EXTENSIONS_PER_LEASE:
                self._extended_at = now
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
                self._give_up("run.engine_does_not_listen")

    def _give_up(self, why: str) -> None:
        log.error(why, extra={"run": self._held.run_id})
        os._exit(70)
