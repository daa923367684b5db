"""Room: services.ingest. From a settled file in a folder to a recording, or to a sentence why not. Never writes there.

The order: read the bytes once (hash), look whether the team has them already, look inside (in media's limited child),
look at the file once more, then one transaction for recording, run and ledger line; after the commit the doorbell.
"""

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from nas_asr import media
from nas_asr.core.errors import Incomplete, MediaError
from nas_asr.core.ports import MediaInfo
from nas_asr.core.recording import LedgerState, Presence
from nas_asr.services.arrivals import Arrival, add_recording, revive, same_bytes, trashed_bytes
from nas_asr.services.base import House
from nas_asr.services.deleted import stays_deleted
from nas_asr.services.file_names import shown_path, title_of
from nas_asr.services.left_out import stays_left_out
from nas_asr.services.recorded_at import Clues, recorded_at
from nas_asr.services.ringing import ring
from nas_asr.services.sightings import (
    CHOICE,
    DELETED,
    Sighting,
    Stat,
    new_line,
    newest_lines,
    only_touched,
    refresh_line,
    relocate,
    settle_as_home,
    settle_line,
)
from nas_asr.store.models import Folder, LedgerLine, Recording

log = logging.getLogger(__name__)

Probe = Callable[[bytes, bytes], MediaInfo]  # absolute path, the root it must lie in; raises MediaError

UNFINISHED_FOR = timedelta(minutes=10)  # a file without a readable header is growing for so long, then failed
_LINKED = (LedgerState.INGESTED, LedgerState.DUPLICATE)
_LOOK_AGAIN = timedelta(seconds=30)
_LOOK_AT_LATEST = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Taken:
    """New audio: a recording with a queued run."""

    recording_id: str
    run_id: str


