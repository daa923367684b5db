"""Room: services.estimates. When what waits and runs is probably done, from how quickly such runs were done of late. No promise.

The queue is played through as the workers claim (services.transcribe, decision 40), without the draw that gives every eighth
turn to the oldest. Where nothing was measured, or nobody works, nothing is said.
"""

import heapq
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from nas_asr.core.recording import UNDER_WAY, RunState
from nas_asr.services import runs
from nas_asr.services.base import House
from nas_asr.services.engines import served
from nas_asr.services.pause import pause_of
from nas_asr.services.recordings import RecordingView
from nas_asr.services.summary import live_workers
from nas_asr.store.models import Run, Team, TranscriptVersion

_MEASURED_IN = timedelta(days=7)
_MEASURED = 200  # runs, the latest
_LONGEST_QUEUE = 2000  # beyond it an estimate costs more than it says
_TELLS = 0.1  # of a run: from then on its own pace says more than others'


@dataclass(frozen=True, slots=True)
class Estimate:
    """Seconds until it is done, and how many are at work or wait before it; 0 for one that is at work itself."""

    seconds: int
    before: int


@dataclass(frozen=True, slots=True)
class _Job:
    """A run under way, and how long it still takes; None where nobody knows."""

    recording_id: str
    team_id: str
    rank: tuple[object, ...]
    seconds: float | None


def estimates(house: House, recording_ids: Iterable[str]) -> Mapping[str, Estimate]:
    """For those of these recordings, which came through the viewer's scope, that are under way and can be told."""
    wanted = set(recording_ids)
    if not wanted:
        return {}
    with house.db.read() as session:
        workers = len(live_workers(session, house))
        waiting = session.scalar(select(func.count()).where(Run.state == RunState.QUEUED)) or 0
        if not workers or waiting > _LONGEST_QUEUE or pause_of(session) is not None:
            return {}
        running, queued = _jobs(session, house, _speeds(session, house))
        turns = {team.id: team.turn_at for team in session.scalars(select(Team))}
    found = _play(running, _in_turn(queued, turns, house.now()), workers)
    return {recording_id: told for recording_id, told in found.items() if recording_id in wanted}


def estimates_of(house: House, shown: Iterable[RecordingView]) -> Mapping[str, Estimate]:
    """The same for recordings as they are shown: a joined one is done when the last of its parts is."""
    parts = {
        one.id: [part.id for part in one.parts] or [one.id] for one in shown if one.state in UNDER_WAY or one.rerun
    }
    found = estimates(house, [part for ids in parts.values() for part in ids])
    told = {recording_id: [found[part] for part in ids if part in found] for recording_id, ids in parts.items()}
    return {recording_id: max(each, key=lambda one: one.seconds) for recording_id, each in told.items() if each}


def _speeds(session: Session, house: House) -> Mapping[str, float]:
    """Seconds of audio that each engine did in a second, from claim to end, of late."""
    latest = (
        select(TranscriptVersion.engine, Run.duration_ms, Run.started_at, Run.ended_at)
        .join(TranscriptVersion, TranscriptVersion.run_id == Run.id)
        .where(Run.state == RunState.DONE, Run.ended_at >= house.now() - _MEASURED_IN)
        .order_by(Run.ended_at.desc())
        .limit(_MEASURED)
    )
    audio: dict[str, float] = defaultdict(float)
    work: dict[str, float] = defaultdict(float)
    for engine, duration_ms, began, ended in session.execute(latest):
        if began is not None and ended is not None and ended > began:
            audio[engine] += duration_ms / 1000
            work[engine] += (ended - began).total_seconds()
    return {engine: audio[engine] / seconds for engine, seconds in work.items() if audio[engine]}


def _jobs(session: Session, house: House, speeds: Mapping[str, float]) -> tuple[list[_Job], list[_Job]]:
    now, offers = house.now(), served(session, house)
    under_way = select(Run).where(Run.state.in_(UNDER_WAY), Run.waiting_for.is_(None), Run.stop_asked_at.is_(None))
    running: list[_Job] = []
    queued: list[_Job] = []
    for run in session.scalars(under_way.where((Run.state == RunState.TRANSCRIBING) | runs.is_due(now))):
        speed = speeds.get(offers.engine_for(run.engine, run.language) or "")
        seconds = run.duration_ms / 1000 / speed if speed else None
        rank = (-run.priority, run.attempts == 0, run.duration_ms, run.created_at, run.id)
        if run.state == RunState.TRANSCRIBING:
            running.append(_Job(run.recording_id, run.team_id, rank, _left(run, seconds, now)))
        else:
            queued.append(_Job(run.recording_id, run.team_id, rank, seconds))
    return running, queued


def _left(run: Run, seconds: float | None, now: datetime) -> float | None:
    """What is left of a run at work, by its own pace where that can be seen."""
    since = (now - run.started_at).total_seconds() if run.started_at is not None else 0.0
    if run.progress >= _TELLS and since > 0:
        return since * (1 - run.progress) / run.progress
    return None if seconds is None else seconds * (1 - run.progress)


def _in_turn(queued: Iterable[_Job], turns: Mapping[str, datetime | None], now: datetime) -> Iterable[_Job]:
    """As workers claim: by priority, the team whose turn is longest ago first, each team's short ones first."""
    for _, level in groupby(sorted(queued, key=lambda job: job.rank), key=lambda job: job.rank[0]):
        lanes: dict[str, deque[_Job]] = defaultdict(deque)
        for job in level:
            lanes[job.team_id].append(job)
        order = deque(sorted(lanes, key=lambda team: _turn(turns.get(team), now)))
        while order:
            team = order.popleft()
            yield lanes[team].popleft()
            if lanes[team]:
                order.append(team)


def _turn(turn_at: datetime | None, now: datetime) -> float:
    """One in the future was had by a clock that has been set since: as if there had been none."""
    return turn_at.timestamp() if turn_at is not None and turn_at <= now else 0.0


def _play(running: Iterable[_Job], queued: Iterable[_Job], workers: int) -> Mapping[str, Estimate]:
    """Until one comes whose length nobody knows: what is behind it cannot be told either."""
    found: dict[str, Estimate] = {}
    free: list[float] = []
    known = True
    at_work = 0
    for job in running:
        at_work += 1
        known = known and job.seconds is not None
        if job.seconds is not None:
            found[job.recording_id] = Estimate(round(job.seconds), 0)
            free.append(job.seconds)
    free += [0.0] * (workers - len(free))
    heapq.heapify(free)
    for place, job in enumerate(queued):
        if not known or job.seconds is None:
            break
        done = heapq.heappop(free) + job.seconds
        heapq.heappush(free, done)
        found[job.recording_id] = Estimate(round(done), place + at_work)
    return found
