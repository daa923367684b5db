"""Room: watcher.settle. When a file has been quiet for long enough. Pure: looks and monotonic seconds are arguments."""

import heapq
from collections.abc import Iterable
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
        # A heap; an entry whose file has another time by now counts no more
        self._order: list[tuple[float, bytes]] = []

    def __contains__(self, raw_path: bytes) -> bool:
        return raw_path in self._waiting

    def be_quiet_for(self, quiet_s: float) -> None:
        """Another time counts from now on; for files that are waited for already, too."""
        longer, self.quiet_s = quiet_s - self.quiet_s, quiet_s
        if not longer:
            return
        for waiting in self._waiting.values():
            waiting.due += longer
        self._order = [(waiting.due, raw_path) for raw_path, waiting in self._waiting.items()]
        heapq.heapify(self._order)

    def saw(self, raw_path: bytes, stat: Stat, now: float) -> None:
        """A look saw the file like this."""
        waiting = self._waiting.get(raw_path)
        if waiting is None or waiting.stat != stat:
            self.put_off(raw_path, stat, now + self.quiet_s)

    def put_off(self, raw_path: bytes, stat: Stat, until: float) -> None:
        """The file is quiet, but taking it has to wait for something else, such as room on a disk."""
        self._waiting[raw_path] = _Waiting(stat, until)
        heapq.heappush(self._order, (until, raw_path))

    def forget(self, raw_paths: Iterable[bytes]) -> None:
        """Wait no longer for files that are gone."""
        for raw_path in raw_paths:
            self._waiting.pop(raw_path, None)

    def due(self, now: float) -> list[bytes]:
        """Files whose second look is due. Each of them is to be judged by `settled` now."""
        found = []
        while (first := self.next_due()) is not None and first <= now:
            found.append(heapq.heappop(self._order)[1])
        return found

    def settled(self, raw_path: bytes, stat: Stat | None, now: float) -> bool:
        """Judge a second look (None: it could not be seen just now). A settled file is no longer waited for."""
        waiting = self._waiting.get(raw_path)
        if waiting is None:
            return False
        if stat is None or stat != waiting.stat:
            self.put_off(raw_path, stat or waiting.stat, now + self.quiet_s)
            return False
        if now < waiting.due:
            self.put_off(raw_path, stat, waiting.due)
            return False
        del self._waiting[raw_path]
        return True

    def next_due(self) -> float | None:
        """When the next second look is due, None where nothing is waited for."""
        while self._order:
            due, raw_path = self._order[0]
            waiting = self._waiting.get(raw_path)
            if waiting is not None and waiting.due == due:
                return due
            heapq.heappop(self._order)
        return None
