"""Room: watcher.pace. How long until a folder is looked through again. Pure: what a look told is an argument."""

GAP_S = 0.5  # a folder that is being written to is not looked through more often than this
_EASE = 5  # nor for more than a sixth of the time
_SHORTEST = 16  # after news a sixteenth of the base
_LEAST_S = 1.0


class Pace:
    """After news soon again, for where one file came there come more; then half as often each time, down to the base.

    On a network share the base alone counts: there every look costs a walk over the line.
    """

    def __init__(self) -> None:
        self._steps = 0

    def after(self, news: bool, took_s: float, base_s: float, network: bool) -> float:
        """Seconds until the next look, after one that took so long."""
        self._steps = 0 if news else self._steps + 1
        easy = self.ease(took_s)
        if network:
            return max(base_s, easy)
        soon = min(base_s, max(_LEAST_S, base_s / _SHORTEST))
        return max(min(base_s, soon * (1 << min(self._steps, _SHORTEST))), easy)

    @staticmethod
    def ease(took_s: float) -> float:
        """Seconds that have to go by in any case, even where events call."""
        return max(GAP_S, took_s * _EASE)
