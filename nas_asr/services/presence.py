"""Room: services.presence. What people are told of a file that the looks no longer see. Deletes nothing, opens no file.

The watcher writes at once that a look did not see a file. People are told that it is missing only when the looks of a
whole day did not see it: a sync, a rename or a repaired disk is over by then. Looks count, not time: while a folder is
offline or nobody watches it, nothing goes missing (decision 37).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import groupby

from sqlalchemy import ColumnElement, and_, case, false, literal, not_, or_, select
from sqlalchemy.orm import Session, aliased

from nas_asr.core.access import Viewer
from nas_asr.core.recording import LedgerState, Presence
from nas_asr.services.base import House
from nas_asr.store.models import Folder, LedgerLine, Recording, UtcDateTime
from nas_asr.store.scope import Scope

MISSING_AFTER = timedelta(days=1)


class Standing(StrEnum):
    """Where the file of a recording stands, for people."""

    THERE = "there"
    OFFLINE = "offline"  # it was there when its folder was looked through last; now the folder is offline
    UNSEEN = "unseen"  # not seen for less than a day of looks
    MISSING = "missing"
    REPLACED = "replaced"  # a newer file of the same name took its place


@dataclass(frozen=True, slots=True)
class FileView:
    """The file of a recording: since when it stands so; while its folder is offline, when it was seen last."""

    standing: Standing
    since: datetime | None
    folder: str


def told(line: LedgerLine, folder: Folder) -> Presence:
    """What people are told: present until the looks of a whole day did not see it."""
    since, looked = line.missing_since, folder.last_scan_at
    if line.presence == Presence.PRESENT or since is None or looked is None:
        return Presence.PRESENT
    return Presence.MISSING if since <= looked - MISSING_AFTER else Presence.PRESENT


def left_behind() -> ColumnElement[bool]:
    """Lines whose file is gone and is missed by nobody: it was never to be taken, newer content has its name, or its
    recording lies elsewhere. Most are names of unfinished copies, and the old names of what was moved.
    """
    elsewhere = select(Recording.id).where(
        Recording.id == LedgerLine.recording_id,
        or_(Recording.folder_id != LedgerLine.folder_id, Recording.raw_path != LedgerLine.raw_path),
    )
    ignored = LedgerLine.state == LedgerState.IGNORED
    return and_(LedgerLine.presence == Presence.MISSING, or_(ignored, _replaced(), elsewhere.exists()))


def _replaced() -> ColumnElement[bool]:
    newer = aliased(LedgerLine)
    return (
        select(newer.id)
        .where(
            newer.folder_id == LedgerLine.folder_id,
            newer.raw_path == LedgerLine.raw_path,
            newer.generation > LedgerLine.generation,
        )
        .exists()
    )


def told_missing(folders: Iterable[Folder]) -> ColumnElement[bool]:
    """What people are told to be missing of these folders' lines, for the database."""
    latest = {f.id: literal(f.last_scan_at - MISSING_AFTER, UtcDateTime) for f in folders if f.last_scan_at is not None}
    if not latest:
        return false()
    since = case(latest, value=LedgerLine.folder_id)
    return and_(LedgerLine.presence == Presence.MISSING, LedgerLine.missing_since <= since, not_(left_behind()))


def files_of(house: House, viewer: Viewer, recording_ids: Sequence[str]) -> Mapping[str, FileView]:
    """Where the files of these recordings stand; without uploads, and without what came from folders that were removed."""
    with house.db.read() as session:
        readable = Scope(session, viewer).recordings().where(Recording.id == LedgerLine.recording_id)
        rows = session.execute(
            select(LedgerLine, Folder, _replaced())
            .join(Folder, Folder.id == LedgerLine.folder_id)
            .where(
                LedgerLine.recording_id.in_(recording_ids),
                readable.exists(),  # asked of these alone: as a list it would be all recordings, made for each page
                Folder.removed_at.is_(None),
            )
            .order_by(LedgerLine.recording_id)
        ).all()
        by_recording = groupby(rows, key=lambda row: row[0].recording_id)
        return {recording: _best([_file(*row) for row in own]) for recording, own in by_recording if recording}


def _file(line: LedgerLine, folder: Folder, replaced: bool) -> FileView:
    if line.presence == Presence.PRESENT:
        if folder.online:
            return FileView(Standing.THERE, None, folder.name)
        return FileView(Standing.OFFLINE, folder.last_scan_at, folder.name)
    if replaced:
        return FileView(Standing.REPLACED, line.missing_since, folder.name)
    missing = told(line, folder) == Presence.MISSING
    return FileView(Standing.MISSING if missing else Standing.UNSEEN, line.missing_since, folder.name)


def _best(files: Sequence[FileView]) -> FileView:
    """Of several copies the one that is most within reach; of two that went, the one that went last."""
    order = list(Standing)
    nearest = min(order.index(file.standing) for file in files)
    return max((file for file in files if order.index(file.standing) == nearest), key=_since)


def _since(file: FileView) -> float:
    return file.since.timestamp() if file.since is not None else 0.0


def folders_of(session: Session, viewer: Viewer | None) -> Sequence[Folder]:
    """The watched folders that somebody may see; all for the command line."""
    every = select(Folder).where(Folder.removed_at.is_(None))
    return session.scalars(Scope(session, viewer).folders() if viewer is not None else every).all()
