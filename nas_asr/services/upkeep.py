"""Room: services.upkeep. What has to be done again and again: watch leases, sweep, tidy DATA/uploads. By one watcher at a time.

The archive's nights are somebody else's work (night): here is only the turn at which it is thought of.
"""

import socket
import time
from collections.abc import Callable

from nas_asr.core.ids import new_id
from nas_asr.services.base import House
from nas_asr.services.duties import Duties
from nas_asr.services.leases import Leases
from nas_asr.services.sweep import sweep
from nas_asr.services.transcribe import Incarnation
from nas_asr.services.upload_pieces import clear_abandoned
from nas_asr.services.uploads import clear_leftovers

SWEEP_EVERY_S = 5.0
_TIDY_EVERY_S = 3600.0
_DUTY = "upkeep"
_HOLD_S = 15.0


class Upkeep:
    """Called by the watcher every second or so; keeps its own times. close() lets the next watcher take over at once."""

    def __init__(
        self, house: House, night: Callable[[], object] | None = None, who: Incarnation | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._house = house
        self._night = night
        self._clock = clock
        self._duties = Duties(house, who or Incarnation(f"watcher@{socket.gethostname()}", new_id()))
        self._leases = Leases(SWEEP_EVERY_S)
        self._sweep_at = self._tidy_at = float("-inf")

    def __call__(self) -> None:
        """One turn."""
        now = self._clock()
        stale = self._leases.look(self._house, now)  # who waits for the duty watches, too: it takes over with a memory
        if not self._duties.hold(_DUTY, _HOLD_S, now) or (now < self._sweep_at and not stale):
            return
        self._sweep_at = now + SWEEP_EVERY_S
        sweep(self._house, stale)
        if self._night is not None:
            self._night()
        if now >= self._tidy_at:
            self._tidy_at = now + _TIDY_EVERY_S
            clear_abandoned(self._house)
            clear_leftovers(self._house)

    def close(self) -> None:
        """Give the duty up."""
        self._duties.close()
