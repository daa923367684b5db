"""Room: jobs.queue. Rings for runs through RQ, and says which rings are held. The database is the truth, never this."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rq import Queue
from rq.exceptions import DuplicateJobError, NoSuchJobError
from rq.executions import Execution
from rq.job import Job
from rq.serializers import JSONSerializer

from nas_asr.core import doorbell
from nas_asr.core.errors import QueueUnavailable
from nas_asr.core.transcript import Milliseconds

_FAILED_TTL_S = 60  # only for a look by hand; the failure that people see is the run's
# A worker answers a ring by claiming whichever run is next. When its own run still waits so much later, the ring was
# spent on another one, or the worker died.
_SPENT_S = 10
_AGAIN = "again"
_PATIENCE_S = 5


class RqQueue:
    """The doorbell over RQ: JSON, ids as arguments, one job a run, RQ's own retry off. `url`: redis:// or unix://."""

    def __init__(self, url: str) -> None:
        # Somebody waits at the other end of a page: better no answer at once than one in half a minute.
        self._redis = Redis.from_url(
            url, socket_timeout=_PATIENCE_S, socket_connect_timeout=2, retry=Retry(NoBackoff(), 1)
        )
        self._queue = Queue(doorbell.QUEUE, connection=self._redis, serializer=JSONSerializer)

    def ring(self, run_id: str, duration_ms: Milliseconds) -> None:
        """Wake a worker for this run; a no-op where its ring is held already. Raises QueueUnavailable."""
        with _translated():
            try:
                self._enqueue(run_id, duration_ms)
            except DuplicateJobError:
                if run_id not in self._held():
                    self._ring_again(run_id, duration_ms)

    def ringing(self) -> set[str]:
        """Runs whose rings wait, or were taken by a worker just now. Raises QueueUnavailable."""
        with _translated():
            return self._held()

    def stop(self, run_id: str) -> None:
        """Nothing: a stop goes by run, not by job. The worker sees within a second that the run is over."""

    def alive(self) -> bool:
        """Whether Redis answers."""
        try:
            return bool(self._redis.ping())
        except RedisError:
            return False

    def _enqueue(self, run_id: str, duration_ms: Milliseconds, again: str = "") -> None:
        self._queue.enqueue_call(
            doorbell.FUNCTION,
            args=(run_id,),
            job_id=doorbell.job_id(run_id, again),
            timeout=doorbell.limit_seconds(duration_ms),
            result_ttl=0,
            failure_ttl=_FAILED_TTL_S,
            unique=True,
        )

    def _held(self) -> set[str]:
        return {doorbell.run_of(job) for job in [*self._queue.get_job_ids(), *self._just_taken()]}

    def _just_taken(self) -> Iterator[str]:
        for job, execution in self._queue.started_job_registry.get_job_and_execution_ids(cleanup=False):
            try:
                taken = Execution.fetch(execution, job, self._redis).created_at
            except ValueError:  # it ended between the two looks
                continue
            # Either way round: the worker's clock may be another machine's.
            if abs((datetime.now(UTC) - taken).total_seconds()) < _SPENT_S:
                yield job

    def _ring_again(self, run_id: str, duration_ms: Milliseconds) -> None:
        """The run's job is there, but rings no more: it failed, or it is started and serves another run, or nobody."""
        started = {job for job, _ in self._queue.started_job_registry.get_job_and_execution_ids(cleanup=False)}
        again = _AGAIN if doorbell.job_id(run_id) in started else ""
        self._clear(doorbell.job_id(run_id, again))
        self._enqueue(run_id, duration_ms, again)

    def _clear(self, job: str) -> None:
        try:
            Job.fetch(job, connection=self._redis, serializer=JSONSerializer).delete()
        except NoSuchJobError:
            return
        except ValueError:  # one of its executions expired between two of RQ's own looks
            self._redis.delete(Job.key_for(job))


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (RedisError, DuplicateJobError) as error:
        raise QueueUnavailable(
            f"Redis does not answer as it should: {error}.", "Nothing is lost: the queue is rung again by itself."
        ) from error
