"""Room: services.upkeep. What has to be done again and again: sweep each time it is called, tidy DATA/uploads once an hour.

The archive's nights are somebody else's work (night): here is only the turn at which it is thought of.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from nas_asr.services.base import House
from nas_asr.services.sweep import sweep
from nas_asr.services.uploads import clear_leftovers

_TIDY_EVERY = timedelta(hours=1)


class Upkeep:
    """Called by the watcher every few seconds."""

    def __init__(self, house: House, night: Callable[[], object] | None = None) -> None:
        self._house = house
        self._night = night
        self._tidied_at: datetime | None = None

    def __call__(self) -> None:
        """One turn."""
        sweep(self._house)
        if self._night is not None:
            self._night()
        now = self._house.now()
        if self._tidied_at is None or now - self._tidied_at >= _TIDY_EVERY:
            self._tidied_at = now
            clear_leftovers(self._house)
