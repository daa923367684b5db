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
from nas_asr.services.looks import known_files, note_look, note_news, note_offline
from nas_asr.services.sightings import MARKER, OLDER, Look, News, Sighting, Watching
from nas_asr.watcher import ignore
from nas_asr.watcher.memory import Memory, mark
from nas_asr.watcher.mounts import Ground, ground_of
from nas_asr.watcher.pace import GAP_S, Pace
from nas_asr.watcher.scan import Away, Root, Scan, look_at, scan
from nas_asr.watcher.settle import Settling
from nas_asr.watcher.take import Told

_NOTE_EVERY_S = 5.0  # a growing file's size, and that all is well, is written down so often at most
_PUT_OFF_S = 30.0  # until a file is tried again that could not be taken for a reason that may pass
_SHARE_IS_SLOW = 3  # times the settle time: a client of a share hears late of sizes and times, and in steps

Take = Callable[[Sighting, Told], None]
T = TypeVar("T")


class Rounds:
    """The watch over one folder."""

    def __init__(self, house: House, folder: Watched, take: Take, ring: Callable[[], None]) -> None:
        self.folder = folder
        self.online = True
        self.note = ""  # what an admin should know of the events
        self.every_s = house.options.scan_seconds  # between two looks, at present
        self.root = None if folder.inode is None else Root(folder.device or 0, folder.inode)
        self._house = house
        self._take = take
        self._ring = ring
        self._path = os.fsencode(folder.path)
        self.ground = Ground()  # not asked for here: whoever makes these rounds must not wait for a share that hangs
        self._looked = folder.looked
        self._memory: Memory | None = None
        self._pace = Pace()
        self._settling = Settling(self._quiet_s())
        self._at_work: set[bytes] = set()
        self._told: SimpleQueue[tuple[Sighting, Outcome | None]] = SimpleQueue()
        self._asked: SimpleQueue[bytes] = SimpleQueue()
        self._dirty = True
        self._scan_at = self._scan_not_before = self._noted_at = float("-inf")
        self._noted = Watching()

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

    def see_ground(self) -> None:
        """On what the folder lies; where a share hangs, this waits until its server is back."""
        self.ground = ground_of(self._path)

    def turn(self, now: float) -> float:
        """Do what is due, by the settings of this moment; returns when the next turn is.

        Raises StorageFull where the ledger cannot be written.
        """
        self._settling.be_quiet_for(self._quiet_s())
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

    def _quiet_s(self) -> float:
        return self._house.options.settle_seconds * (_SHARE_IS_SLOW if self.ground.network else 1)

    def _known(self) -> Memory:
        if self._memory is None:
            memory = Memory()
            memory.learn(known_files(self._house, self.folder.id))
            self._memory = memory
        return self._memory

    def _next_scan(self) -> float:
        return self._scan_not_before if self._dirty else self._scan_at

    def _look_through(self, now: float) -> None:
        base = self._house.options.scan_seconds
        self._scan_not_before, self._scan_at = now + GAP_S, now + base
        memory = self._known()
        self._dirty, well = False, False
        try:
            begun = time.monotonic()
            self.see_ground()
            found = scan(self._path, memory, self.folder.marker.encode())
            took = time.monotonic() - begun
            self._scan_not_before = now + Pace.ease(took)
            self._scan_at = max(self._scan_at, self._scan_not_before)
            if isinstance(found, Scan):
                found = self._doubted(found)
            if isinstance(found, Away):
                self.online = False
                note_offline(self._house, self.folder.id, found.reason)
            else:
                self._conclude(found, now, took)
            well = True
        finally:
            self._dirty = self._dirty or not well  # what could not be written down is news again

    def _doubted(self, found: Scan) -> Scan | Away:
        """A share that is not mounted looks like an empty folder: nothing may be concluded from that."""
        if found.seen.recognised:
            return found
        present = sum(_is_of_people(name) for _, name in self._known().here())
        if not present:
            return found
        if self.root is not None and found.root != self.root:
            return Away(
                "In this place there is another folder than before, without any of the files that were here. Is the "
                "share mounted? If this is meant to be, remove the folder and add it again; its recordings stay."
            )
        strangers = any(_is_of_people(sighting.raw_path.rpartition(b"/")[2]) for sighting in found.seen.fresh)
        if not strangers and present > 1:  # one file that goes is a person; all at once is a share
            return Away(
                f"All {present} files are gone at once, so nothing is concluded. If somebody meant that, nothing "
                "is wrong: it goes on with the next file."
            )
        return found

    def _conclude(self, found: Scan, now: float, took: float) -> None:
        news = self._news(found)
        self._settling.be_quiet_for(self._quiet_s())
        for sighting in news.growing:
            self._settling.saw(sighting.raw_path, sighting.stat, now)
        not_looked_into = [raw_path for raw_path in found.seen.unseen if raw_path in self._settling]
        self._settling.forget(found.seen.unseen)
        self.every_s = self._pace.after(news != News(), took, self._house.options.scan_seconds, self.ground.network)
        self._scan_at = now + self.every_s
        told_lately = now - self._noted_at < _NOTE_EVERY_S
        if told_lately:  # sizes of what grows may wait; whatever else happened may not
            news = News(self._unheard(news.growing), self._unheard(news.ignored), news.missing, news.back, news.waiting)
        for part in news.parts():
            note_news(self._house, self.folder.id, part, self._quiet_s())
            self._remember(part)
        for raw_path in not_looked_into:
            self._known().doubt(raw_path)
        watching = Watching(round(self.every_s * 1000), self.ground.kind, self.note)
        if news != News() or not told_lately or not self.online or not self._looked or self._noted.note != self.note:
            note_look(self._house, self.folder.id, _look(found, took, watching))
            self._noted_at, self._noted = now, watching
        self.online, self._looked, self.root = True, True, found.root

    def _news(self, found: Scan) -> News:
        memory = self._known()
        growing: list[Sighting] = []
        ignored: list[Sighting] = []
        back: list[bytes] = []
        waiting: list[Sighting] = []
        takes = waiting if self.folder.awaiting_choice and not self._looked else growing
        for sighting in found.seen.fresh:
            raw_path = sighting.raw_path
            if memory.is_missing(raw_path):
                back.append(raw_path)
                if memory.mark(raw_path) == mark(sighting.stat) and not raw_path.endswith(b"/"):
                    continue
            if raw_path in self._at_work:
                continue
            ruled = self._ruled(sighting)
            (takes if ruled.rule is None else ignored).append(ruled)
        return News(tuple(growing), tuple(ignored), tuple(found.seen.unseen), tuple(back), tuple(waiting))

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
        return tuple(sighting for sighting in sightings if sighting.raw_path not in self._known())

    def _remember(self, news: News) -> None:
        memory = self._known()
        for raw_path in news.missing:
            memory.note_missing(raw_path)
        for raw_path in news.back:
            memory.note_back(raw_path)
        for sighting in (*news.growing, *news.ignored, *news.waiting):
            memory.note(sighting.raw_path, sighting.stat)

    # -- one file -----------------------------------------------------------------------------------------------------

    def _second_look(self, raw_path: bytes, now: float) -> None:
        stat = look_at(self._path + b"/" + raw_path)
        if self._settling.settled(raw_path, stat, now) and stat is not None:
            self._hand_over(Sighting(raw_path, stat))
        elif stat is None:
            self._dirty = True
            if raw_path not in self._known():  # it came and went without a line
                self._settling.forget([raw_path])

    def _look_again(self, raw_path: bytes, now: float) -> None:
        seen = self._known().mark(raw_path)
        if seen is None or not self.online or raw_path in self._settling or raw_path in self._at_work:
            return
        stat = look_at(self._path + b"/" + raw_path)
        if stat is None:  # gone, or a link or a folder that somebody asked for: the next look says which
            self._known().doubt(raw_path)
            self._dirty = True
        elif seen == mark(stat):
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
            if raw_path in self._known():  # perhaps only its share was away: when it is back, nobody has looked into it yet
                self._known().doubt(raw_path)
        else:
            self._known().note(raw_path, sighting.stat)


def _look(found: Scan, took: float, watching: Watching) -> Look:
    root, seen = found.root, found.seen
    return Look(root.device, root.inode, seen.files, round(took * 1000), seen.unread, watching)


def _is_of_people(name: bytes) -> bool:
    """Whether a file tells one share from another: not the line of a folder, nor what systems leave everywhere."""
    return name != b"" and not ignore.is_junk(name)


def _drained(queue: SimpleQueue[T]) -> Iterator[T]:
    while True:
        try:
            yield queue.get_nowait()
        except Empty:
            return
