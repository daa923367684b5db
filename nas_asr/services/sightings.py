"""Room: services.sightings. What the watcher tells the ledger after a look and asks before one. Never opens a file."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Select, or_, select, update
from sqlalchemy.orm import Session

from nas_asr.core.ids import new_id
from nas_asr.core.recording import LedgerState, Presence
from nas_asr.services.arrivals import revive
from nas_asr.services.base import House
from nas_asr.services.file_names import shown_path
from nas_asr.store.models import Folder, LedgerLine, Recording

MOST_AT_ONCE = 500  # lines in one transaction: others must be able to write in between
_LINKED = (LedgerState.INGESTED, LedgerState.DUPLICATE)
_LATEST_LOOK = timedelta(hours=1)
_UNSETTLED = (LedgerState.GROWING, LedgerState.FAILED)


class Stat(NamedTuple):
    """What tells one state of a file from the next: bytes, nanoseconds, number. Each fits into 64 bits with a sign."""

    size: int
    mtime_ns: int
    inode: int

    @classmethod
    def of(cls, status: os.stat_result) -> "Stat":
        """Of what the system says; mergerfs and CIFS number files with all 64 bits, which no database holds."""
        return cls(_signed(status.st_size), _signed(status.st_mtime_ns), _signed(status.st_ino))


@dataclass(frozen=True, slots=True)
class Rule:
    """Why a file is not taken."""

    code: str
    sentence: str


OLDER = Rule("older", "It was here before the folder was watched, and older than what was asked for.")
CHOICE = Rule("choice", "It was here before the folder was watched. Whether it is taken is for you to choose.")
MARKER = Rule("marker", "It is the folder's marker file: it shows that the right share is there.")


@dataclass(frozen=True, slots=True)
class Sighting:
    """A file as one look saw it; raw_path lies below its folder. A rule says why it is not to be taken."""

    raw_path: bytes
    stat: Stat
    rule: Rule | None = None


class Known(NamedTuple):
    """What the ledger says about the newest generation of a file."""

    stat: Stat
    present: bool


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
class Look:
    """A good look through a folder: which root it saw, how much, how long it took."""

    device: int
    inode: int
    files_seen: int
    scan_ms: int


def known_files(house: House, folder_id: str) -> dict[bytes, Known]:
    """The newest generation of every file that was ever seen in a folder, by raw path."""
    columns = (
        LedgerLine.raw_path, LedgerLine.size_bytes, LedgerLine.mtime_ns, LedgerLine.inode, LedgerLine.presence
    )  # fmt: skip
    with house.db.read() as session:
        lines = session.execute(
            select(*columns).where(LedgerLine.folder_id == folder_id).order_by(LedgerLine.generation)
        )
        return {
            raw: Known(Stat(size, mtime, inode), presence == Presence.PRESENT)
            for raw, size, mtime, inode, presence in lines
        }


def note_news(house: House, folder_id: str, news: News) -> None:
    """Write lines for new, ignored, vanished and returned files. Raises StorageFull; then nothing was written."""
    with house.db.write() as session:
        seen = (*news.growing, *news.ignored, *news.waiting)
        lines = newest_lines(session, folder_id, [sighting.raw_path for sighting in seen])
        for sighting in news.growing:
            _note_growing(session, house, folder_id, sighting, lines.get(sighting.raw_path))
        for sighting in news.ignored:
            _note_ignored(session, house, folder_id, sighting, lines.get(sighting.raw_path))
        if news.waiting:
            # Locked, so that nobody chooses between the reading of this row and the writing of the lines
            folder = session.get_one(Folder, folder_id, with_for_update=True)
            for sighting in news.waiting:
                _note_first(session, house, folder, sighting, lines.get(sighting.raw_path))
        _note_missing(session, house, folder_id, news.missing)
        changed = {sighting.raw_path for sighting in news.growing}
        for line in newest_lines(session, folder_id, news.back).values():
            line.presence, line.missing_since = Presence.PRESENT, None
            if line.state in _LINKED and line.raw_path not in changed:
                _welcome_back(session, house, line)
            elif line.state == LedgerState.GROWING:
                line.next_look_at = house.now()


def note_look(house: House, folder_id: str, look: Look) -> None:
    """The folder's own heartbeat: it was looked through and is online. Where nothing waits, nobody is asked to choose."""
    with house.db.write() as session:
        session.execute(
            update(Folder)
            .where(Folder.id == folder_id)
            .values(
                online=True, offline_reason="", root_device=look.device, root_inode=look.inode,
                last_scan_at=house.now(), scan_ms=look.scan_ms, files_seen=look.files_seen,
            )
        )  # fmt: skip
        waits = select(LedgerLine.id).where(
            LedgerLine.folder_id == folder_id, LedgerLine.state == LedgerState.WAITING_CHOICE
        )
        session.execute(
            update(Folder)
            .where(Folder.id == folder_id, Folder.awaiting_choice, ~waits.exists())
            .values(awaiting_choice=False, since=house.now())
        )


def note_offline(house: House, folder_id: str, reason: str) -> None:
    """The folder is away: a property of the folder alone, nothing is concluded about its files."""
    with house.db.write() as session:
        session.execute(update(Folder).where(Folder.id == folder_id).values(online=False, offline_reason=reason))


