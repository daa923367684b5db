"""Room: services.trash. What was thrown away: shown, brought back, deleted for ever. A file in a share is never touched.

Deleted for ever is the recording with its transcripts, and its file only where it was uploaded. The ledger remembers who did
it, so that no look takes the same file in again; copies in the archive stay where they are.
"""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from nas_asr.core.access import Action, Viewer
from nas_asr.core.errors import Conflict
from nas_asr.core.recording import LedgerState
from nas_asr.services.arrivals import same_bytes
from nas_asr.services.base import Act, House, audit
from nas_asr.services.paging import Page, PageOrder, read_cursor, write_cursor
from nas_asr.services.segment_rows import rows_of
from nas_asr.services.sightings import DELETED, settle_line
from nas_asr.services.wholes import bring_up_to_date
from nas_asr.store import search
from nas_asr.store.database import alone
from nas_asr.store.models import ArchiveBag, Folder, LedgerLine, Recording, Team, TranscriptVersion, User
from nas_asr.store.scope import Scope


@dataclass(frozen=True, slots=True)
class TrashView:
    """A recording in the trash. by: who put it there, empty for the command line. file: in which share its file stays, if any.

    archived: whether the archive has a copy, which stays. may_restore, may_delete: what the viewer's role allows.
    """

    id: str
    title: str
    team: str
    team_name: str
    recorded_at: datetime
    duration_ms: int
    trashed_at: datetime
    by: str
    folder: str
    archived: bool
    may_restore: bool
    may_delete: bool


def list_trash(house: House, viewer: Viewer, page: PageOrder) -> Page[TrashView]:
    """What lies in the trash of the viewer's teams, what was thrown away last first."""
    key = (Recording.trashed_at, Recording.id)
    with house.db.read() as session:
        statement = Scope(session, viewer).trash()
        after = read_cursor(page.cursor, datetime, str)
        if after is not None:
            statement = statement.where(tuple_(*key) < tuple_(*after))
        latest = statement.order_by(*(column.desc() for column in key)).limit(page.limit + 1)
        rows = session.execute(
            latest.add_columns(Team, Folder.name, User.name)
            .join(Team, Team.id == Recording.team_id)
            .outerjoin(Folder, Folder.id == Recording.folder_id)
            .outerjoin(User, User.id == Recording.trashed_by_id)
        ).all()
        kept = select(ArchiveBag.recording_id).where(ArchiveBag.recording_id.in_([row[0].id for row in rows]))
        archived = set(session.scalars(kept))
    views = [_view(viewer, *row, archived=row[0].id in archived) for row in rows[: page.limit]]
    more = len(rows) > page.limit
    return Page(views, write_cursor(views[-1].trashed_at, views[-1].id) if more else None)


def named(house: House, viewer: Viewer, ids: Iterable[str]) -> list[TrashView]:
    """These of the trash, as far as they are there for the viewer; for the question before they are deleted."""
    wanted = set(ids)
    page = PageOrder(200)
    found: list[TrashView] = []
    while wanted:
        part = list_trash(house, viewer, page)
        found += [view for view in part.items if view.id in wanted]
        if part.next is None or len(found) == len(wanted):
            break
        page = PageOrder(200, part.next)
    return found


def restore_within(session: Session, house: House, viewer: Viewer, recording_id: str) -> None:
    """Out of the trash, in the caller's transaction. Conflict where the team has the same bytes again."""
    recording = Scope(session, viewer).trashed(recording_id, Action.WRITE)
    alone(session, recording)
    parts = _parts(session, recording)
    for one in (recording, *parts):
        other = same_bytes(session, one.team_id, one.sha256)
        if other is not None:
            raise Conflict(f"The same recording is here again as “{other.title}”.", "Open that one.")
    for one in (*parts, recording):
        one.trashed_at = one.trashed_by_id = None
        one.changed_at = house.now()
    if parts:
        bring_up_to_date(session, recording, house.now(), text=True)
    audit(session, house, viewer, Act("recording.restored", recording.id, recording.team_id))


def delete_for_ever(house: House, viewer: Viewer, recording_id: str) -> None:
    """For managers of the team: nothing of it is left but a line in the audit log, and what the ledger says of its file."""
    with house.db.write() as session:
        recording = Scope(session, viewer).trashed(recording_id, Action.MANAGE)
        alone(session, recording)
        gone = [*_parts(session, recording), recording]
        files = [one.raw_path for one in gone if one.folder_id is None and one.raw_path]
        for one in gone:
            _forget(session, viewer, one)
        audit(session, house, viewer, Act("recording.deleted", recording.title, recording.team_id))
    # After the commit: a row never names a file that is gone. What a crash leaves here, clear_leftovers removes.
    for raw_path in files:
        (house.uploads / os.fsdecode(raw_path)).unlink(missing_ok=True)


def _forget(session: Session, viewer: Viewer, recording: Recording) -> None:
    for line in session.scalars(select(LedgerLine).where(LedgerLine.recording_id == recording.id)):
        # Its bytes are what is known again, under whatever name
        line.sha256, line.recording_id = recording.sha256, None
        said = (
            f"{viewer.name} deleted its recording for ever. The file was not touched, and is not taken again by itself."
        )
        settle_line(line, LedgerState.IGNORED, DELETED.code, said)
    shown = select(TranscriptVersion).where(
        TranscriptVersion.recording_id == recording.id, TranscriptVersion.number == recording.version
    )
    for version in session.scalars(shown):
        search.forget(session, rows_of(session, version))
    session.flush()
    session.delete(recording)


def _parts(session: Session, whole: Recording) -> Sequence[Recording]:
    """The files of a joined recording; they went into the trash with it."""
    theirs = select(Recording).where(Recording.whole_id == whole.id, Recording.trashed_at.is_not(None))
    return session.scalars(theirs.order_by(Recording.id).with_for_update()).all()


def _view(  # noqa: PLR0913 (one row of a join)
    viewer: Viewer, row: Recording, team: Team, folder: str | None, by: str | None, *, archived: bool
) -> TrashView:
    assert row.trashed_at is not None
    return TrashView(
        id=row.id, title=row.title, team=team.slug, team_name=team.name, recorded_at=row.recorded_at,
        duration_ms=row.duration_ms, trashed_at=row.trashed_at, by=by or "", folder=folder or "", archived=archived,
        may_restore=viewer.may(team.id, Action.WRITE), may_delete=viewer.may(team.id, Action.MANAGE),
    )  # fmt: skip
