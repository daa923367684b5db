"""Room: services.sightings. What the watcher tells the ledger after a look and asks before one. Never opens a file."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple, TypeVar

from sqlalchemy import or_, select, update
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from nas_asr.core.ids import new_id
from nas_asr.core.recording import LedgerState, Presence
from nas_asr.services.base import House
from nas_asr.services.file_names import shown_path
from nas_asr.store.models import Folder, LedgerLine, Recording

MOST_AT_ONCE = 500  # lines in one transaction: others must be able to write in between
UNREADABLE_FOLDER = "folder_unreadable"
_UNSETTLED = (LedgerState.GROWING, LedgerState.FAILED)
_RACES = 4
_DEADLOCKS = ("40P01", "40001")
_FARTHEST_LOOK = timedelta(
    hours=1
)  # services.ingest puts none off for longer: one that is farther away is of a clock set back

T = TypeVar("T")


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
    """What a look found that the ledger does not know yet."""

    growing: Sequence[Sighting] = ()
    ignored: Sequence[Sighting] = ()
    missing: Sequence[bytes] = ()
    back: Sequence[bytes] = ()

    def parts(self) -> Iterable["News"]:
        """The same in portions that are written at once."""
        for start in range(0, max(map(len, (self.growing, self.ignored, self.missing, self.back))), MOST_AT_ONCE):
            cut = slice(start, start + MOST_AT_ONCE)
            yield News(self.growing[cut], self.ignored[cut], self.missing[cut], self.back[cut])


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


def known_files(house: House, folder_id: str) -> Iterator[KnownFile]:
    """Every generation of every file that was ever seen in a folder, older ones first. The rows are never held all at once."""
    columns = (
        LedgerLine.raw_path, LedgerLine.size_bytes, LedgerLine.mtime_ns, LedgerLine.inode, LedgerLine.presence, LedgerLine.state
    )  # fmt: skip
    with house.db.read() as session:
        lines = session.execute(
            select(*columns).where(LedgerLine.folder_id == folder_id).order_by(LedgerLine.generation),
            execution_options={"yield_per": 2000},
        )
        for raw, size, mtime, inode, presence, state in lines:
            yield KnownFile(raw, Stat(size, mtime, inode), presence == Presence.PRESENT, state == LedgerState.GROWING)


def note_news(house: House, folder_id: str, news: News, quiet_s: float | None = None) -> None:
    """Write lines for new, ignored, vanished and returned files. Raises StorageFull; then nothing was written.

    quiet_s: how long a file has to be quiet here, where that is not what the settings say. A second watcher over the same
    folder may write the same lines at the same moment: then the later one finds them written.
    """
    after_races(lambda: _note_at_once(house, folder_id, news, quiet_s))


def after_races(step: Callable[[], T]) -> T:
    """Do a step; again where another writer of the same rows was quicker, for then it finds them written."""
    for _ in range(_RACES):
        try:
            return step()
        except IntegrityError:
            continue
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", None) not in _DEADLOCKS:
                raise
    return step()


def _note_at_once(house: House, folder_id: str, news: News, quiet_s: float | None) -> None:
    due = house.now() + timedelta(seconds=house.options.settle_seconds if quiet_s is None else quiet_s)
    with house.db.write() as session:
        lines = newest_lines(session, folder_id, [s.raw_path for s in (*news.growing, *news.ignored)])
        for sighting in sorted(news.growing, key=_in_one_order):
            line = _note_growing(session, house, folder_id, sighting, lines.get(sighting.raw_path))
            if line is not None:
                line.next_look_at = due
        for sighting in sorted(news.ignored, key=_in_one_order):
            _note_ignored(session, house, folder_id, sighting, lines.get(sighting.raw_path))
        _note_missing(session, house, folder_id, news.missing)
        session.execute(
            update(LedgerLine)
            .where(LedgerLine.id.in_([line.id for line in newest_lines(session, folder_id, news.back).values()]))
            .values(presence=Presence.PRESENT, missing_since=None)
        )


def note_look(house: House, folder_id: str, look: Look) -> None:
    """The folder's own heartbeat: it was looked through and is online."""
    with house.db.write() as session:
        session.execute(
            update(Folder)
            .where(Folder.id == folder_id)
            .values(
                online=True, offline_reason="", root_device=look.device, root_inode=look.inode,
                last_scan_at=house.now(), scan_ms=look.scan_ms, files_seen=look.files_seen,
                scan_every_ms=look.watching.every_ms, mount=look.watching.mount, note=look.watching.note,
            )
        )  # fmt: skip
        if look.unread:
            session.execute(
                update(LedgerLine)
                .where(LedgerLine.folder_id == folder_id, LedgerLine.state == LedgerState.FAILED)
                .where(LedgerLine.reason_code == UNREADABLE_FOLDER, LedgerLine.presence == Presence.PRESENT)
                .values(next_look_at=house.now() + timedelta(milliseconds=look.watching.every_ms))
            )


