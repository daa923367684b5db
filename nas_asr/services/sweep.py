"""Room: services.sweep. Repairs what a crash left behind: leases that ran out, rings that were lost. Alone retries.

Runs every few seconds, in one process or in many: each repair is a guarded move, so that two sweeps do no harm. Whether a
lease ran out is seen, not calculated: services.leases.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import Select, and_, or_, select, update

from nas_asr.core.errors import QueueUnavailable
from nas_asr.core.recording import RunState
from nas_asr.services import runs
from nas_asr.services.base import House
from nas_asr.services.drafts import redo_by_itself
from nas_asr.services.engines import served
from nas_asr.services.leases import Leases, Stale
from nas_asr.store.models import Run

_RINGS_AT_ONCE = 200  # the rest is rung next time; a worker needs one ring a run, not all of them today
_LOOK_AT_MOST = 5_000
_LOOK_EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class SweepReport:
    """What one sweep did, in numbers of runs. redone: new runs of drafts, where an admin wants that.

    queue: why rings were not looked after, empty where they were.
    """

    requeued: int = 0
    failed: int = 0
    stopped: int = 0
    released: int = 0
    held_back: int = 0
    redone: int = 0
    rung: int = 0
    queue: str = ""

    @property
    def quiet(self) -> bool:
        """Whether there was nothing to do and nothing was the matter."""
        return self == SweepReport()


def sweep_once(
    house: House, clock: Callable[[], float] = time.monotonic, wait: Callable[[float], None] = time.sleep
) -> SweepReport:
    """Sweep without having watched before: look until each run under way has moved, or has stood still for its lease.

    With nothing under way that is no time at all, with living workers two or three seconds, with a dead one its lease.
    """
    leases = Leases(_LOOK_EVERY_S)
    stale = leases.look(house, clock())
    watched = leases.undecided
    while watched & leases.undecided:
        wait(_LOOK_EVERY_S)
        stale = leases.look(house, clock())
    return sweep(house, stale)


def sweep(house: House, stale: Sequence[Stale] = ()) -> SweepReport:
    """Put right what can be put right now. stale: leases that ran out before the caller's eyes.

    Never raises QueueUnavailable: the report says it.
    """
    states = [move.state for move in [*give_back_stale(house, stale), *_stop(house)]]
    released, held_back = _look_at_waiting(house)
    redone = redo_by_itself(house)
    rung, queue = _ring(house)
    return SweepReport(
        requeued=states.count(RunState.QUEUED),
        failed=states.count(RunState.FAILED),
        stopped=states.count(RunState.STOPPED),
        released=released,
        held_back=held_back,
        redone=redone,
        rung=rung,
        queue=queue,
    )


def give_back_stale(house: House, stale: Sequence[Stale]) -> list[runs.Move]:
    """Take runs from whoever does not extend their leases any more; one that moved in the last moment keeps its run."""
    if not stale:
        return []
    same = [and_(Run.id == one.run_id, Run.fence == one.fence, Run.lease_until == one.lease_until) for one in stale]
    theirs = select(Run).where(Run.state == RunState.TRANSCRIBING, or_(*same))
    with house.db.write() as session:
        found = session.scalars(theirs.with_for_update(skip_locked=True)).all()
        return [runs.lost(session, run, house.now()) for run in found]


def _stop(house: House) -> list[runs.Move]:
    """Queued runs that somebody asked to stop."""
    asked = select(Run).where(Run.state == RunState.QUEUED, Run.stop_asked_at.is_not(None))
    with house.db.read() as session:  # nearly always there is nothing, and a read keeps no writer waiting
        if session.scalar(asked.limit(1)) is None:
            return []
    with house.db.write() as session:
        found = session.scalars(asked.with_for_update(skip_locked=True)).all()
        return [runs.move(session, run, RunState.STOPPED, house.now()) for run in found]


def _look_at_waiting(house: House) -> tuple[int, int]:
    """Engines come and go: runs that can be served now are released, those that no longer can are held back.

    While no worker has told what it can do, everything stays as it is: a restart is no reason to wait or to start.
    """
    queued = Run.state == RunState.QUEUED
    with house.db.read() as session:
        now = served(session, house)
        if not now.known:
            return 0, 0
        kinds = session.execute(select(Run.engine, Run.language, Run.waiting_for).where(queued).distinct()).all()
        wrong = [
            (engine, language, old, new)
            for engine, language, old in kinds
            if (new := now.waiting_for(engine, language)) != old
        ]
    released = held_back = 0
    for engine, language, old, new in wrong:
        with house.db.write() as session:
            changed = session.execute(
                update(Run)
                .where(queued, Run.engine == engine, Run.language == language)
                .where(Run.waiting_for.is_(None) if old is None else Run.waiting_for == old)
                .values(waiting_for=new)
                .returning(Run.id)
                .execution_options(synchronize_session=False)
            ).all()
        if new is None:
            released += len(changed)
        else:
            held_back += len(changed)
    return released, held_back


def _ring(house: House) -> tuple[int, str]:
    """Ring for queued runs whose ring was lost, or spent on another run."""
    with house.db.read() as session:
        claimable = session.execute(_claimable(house)).all()
    if not claimable:
        return 0, ""
    rung = 0
    try:
        held = house.queue.ringing()
        for run_id, duration_ms in [row for row in claimable if row.id not in held][:_RINGS_AT_ONCE]:
            house.queue.ring(run_id, duration_ms)
            rung += 1
    except QueueUnavailable as error:
        return rung, error.message
    return rung, ""


def _claimable(house: House) -> Select[str, int]:
    return (
        select(Run.id, Run.duration_ms)
        .where(
            Run.state == RunState.QUEUED,
            Run.waiting_for.is_(None),
            runs.is_due(house.now()),
        )
        .order_by(Run.priority.desc(), Run.created_at, Run.id)
        .limit(_LOOK_AT_MOST)
    )
