"""Room: watcher.rounds. One folder's rounds: look through it, wait for what grows, hand over what settled. Never takes a file.

Everything happens in `turn(now)`, with monotonic seconds as argument; `wake`, `ask` and `told` may come from anywhere.
"""

import os
import time
from collections.abc import Callable, Iterable, Iterator
from queue import Empty, SimpleQueue
from typing import TypeVar

from nas_asr.services.base import House
from nas_asr.services.folders import Watched
from nas_asr.services.ingest import Gone, Outcome, StillGrowing
from nas_asr.services.sightings import (
    MARKER,
    OLDER,
    Known,
    Look,
    News,
    Sighting,
    known_files,
    note_look,
    note_news,
    note_offline,
)
from nas_asr.watcher.scan import Away, Root, Scan, look_at, scan
from nas_asr.watcher.settle import Settling
from nas_asr.watcher.take import Told

_GAP_S = 0.5  # a folder that is being written to is not looked through more often than this
_EASE = 5  # nor for more than a sixth of the time
_NOTE_EVERY_S = 5.0  # a growing file's size, and that all is well, is written down so often at most
_PUT_OFF_S = 30.0  # until a file is tried again that could not be taken for a reason that may pass

Take = Callable[[Sighting, Told], None]
T = TypeVar("T")