@dataclass(frozen=True, slots=True)
class Linked:
    """The team has these bytes already: a second copy, a moved file, or one that was only touched."""

    recording_id: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The ledger says why it was not taken; it is looked at again when it changes, or when the line says so."""

    code: str


@dataclass(frozen=True, slots=True)
class StillGrowing:
    """It changed while it was read."""


@dataclass(frozen=True, slots=True)
class Gone:
    """It vanished, or its folder is no longer watched; nothing was written."""


Outcome = Taken | Linked | Refused | StillGrowing | Gone


@dataclass(frozen=True, slots=True)
class _Place:
    folder_id: str
    team_id: str
    root: bytes
    language: str
    engine: str

    def below(self, raw_path: bytes) -> bytes:
        return self.root + b"/" + raw_path


@dataclass(frozen=True, slots=True)
class _Read:
    """A file whose bytes were read: where, what it looked like, its SHA-256."""

    place: _Place
    sighting: Sighting
    sha256: str


def ingest(house: House, folder_id: str, sighting: Sighting, *, probe: Probe = media.probe) -> Outcome:
    """Take a settled file; slow, for it is read whole. StorageFull where the database cannot grow: then nothing is half."""
    place = _place(house, folder_id)
    if place is None:
        return Gone()
    path = place.below(sighting.raw_path)
    if code := _left_out(house, place, sighting):
        return Refused(code)
    try:
        read = _read(place, sighting)
        if read is None:
            return StillGrowing()
        known = _known_bytes(house, read)
        if known is not None:
            return known
        found = probe(path, place.root)
    except MediaError as error:
        now = _stat(path)
        if now is None:
            return Gone()
        return _refuse(house, place, sighting, error) if now == sighting.stat else StillGrowing()
    now = _stat(path)
    if now != sighting.stat:
        return Gone() if now is None else StillGrowing()
    return _enter(house, read, found)


def _place(house: House, folder_id: str) -> _Place | None:
    with house.db.read() as session:
        folder = session.get(Folder, folder_id)
        if folder is None or folder.removed_at is not None:
            return None
        return _Place(folder.id, folder.team_id, os.fsencode(folder.path), folder.language, folder.engine)


def _left_out(house: House, place: _Place, sighting: Sighting) -> str:
    """Why only a person can have it taken, empty where it is taken by itself.

    A NAS touched a file that nobody has chosen yet: it goes on waiting. What was written to is new, and is taken.
    """
    with house.db.read() as session:
        line = newest_lines(session, place.folder_id, [sighting.raw_path]).get(sighting.raw_path)
        if line is not None and only_touched(line, sighting.stat):
            return CHOICE.code
    return stays_left_out(house, place.folder_id, sighting)


def _read(place: _Place, sighting: Sighting) -> _Read | None:
    """None where it is another file by now than the one that was seen."""
    if sighting.stat.size == 0:
        raise Incomplete("The file is empty.", "Copy it again.")
    descriptor = media.open_no_follow(place.below(sighting.raw_path), place.root)
    try:
        found = media.fingerprint(descriptor)
        same = Stat.of(os.fstat(descriptor)) == sighting.stat
        return _Read(place, sighting, found.sha256) if same else None
    finally:
        os.close(descriptor)


def _stat(path: bytes) -> Stat | None:
    """What is there now; a share that does not answer is no news, for the file may be as it was."""
    try:
        return Stat.of(os.lstat(path))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError:
        return Stat(-1, -1, -1)


# -- bytes that the team has already ----------------------------------------------------------------------------------


def _known_bytes(house: House, read: _Read) -> Linked | Refused | None:
    """What is said of bytes that the team has, or had until somebody deleted them for ever; None for new ones."""
    linked = _link(house, read)
    if linked is None and stays_deleted(house, read.place.folder_id, read.sighting, read.sha256):
        return Refused(DELETED.code)
    return linked


def _link(house: House, read: _Read) -> Linked | None:
    """Tie the line to the recording of the same bytes, where the team has one."""
    with house.db.read() as session:
        kin = same_bytes(session, read.place.team_id, read.sha256)
        old_home = None if kin is None else _home(session, kin)
    if kin is None:
        return _in_the_trash(house, read)
    moved = old_home is not None and not old_home.has_it()
    with house.db.write() as session:
        kin = same_bytes(session, read.place.team_id, read.sha256)
        if kin is None:  # it went to the trash a moment ago
            return None
        line = _line_of_bytes(session, house, read)
        here = (kin.folder_id, kin.raw_path) == (read.place.folder_id, read.sighting.raw_path)
        if here or moved:
            settle_as_home(line, kin)
        else:
            said = f"The same recording is already here as “{kin.path if kin.folder_id else kin.title}”."
            settle_line(line, LedgerState.DUPLICATE, "duplicate", said)
        line.recording_id = kin.id
        run = revive(session, house, kin)
    if run is not None:
        ring(house, run)
    return Linked(kin.id)


def _in_the_trash(house: House, read: _Read) -> Linked | None:
    """The file of a recording that somebody threw away does not come back by itself, because a NAS touched or somebody moved it.

    A copy of it is another file, and the wish of whoever dropped it.
    """
    moved = _moved_from_the_trash(house, read)
    with house.db.write() as session:
        raw = read.sighting.raw_path
        line = newest_lines(session, read.place.folder_id, [raw]).get(raw)
        if line is not None and line.state in _LINKED and line.sha256 == read.sha256 and line.recording_id is not None:
            refresh_line(house, line, read.sighting.stat)
            return Linked(line.recording_id)
        trashed = session.get(Recording, moved)
        if trashed is None or trashed.trashed_at is None:
            return None
        line = _line_of_bytes(session, house, read)
        settle_as_home(line, trashed)
        line.recording_id = trashed.id
        return Linked(trashed.id)


def _moved_from_the_trash(house: House, read: _Read) -> str:
    """The recording in the trash whose very file this is, by size, mtime and inode, and no longer where it was; "" for none."""
    with house.db.read() as session:
        homes = {one.id: _home(session, one) for one in trashed_bytes(session, read.place.team_id, read.sha256)}
    same = (id for id, home in homes.items() if home and home.stat == read.sighting.stat and not home.has_it())
    return next(same, "")


@dataclass(frozen=True, slots=True)
class _Home:
    """Where a recording's file was last, and what it looked like (None: other bytes lie there now).

    gone: the last look through its folder did not see it. away: its folder does not answer, so that nothing is proved.
    """

    root: bytes
    device: int | None
    inode: int | None
    path: bytes
    stat: Stat | None
    gone: bool
    away: bool

    def has_it(self) -> bool:
        """Whether the file still lies there; a root that does not answer, or is another one, proves nothing, so then it does."""
        if self.stat is None or self.gone:
            return False
        if self.away:
            return True
        try:
            there = Stat.of(os.lstat(self.path)) == self.stat
        except (FileNotFoundError, NotADirectoryError):
            there = False
        except OSError:
            return True
        return there or not self._answers()

    def _answers(self) -> bool:
        try:
            found = os.lstat(self.root + b"/.")
        except OSError:
            return False
        return self.inode is None or (found.st_dev, Stat.of(found).inode) == (self.device, self.inode)


def _home(session: Session, recording: Recording) -> _Home | None:
    """None for uploads, which nobody can move."""
    folder = session.get(Folder, recording.folder_id or "")
    if folder is None:
        return None
    root = os.fsencode(folder.path)
    line = newest_lines(session, folder.id, [recording.raw_path]).get(recording.raw_path)
    holds = line is not None and line.sha256 == recording.sha256 and folder.removed_at is None
    return _Home(
        root, folder.root_device, folder.root_inode, root + b"/" + recording.raw_path,
        stat=Stat(line.size_bytes, line.mtime_ns, line.inode) if line is not None and holds else None,
        gone=line is not None and line.presence == Presence.MISSING, away=not folder.online,
    )  # fmt: skip


# -- new audio --------------------------------------------------------------------------------------------------------


def _enter(house: House, read: _Read, found: MediaInfo) -> Outcome:
    try:
        with house.db.write() as session:
            recording, run = add_recording(session, house, _arrival(house, read, found))
            line = _line_of_bytes(session, house, read)
            settle_line(line, LedgerState.INGESTED)
            line.recording_id = recording.id
    except IntegrityError:  # an upload, or another folder of the team, was quicker with the same bytes
        return _link(house, read) or StillGrowing()
    log.info("recording.queued", extra={"recording": recording.id, "run": run.id, "folder": read.place.folder_id})
    ring(house, run)
    return Taken(recording.id, run.id)


def _arrival(house: House, read: _Read, found: MediaInfo) -> Arrival:
    sighting, path = read.sighting, shown_path(read.sighting.raw_path)
    clues = Clues(found.recorded_at, title_of(path), sighting.stat.mtime_ns, house.options.timezone, house.now())
    moment, source = recorded_at(clues)
    return Arrival(
        team_id=read.place.team_id, folder_id=read.place.folder_id, raw_path=sighting.raw_path, path=path,
        title=title_of(path), size_bytes=sighting.stat.size, sha256=read.sha256, media=found,
        language=read.place.language, recorded_at=moment, recorded_from=source, engine=read.place.engine,
    )  # fmt: skip


def _line_of_bytes(session: Session, house: House, read: _Read) -> LedgerLine:
    line = _line(session, house, read.place, read.sighting, read.sha256)
    line.sha256 = read.sha256
    return line


def _line(session: Session, house: House, place: _Place, sighting: Sighting, sha256: str) -> LedgerLine:
    """The line of this content: the path's newest, or a new generation where that one stands for other bytes."""
    line = newest_lines(session, place.folder_id, [sighting.raw_path]).get(sighting.raw_path)
    if line is None:
        line = new_line(house, place.folder_id, sighting)
    elif (line.state in _LINKED or line.reason_code == DELETED.code) and line.sha256 != sha256:
        line = _next_generation(session, house, line, sighting)
    session.add(line)
    refresh_line(house, line, sighting.stat)
    return line


