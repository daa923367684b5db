"""Room: worker.main. One worker from its start to its end: a child that is warm, a queue that rings. Outlives both."""

import logging
import os
import signal
import threading
import time
from contextlib import suppress
from types import FrameType
from typing import Any

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from nas_asr.core.errors import NasAsrError
from nas_asr.core.offers import Skills, heard
from nas_asr.core.recording import RunState
from nas_asr.services import engines, heartbeats, house_settings
from nas_asr.services import transcribe as service
from nas_asr.services.base import House
from nas_asr.services.reach import OUT_OF_REACH
from nas_asr.services.runs import Move
from nas_asr.store.database import DatabaseTrouble
from nas_asr.worker.incarnation import take_slot
from nas_asr.worker.offspring import ChildState, WarmChild
from nas_asr.worker.pulls import Pulls
from nas_asr.worker.room import WorkerPlan
from nas_asr.worker.warm import Seat, WarmWorker, ring_again

log = logging.getLogger(__name__)

_LOOK_S = 0.5
_LONGEST_PAUSE_S = 60.0


def run(plan: WorkerPlan, house: House) -> int:
    """Work until SIGTERM or SIGINT; the run under way then goes back to the queue at once. Main thread only.

    Raises ConfigError where the name is taken. Returns the exit status.
    """
    slot = take_slot(house.options.data, plan.name)
    shift = Shift(plan, house, slot.who)
    try:
        shift.work()
    finally:
        shift.close()
        slot.close()
    return 0


