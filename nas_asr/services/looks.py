"""Room: services.looks. What the watcher tells the ledger after a look and asks before one. Never opens a file."""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import TypeVar

from sqlalchemy import Select, or_, select, update
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from nas_asr.core.recording import LedgerState, Presence
from nas_asr.services.arrivals import revive
from nas_asr.services.base import House
from nas_asr.services.sightings import (
    CHOICE,
    DELETED,
    LINKED,
    MOST_AT_ONCE,
    OLDER,
    UNREADABLE_FOLDER,
    KnownFile,
    Look,
    News,
    Sighting,
    Stat,
    instant,
    let_grow,
    new_line,
    newest_lines,
    only_touched,
    refresh_line,
    relocate,
    settle_as_home,
    settle_line,
)
from nas_asr.store.models import Folder, LedgerLine, Recording

_UNSETTLED = (LedgerState.GROWING, LedgerState.FAILED)
_RACES = 4
_DEADLOCKS = ("40P01", "40001")
_FARTHEST_LOOK = timedelta(hours=1)  # services.ingest puts none off for longer: one farther away is of a clock set back

T = TypeVar("T")


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
        seen = (*news.growing, *news.ignored, *news.waiting)
        lines = newest_lines(session, folder_id, [sighting.raw_path for sighting in seen])
        grows = [
            _note_growing(session, house, folder_id, sighting, lines.get(sighting.raw_path))
            for sighting in sorted(news.growing, key=_in_one_order)
        ]
        for sighting in sorted(news.ignored, key=_in_one_order):
            _note_ignored(session, house, folder_id, sighting, lines.get(sighting.raw_path))
        if news.waiting:
            # Locked, so that nobody chooses between the reading of this row and the writing of the lines
            folder = session.get_one(Folder, folder_id, with_for_update=True)
            grows += [
                _note_first(session, house, folder, sighting, lines.get(sighting.raw_path))
                for sighting in sorted(news.waiting, key=_in_one_order)
            ]
        for line in grows:
            if line is not None:
                line.next_look_at = due
        _note_missing(session, house, folder_id, news.missing)
        changed = {sighting.raw_path for sighting in news.growing}
        for line in newest_lines(session, folder_id, news.back).values():
            line.presence, line.missing_since = Presence.PRESENT, None
            if line.state in LINKED and line.raw_path not in changed:
                _welcome_back(session, house, line)
            elif line.state == LedgerState.GROWING:
                line.next_look_at = house.now()


def note_look(house: House, folder_id: str, look: Look) -> None:
    """The folder's own heartbeat: it was looked through and is online. Where nothing waits, nobody is asked to choose."""
    with house.db.write() as session:
        asks = session.scalar(
            update(Folder)
            .where(Folder.id == folder_id)
            .returning(Folder.awaiting_choice)
            .values(
                online=True, offline_reason="", root_device=look.device, root_inode=look.inode,
                last_scan_at=house.now(), scan_ms=look.scan_ms, files_seen=look.files_seen,
                scan_every_ms=look.watching.every_ms, mount=look.watching.mount, note=look.watching.note,
            )
        )  # fmt: skip
        if asks and not _anything_waits(session, folder_id):
            session.execute(
                update(Folder).where(Folder.id == folder_id).values(awaiting_choice=False, since=house.now())
            )
        if look.unread:
            session.execute(
                update(LedgerLine)
                .where(LedgerLine.folder_id == folder_id, LedgerLine.state == LedgerState.FAILED)
                .where(LedgerLine.reason_code == UNREADABLE_FOLDER, LedgerLine.presence == Presence.PRESENT)
                .values(next_look_at=house.now() + timedelta(milliseconds=look.watching.every_ms))
            )


def _anything_waits(session: Session, folder_id: str) -> bool:
    of_folder = select(LedgerLine.id).where(LedgerLine.folder_id == folder_id)
    return session.scalar(of_folder.where(LedgerLine.state == LedgerState.WAITING_CHOICE).limit(1)) is not None


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
            LedgerLine.reason_code != UNREADABLE_FOLDER,  # every look through the folder tries these
            LedgerLine.presence == Presence.PRESENT,
            or_(LedgerLine.next_look_at <= now, LedgerLine.next_look_at > now + _FARTHEST_LOOK + settle),
        )
        .order_by(LedgerLine.next_look_at, LedgerLine.id)
        .limit(MOST_AT_ONCE)
    )


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
    elif line.state in LINKED or line.reason_code == DELETED.code:
        # Touched or overwritten: its bytes will tell (services.ingest). A NAS touches files that nobody changed.
        line.presence, line.missing_since = Presence.PRESENT, None
        return None
    elif only_touched(line, sighting.stat):
        refresh_line(house, line, sighting.stat)
        return None
    refresh_line(house, line, sighting.stat)
    return let_grow(line)


def _note_first(
    session: Session, house: House, folder: Folder, sighting: Sighting, line: LedgerLine | None
) -> LedgerLine | None:
    """A file of the first look, by what was chosen until now; the line that now says growing, or None."""
    if line is None:
        line = new_line(house, folder.id, sighting)
        session.add(line)
    refresh_line(house, line, sighting.stat)
    if folder.awaiting_choice:
        settle_line(line, LedgerState.WAITING_CHOICE, CHOICE.code, CHOICE.sentence)
    elif folder.since is not None and sighting.stat.mtime_ns < instant(folder.since):
        settle_line(line, LedgerState.IGNORED, OLDER.code, OLDER.sentence)
    else:
        return let_grow(line)
    return None


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
