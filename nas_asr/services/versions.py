"""Room: services.versions. Which version of a transcript readers see, and the index with it. Never changes a version's text."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from nas_asr.core.access import Action, Viewer
from nas_asr.core.errors import NotVisible
from nas_asr.services.base import Act, House, audit
from nas_asr.store import search
from nas_asr.store.models import SegmentRow, TranscriptVersion
from nas_asr.store.scope import Scope


def rows_of(session: Session, version: TranscriptVersion) -> Sequence[SegmentRow]:
    """A version's segments in their order."""
    statement = select(SegmentRow).where(SegmentRow.version_id == version.id).order_by(SegmentRow.position)
    return session.scalars(statement).all()


def show_rows(session: Session, old: Sequence[SegmentRow], new: Sequence[SegmentRow]) -> None:
    """Search finds what readers see: one version's words leave the index, the other's come in."""
    search.forget(session, old)
    search.add(session, new)


def choose_version(house: House, viewer: Viewer, recording_id: str, number: int) -> None:
    """Let readers see another version, such as the machine's newest after a person changed an older one."""
    with house.db.write() as session:
        scope = Scope(session, viewer)
        recording = scope.recording(recording_id, Action.WRITE)
        session.refresh(recording, with_for_update=True)
        numbers = (recording.version, number)
        found = {
            version.number: version
            for version in session.scalars(scope.versions(recording).where(TranscriptVersion.number.in_(numbers)))
        }
        if number not in found:
            raise NotVisible("There is no such version of this transcript.", "Reload the page.")
        if number == recording.version:
            return
        show_rows(session, rows_of(session, found[recording.version]), rows_of(session, found[number]))
        recording.version, recording.changed_at = number, house.now()
        detail = {"version": str(number)}
        audit(session, house, viewer, Act("version.chosen", recording.id, recording.team_id, detail=detail))
