"""Room: worker.warm. RQ's Worker whose work horse is the warm child. RQ keeps its heartbeats; runs are the database's.

The child never speaks with Redis: this side does all of RQ's book-keeping, so a Redis that dies takes no work with it.
"""

import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from types import FrameType
from typing import Any

from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, Worker
from rq.exceptions import DuplicateJobError, StopRequested
from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer
from rq.timeouts import BaseDeathPenalty, HorseMonitorTimeoutException
from rq.worker import WorkerStatus

from nas_asr.core import doorbell
from nas_asr.worker.offspring import ChildState, WarmChild

# As measured: with RQ's own values the job of a killed worker counts as started for a quarter of an hour and more.
_WORKER_TTL_S = 20
_MONITORING_S = 5
_MAINTENANCE_S = 5
_LOOK_S = 0.5
_IDLE_S = 2  # an idle worker looks so often whether its child is to go


def ring_again(connection: Redis, run_id: str, again: str) -> None:
    """Ring for a run that came back to the queue; to RQ, its first ring may still be answered by somebody dead.

    again: differs from one occasion to the next. Raises RedisError.
    """
    with suppress(DuplicateJobError):
        _queue(connection).enqueue_call(
            doorbell.FUNCTION, args=(run_id,), job_id=doorbell.job_id(run_id, again), unique=True, result_ttl=0,
            timeout=doorbell.limit_seconds(0), failure_ttl=60,
        )  # fmt: skip


def _queue(connection: Redis) -> Queue:
    return Queue(doorbell.QUEUE, connection=connection, serializer=JSONSerializer)


class NoAlarm(BaseDeathPenalty):
    """RQ's time limits by SIGALRM could strike between any two lines of ours; the child's keeper and silence do it."""

    def setup_death_penalty(self) -> None:
        """No alarm is set."""

    def cancel_death_penalty(self) -> None:
        """None has to be taken back."""


@dataclass(frozen=True, slots=True)
class Seat:
    """What a worker has while it sits in RQ. leaving: a person ends it. is_stale: the child is to go between two runs.

    again: runs whose ring was heard and has to be repeated.
    """

    child: WarmChild
    leaving: threading.Event
    is_stale: Callable[[], bool]
    again: set[str]


class WarmWorker(Worker):
    """One RQ worker for as long as its child lives and is wanted, and Redis answers."""

    death_penalty_class = NoAlarm
    max_connection_wait_time = 2.0

    def __init__(self, seat: Seat, name: str, connection: Redis) -> None:
        super().__init__(
            [_queue(connection)], name=name, connection=connection, serializer=JSONSerializer, worker_ttl=_WORKER_TTL_S,
            job_monitoring_interval=_MONITORING_S, maintenance_interval=_MAINTENANCE_S,
        )  # fmt: skip
        self._seat = seat
        self._child = seat.child
        self._leaving = seat.leaving

    def subscribe(self) -> None:
        """RQ's commands are not listened to: a stop goes by run, and a worker is ended by its signals."""

    def dequeue_job_and_maintain_ttl(self, timeout: int | None, max_idle_time: int | None = None) -> Any:
        """The next ring. Between two rings is where a child may go; RQ's own wait would never look up."""
        while not self._seat.is_stale():
            found = super().dequeue_job_and_maintain_ttl(timeout, _IDLE_S)
            if found is not None or self._stop_requested:
                return found
        raise StopRequested

    def execute_job(self, job: Job, queue: Queue) -> None:
        """Hand the job to the child and wait, with RQ's heartbeats meanwhile."""
        self.prepare_execution(job)
        self.prepare_job_execution(job, remove_from_intermediate_queue=True)
        if self._seat.is_stale():  # something changed while we waited: the next child answers this ring
            self._seat.again.add(doorbell.run_of(job.id))
            self._answered(job, queue)
            raise StopRequested
        job.timeout = -1  # it was counted for the run that rang, and the child may claim a longer one
        self._horse_pid = self._child.pid
        self._child.ring(doorbell.run_of(job.id))
        self.monitor_work_horse(job, queue)
        if self._child.state == ChildState.DEAD:
            raise StopRequested
        self._answered(job, queue)
        self.set_state(WorkerStatus.IDLE)

    def wait_for_horse(self) -> tuple[int | None, int | None, Any]:
        """Until the child is done or dead; RQ is told every few seconds that it has to write its heartbeat."""
        until = time.monotonic() + self.job_monitoring_interval
        while time.monotonic() < until:
            if self._leaving.is_set():
                self._child.end()
            state = self._child.listen(_LOOK_S)
            if state != ChildState.BUSY:
                return self._child.pid, os.EX_OK if state == ChildState.IDLE else self._child.wait_status, None
        raise HorseMonitorTimeoutException

    def heartbeat(self, timeout: int | None = None, pipeline: Any = None) -> None:
        """RQ's sign of life; an idle worker also looks whether its child is still there."""
        if pipeline is None and self.horse_pid == 0 and self._child.listen(0) == ChildState.DEAD:
            raise StopRequested
        super().heartbeat(timeout, pipeline)

    def request_stop(self, signum: Any, frame: FrameType | None) -> None:
        """A person or a service manager ends us: at once, and the run goes back to the queue."""
        self._leaving.set()
        super().request_stop(signum, frame)  # type: ignore[no-untyped-call]

    def teardown(self) -> None:
        """Sign off, if Redis still listens."""
        with suppress(RedisError):
            super().teardown()  # type: ignore[no-untyped-call]

    def _answered(self, job: Job, queue: Queue) -> None:
        job.ended_at = datetime.now(UTC)
        job.set_status(JobStatus.FINISHED)
        self.handle_job_success(job, queue, queue.started_job_registry)