def _next_generation(session: Session, house: House, old: LedgerLine, sighting: Sighting) -> LedgerLine:
    old.presence, old.missing_since = Presence.MISSING, house.now()
    settle_line(old, old.state, "replaced", "A newer file of the same name took its place.")
    recording = session.get(Recording, old.recording_id or "")
    session.flush()
    if recording is not None and (recording.folder_id, recording.raw_path) == (old.folder_id, old.raw_path):
        relocate(session, recording)
    return new_line(house, old.folder_id, sighting, old.generation + 1)


# -- not taken --------------------------------------------------------------------------------------------------------


def _refuse(house: House, place: _Place, sighting: Sighting, error: MediaError) -> Refused:
    now = house.now()
    with house.db.write() as session:
        line = _line(session, house, place, sighting, "")
        unfinished = isinstance(error, Incomplete) and now - line.changed_at < UNFINISHED_FOR
        line.state = LedgerState.GROWING if unfinished else LedgerState.FAILED
        line.reason_code, line.reason = error.code, f"{error.message} {error.remedy}".strip()
        line.next_look_at = _next_look(line, error, now)
    log.info("file.refused", extra={"folder": place.folder_id, "reason": error.code})
    return Refused(error.code)


def _next_look(line: LedgerLine, error: MediaError, now: datetime) -> datetime | None:
    """After twice the time that it has lasted: an unfinished file until its deadline, what may pass every hour for ever."""
    later = now + min(max(now - line.changed_at, _LOOK_AGAIN), _LOOK_AT_LATEST)
    if line.state == LedgerState.GROWING:
        return min(later, max(line.changed_at + UNFINISHED_FOR, now))
    return None if error.permanent else later
