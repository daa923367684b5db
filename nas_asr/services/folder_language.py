"""Room: services.folder_language. A manager says what is spoken in a folder; recordings of it that wait go on or wait anew."""

from sqlalchemy import select

from nas_asr.core.access import Action, Viewer
from nas_asr.core.languages import check_language
from nas_asr.core.recording import RunState
from nas_asr.services.base import Act, House, audit
from nas_asr.services.engines import served
from nas_asr.services.ringing import ring
from nas_asr.store.models import Recording, Run
from nas_asr.store.scope import Scope


def declare_folder_language(house: House, viewer: Viewer, folder_id: str, language: str) -> int:
    """The language of the folder from now on. Runs that wait for an engine take it on; returns how many.

    Recordings whose language a person had declared one by one keep it.
    """
    check_language(language)
    with house.db.write() as session:
        folder = Scope(session, viewer).folder(folder_id, Action.MANAGE)
        before, folder.language = folder.language, language
        waiting = session.execute(
            select(Run, Recording)
            .join(Recording, Recording.run_id == Run.id)
            .where(
                Recording.folder_id == folder.id,
                Recording.language == before,
                Recording.trashed_at.is_(None),
                Run.state == RunState.QUEUED,
                Run.waiting_for.is_not(None),
            )
        ).all()
        now = served(session, house)
        runs = []
        for run, recording in waiting:
            run.language = recording.language = language
            run.waiting_for = now.waiting_for(run.engine, language)
            recording.changed_at = house.now()
            runs.append(run)
        audit(session, house, viewer, Act("folder.language_set", folder.name, folder.team_id, detail={"to": language}))
    for run in runs:
        ring(house, run)
    return len(runs)
