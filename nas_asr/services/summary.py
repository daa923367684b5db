"""Room: services.summary. A few numbers for dashboards and the health check. Totals of the viewer's teams, no text."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from shutil import disk_usage

from sqlalchemy import Select, func, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from nas_asr.core.access import TokenScope, Viewer
from nas_asr.core.recording import RunState
from nas_asr.services.base import House
from nas_asr.store.models import Heartbeat, Recording, Run

WORKER_SILENT_S = 40
# Until enough was measured here, the built-in engine's usual speed (audio seconds per second).
_USUAL_RTFX = 4.0
_TWO = 120  # seconds or minutes, before the next larger unit says it better
_OF_WORKERS = select(Heartbeat).where(Heartbeat.kind == "worker")


@dataclass(frozen=True, slots=True)
class RecentView:
    """One line of a dashboard's list."""

    id: str
    name: str
    label: RunState
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class Summary:
    """What a dashboard shows. queue_eta_seconds is an estimate from the speed of the last day, None where nothing waits.

    worker: what is the matter with the workers, empty where nothing is. device: of one worker's engine. free_bytes: on the
    disk that holds DATA.
    """

    status: str
    queued: int
    running: int
    done_24h: int
    failed: int
    total: int
    hours_done_24h: float
    queue_eta_seconds: int | None
    workers: int
    last_done: RecentView | None
    recent: tuple[RecentView, ...]
    worker_seen_at: datetime | None = None
    worker: str = ""
    device: str = ""
    free_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether the parts answer; detail says for each what is the matter, empty where nothing is."""

    database: str
    queue: str
    worker: str

    @property
    def ready(self) -> bool:
        """Whether nothing is the matter."""
        return not (self.database or self.queue or self.worker)


def summary(house: House, viewer: Viewer) -> Summary:
    """Totals over the viewer's teams. For a widget token they are all: `recent` is empty and `last_done` None."""
    teams = list(viewer.roles)
    day_ago = house.now() - timedelta(days=1)
    with house.db.read() as session:
        mine = _of_teams(teams).subquery()
        counted = session.execute(select(mine.c.state, func.count()).group_by(mine.c.state))
        by_state: dict[RunState, int] = {state: count for state, count in counted}
        lately = session.execute(
            select(func.count(), func.coalesce(func.sum(mine.c.duration_ms), 0)).where(mine.c.done_at >= day_ago)
        ).one()
        waits = backlog(session, house)
        alive = live_workers(session, house)
        workers = len(alive)
        named = viewer.token_scope is not TokenScope.WIDGET
        trouble = _trouble(session, house, by_state.get(RunState.QUEUED, 0))
        recent = _recent(session, teams) if named else ()
        last_done = _last_done(session, teams) if named else None
    queued = by_state.get(RunState.QUEUED, 0)
    under_way = queued + by_state.get(RunState.TRANSCRIBING, 0)
    return Summary(
        status="ok" if workers or not queued else "no_worker",
        queued=queued,
        running=by_state.get(RunState.TRANSCRIBING, 0),
        done_24h=lately[0],
        failed=by_state.get(RunState.FAILED, 0),
        total=sum(by_state.values()),
        hours_done_24h=round(int(lately[1]) / 3_600_000, 2),
        # Nothing of one's own in the queue: how long the others' takes is nobody's business
        queue_eta_seconds=waits.seconds() if waits.waiting_ms and under_way else None,
        workers=workers,
        last_done=last_done,
        recent=recent,
        worker=trouble,
        worker_seen_at=max((beat.seen_at for beat in alive), default=None),
        device=next((str(beat.detail["device"]) for beat in alive if beat.detail.get("device")), ""),
        free_bytes=disk_usage(house.options.data).free,
    )


def readiness(house: House) -> Readiness:
    """Database, queue and worker heartbeat, each with a sentence where it is not well."""
    database = queue = worker = ""
    try:
        with house.db.read() as session:
            session.execute(text("SELECT 1"))
            worker = _trouble(session, house, _waiting(session))
    except (SQLAlchemyError, OSError):
        database = "The database does not answer."
    if not house.queue.alive():
        queue = "Redis does not answer."
    return Readiness(database, queue, worker)


