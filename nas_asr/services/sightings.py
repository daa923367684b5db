"""Room: services.sightings. A file as a look saw it, and its line in the ledger. Never opens a file, never asks for lines of
its own accord: services.looks and services.ingest do.
"""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from nas_asr.core.ids import new_id
from nas_asr.core.recording import LedgerState, Presence
from nas_asr.services.base import House
from nas_asr.services.file_names import shown_path
from nas_asr.store.models import Folder, LedgerLine, Recording

MOST_AT_ONCE = 500  # lines in one transaction: others must be able to write in between
UNREADABLE_FOLDER = "folder_unreadable"
SETTLING = "settling"  # why a file that a look found is not taken yet
LINKED = (LedgerState.INGESTED, LedgerState.DUPLICATE)


class Stat(NamedTuple):
    """What tells one state of a file from the next: bytes, nanoseconds, number. Each fits into 64 bits with a sign."""

    size: int
    mtime_ns: int
    inode: int

    @classmethod
    def of(cls, status: os.stat_result) -> "Stat":
        """Of what the system says; mergerfs and CIFS number files with all 64 bits, which no database holds."""
        return cls(_signed(status.st_size), _signed(status.st_mtime_ns), _signed(status.st_ino))


FOLDER = Stat(0, 0, 0)  # of a folder that has a line of its own: what it looks like changes with every file in it


@dataclass(frozen=True, slots=True)
class Rule:
    """Why a file is not taken. final: it is not taken either when a person asks for it."""

    code: str
    sentence: str
    state: LedgerState = LedgerState.IGNORED
    final: bool = False


OLDER = Rule("older", "It was here before the folder was watched, and older than what was asked for.")
CHOICE = Rule("choice", "It was here before the folder was watched. Whether it is taken is for you to choose.")
DELETED = Rule("deleted", "Somebody deleted its recording for ever.")  # the reason of a line names who
MARKER = Rule("marker", "It is the folder's marker file: it shows that the right share is there.", final=True)


@dataclass(frozen=True, slots=True)
class Sighting:
    """A file as one look saw it; raw_path lies below its folder. A rule says why it is not to be taken.

    A path that ends with a slash is a folder that is not looked into.
    """

    raw_path: bytes
    stat: Stat
    rule: Rule | None = None


class KnownFile(NamedTuple):
    """What the ledger says about a generation of a file. growing: nobody has looked into it yet, or not for the last time."""

    raw_path: bytes
    stat: Stat
    present: bool
    growing: bool = False


@dataclass(frozen=True, slots=True)
class News:
    """What a look found that the ledger does not know yet.

    waiting: what the first look found and nobody has chosen yet.
    """

    growing: Sequence[Sighting] = ()
    ignored: Sequence[Sighting] = ()
    missing: Sequence[bytes] = ()
    back: Sequence[bytes] = ()
    waiting: Sequence[Sighting] = ()

    def parts(self) -> Iterable["News"]:
        """The same in portions that are written at once."""
        every = (self.growing, self.ignored, self.missing, self.back, self.waiting)
        for start in range(0, max(map(len, every)), MOST_AT_ONCE):
            cut = slice(start, start + MOST_AT_ONCE)
            yield News(self.growing[cut], self.ignored[cut], self.missing[cut], self.back[cut], self.waiting[cut])


@dataclass(frozen=True, slots=True)
class Watching:
    """How a folder is watched at present: how often it is looked through, on what it lies, what an admin should know."""

    every_ms: int = 0
    mount: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """A good look through a folder: which root it saw, how much, how long it took. unread: not all of it could be listed."""

    device: int
    inode: int
    files_seen: int
    scan_ms: int
    unread: bool = False
    watching: Watching = Watching()


def newest_lines(session: Session, folder_id: str, raw_paths: Sequence[bytes]) -> dict[bytes, LedgerLine]:
    """The newest generation's line of each path that has one."""
    if not raw_paths:
        return {}
    lines = session.scalars(
        select(LedgerLine)
        .where(LedgerLine.folder_id == folder_id, LedgerLine.raw_path.in_(raw_paths))
        .order_by(LedgerLine.generation)
    )
    return {line.raw_path: line for line in lines}


def new_line(house: House, folder_id: str, sighting: Sighting, generation: int = 1) -> LedgerLine:
    """A line for a file that was not in the ledger, growing until somebody says otherwise."""
    return LedgerLine(
        id=new_id(), folder_id=folder_id, raw_path=sighting.raw_path, path=shown_path(sighting.raw_path),
        generation=generation, size_bytes=sighting.stat.size, mtime_ns=sighting.stat.mtime_ns,
        inode=sighting.stat.inode, state=LedgerState.GROWING, presence=Presence.PRESENT,
        first_seen_at=house.now(), changed_at=house.now(),
    )  # fmt: skip


def refresh_line(house: House, line: LedgerLine, stat: Stat) -> None:
    """The file is here and looks like this now."""
    if Stat(line.size_bytes, line.mtime_ns, line.inode) != stat:
        line.size_bytes, line.mtime_ns, line.inode = stat
        line.changed_at = house.now()
    line.presence, line.missing_since = Presence.PRESENT, None


def instant(moment: datetime) -> int:
    """The moment as a file's mtime; whatever lies beyond 64 bits is the end of time."""
    return max(-(1 << 63), min(int(moment.timestamp() * 1_000_000) * 1000, (1 << 63) - 1))


def settle_line(line: LedgerLine, state: LedgerState, reason_code: str = "", reason: str = "") -> None:
    """A state that lasts until the file changes or somebody asks."""
    line.state, line.reason_code, line.reason, line.next_look_at = state, reason_code, reason, None


def settle_as_home(line: LedgerLine, recording: Recording) -> None:
    """This line's file is the recording's own from now on."""
    if (recording.folder_id, recording.raw_path) == (line.folder_id, line.raw_path):
        settle_line(line, LedgerState.INGESTED)
        return
    moved = f"It was moved here; before, it was “{recording.path}”."
    if recording.folder_id != line.folder_id:
        moved = f"It was moved here from another folder of the team; there it was “{recording.path}”."
    settle_line(line, LedgerState.INGESTED, "moved", moved)
    recording.folder_id, recording.raw_path, recording.path = line.folder_id, line.raw_path, line.path


def relocate(session: Session, recording: Recording) -> None:
    """A recording whose file went away is read from another copy in its team's folders, where there is one."""
    other = session.execute(
        select(LedgerLine, Folder)
        .join(Folder, Folder.id == LedgerLine.folder_id)
        .where(
            LedgerLine.recording_id == recording.id,
            LedgerLine.presence == Presence.PRESENT,
            LedgerLine.state.in_(LINKED),
            Folder.removed_at.is_(None),
            Folder.team_id == recording.team_id,
        )
        .order_by(LedgerLine.first_seen_at, LedgerLine.id)
        .limit(1)
    ).first()
    if other is not None:
        settle_as_home(other[0], recording)


def only_touched(line: LedgerLine, stat: Stat) -> bool:
    """Whether the file still waits for a person's choice, and was not written to: a NAS touches what nobody changed."""
    return line.state == LedgerState.WAITING_CHOICE and line.size_bytes == stat.size


def let_grow(line: LedgerLine) -> LedgerLine:
    """It is written to, or was a moment ago; who calls says when it is looked at again."""
    line.state, line.reason_code = LedgerState.GROWING, SETTLING
    line.reason = "It was written to a moment ago; it is taken when it has been quiet for a while."
    return line


def _signed(number: int) -> int:
    return (number + (1 << 63)) % (1 << 64) - (1 << 63)
