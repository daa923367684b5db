"""Room: services.runs. Moves a run between its states, and its recording with it. Never claims one, never rings."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, or_
from sqlalchemy.orm import Session

from nas_asr.core.errors import NasAsrError
from nas_asr.core.recording import RunState, may_move, recording_state
from nas_asr.services.wholes import follow
from nas_asr.store.models import Recording, Run

MAX_ATTEMPTS = 3
_BACK_OFF = (timedelta(seconds=15), timedelta(seconds=60))
_AFTER_A_LOSS = (timedelta(0), timedelta(seconds=15))  # machines are switched off; twice in a row is no accident


@dataclass(frozen=True, slots=True)
class Move:
    """What became of a run that somebody had: to which state, for which run."""

    run_id: str
    state: RunState


def move(session: Session, run: Run, state: RunState, now: datetime) -> Move:
    """Bring a run that the caller has locked into another state, with everything that hangs on it."""
    if not may_move(run.state, state):
        raise ValueError(f"a run never goes from {run.state} to {state}")
    run.state = state
    if state == RunState.QUEUED:
        run.progress = 0.0
    if state != RunState.TRANSCRIBING:
        run.lease_until = None
    if state not in (RunState.TRANSCRIBING, RunState.QUEUED):
        run.ended_at = now
    show(session, run.id, run.recording_id, state, now)
    return Move(run.id, state)


def show(session: Session, run_id: str, recording_id: str, state: RunState, now: datetime) -> None:
    """Let the recording show its newest run's state; one that can be read stays readable (decision 7)."""
    session.flush()
    # Held and read anew: somebody may just have made it a part, and its whole has to hear of this
    recording = session.get_one(Recording, recording_id, with_for_update=True, populate_existing=True)
    if recording.run_id == run_id:
        recording.state = recording_state(state, has_machine_version=recording.version > 0)
    recording.changed_at = now
    follow(session, recording, now, text=state == RunState.DONE)


def is_due(now: datetime) -> ColumnElement[bool]:
    """Whether a queued run's time has come. One that is put off for longer than we ever do was so by another clock."""
    return or_(Run.not_before.is_(None), Run.not_before <= now, Run.not_before > now + max(*_BACK_OFF, *_AFTER_A_LOSS))


def lost(session: Session, run: Run, now: datetime) -> Move:
    """Whoever had the run is gone: back to the queue, then later; visibly failed when it took too many with it."""
    if run.stop_asked_at is not None:
        return move(session, run, RunState.STOPPED, now)
    if run.attempts < MAX_ATTEMPTS:
        run.not_before = _later(now, run.attempts, _AFTER_A_LOSS)
        return move(session, run, RunState.QUEUED, now)
    run.failure_code = "worker_lost"
    run.failure_message = (
        f"The transcription broke off {run.attempts} times: its program ended without a word, or the machine did."
    )
    run.failure_remedy = "Try again. If it breaks off once more, this machine may have too little memory for it."
    return move(session, run, RunState.FAILED, now)


def failed(session: Session, run: Run, error: NasAsrError, now: datetime) -> Move:
    """What may pass is tried again later, three times in all; anything else is a failure that says so."""
    run.failure_code, run.failure_message, run.failure_remedy = error.code, error.message, error.remedy
    if run.stop_asked_at is not None:
        return move(session, run, RunState.STOPPED, now)
    if error.permanent or run.attempts >= MAX_ATTEMPTS:
        return move(session, run, RunState.FAILED, now)
    run.not_before = _later(now, run.attempts, _BACK_OFF)
    return move(session, run, RunState.QUEUED, now)


def left(session: Session, run: Run, now: datetime) -> Move:
    """Whoever had the run said goodbye: as if it had never been claimed."""
    run.attempts -= 1
    return move(session, run, RunState.QUEUED if run.stop_asked_at is None else RunState.STOPPED, now)


def _later(now: datetime, attempts: int, back_off: Sequence[timedelta]) -> datetime | None:
    wait = back_off[min(attempts, len(back_off)) - 1]
    return now + wait if wait else None
