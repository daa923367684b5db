"""Room: services.recordings. One recording: show, retry, declare the language, rename, trash, stop. Never transcript text."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from nas_asr.core.access import Action, Viewer
from nas_asr.core.errors import Conflict, Invalid, NotVisible
from nas_asr.core.languages import check_language
from nas_asr.core.recording import UNDER_WAY, RunState
from nas_asr.services import runs
from nas_asr.services.again import new_run
from nas_asr.services.base import Act, House, audit
from nas_asr.services.engines import served
from nas_asr.services.file_names import MAX_TITLE, shown_line
from nas_asr.services.part_views import FailureView, PartView, part_views, progress_of
from nas_asr.services.ringing import ring
from nas_asr.services.wholes import hold_whole, parts_of
from nas_asr.store.models import Folder, Recording, Run, Team, TranscriptVersion, User
from nas_asr.store.scope import Scope


@dataclass(frozen=True, slots=True)
class RecordingView:
    """A recording as pages and the API show it (CONTRACT, GET /recordings/ID). rtfx: audio seconds per second of work.

    trouble: why the last try of a run that waits for its next one came to nothing; next_try_at: not before then.
    parts: of a recording that was split into files and joined, in order; whole_id: of such a part, what it belongs to.
    """

    id: str
    team: str
    team_name: str
    team_id: str
    folder_id: str | None
    folder: str | None
    path: str
    title: str
    state: RunState
    failure: FailureView | None
    duration_ms: int
    size_bytes: int
    sha256: str
    container: str
    codec: str
    recorded_at: datetime
    recorded_from: str
    ingested_at: datetime
    done_at: datetime | None
    language: str
    engine: str
    model: str
    revision: str
    device: str
    hotwords_version: int
    rtfx: float | None
    progress: float
    waiting_for: str | None
    rerun: bool
    draft: bool
    version: int
    author: str | None
    may_write: bool
    trouble: str = ""
    next_try_at: datetime | None = None
    whole_id: str | None = None
    parts: tuple[PartView, ...] = ()


def one_recording(house: House, viewer: Viewer, recording_id: str) -> RecordingView:
    """One recording, or NotVisible."""
    with house.db.read() as session:
        recording = Scope(session, viewer).recording(recording_id)
        return views_of(session, viewer, [recording.id])[0]


def retry(house: House, viewer: Viewer | None, recording_id: str) -> str:
    """A new run of a recording whose last one ended. Conflict while one is under way. Returns the run's id.

    Of a joined recording those parts are run again that failed or were stopped, else all. viewer None: the command line.
    """
    with house.db.write() as session:
        runs = retry_within(session, house, viewer, recording_id)
    for run in runs:
        ring(house, run)
    return runs[0].id


def retry_within(
    session: Session, house: House, viewer: Viewer | None, recording_id: str, priority: int = 1
) -> list[Run]:
    """The same in the caller's transaction; the caller rings for the runs after its commit."""
    recording, held = _held(session, viewer, recording_id)
    again = [new_run(session, house, one, viewer, priority) for one in _to_run_again(held)]
    audit(session, house, viewer, Act("recording.retried", recording.id, recording.team_id))
    return again


def declare_language(house: House, viewer: Viewer, recording_id: str, language: str) -> None:
    """A person says which language is spoken; a run that waits for it goes on, an ended one is made anew."""
    check_language(language)
    with house.db.write() as session:
        recording, held = _held(session, viewer, recording_id)
        recording.language = language
        recording.changed_at = house.now()
        runs = [_in_language(session, house, viewer, one, language) for one in held]
        audit(session, house, viewer, Act("recording.language_declared", recording.id, recording.team_id))
    for run in runs:
        ring(house, run)


