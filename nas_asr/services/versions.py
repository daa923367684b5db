"""Room: services.versions. Which version of a transcript readers see, and an older one once more. Changes no version's text."""

from nas_asr.core.access import Action, Viewer
from nas_asr.core.transcript import Origin, VersionKind
from nas_asr.services.base import Act, House, audit
from nas_asr.services.edits import write_version
from nas_asr.services.version_texts import show, version_numbered
from nas_asr.services.wholes import follow
from nas_asr.store.scope import Scope


def restore_version(house: House, viewer: Viewer, recording_id: str, number: int) -> int:
    """Let an older version be what readers see again; nothing is removed, so that this can be undone the same way.

    A person's becomes a new version on top, with the same text; the machine's is seen itself, so that its next one follows it
    (decision 48). Returns the number of the version that readers see. NotVisible where there is no such version.
    """
    with house.db.write() as session:
        recording = Scope(session, viewer).recording(recording_id, Action.WRITE)
        session.refresh(recording, with_for_update=True)
        version = version_numbered(session, recording.id, number)
        if number == recording.version:
            return number
        if version.kind == VersionKind.EDITED:
            version = write_version(session, house, viewer, version, (Origin.RESTORE, ()))
        show(session, recording, version)
        recording.changed_at = house.now()
        follow(session, recording, house.now(), text=True)
        detail = {"version": str(number)}
        audit(session, house, viewer, Act("version.restored", recording.id, recording.team_id, detail=detail))
        return version.number
