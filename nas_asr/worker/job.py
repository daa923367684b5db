"""Room: worker.job. What a ring leads to: claim the next run, transcribe it, write it down. Runs in the child only."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from nas_asr.core.errors import ConfigError, EngineError, NasAsrError, RunStopped, StorageFull, Unexpected, Unreadable
from nas_asr.core.transcript import Transcript
from nas_asr.services import reach
from nas_asr.services import transcribe as service
from nas_asr.services.transcribe import Claim, Claimant
from nas_asr.store.database import DatabaseTrouble, is_passing
from nas_asr.worker.blind import BlindSpot
from nas_asr.worker.keeper import Keeper, Terms
from nas_asr.worker.room import Pace, WorkerRoom

log = logging.getLogger(__name__)

_UNKNOWN_SPEED = 1.0  # audio seconds per second
_ENOUGH_MS = 20_000
_PATIENCE_LEASES = 20  # so long a finished transcript waits for the database; meanwhile another may have done the run


@dataclass(frozen=True, slots=True)
class Shunned:
    """Runs that ended a child before this one, left to other workers until then (monotonic seconds)."""

    runs: frozenset[str] = frozenset()
    until: float = 0.0


@dataclass(frozen=True, slots=True)
class Desk:
    """Where this program's runs are worked on. `sign` tells the parent that we live. blind: what cannot be reached from here.

    speeds: of each engine, as it was here.
    """

    room: WorkerRoom
    claimant: Claimant
    pace: Pace
    sign: Callable[[], None]
    blind: BlindSpot = field(default_factory=BlindSpot)
    shunned: Shunned = field(default_factory=Shunned)
    speeds: dict[str, float] = field(default_factory=dict)

    def claim(self) -> Claim | None:
        """The next run for us."""
        self.blind.look_again(self.room.house)
        shuns = self.shunned.runs if time.monotonic() < self.shunned.until else frozenset()
        return service.claim(self.room.house, replace(self.claimant, shuns=shuns, besides=self.blind.runs))

    def expected_s(self, held: Claim) -> float:
        """How long the engine should take at most for all of it: as fast as it was, or as fast as listening."""
        return held.duration_ms / 1000 / self.speeds.get(held.engine, _UNKNOWN_SPEED)

    def remember(self, held: Claim, transcript: Transcript) -> None:
        """How fast it was, where there was enough to tell."""
        if transcript.duration_ms >= _ENOUGH_MS and transcript.elapsed_ms:
            speed = transcript.duration_ms / transcript.elapsed_ms
            self.speeds[held.engine] = min(speed, self.speeds.get(held.engine, speed))


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
    held = _claim(desk, run_id)
    if held is None:
        return ""
    log.info("run.claimed", extra={"run": held.run_id, "recording": held.recording_id, "attempt": held.attempt})
    try:
        _work(desk, held)
    except Unreadable as error:
        if not _passed_on(desk, held, error):
            _fail(desk, held, error)
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


def _claim(desk: Desk, run_id: str) -> Claim | None:
    try:
        held = desk.claim()
    except DatabaseTrouble as error:  # this ring is spent; sweep rings again when the database is back
        log.warning("ring.database_away", extra={"run": run_id, "error": type(error).__name__})
        return None
    if held is None:
        log.info("ring.nothing_to_claim", extra={"run": run_id})
    return held


def _work(desk: Desk, held: Claim) -> None:
    house = desk.room.house
    with Keeper(house, held, Terms.of(desk.pace, desk.expected_s(held)), desk.sign) as keeper:
        transcript = desk.room.transcriber.transcribe(service.order(house, held), keeper.progress)
        keeper.engine_is_through()
        _finish(desk, held, transcript)
    desk.remember(held, transcript)
    log.info(
        "run.done", extra={"run": held.run_id, "recording": held.recording_id, "segments": len(transcript.segments)}
    )


def _finish(desk: Desk, held: Claim, transcript: Transcript) -> None:
    """Write it down. A database that is away for a moment must not cost an hour's work; the fence keeps out what is late."""
    patience = time.monotonic() + _PATIENCE_LEASES * held.lease_s
    while True:
        try:
            service.finish(desk.room.house, held, transcript)
            return
        except DatabaseTrouble as error:
            if not is_passing(error) or time.monotonic() > patience:
                raise
            log.warning("run.not_written_yet", extra={"run": held.run_id, "error": type(error).__name__})
            desk.sign()
            time.sleep(desk.pace.tick_s)


def _passed_on(desk: Desk, held: Claim, error: Unreadable) -> bool:
    """Whether the run was left to others, because its audio cannot be reached from here and may be from there."""
    try:
        left = reach.pass_on(desk.room.house, held, desk.claimant.who, error, put_off=desk.blind.full)
    except RunStopped:
        return False
    if left:
        desk.blind.add(held.run_id)
        log.info("run.left_to_others", extra={"run": held.run_id, "code": error.code})
    return left


def _fail(desk: Desk, held: Claim, error: NasAsrError) -> None:
    try:
        move = service.fail(desk.room.house, held, error)
    except RunStopped:
        log.info("run.lost", extra={"run": held.run_id})
    except (StorageFull, DatabaseTrouble):  # nothing can be written now: the lease runs out, and sweep gives it back
        log.error("run.failure_not_written", extra={"run": held.run_id, "code": error.code})
    else:
        log.warning("run.failed", extra={"run": held.run_id, "code": error.code, "state": move.state.value})


def _ours_to_mend(error: Exception) -> Unexpected:
    return Unexpected(
        f"Something went wrong in nas_asr itself while it transcribed ({type(error).__name__}).",
        "Try again; if it fails once more, the worker's log says what to report.",
    )
