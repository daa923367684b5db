"""Room: services.versions. Which version of a transcript readers see, and the index with it. Never changes a version's text."""

from nas_asr.core.access import Action, Viewer
from nas_asr.core.errors import NotVisible
from nas_asr.services.base import Act, House, audit
from nas_asr.services.segment_rows import rows_of, show_rows
from nas_asr.services.wholes import follow
from nas_asr.store.models import TranscriptVersion
from nas_asr.store.scope import Scope


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
        follow(session, recording, house.now(), text=True)
        audit(session, house, viewer, Act("version.chosen", recording.id, recording.team_id, detail=detail))
