"""Room: services.again. One more run of a recording that had one, and the engine that it has to have. Commits nothing."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from nas_asr.core.access import Viewer
from nas_asr.core.errors import Conflict
from nas_asr.core.ids import new_id
from nas_asr.core.offers import AUTO, MODEL
from nas_asr.core.recording import UNDER_WAY, RunState, recording_state
from nas_asr.core.transcript import VersionKind
from nas_asr.services.base import House
from nas_asr.services.engines import Served, served
from nas_asr.services.hotword_versions import newest_hotwords
from nas_asr.services.wholes import follow
from nas_asr.store.models import Folder, Recording, Run, TranscriptVersion


def new_run(session: Session, house: House, recording: Recording, viewer: Viewer | None, priority: int = 1) -> Run:
    """A run after those that ended, with the team's newest hotwords; ring after the commit. Conflict while one is under way.

    viewer: who asked, None where the house does by itself.
    """
    last = session.get(Run, recording.run_id or "")
    if last is not None and last.state in UNDER_WAY:
        raise Conflict("This recording is already being transcribed or waiting.", "Wait until that is over.")
    now = served(session, house)
    engine = _engine(session, house, recording, now)
    run = Run(
        id=new_id(), recording_id=recording.id, team_id=recording.team_id, engine=engine, language=recording.language,
        duration_ms=recording.duration_ms, waiting_for=now.waiting_for(engine, recording.language),
        priority=priority, requested_by=viewer.user_id if viewer else None, created_at=house.now(),
        hotwords_version=newest_hotwords(session, recording.team_id),
    )  # fmt: skip
    session.add(run)
    recording.run_id = run.id
    recording.state = recording_state(RunState.QUEUED, has_machine_version=recording.version > 0)
    recording.changed_at = house.now()
    session.flush()
    follow(session, recording, house.now())
    return run


def _engine(session: Session, house: House, recording: Recording, now: Served) -> str:
    """The folder's engine, else the house's; but what the model did, or can do better now, is never done by a lesser one."""
    folder = session.get(Folder, recording.folder_id) if recording.folder_id else None
    engine = folder.engine if folder is not None else ""
    if (engine or house.options.engine) != AUTO or not recording.version:
        return engine
    if recording.draft:
        return MODEL if recording.language in now.languages(MODEL) else engine
    last = session.scalar(
        select(TranscriptVersion.engine)
        .where(TranscriptVersion.recording_id == recording.id, TranscriptVersion.kind == VersionKind.MACHINE)
        .order_by(TranscriptVersion.number.desc())
        .limit(1)
    )
    return MODEL if last == MODEL else engine
