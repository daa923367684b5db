"""Room: services.arrivals. Audio that is new to a team becomes a recording with its first run. Never commits, never rings."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from nas_asr.core.errors import Unreadable
from nas_asr.core.ids import new_id
from nas_asr.core.ports import MediaInfo
from nas_asr.core.recording import RunState
from nas_asr.services.base import House
from nas_asr.services.engines import served
from nas_asr.services.hotword_versions import newest_hotwords
from nas_asr.services.wholes import follow
from nas_asr.store.models import Recording, Run


@dataclass(frozen=True, slots=True)
class Arrival:
    """Everything about new audio; raw_path lies below its folder, or below DATA/uploads where folder_id is None."""

    team_id: str
    folder_id: str | None
    raw_path: bytes
    path: str
    title: str
    size_bytes: int
    sha256: str
    media: MediaInfo
    language: str
    recorded_at: datetime
    recorded_from: str
    engine: str = ""
    recording_id: str = ""
    author_id: str | None = None
    idempotency_key: str | None = None


def same_bytes(session: Session, team_id: str, sha256: str) -> Recording | None:
    """The team's recording of exactly these bytes. Never another team's; what is in the trash counts as gone."""
    return session.scalar(
        select(Recording).where(
            Recording.team_id == team_id, Recording.sha256 == sha256, Recording.trashed_at.is_(None)
        )
    )


def trashed_bytes(session: Session, team_id: str, sha256: str) -> Sequence[Recording]:
    """The team's recordings of exactly these bytes that somebody threw away, the last one first."""
    thrown = select(Recording).where(
        Recording.team_id == team_id, Recording.sha256 == sha256, Recording.trashed_at.is_not(None)
    )
    return session.scalars(thrown.order_by(Recording.trashed_at.desc())).all()


def add_recording(session: Session, house: House, new: Arrival) -> tuple[Recording, Run]:
    """The recording and its first run, queued; ring after the commit. IntegrityError where somebody was quicker."""
    now = house.now()
    recording = Recording(
        id=new.recording_id or new_id(), team_id=new.team_id, folder_id=new.folder_id, raw_path=new.raw_path,
        path=new.path, title=new.title, size_bytes=new.size_bytes, sha256=new.sha256,
        duration_ms=new.media.duration_ms, container=new.media.container[:60], codec=new.media.codec[:40],
        sample_rate=new.media.sample_rate, channels=new.media.channels, language=new.language,
        recorded_at=new.recorded_at, recorded_from=new.recorded_from, ingested_at=now, author_id=new.author_id,
        idempotency_key=new.idempotency_key, state=RunState.QUEUED, changed_at=now,
    )  # fmt: skip
    session.add(recording)
    session.flush()
    run = queue_run(session, house, recording, new.engine)
    run.requested_by = new.author_id
    return recording, run


def queue_run(session: Session, house: House, recording: Recording, engine: str = "") -> Run:
    """A queued run of a recording. engine: the folder's own choice, empty for the house's."""
    run = Run(
        id=new_id(), recording_id=recording.id, team_id=recording.team_id, state=RunState.QUEUED, engine=engine,
        language=recording.language, duration_ms=recording.duration_ms,
        hotwords_version=newest_hotwords(session, recording.team_id),
        waiting_for=served(session, house).waiting_for(engine, recording.language), created_at=house.now(),
    )  # fmt: skip
    session.add(run)
    session.flush()
    recording.run_id, recording.state, recording.changed_at = run.id, RunState.QUEUED, house.now()
    return run


def revive(session: Session, house: House, recording: Recording) -> Run | None:
    """A new run where the only one failed because the file was away: now it is here. Sweep rings for it, if nobody else does."""
    run = session.get(Run, recording.run_id or "")
    if run is None or run.state != RunState.FAILED or run.failure_code != Unreadable.code:
        return None
    if recording.version or recording.trashed_at is not None:
        return None
    again = queue_run(session, house, recording, run.engine)
    follow(session, recording, house.now())
    return again
