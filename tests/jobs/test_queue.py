"""Room: tests.jobs.test_queue. A ring is held once, can always be rung again when it was spent, and is never required."""

import json
import os
import signal
from datetime import timedelta
from pathlib import Path

import pytest
from redis import Redis
from rq import Queue, SimpleWorker
from rq.executions import Execution
from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer

from nas_asr.core.doorbell import QUEUE, job_id, limit_seconds, run_of
from nas_asr.core.errors import QueueUnavailable
from nas_asr.jobs import queue as queue_module
from nas_asr.jobs.embedded import EmbeddedRedis
from nas_asr.jobs.queue import RqQueue
from tests.jobs.servers import network_redis
from tests.live import wait_for

RUN = "aaaabbbbccccddddeeeeffffgg"


def rq_queue(redis: EmbeddedRedis) -> Queue:
    """RQ's own view of the queue."""
    return Queue(QUEUE, connection=Redis.from_url(redis.url), serializer=JSONSerializer)


def taken(redis: EmbeddedRedis) -> Job:
    """The first job, as a worker has it when it begins."""
    queue = rq_queue(redis)
    worker = SimpleWorker([queue], connection=queue.connection, serializer=JSONSerializer)
    found = Queue.dequeue_any([queue], None, connection=queue.connection, serializer=JSONSerializer)
    assert found is not None
    worker.prepare_execution(found[0])
    worker.prepare_job_execution(found[0], remove_from_intermediate_queue=True)
    return found[0]


def test_ringing_twice_is_one_ring(redis: EmbeddedRedis) -> None:
    queue = RqQueue(redis.url)
    for _ in range(3):
        queue.ring(RUN, 40_000)
    assert rq_queue(redis).get_job_ids() == [job_id(RUN)]
    assert queue.ringing() == {RUN}


def test_a_job_holds_nothing_but_the_runs_id_as_json(redis: EmbeddedRedis) -> None:
    RqQueue(redis.url).ring(RUN, 3_600_000)
    job = Job.fetch(job_id(RUN), Redis.from_url(redis.url), serializer=JSONSerializer)
    assert json.loads(job.data) == ["nas_asr.worker.job.transcribe", None, [RUN], {}]
    assert job.timeout == limit_seconds(3_600_000) == 14_460
    assert (job.result_ttl, job.retries_left) == (0, None)


def test_a_ring_that_was_just_taken_is_not_rung_again(redis: EmbeddedRedis) -> None:
    queue = RqQueue(redis.url)
    queue.ring(RUN, 0)
    taken(redis)
    assert queue.ringing() == {RUN}
    queue.ring(RUN, 0)
    assert rq_queue(redis).get_job_ids() == []


def test_a_ring_spent_on_another_run_or_taken_by_a_dead_worker_rings_again(
    redis: EmbeddedRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = RqQueue(redis.url)
    queue.ring(RUN, 0)
    taken(redis)
    monkeypatch.setattr(queue_module, "_SPENT_S", -1)
    assert queue.ringing() == set()
    queue.ring(RUN, 0)
    assert [run_of(job) for job in rq_queue(redis).get_job_ids()] == [RUN]
    assert queue.ringing() == {RUN}
    queue.ring(RUN, 0)
    assert len(rq_queue(redis).get_job_ids()) == 1


@pytest.mark.parametrize("status", [JobStatus.FAILED, JobStatus.FINISHED, JobStatus.STOPPED, JobStatus.QUEUED])
def test_the_remains_of_an_old_job_do_not_block_a_ring(redis: EmbeddedRedis, status: JobStatus) -> None:
    queue = RqQueue(redis.url)
    queue.ring(RUN, 0)
    job = taken(redis)
    for _, execution in rq_queue(redis).started_job_registry.get_job_and_execution_ids():
        with job.connection.pipeline() as pipeline:
            Execution.fetch(execution, job.id, job.connection).delete(job, pipeline)
            pipeline.execute()
    job.set_status(status)
    assert queue.ringing() == set()
    queue.ring(RUN, 0)
    assert queue.ringing() == {RUN}


def test_a_redis_that_is_away_is_said_quickly(redis: EmbeddedRedis) -> None:
    queue = RqQueue(redis.url)
    assert queue.alive()
    assert redis.pid
    os.kill(redis.pid, signal.SIGKILL)
    wait_for(lambda: redis.poll() is not None, 5, "Redis is gone")
    assert not queue.alive()
    with pytest.raises(QueueUnavailable):
        queue.ring(RUN, 0)
    with pytest.raises(QueueUnavailable):
        queue.ringing()
    redis.start()
    redis.wait_ready()
    queue.ring(RUN, 0)
    assert queue.ringing() == {RUN}


def test_it_works_over_the_network_too(tmp_path: Path) -> None:
    with network_redis(tmp_path) as url:
        queue = RqQueue(url)
        queue.ring(RUN, 0)
        assert queue.ringing() == {RUN}


def test_the_limit_grows_with_the_audio() -> None:
    assert timedelta(seconds=limit_seconds(0)) == timedelta(minutes=10)
    assert limit_seconds(5 * 3_600_000) == 60 + 4 * 5 * 3600