def _in_language(session: Session, house: House, viewer: Viewer, held: "_Held", language: str) -> Run:
    recording, run = held
    recording.language, recording.changed_at = language, house.now()
    if run is not None and run.state == RunState.TRANSCRIBING:
        raise Conflict("This recording is being transcribed just now.", "Change its language when that is over.")
    if run is None or run.state != RunState.QUEUED:
        return new_run(session, house, recording, viewer)
    run.language = language
    run.waiting_for = served(session, house).waiting_for(run.engine, language)
    return run


def rename(house: House, viewer: Viewer, recording_id: str, title: str) -> None:
    """Another title; the file on the share keeps its name."""
    title = shown_line(title)
    if not 1 <= len(title) <= MAX_TITLE:
        raise Invalid("A title has 1 to 300 characters.", field="title")
    with house.db.write() as session:
        recording = Scope(session, viewer).recording(recording_id, Action.WRITE)
        recording.title = title
        recording.changed_at = house.now()


def trash(house: House, viewer: Viewer, recording_id: str) -> None:
    """To the trash; the file on the share stays where it is, and a run under way is stopped."""
    with house.db.write() as session:
        trash_within(session, house, viewer, recording_id)


def trash_within(session: Session, house: House, viewer: Viewer, recording_id: str) -> None:
    """The same in the caller's transaction."""
    recording, held = _held(session, viewer, recording_id)
    if recording.whole_id is not None:
        raise Conflict("This file is a part of a joined recording.", "Undo the joining first.")
    for _, run in held:
        _stop(session, house, run)
    for one in {recording, *(one for one, _ in held)}:
        one.trashed_at = one.changed_at = house.now()
        one.trashed_by_id = viewer.user_id
    audit(session, house, viewer, Act("recording.trashed", recording.id, recording.team_id))


def stop(house: House, viewer: Viewer, recording_id: str) -> None:
    """Stop the run under way, at once; a worker that is at it leaves it within a second."""
    with house.db.write() as session:
        recording, held = _held(session, viewer, recording_id)
        if not any([_stop(session, house, run) for _, run in held]):
            raise Conflict("Nothing is being transcribed here.", "Reload the page.")
        audit(session, house, viewer, Act("recording.stopped", recording.id, recording.team_id))


_Held = tuple[Recording, Run | None]


def _held(session: Session, viewer: Viewer | None, recording_id: str) -> tuple[Recording, Sequence[_Held]]:
    """A recording that the viewer (None: the command line) may change, and what has runs of it: itself, or its parts.

    Those are nobody else's until the commit.
    """
    if viewer is None:
        recording = _any_recording(session, recording_id)
    else:
        recording = Scope(session, viewer).recording(recording_id, Action.WRITE)
    parts = [part.recording for part in parts_of(session, [recording.id]).get(recording.id, ())]
    if not parts:
        return recording, [_hold(session, recording)]
    held = [_hold(session, part) for part in parts]
    hold_whole(session, recording, parts)
    return recording, held


def _hold(session: Session, recording: Recording) -> _Held:
    """PostgreSQL lets many write at once. The run is locked first, as workers do, or the two would wait for each other."""
    run = session.get(Run, recording.run_id or "", with_for_update=True)
    session.refresh(recording, with_for_update=True)
    if recording.trashed_at is not None or (run is not None and run.id != recording.run_id):
        raise Conflict("Somebody else changed this recording just now.", "Reload the page.")
    return recording, run


def _to_run_again(held: Sequence[_Held]) -> list[Recording]:
    """What failed or was stopped, else what ended, else all: the first of those says why it cannot be."""
    ended = [(one, run) for one, run in held if run is None or run.state not in UNDER_WAY]
    broken = [one for one, run in ended if run is not None and run.state in (RunState.FAILED, RunState.STOPPED)]
    return broken or [one for one, _ in ended] or [one for one, _ in held]


def _stop(session: Session, house: House, run: Run | None) -> bool:
    """A worker that is at it looks for this several times a second; whatever it still brings is behind the fence."""
    if run is None or run.state not in UNDER_WAY:
        return False
    runs.move(session, run, RunState.STOPPED, house.now())
    return True


