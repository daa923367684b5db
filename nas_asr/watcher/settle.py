"""Room: watcher.settle. When a file has been quiet for long enough. Pure: looks and monotonic seconds are arguments."""

from collections.abc import Callable
from dataclasses import dataclass

from nas_asr.services.sightings import Stat


@dataclass(slots=True)
class _Waiting:
    stat: Stat
    due: float


class Settling:
    """Files that are written to or were a moment ago.

    A file is settled when two looks at least `quiet_s` apart saw the same size, mtime and inode, and no look in between
    saw others. It is due for that second look exactly then; it is never dropped for being slow.
    """

    def __init__(self, quiet_s: float) -> None:
        self.quiet_s = quiet_s
        self._waiting: dict[bytes, _Waiting] = {}

    def __contains__(self, raw_path: bytes) -> bool:
        return raw_path in self._waiting

    def be_quiet_for(self, quiet_s: float) -> None:
        """An admin changed how long; for files that are waited for already, too."""
        longer, self.quiet_s = quiet_s - self.quiet_s, quiet_s
        for waiting in self._waiting.values() if longer else ():
            waiting.due += longer

    def saw(self, raw_path: bytes, stat: Stat, now: float) -> None:
        """A look saw the file like this."""
        waiting = self._waiting.get(raw_path)
        if waiting is None or waiting.stat != stat:
            self._waiting[raw_path] = _Waiting(stat, now + self.quiet_s)

    def put_off(self, raw_path: bytes, stat: Stat, until: float) -> None:
        """The file is quiet, but taking it has to wait for something else, such as room on a disk."""
        self._waiting[raw_path] = _Waiting(stat, until)

    def forget_where(self, gone: Callable[[bytes], bool]) -> None:
        """Wait no longer for files that are gone."""
        for raw_path in [raw_path for raw_path in self._waiting if gone(raw_path)]:
            del self._waiting[raw_path]

    def due(self, now: float) -> list[bytes]:
        """Files whose second look is due."""
        return [raw_path for raw_path, waiting in self._waiting.items() if waiting.due <= now]

    def settled(self, raw_path: bytes, stat: Stat | None, now: float) -> bool:
        """Judge a second look (None: it could not be seen just now). A settled file is no longer waited for."""
        waiting = self._waiting.get(raw_path)
        if waiting is None:
            return False
        if stat is None:
            waiting.due = now + self.quiet_s
            return False
        if stat != waiting.stat or now < waiting.due:
            self.saw(raw_path, stat, now)
            return False
        del self._waiting[raw_path]
        return True

    def next_due(self) -> float | None:
        """When the next second look is due, None where nothing is waited for."""
        return min((waiting.due for waiting in self._waiting.values()), default=None)