class Rounds:
    """The watch over one folder."""

    def __init__(self, house: House, folder: Watched, take: Take, ring: Callable[[], None]) -> None:
        self.folder = folder
        self.online = True
        self._house = house
        self._take = take
        self._ring = ring
        self._path = os.fsencode(folder.path)
        self._root = None if folder.inode is None else Root(folder.device or 0, folder.inode)
        self._looked = folder.looked
        self._known: dict[bytes, Known] = {}
        self._remembers = False
        self._settling = Settling(house.options.settle_seconds)
        self._at_work: set[bytes] = set()
        self._told: SimpleQueue[tuple[Sighting, Outcome | None]] = SimpleQueue()
        self._asked: SimpleQueue[bytes] = SimpleQueue()
        self._dirty = True
        self._scan_at = self._scan_not_before = self._noted_at = float("-inf")

    # -- from any thread ----------------------------------------------------------------------------------------------

    def wake(self) -> None:
        """Something in the folder may have changed."""
        self._dirty = True
        self._ring()

    def ask(self, raw_paths: Iterable[bytes]) -> None:
        """These files are to be looked at again, although they may not have changed."""
        for raw_path in raw_paths:
            self._asked.put(raw_path)
        self._ring()

    def told(self, sighting: Sighting, outcome: Outcome | None) -> None:
        """This is what became of a file that was handed over."""
        self._told.put((sighting, outcome))
        self._ring()

    def heed(self, folder: Watched) -> None:
        """Somebody may have chosen which files to take, or named another marker file."""
        renamed, self.folder = folder.marker != self.folder.marker, folder
        if renamed:
            self.wake()

    # -- the rounds ---------------------------------------------------------------------------------------------------

    def turn(self, now: float) -> float:
        """Do what is due, by the settings of this moment; returns when the next turn is.

        Raises StorageFull where the ledger cannot be written.
        """
        self._settling.be_quiet_for(self._house.options.settle_seconds)
        for sighting, outcome in _drained(self._told):
            self._hear(sighting, outcome, now)
        if now >= self._next_scan():
            self._look_through(now)
        for raw_path in _drained(self._asked):
            self._look_again(raw_path, now)
        for raw_path in self._settling.due(now):
            self._second_look(raw_path, now)
        due = self._settling.next_due()
        return self._next_scan() if due is None else min(due, self._next_scan())

    def _next_scan(self) -> float:
        return self._scan_not_before if self._dirty else self._scan_at

    def _look_through(self, now: float) -> None:
        self._dirty = False
        begun = time.monotonic()
        found = scan(self._path, self.folder.marker.encode())
        took = time.monotonic() - begun
        self._scan_not_before = now + max(_GAP_S, took * _EASE)
        self._scan_at = max(now + self._house.options.scan_seconds, self._scan_not_before)
        if not self._remembers:
            self._known, self._remembers = known_files(self._house, self.folder.id), True
        if isinstance(found, Scan):
            found = self._doubted(found)
        if isinstance(found, Away):
            self.online = False
            note_offline(self._house, self.folder.id, found.reason)
        else:
            self._conclude(found, now, round(took * 1000))

    def _doubted(self, found: Scan) -> Scan | Away:
        """A share that is not mounted looks like an empty folder: nothing may be concluded from that."""
        present = {raw_path for raw_path, known in self._known.items() if known.present}
        if not present or not found.files.keys().isdisjoint(present):
            return found
        if self._root is not None and found.root != self._root:
            return Away(
                "In this place there is another folder than before, without any of the files that were here. Is the "
                "share mounted? If this is meant to be, remove the folder and add it again; its recordings stay."
            )
        if not found.files and len(present) > 1:  # one file that goes is a person; all at once is a share
            return Away(
                f"All {len(present)} files are gone at once, so nothing is concluded. If somebody meant that, nothing "
                "is wrong: it goes on with the next file."
            )
        return found

    def _conclude(self, found: Scan, now: float, took_ms: int) -> None:
        news = self._news(found)
        for sighting in news.growing:
            self._settling.saw(sighting.raw_path, sighting.stat, now)
        self._settling.forget_where(lambda raw: raw not in found.files and found.tells_about(raw))
        told_lately = now - self._noted_at < _NOTE_EVERY_S
        if told_lately:  # sizes of what grows may wait; whatever else happened may not
            news = News(self._unheard(news.growing), self._unheard(news.ignored), news.missing, news.back, news.waiting)
        for part in news.parts():
            note_news(self._house, self.folder.id, part)
            self._remember(part)
        if news != News() or not told_lately or not self.online or not self._looked:
            look = Look(found.root.device, found.root.inode, len(found.files), took_ms)
            note_look(self._house, self.folder.id, look)
            self._noted_at = now
        self.online, self._looked, self._root = True, True, found.root

    def _news(self, found: Scan) -> News:
        growing: list[Sighting] = []
        ignored: list[Sighting] = []
        back: list[bytes] = []
        waiting: list[Sighting] = []
        for raw_path, sighting in found.files.items():
            known = self._known.get(raw_path)
            if known is not None and not known.present:
                back.append(raw_path)
            if raw_path in self._at_work or (known is not None and known.stat == sighting.stat):
                continue
            ruled = self._ruled(sighting)
            takes = waiting if self.folder.awaiting_choice and not self._looked else growing
            (takes if ruled.rule is None else ignored).append(ruled)
        missing = [
            raw_path
            for raw_path, known in self._known.items()
            if known.present and raw_path not in found.files and found.tells_about(raw_path)
        ]
        return News(tuple(growing), tuple(ignored), tuple(missing), tuple(back), tuple(waiting))

    def _ruled(self, sighting: Sighting) -> Sighting:
        """The first look through a folder decides what was there before: later, a copy may well keep an old date."""
        if self.folder.marker and sighting.raw_path == os.fsencode(self.folder.marker):
            return Sighting(sighting.raw_path, sighting.stat, MARKER)
        since = self.folder.since
        if sighting.rule is not None or self._looked or since is None:
            return sighting
        if sighting.stat.mtime_ns >= since.timestamp() * 1e9:
            return sighting
        return Sighting(sighting.raw_path, sighting.stat, OLDER)

    def _unheard(self, sightings: Iterable[Sighting]) -> tuple[Sighting, ...]:
        return tuple(sighting for sighting in sightings if sighting.raw_path not in self._known)

    def _remember(self, news: News) -> None:
        for sighting in (*news.growing, *news.ignored, *news.waiting):
            self._known[sighting.raw_path] = Known(sighting.stat, present=True)
        for raw_path in news.missing:
            self._known[raw_path] = Known(self._known[raw_path].stat, present=False)
        for raw_path in news.back:
            self._known[raw_path] = Known(self._known[raw_path].stat, present=True)

    # -- one file -----------------------------------------------------------------------------------------------------

    def _second_look(self, raw_path: bytes, now: float) -> None:
        stat = look_at(self._path + b"/" + raw_path)
        if self._settling.settled(raw_path, stat, now) and stat is not None:
            self._hand_over(Sighting(raw_path, stat))
        elif stat is None:
            self._dirty = True

    def _look_again(self, raw_path: bytes, now: float) -> None:
        known = self._known.get(raw_path)
        if known is None or not self.online or raw_path in self._settling or raw_path in self._at_work:
            return
        stat = look_at(self._path + b"/" + raw_path)
        if stat is None:
            self._dirty = True
        elif stat == known.stat:
            self._hand_over(Sighting(raw_path, stat))
        else:
            self._settling.saw(raw_path, stat, now)

    def _hand_over(self, sighting: Sighting) -> None:
        self._at_work.add(sighting.raw_path)
        self._take(sighting, self.told)

    def _hear(self, sighting: Sighting, outcome: Outcome | None, now: float) -> None:
        raw_path = sighting.raw_path
        self._at_work.discard(raw_path)
        if outcome is None:
            self._settling.put_off(raw_path, sighting.stat, now + _PUT_OFF_S)
        elif isinstance(outcome, StillGrowing):
            self._settling.saw(raw_path, look_at(self._path + b"/" + raw_path) or sighting.stat, now)
        elif isinstance(outcome, Gone):
            self._dirty = True
        else:
            self._known[raw_path] = Known(sighting.stat, present=True)


def _drained(queue: SimpleQueue[T]) -> Iterator[T]:
    while True:
        try:
            yield queue.get_nowait()
        except Empty:
            return