def missing_worker(house: House, viewer: Viewer) -> str:
    """A sentence where something of the viewer's teams waits and nobody works; empty otherwise."""
    with house.db.read() as session:
        waiting = _waiting(session, list(viewer.roles))
        return _trouble(session, house, waiting) if waiting else ""


def is_lately(seen_at: datetime, now: datetime) -> bool:
    """Whether a sign of life is young. One from further in the future was written by a clock that has been set since."""
    return abs(now - seen_at) <= timedelta(seconds=WORKER_SILENT_S)


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits or runs on this machine, for all teams, and how quickly it is done. rtfx: measured of late."""

    waiting_ms: int
    rtfx: float
    workers: int

    def seconds(self, more_ms: int = 0) -> int:
        """Until all of it is done, and so much audio more."""
        return round((self.waiting_ms + more_ms) / 1000 / self.rtfx / max(self.workers, 1))


def backlog(session: Session, house: House) -> Backlog:
    """What is to be done, and the speed of the last day."""
    speed = _speed(session, house.now() - timedelta(days=1))
    return Backlog(_waiting_ms(session), speed, len(live_workers(session, house)))


def live_workers(session: Session, house: House) -> list[Heartbeat]:
    """Workers that gave a sign of life lately."""
    now = house.now()
    return [beat for beat in session.scalars(_OF_WORKERS) if is_lately(beat.seen_at, now)]


def _trouble(session: Session, house: House, waiting: int) -> str:
    """What is the matter with the workers, in numbers."""
    now = house.now()
    beats = list(session.scalars(_OF_WORKERS))
    alive = [beat for beat in beats if is_lately(beat.seen_at, now)]
    if alive:
        broken = all(beat.detail.get("state") == "failed" for beat in alive)
        return f"No worker can load its engine, {waiting} waiting." if broken else ""
    silent = min((round((now - beat.seen_at).total_seconds()) for beat in beats if beat.seen_at <= now), default=None)
    if silent is None:  # none was ever here, or all of them said goodbye
        return f"No worker is running, {waiting} waiting."
    if silent < _TWO:
        return f"No worker for {silent} s, {waiting} waiting."
    if silent < _TWO * 60:
        return f"No worker for {silent // 60} min, {waiting} waiting."
    return f"No worker for {silent // 3600} h, {waiting} waiting."


def _waiting(session: Session, teams: list[str] | None = None) -> int:
    queued = select(func.count()).where(Run.state == RunState.QUEUED)
    return session.scalar(queued if teams is None else queued.where(Run.team_id.in_(teams))) or 0


def _waiting_ms(session: Session) -> int:
    left = Run.duration_ms * (1.0 - Run.progress)
    states = (RunState.QUEUED, RunState.TRANSCRIBING)
    statement = select(func.coalesce(func.sum(left), 0)).where(Run.state.in_(states), Run.waiting_for.is_(None))
    return int(session.scalar(statement) or 0)


def _speed(session: Session, since: datetime) -> float:
    statement = select(Run.duration_ms, Run.started_at, Run.ended_at).where(
        Run.state == RunState.DONE, Run.ended_at >= since
    )
    done = [(d, a, b) for d, a, b in session.execute(statement.limit(200)) if a and b and b > a]
    seconds = sum((b - a).total_seconds() for _, a, b in done)
    return sum(d for d, _, _ in done) / 1000 / seconds if seconds else _USUAL_RTFX


def _recent(session: Session, teams: list[str]) -> tuple[RecentView, ...]:
    newest = _of_teams(teams).order_by(Recording.changed_at.desc(), Recording.id).limit(5)
    return tuple(_recent_view(row) for row in session.scalars(newest))


def _last_done(session: Session, teams: list[str]) -> RecentView | None:
    done = _of_teams(teams).where(Recording.done_at.is_not(None)).order_by(Recording.done_at.desc(), Recording.id)
    row = session.scalar(done.limit(1))
    return _recent_view(row) if row is not None else None


def _of_teams(teams: list[str]) -> Select[Recording]:
    there = (Recording.trashed_at.is_(None), Recording.whole_id.is_(None))  # a joined recording counts, not its files
    return select(Recording).where(Recording.team_id.in_(teams), *there)


def _recent_view(row: Recording) -> RecentView:
    return RecentView(row.id, row.title, row.state, row.done_at)