def recordings_of(session: Session, viewer: Viewer | None, action: Action) -> Select[Recording]:
    """Recordings with which the viewer may do the action; all for the command line. Without the trash."""
    if viewer is not None:
        return Scope(session, viewer).recordings(action)
    return select(Recording).where(Recording.trashed_at.is_(None))


def _any_recording(session: Session, recording_id: str) -> Recording:
    found = session.scalar(recordings_of(session, None, Action.WRITE).where(Recording.id == recording_id))
    if found is None:
        raise NotVisible(f"There is no recording {recording_id}.", "The address of its page ends with its id.")
    return found


def views_of(session: Session, viewer: Viewer, ids: Sequence[str]) -> list[RecordingView]:
    """These recordings, which came through the viewer's scope, in this order."""
    version = (TranscriptVersion.recording_id == Recording.id) & (TranscriptVersion.number == Recording.version)
    rows = session.execute(
        select(Recording, Run, TranscriptVersion, Team, Folder, User.name)
        .join(Team, Team.id == Recording.team_id)
        .outerjoin(Run, Run.id == Recording.run_id)
        .outerjoin(TranscriptVersion, version)
        .outerjoin(Folder, Folder.id == Recording.folder_id)
        .outerjoin(User, User.id == Recording.author_id)
        .where(Recording.id.in_(ids))
    ).all()
    joined = parts_of(session, ids)
    views = {row[0].id: _joined(_view(viewer, *row), part_views(joined.get(row[0].id, ()))) for row in rows}
    return [views[recording_id] for recording_id in ids]


def _joined(view: RecordingView, parts: tuple[PartView, ...]) -> RecordingView:
    """A whole shows what its parts are at; anything else stays as it is."""
    if not parts:
        return view
    busy = [part for part in parts if part.busy]
    trouble = next((part for part in parts if part.trouble), None)
    return replace(
        view, parts=parts, failure=next((part.failure for part in parts if part.failure), None),
        progress=progress_of(parts), rerun=bool(busy) and view.version > 0,
        waiting_for=next((part.waiting_for for part in busy if part.waiting_for), None),
        trouble=trouble.trouble if trouble else "", next_try_at=trouble.next_try_at if trouble else None,
    )  # fmt: skip


def _view(  # noqa: PLR0913 (one row of a join)
    viewer: Viewer,
    row: Recording,
    run: Run | None,
    version: TranscriptVersion | None,
    team: Team,
    folder: Folder | None,
    author: str | None,
) -> RecordingView:
    failure = None
    if run is not None and run.state == RunState.FAILED:
        failure = FailureView(run.failure_code, run.failure_message, run.failure_remedy)
    busy = run is not None and run.state in UNDER_WAY
    again = run is not None and run.state == RunState.QUEUED
    return RecordingView(
        id=row.id, team=team.slug, team_name=team.name, team_id=team.id,
        folder_id=folder.id if folder else None, folder=folder.name if folder else None,
        path=row.path, title=row.title, state=row.state, failure=failure, duration_ms=row.duration_ms,
        size_bytes=row.size_bytes, sha256=row.sha256, container=row.container, codec=row.codec,
        recorded_at=row.recorded_at, recorded_from=row.recorded_from, ingested_at=row.ingested_at, done_at=row.done_at,
        language=row.language, engine=version.engine if version else "", model=version.model if version else "",
        revision=version.revision if version else "", device=version.device if version else "",
        hotwords_version=version.hotwords_version if version else 0,
        rtfx=version.duration_ms / version.elapsed_ms if version and version.elapsed_ms else None,
        progress=run.progress if run and busy else (1.0 if version else 0.0),
        waiting_for=run.waiting_for if run and busy else None,
        rerun=busy and row.version > 0, draft=row.draft, version=row.version, author=author,
        may_write=viewer.may(team.id, Action.WRITE), trouble=run.failure_message if run and again else "",
        next_try_at=run.not_before if run and again else None, whole_id=row.whole_id,
    )  # fmt: skip
