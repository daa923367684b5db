"""Room: worker.job. What a ring leads to: claim the next run, transcribe it, write it down. Runs in the child only."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from nas_asr.core.errors import ConfigError, EngineError, NasAsrError, RunStopped, StorageFull, Unexpected
from nas_asr.services import transcribe as service
from nas_asr.services.transcribe import Claim, Claimant
from nas_asr.worker.keeper import Keeper
from nas_asr.worker.room import Pace, WorkerRoom

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Desk:
    """Where this program's runs are worked on. `sign` tells the parent that we live."""

    room: WorkerRoom
    claimant: Claimant
    pace: Pace
    sign: Callable[[], None]


_desk: list[Desk] = []  # one in a worker's child, none anywhere else


def sit_down(desk: Desk) -> None:
    """Make this program the one that answers rings."""
    _desk[:] = [desk]


def transcribe(run_id: str) -> str:
    """Answer the ring for a run: work on the run that is next in fair order, which need not be this one.

    Nothing to claim is nothing to do: the run was stopped, is done, or another worker has it. Returns what is the matter
    with the engine, empty where nothing is.
    """
    if not _desk:
        raise ConfigError("This job can be done by nas_asr's own worker only.", "Start `nas-asr work`.")
    desk = _desk[0]
    held = service.claim(desk.room.house, desk.claimant)
    if held is None:
        log.info("ring.nothing_to_claim", extra={"run": run_id})
        return ""
    log.info("run.claimed", extra={"run": held.run_id, "recording": held.recording_id, "attempt": held.attempt})
    try:
        _work(desk, held)
    except RunStopped:
        asked = service.stopped(desk.room.house, held)
        log.info("run.stopped" if asked else "run.lost", extra={"run": held.run_id})
    except NasAsrError as error:
        _fail(desk, held, error)
        return error.message if isinstance(error, EngineError) else ""
    except Exception as error:  # noqa: BLE001 - edge 1 of 3: whatever an engine throws ends this run, never the worker
        log.exception("run.crashed", extra={"run": held.run_id})
        _fail(desk, held, _ours_to_mend(error))
    return ""


def _work(desk: Desk, held: Claim) -> None:
    house = desk.room.house
    with Keeper(house, held, desk.pace, desk.sign) as keeper:
        transcript = desk.room.transcriber.transcribe(service.order(house, held), keeper.progress)
        service.finish(house, held, transcript)
    log.info(
        "run.done", extra={"run": held.run_id, "recording": held.recording_id, "segments": len(transcript.segments)}
    )


def _fail(desk: Desk, held: Claim, error: NasAsrError) -> None:
    try:
        move = service.fail(desk.room.house, held, error)
    except RunStopped:
        log.info("run.lost", extra={"run": held.run_id})
    except StorageFull:  # nothing can be written down now: the lease runs out, and sweep gives the run back
        log.error("run.failure_not_written", extra={"run": held.run_id, "code": error.code})
    else:
        log.warning("run.failed", extra={"run": held.run_id, "code": error.code, "state": move.state.value})


def _ours_to_mend(error: Exception) -> Unexpected:
    return Unexpected(
        f"Something went wrong in nas_asr itself while it transcribed ({type(error).__name__}).",
        "Try again; if it fails once more, the worker's log says what to report.",
    )