def note_offline(house: House, folder_id: str, reason: str) -> None:
    """The folder is away: a property of the folder alone, nothing is concluded about its files."""
    with house.db.write() as session:
        session.execute(update(Folder).where(Folder.id == folder_id).values(online=False, offline_reason=reason))


def due_looks(house: House) -> dict[str, list[bytes]]:
    """Files that are to be looked at again by now, by folder: an unfinished one, an unreadable one, a person's wish."""
    now = house.now()
    with house.db.read() as session:
        rows = session.execute(
            select(LedgerLine.folder_id, LedgerLine.raw_path)
            .join(Folder, Folder.id == LedgerLine.folder_id)
            .where(
                Folder.removed_at.is_(None),
                LedgerLine.state.in_(_UNSETTLED),
                LedgerLine.reason_code != UNREADABLE_FOLDER,  # every look through the folder tries these
                LedgerLine.presence == Presence.PRESENT,
                or_(LedgerLine.next_look_at <= now, LedgerLine.next_look_at > now + _FARTHEST_LOOK),
            )
            .limit(10 * MOST_AT_ONCE)
        )
        due: dict[str, list[bytes]] = {}
        for folder_id, raw in rows:
            due.setdefault(folder_id, []).append(raw)
        return due


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


def settle_line(line: LedgerLine, state: LedgerState, reason_code: str = "", reason: str = "") -> None:
    """A state that lasts until the file changes or somebody asks."""
    line.state, line.reason_code, line.reason, line.next_look_at = state, reason_code, reason, None


def relocate(session: Session, recording: Recording) -> None:
    """A recording whose file went away is read from another copy in its team's folders, where there is one."""
    other = session.execute(
        select(LedgerLine, Folder)
        .join(Folder, Folder.id == LedgerLine.folder_id)
        .where(
            LedgerLine.recording_id == recording.id,
            LedgerLine.presence == Presence.PRESENT,
            LedgerLine.state.in_((LedgerState.INGESTED, LedgerState.DUPLICATE)),
            Folder.removed_at.is_(None),
            Folder.team_id == recording.team_id,
        )
        .order_by(LedgerLine.first_seen_at, LedgerLine.id)
        .limit(1)
    ).first()
    if other is not None:
        line = other[0]
        recording.folder_id, recording.raw_path, recording.path = line.folder_id, line.raw_path, line.path


def _in_one_order(sighting: Sighting) -> bytes:
    """Two writers of the same lines that go through them in the same order wait for each other, and never both."""
    return sighting.raw_path


def _note_growing(
    session: Session, house: House, folder_id: str, sighting: Sighting, line: LedgerLine | None
) -> LedgerLine | None:
    """The line that now says growing; None where the file's bytes have to tell."""
    if line is None:
        line = new_line(house, folder_id, sighting)
        session.add(line)
    elif line.state in (LedgerState.INGESTED, LedgerState.DUPLICATE):
        # Touched or overwritten: its bytes will tell (services.ingest). A NAS touches files that nobody changed.
        line.presence, line.missing_since = Presence.PRESENT, None
        return None
    refresh_line(house, line, sighting.stat)
    line.state, line.reason_code = LedgerState.GROWING, "settling"
    line.reason = "It was written to a moment ago; it is taken when it has been quiet for a while."
    return line


def _note_ignored(session: Session, house: House, folder_id: str, sighting: Sighting, line: LedgerLine | None) -> None:
    if sighting.rule is None:
        return
    if line is None:
        line = new_line(house, folder_id, sighting)
        session.add(line)
    elif line.state != LedgerState.IGNORED and not (sighting.rule.final and line.state in _UNSETTLED):
        return  # a person had it taken in spite of its name
    refresh_line(house, line, sighting.stat)
    settle_line(line, sighting.rule.state, sighting.rule.code, sighting.rule.sentence)


def _note_missing(session: Session, house: House, folder_id: str, raw_paths: Sequence[bytes]) -> None:
    if not raw_paths:
        return
    here = (LedgerLine.folder_id == folder_id, LedgerLine.raw_path.in_(raw_paths))
    session.execute(
        update(LedgerLine)
        .where(*here, LedgerLine.presence == Presence.PRESENT)
        .values(presence=Presence.MISSING, missing_since=house.now(), next_look_at=None)
    )
    session.execute(
        update(LedgerLine)
        .where(*here, LedgerLine.state == LedgerState.GROWING)
        .values(reason_code="gone", reason="It was gone before it had settled.")
    )
    session.execute(
        update(LedgerLine)
        .where(*here, LedgerLine.reason_code == UNREADABLE_FOLDER)
        .values(state=LedgerState.IGNORED, reason="It can be read again, or is gone.")
    )
    lost = session.scalars(select(Recording).where(Recording.folder_id == folder_id, Recording.raw_path.in_(raw_paths)))
    for recording in lost.all():
        relocate(session, recording)


def _signed(number: int) -> int:
    return (number + (1 << 63)) % (1 << 64) - (1 << 63)
