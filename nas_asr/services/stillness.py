"""Room: services.stillness. How long something has not changed, as one observer saw it on its own clock. Reads no clock.

Two machines' wall clocks may differ by hours, and either may be set; how long a sign stood still before one's own eyes is
the same whatever they say. An observer that slept itself must not take its own sleep for the other's silence.
"""

from dataclasses import dataclass

_SHARE = 3  # of what counts as silence, one gap between two looks is at most such a part


@dataclass(slots=True)
class Stillness:
    """One observer's view of one sign."""

    sign: object = None
    looked_at: float | None = None
    still_s: float = 0.0

    def seen(self, sign: object, now: float, silence_s: float, every_s: float = 0.0) -> bool:
        """Whether the sign has stood still for silence_s by now. now: monotonic seconds of the observer.

        every_s: how often it means to look. A gap that is longer than that and than a third of silence_s counts for no more:
        then nobody looked, which says little of whoever is watched.
        """
        if self.looked_at is None or sign != self.sign:
            self.sign, self.still_s = sign, 0.0
        else:
            self.still_s += min(max(now - self.looked_at, 0.0), max(every_s, silence_s / _SHARE))
        self.looked_at = now
        return self.still_s >= silence_s
