"""Room: services.queue. What is at work and what waits, for admins: in which order, and how to change it. Reads no transcript."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from nas_asr.core.access import Viewer
from nas_asr.core.errors import Conflict, NotVisible
from nas_asr.core.recording import UNDER_WAY, RunState
from nas_asr.services import runs
from nas_asr.services.again import new_run
from nas_asr.services.base import Act, House, audit
from nas_asr.services.estimates import Estimate, estimates
from nas_asr.services.pause import Pause, pause_of
from nas_asr.services.ringing import ring
from nas_asr.store.models import Recording, Run, Team
from nas_asr.store.scope import Scope

_MOST = 200
_LATELY = timedelta(days=7)
_MOST_ENDED = 50
_BROKEN = (RunState.FAILED, RunState.STOPPED)
_LATER = 1 << 30  # behind everything of which it is known how many come before it
_FIRST = 1_000_000  # far above the priorities that services give


@dataclass(frozen=True, slots=True)
class QueuedView:
    """A run at work or waiting. title: empty where the recording is of a team of which the viewer is no member (decision 15).

    estimate: None where nobody can tell. first: an admin put it before the others.
    """

    run_id: str
    recording_id: str
    title: str
    team: str
    team_name: str
    state: RunState
    duration_ms: int
    progress: float
    worker: str
    waiting_for: str | None
    attempts: int
    first: bool
    created_at: datetime
    started_at: datetime | None
    estimate: Estimate | None


@dataclass(frozen=True, slots=True)
class EndedView:
    """A run of the last days that failed or was stopped, and was not asked for again. title: as in QueuedView."""

    run_id: str
    recording_id: str
    title: str
    team: str
    team_name: str
    state: RunState
    message: str
    remedy: str
    ended_at: datetime


@dataclass(frozen=True, slots=True)
class QueueView:
    """The whole queue, the first 200 of it in the order in which they will be done. pause: None where runs begin as usual.

    ended: what failed or was stopped in the last week and can be asked for again, the newest first.
    """

    pause: Pause | None
    items: Sequence[QueuedView]
    at_work: int
    waiting: int
    ended: Sequence[EndedView] = ()

    @property
    def more(self) -> int:
        """How many are not shown."""
        return self.at_work + self.waiting - len(self.items)


def list_queue(house: House, viewer: Viewer) -> QueueView:
    """What is at work, then what waits in the order of claims, then what waits for the model; admins only."""
    with house.db.read() as session:
        Scope(session, viewer).require_admin()
        held = pause_of(session)
        counts: dict[RunState, int] = {
            state: count
            for state, count in session.execute(
                select(Run.state, func.count()).where(Run.state.in_(UNDER_WAY)).group_by(Run.state)
            )
        }
        rows = session.execute(
            select(Run, Recording, Team)
            .join(Recording, Recording.id == Run.recording_id)
            .join(Team, Team.id == Run.team_id)
            .where(Run.state.in_(UNDER_WAY))
            .order_by(
                Run.state == RunState.QUEUED, Run.waiting_for.is_not(None), Run.priority.desc(), Run.created_at, Run.id
            )
            .limit(_MOST)
        ).all()
        ended = _ended(session, viewer, house.now())
    told = estimates(house, [recording.id for _, recording, _ in rows])
    views = [_view(viewer, run, recording, team, told) for run, recording, team in rows]
    views.sort(key=_turn)
    return QueueView(held, views, counts.get(RunState.TRANSCRIBING, 0), counts.get(RunState.QUEUED, 0), ended)


def _turn(view: QueuedView) -> tuple[bool, bool, int]:
    before = view.estimate.before if view.estimate is not None else _LATER
    return view.state == RunState.QUEUED, view.waiting_for is not None, before


def _view(viewer: Viewer, run: Run, recording: Recording, team: Team, told: Mapping[str, Estimate]) -> QueuedView:
    return QueuedView(
        run.id, recording.id, recording.title if team.id in viewer.roles else "", team.slug, team.name, run.state,
        run.duration_ms, run.progress, run.worker.rpartition(":")[0], run.waiting_for, run.attempts,
        run.priority >= _FIRST, run.created_at, run.started_at, told.get(recording.id),
    )  # fmt: skip


def _ended(session: Session, viewer: Viewer, now: datetime) -> list[EndedView]:
    wanted = (
        select(Run, Recording, Team)
        .join(Recording, Recording.run_id == Run.id)
        .join(Team, Team.id == Run.team_id)
        .where(Run.state.in_(_BROKEN), Run.ended_at >= now - _LATELY, Recording.trashed_at.is_(None))
        .order_by(Run.ended_at.desc(), Run.id)
        .limit(_MOST_ENDED)
    )
    return [
        EndedView(
            run.id, recording.id, recording.title if team.id in viewer.roles else "", team.slug, team.name, run.state,
            run.failure_message, run.failure_remedy, run.ended_at or now,
        )
        for run, recording, team in session.execute(wanted)
    ]  # fmt: skip


def put_first(house: House, viewer: Viewer, run_id: str) -> None:
    """Before everything that waits, of whatever team."""
    with house.db.write() as session:
        run = _held(session, viewer, run_id)
        if run.state != RunState.QUEUED:
            raise Conflict("It does not wait any more.", "Reload the page.")
        highest = session.scalar(select(func.max(Run.priority)).where(Run.state == RunState.QUEUED)) or 0
        run.priority = max(_FIRST, highest + 1)
        audit(session, house, viewer, Act("queue.put_first", run.recording_id, run.team_id))


def take_its_turn(house: House, viewer: Viewer, run_id: str) -> None:
    """Undo of put_first: it waits among the others again."""
    with house.db.write() as session:
        run = _held(session, viewer, run_id)
        if run.priority >= _FIRST:
            run.priority = 0
            audit(session, house, viewer, Act("queue.put_back", run.recording_id, run.team_id))


def stop_run(house: House, viewer: Viewer, run_id: str) -> None:
    """Stop it, at once; the team may ask for it again. Nothing of what people read goes."""
    with house.db.write() as session:
        run = _held(session, viewer, run_id)
        if run.state not in UNDER_WAY:
            raise Conflict("It is over already.", "Reload the page.")
        runs.move(session, run, RunState.STOPPED, house.now())
        audit(session, house, viewer, Act("recording.stopped", run.recording_id, run.team_id))


def run_again(house: House, viewer: Viewer, run_id: str) -> None:
    """Ask once more for a recording whose run failed or was stopped, of whatever team."""
    with house.db.write() as session:
        run = _held(session, viewer, run_id)
        recording = session.get_one(Recording, run.recording_id, with_for_update=True)
        if run.state not in _BROKEN or recording.run_id != run.id or recording.trashed_at is not None:
            raise Conflict("It was asked for again already, or there is nothing to repeat.", "Reload the page.")
        again = new_run(session, house, recording, viewer)
        audit(session, house, viewer, Act("recording.retried", recording.id, recording.team_id))
    ring(house, again)


def _held(session: Session, viewer: Viewer, run_id: str) -> Run:
    """A run that is nobody else's until the commit; admins only, of every team: the machine is theirs to share out."""
    Scope(session, viewer).require_admin()
    run = session.get(Run, run_id, with_for_update=True)
    if run is None:
        raise NotVisible("There is no such run any more.", "Reload the page.")
    return run