class Shift:
    """What one start of a worker has: its child, its place in RQ, and its sign of life."""

    def __init__(self, plan: WorkerPlan, house: House, who: service.Incarnation) -> None:
        self._plan = plan
        self._house = house
        self._who = who
        self._leaving = threading.Event()
        self._child: WarmChild | None = None
        self._births = 0
        self._sittings = 0
        self._trouble = ""
        self._again: set[str] = set()
        self._lost_at: dict[str, float] = {}  # runs that a child of ours ended with
        self._heeded = house_settings.Wishes()
        self._looked: object = None
        self._told: dict[str, Any] = {}  # what the last child could do: the next one will, most likely
        self._freed: int | None = None  # the wish for memory that was granted last
        self._pulls = Pulls(house)
        self._resting = False
        self._pulse = threading.Thread(target=self._beat, name="pulse", daemon=True)
        self._changed = threading.Event()

    def work(self) -> None:
        """Answer rings until somebody ends us."""
        self._catch_signals()
        self._take_back_earlier()
        self._pulse.start()
        while not self._leaving.is_set():
            if self._warm():
                self._answer_rings()
                self._catch_signals()  # RQ leaves its own behind
                self._rest()

    def close(self) -> None:
        """Leave nothing behind: no child, no lease, no sign of life."""
        self._leaving.set()
        if self._child is not None:
            self._child.end()
        try:
            self._came_back(service.let_go(self._house, self._who))
            self._ring_before_leaving()
        except (NasAsrError, DatabaseTrouble) as error:
            log.warning("worker.leases_not_given_back", extra={"error": type(error).__name__})
        self._pulls.close()
        self._changed.set()
        if self._pulse.is_alive():
            self._pulse.join(timeout=2)
        heartbeats.gone(self._house, self._who.name, self._who.boot)

    def _take_back_earlier(self) -> None:
        try:
            self._came_back(service.give_back_earlier(self._house, self._who))
        except DatabaseTrouble as error:  # the leases run out by themselves
            log.warning("worker.leases_not_given_back", extra={"error": type(error).__name__})

    # -- the child ------------------------------------------------------------------------------------------------

    def _warm(self) -> bool:
        """See that there is a child with its engine loaded. False where there is none yet."""
        if self._child is None or self._child.state == ChildState.DEAD:
            now = self._wishes()  # before it starts: what is asked, or comes, from now on is newer than this child
            # A worker that just came up owes nobody memory; one that has been here owes what it has not freed yet.
            self._freed = now.free_memory if self._freed is None else self._freed
            self._heeded, self._looked = house_settings.Wishes(now.engine, self._freed), self._look()
            self._child = WarmChild(self._plan, self._who, self._shunned())
            self._child.news = self._changed.set
            self._births += 1
            log.info("worker.child_started", extra={"worker": self._who.name, "pid": self._child.pid})
        while not self._leaving.is_set():
            state = self._child.listen(0 if self._child.state == ChildState.IDLE else _LOOK_S)
            if state == ChildState.IDLE:
                self._births, self._trouble = 0, ""
                self._told = self._skills(self._child).told()
                engines.remember(self._house, self._skills(self._child))
                self._changed.set()
                return True
            if state == ChildState.DEAD:
                self._bury(self._child)
                self._leaving.wait(min(self._plan.pace.patience_s * 2 ** (self._births - 1), _LONGEST_PAUSE_S))
                return False
        return False

    def _is_stale(self) -> bool:
        """Whether the idle child is to go: other settings or engines, or its memory is wanted back."""
        wanted = self._wishes()
        return self._is_outdated(wanted) or wanted.free_memory > self._heeded.free_memory or self._is_idle_for_long()

    def _is_outdated(self, wanted: house_settings.Wishes) -> bool:
        """Whether a new child is better than this one: for other settings, for weights that came or went, or for its size."""
        return wanted.engine > self._heeded.engine or self._look() != self._looked or self._has_grown()

    def _has_grown(self) -> bool:
        return self._child is not None and self._child.state == ChildState.IDLE and self._child.growth.too_much

    def _look(self) -> object:
        """Changes when engines come or go on this machine, or when a pull ends."""
        return self._plan.look(), self._pulls.mark()

    def _is_idle_for_long(self) -> bool:
        minutes = self._house.options.idle_minutes
        return minutes > 0 and self._child is not None and self._child.idle_s >= minutes * 60

    def _rest(self) -> None:
        """See a child off that is not wanted any more. For free memory, stay without one until there is work for it."""
        child = self._child
        if child is None or child.state != ChildState.IDLE or not self._is_stale():
            return
        if child.growth.too_much:
            log.warning("worker.child_grew", extra={"worker": self._who.name, "bytes": child.engine.get("resident")})
        self._resting = not self._is_outdated(wanted := self._wishes())
        self._heeded = wanted
        log.info("worker.child_sent_away", extra={"worker": self._who.name, "settings": wanted.engine})
        child.end()
        # With new settings as well: they are loaded once, so that it is known what they serve, and then the memory goes.
        self._freed = wanted.free_memory if self._resting else self._freed
        self._changed.set()
        beyond = frozenset(child.engine.get(OUT_OF_REACH, ()))
        claimant = service.Claimant(self._who, self._skills(child), besides=beyond)
        while self._resting and not self._leaving.wait(self._plan.pace.patience_s):
            renewed = self._is_outdated(self._wishes())  # the next one may serve what this one did not
            self._resting = not renewed and not service.is_work(self._house, claimant)
        self._resting = False

    def _skills(self, child: WarmChild) -> Skills:
        return heard(child.engine) or Skills()

    def _wishes(self) -> house_settings.Wishes:
        """What admins want now; while the database does not answer, nothing new."""
        return house_settings.wishes(self._house) or self._heeded

    def _bury(self, child: WarmChild) -> None:
        """What the dead child had goes back; somebody has to ring for it again."""
        if child.rung:
            self._again.add(child.rung)  # this ring may have been spent on another run
        self._trouble = child.trouble.get("message", "") or "The engine's program ended without a word."
        if self._births > 1:  # two that never came up: what waits for us to do it better waits in vain
            self._told = {}
        log.error("worker.child_died", extra={"worker": self._who.name, "trouble": self._trouble})
        try:
            moves = service.give_back(self._house, self._who)
            self._lost_at |= {move.run_id: time.monotonic() for move in moves}
            self._came_back(moves)
        except (NasAsrError, DatabaseTrouble) as error:  # the leases run out by themselves
            log.warning("worker.leases_not_given_back", extra={"error": type(error).__name__})
        self._changed.set()

    def _shunned(self) -> list[str]:
        """Runs that ended a child a moment ago: somebody else is to try them first."""
        since = time.monotonic() - self._plan.pace.shun_s
        self._lost_at = {run: at for run, at in self._lost_at.items() if at >= since}
        return list(self._lost_at)

    def _came_back(self, moves: list[Move]) -> None:
        for move in moves:
            log.warning("run.came_back", extra={"run": move.run_id, "state": move.state.value})
        self._again |= {move.run_id for move in moves if move.state == RunState.QUEUED}

    # -- the queue ------------------------------------------------------------------------------------------------

    def _answer_rings(self) -> None:
        """Sit in RQ until the child dies, Redis goes away, or somebody ends us."""
        child = self._child
        assert child is not None
        self._sittings += 1
        try:
            connection = Redis.from_url(self._plan.queue_url, socket_connect_timeout=5, retry=Retry(NoBackoff(), 1))
            self._ring_again(connection)
            seat = Seat(child, self._leaving, self._is_stale, self._again)
            WarmWorker(seat, self._rq_name(), connection).work(logging_level="CRITICAL")
        except RedisError as error:
            log.warning("worker.queue_away", extra={"worker": self._who.name, "error": type(error).__name__})
        self._see_off(child)

    def _see_off(self, child: WarmChild) -> None:
        """RQ let go of the child. One that still works is left to its work: the database takes it without Redis."""
        at_once = child.state == ChildState.DEAD or (child.state == ChildState.IDLE and self._is_stale())
        self._leaving.wait(0 if at_once else self._plan.pace.patience_s)
        while not self._leaving.is_set() and child.state == ChildState.BUSY:
            child.listen(_LOOK_S)
        if child.state == ChildState.DEAD and not self._leaving.is_set():
            self._bury(child)

    def _rq_name(self) -> str:
        # New each time: RQ takes a name for alive for over a minute after its owner was killed.
        return f"{self._who.name}-{self._who.boot[:8]}{self._sittings:04d}"

    def _ring_again(self, connection: Redis) -> None:
        for run_id in sorted(self._again):
            ring_again(connection, run_id, f"{self._who.boot[:8]}{self._sittings}")
            self._again.discard(run_id)

    def _ring_before_leaving(self) -> None:
        """Other workers need not wait for the sweep; when the whole house closes, Redis may be gone already."""
        hurried = Redis.from_url(
            self._plan.queue_url, socket_timeout=1, socket_connect_timeout=1, retry=Retry(NoBackoff(), 0)
        )
        self._sittings += 1
        with suppress(RedisError):
            self._ring_again(hurried)
        hurried.close()

    # -- signals and signs of life --------------------------------------------------------------------------------

    def _catch_signals(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._leave)

    def _leave(self, _number: int, _frame: FrameType | None) -> None:
        self._leaving.set()

    def _beat(self) -> None:
        while not self._leaving.is_set():
            self._changed.clear()
            heartbeats.beat(self._house, heartbeats.Beat("worker", self._who.name, self._who.boot, self._detail()))
            self._changed.wait(self._plan.pace.beat_s)

    def _detail(self) -> dict[str, Any]:
        child = self._child
        state = child.state if child is not None else ChildState.STARTING
        shown = "failed" if self._trouble and state != ChildState.IDLE else state.value
        shown = "resting" if self._resting else shown
        engine = dict(child.engine) if child is not None else {}
        if state not in (ChildState.IDLE, ChildState.BUSY):
            engine |= {"loaded": []}
        trouble = self._trouble or engine.pop("engine_trouble", "")
        heeded = {"settings": self._heeded.engine, "freed": self._heeded.free_memory}
        now = {"models": self._pulls.look(), "state": shown, "trouble": trouble, "pid": os.getpid()}
        return {**self._told, **engine, **heeded, **now}
