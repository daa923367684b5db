"""Room: worker.blind. Which waiting runs have audio that cannot be reached from here. Left to others; claims nothing."""

import time

from nas_asr.services import reach
from nas_asr.services.base import House

_LOOK_EVERY_S = 15.0
_MOST = 200  # more are not told and not kept: those are put off, claimed, and left to others, again


class BlindSpot:
    """Runs of this program's time. One whose audio comes into sight is taken like any other."""

    def __init__(self) -> None:
        self._look_at: dict[str, float] = {}

    @property
    def runs(self) -> frozenset[str]:
        """Those that are not to be claimed here."""
        return frozenset(self._look_at)

    @property
    def full(self) -> bool:
        """Whether no more can be kept."""
        return len(self._look_at) >= _MOST

    def add(self, run_id: str) -> None:
        """The audio of this one could not be reached just now."""
        if not self.full:
            self._look_at[run_id] = time.monotonic() + _LOOK_EVERY_S

    def look_again(self, house: House) -> None:
        """Forget those that can be reached now, that somebody else has, or that nobody is left for."""
        due = [run_id for run_id, at in self._look_at.items() if time.monotonic() >= at]
        for run_id in due:
            if reach.is_still_beyond(house, run_id):
                self._look_at[run_id] = time.monotonic() + _LOOK_EVERY_S
            else:
                del self._look_at[run_id]
