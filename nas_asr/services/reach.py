"""Room: services.reach. Runs whose audio one worker cannot reach and another can: left to that one, uncounted. Claims nothing.

Uploads lie in the DATA of one machine, and a share may be mounted on some machines only. Each worker tells in its signs of
life what it could not reach, so that the last one to try knows that nobody is left, and the failure is written down.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from nas_asr.core.errors import Unreadable, Vanished
from nas_asr.core.recording import RunState
from nas_asr.services import runs
from nas_asr.services.audio import locate
from nas_asr.services.base import House
from nas_asr.services.summary import live_workers
from nas_asr.services.transcribe import Claim, Incarnation, locked
from nas_asr.store.models import Recording, Run

_PUT_OFF = timedelta(seconds=15)
OUT_OF_REACH = "out_of_reach"  # the word for it in a worker's sign of life


def pass_on(house: House, held: Claim, who: Incarnation, error: Unreadable, *, put_off: bool = False) -> bool:
    """Give the run back as if it had never been claimed. False where no other worker may reach what this one could not.

    put_off: the worker cannot keep in mind to leave it alone, and would claim it again at once instead of what it can do.
    Raises RunStopped where it is not ours any more.
    """
    if isinstance(error, Vanished):
        return False
    with house.db.write() as session:
        run = locked(session, held)
        if run.stop_asked_at is not None or not _others(session, house, run.id, who.name):
            return False
        run.attempts -= 1
        run.failure_code, run.failure_message, run.failure_remedy = error.code, error.message, error.remedy
        run.not_before = house.now() + _PUT_OFF if put_off else None
        runs.move(session, run, RunState.QUEUED, house.now())
        return True


def is_still_beyond(house: House, run_id: str) -> bool:
    """Whether the run still waits, others may still reach it, and this machine does not."""
    with house.db.read() as session:
        run = session.get(Run, run_id)
        if run is None or run.state != RunState.QUEUED:
            return False
        recording = session.get_one(Recording, run.recording_id)
        try:
            locate(house, session, recording)
        except Unreadable:
            return _others(session, house, run_id) > 0
        return False


def _others(session: Session, house: House, run_id: str, besides: str = "") -> int:
    """How many living workers have not said that the run is out of their reach."""
    return sum(run_id not in _told(beat.detail) for beat in live_workers(session, house) if beat.name != besides)


def _told(detail: Mapping[str, Any]) -> list[str]:
    found = detail.get(OUT_OF_REACH)
    return found if isinstance(found, list) else []