def due_looks(house: House) -> dict[str, list[bytes]]:
    """Files that are to be looked at again by now, by folder: an unfinished one, an unreadable one, a person's wish.

    Of each folder those that are due for longest: ten thousand of one must not keep one of another waiting.
    """
    with house.db.read() as session:
        due = {
            folder_id: list(session.scalars(_due(house, folder_id)))
            for folder_id in session.scalars(select(Folder.id).where(Folder.removed_at.is_(None))).all()
        }
    return {folder_id: raw_paths for folder_id, raw_paths in due.items() if raw_paths}


def _due(house: House, folder_id: str) -> Select[bytes]:
    now, settle = house.now(), timedelta(seconds=house.options.settle_seconds)
    return (
        select(LedgerLine.raw_path)
        .where(
            LedgerLine.folder_id == folder_id,
            LedgerLine.state.in_(_UNSETTLED),
            LedgerLine.presence == Presence.PRESENT,
            # What is put off for longer than we ever do was so by a clock that has been set since.
            or_(LedgerLine.next_look_at <= now, LedgerLine.next_look_at > now + _LATEST_LOOK + settle),
        )
        .order_by(LedgerLine.next_look_at, LedgerLine.id)
        .limit(MOST_AT_ONCE)
    )


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
    settle_line(line, LedgerState.INGESTED, "moved", f"It was moved here; before, it was “{recording.path}”.")
    recording.folder_id, recording.raw_path, recording.path = line.folder_id, line.raw_path, line.path


def relocate(session: Session, recording: Recording) -> None:
    """A recording whose file went away is read from another copy in its team's folders, where there is one."""
    other = session.execute(
        select(LedgerLine, Folder)
        .join(Folder, Folder.id == LedgerLine.folder_id)
        .where(
            LedgerLine.recording_id == recording.id,
            LedgerLine.presence == Presence.PRESENT,
            LedgerLine.state.in_(_LINKED),
            Folder.removed_at.is_(None),
            Folder.team_id == recording.team_id,
        )
        .order_by(LedgerLine.first_seen_at, LedgerLine.id)
        .limit(1)
    ).first()
    if other is not None:
        settle_as_home(other[0], recording)


def _note_growing(session: Session, house: House, folder_id: str, sighting: Sighting, line: LedgerLine | None) -> None:
    if line is None:
        line = new_line(house, folder_id, sighting)
        session.add(line)
    elif line.state in _LINKED:
        # Touched or overwritten: its bytes will tell (services.ingest). A NAS touches files that nobody changed.
        line.presence, line.missing_since = Presence.PRESENT, None
        return
    elif only_touched(line, sighting.stat):
        refresh_line(house, line, sighting.stat)
        return
    refresh_line(house, line, sighting.stat)
    _let_grow(house, line)


def only_touched(line: LedgerLine, stat: Stat) -> bool:
    """Whether the file still waits for a person's choice, and was not written to: a NAS touches what nobody changed."""
    return line.state == LedgerState.WAITING_CHOICE and line.size_bytes == stat.size


def _note_first(session: Session, house: House, folder: Folder, sighting: Sighting, line: LedgerLine | None) -> None:
    """A file of the first look, by what was chosen until now."""
    if line is None:
        line = new_line(house, folder.id, sighting)
        session.add(line)
    refresh_line(house, line, sighting.stat)
    if folder.awaiting_choice:
        settle_line(line, LedgerState.WAITING_CHOICE, CHOICE.code, CHOICE.sentence)
    elif folder.since is not None and sighting.stat.mtime_ns < instant(folder.since):
        settle_line(line, LedgerState.IGNORED, OLDER.code, OLDER.sentence)
    else:
        _let_grow(house, line)


def _let_grow(house: House, line: LedgerLine) -> None:
    line.state, line.reason_code = LedgerState.GROWING, "settling"
    line.reason = "It was written to a moment ago; it is taken when it has been quiet for a while."
    line.next_look_at = house.now() + timedelta(seconds=house.options.settle_seconds)


def _note_ignored(session: Session, house: House, folder_id: str, sighting: Sighting, line: LedgerLine | None) -> None:
    if sighting.rule is None:
        return
    if line is None:
        line = new_line(house, folder_id, sighting)
        session.add(line)
    elif line.state != LedgerState.IGNORED:  # a person had it taken in spite of its name
        return
    refresh_line(house, line, sighting.stat)
    settle_line(line, LedgerState.IGNORED, sighting.rule.code, sighting.rule.sentence)


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
    lost = session.scalars(select(Recording).where(Recording.folder_id == folder_id, Recording.raw_path.in_(raw_paths)))
    for recording in lost.all():
        relocate(session, recording)


def _welcome_back(session: Session, house: House, line: LedgerLine) -> None:
    """A file that was gone is there again, just as it was: its recording may have no other place, and may wait for it."""
    recording = session.get(Recording, line.recording_id or "")
    if recording is None:
        return
    session.flush()
    home = newest_lines(session, recording.folder_id or "", [recording.raw_path]).get(recording.raw_path)
    if home is not None and home.presence == Presence.MISSING:
        settle_as_home(line, recording)
    revive(session, house, recording)


def _signed(number: int) -> int:
    return (number + (1 << 63)) % (1 << 64) - (1 << 63)
