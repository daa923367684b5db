"""Room: tests.test_kills. kill -9 of whatever one likes, in mid-job: the recording is done once, within seconds."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from nas_asr.core.recording import RunState
from nas_asr.services.base import House
from nas_asr.store.database import Database
from tests.live import wait_for
from tests.worker.works import Works, is_alive, kill, works


@pytest.fixture
def shop(db: Database, house: House, tmp_path: Path) -> Iterator[Works]:
    """A house at work."""
    with works(db, house, tmp_path / "share") as shop:
        yield shop


def in_mid_job(shop: Works) -> tuple[str, int]:
    """A recording that is being transcribed, and the child that does it."""
    shop.hold()
    recording = shop.record("the whole talk")
    child = shop.until_started()
    assert shop.run_of(recording).state == RunState.TRANSCRIBING
    return recording, child


def test_when_the_child_is_killed_its_run_is_done_again_by_a_new_one(shop: Works) -> None:
    shop.start_worker()
    recording, child = in_mid_job(shop)
    kill(child)
    assert shop.until_started(2) != child  # without any sweep: the parent gives it back and rings
    shop.let_go()
    run = shop.until(recording, RunState.DONE)
    shop.assert_done_once(recording, "the whole talk")
    assert run.attempts == 2


def test_when_an_idle_child_is_killed_the_next_recording_finds_a_new_one(shop: Works) -> None:
    shop.start_worker()
    shop.until(shop.record("first"), RunState.DONE)
    kill(shop.starts()[-1])
    recording = shop.record("second")
    shop.until(recording, RunState.DONE)
    shop.assert_done_once(recording, "second")


def test_when_the_worker_is_killed_its_child_goes_with_it_and_the_next_start_takes_over(shop: Works) -> None:
    worker = shop.start_worker()
    recording, child = in_mid_job(shop)
    kill(worker.pid)
    worker.wait()
    wait_for(lambda: not is_alive(child), 5, "the child is gone")
    shop.start_worker()
    shop.until_started(2)  # without any sweep, before the lease is over
    shop.let_go()
    shop.until(recording, RunState.DONE)
    shop.assert_done_once(recording, "the whole talk")


def test_when_the_worker_is_killed_for_good_another_takes_over_after_the_lease(shop: Works) -> None:
    worker = shop.start_worker("one")
    recording, _ = in_mid_job(shop)
    kill(worker.pid)
    worker.wait()
    shop.start_worker("two")
    shop.let_go()
    shop.until(recording, RunState.DONE, seconds=30)
    shop.assert_done_once(recording, "the whole talk")


def test_when_redis_is_killed_the_run_goes_on_and_the_next_one_is_found(shop: Works) -> None:
    shop.start_worker()
    recording, child = in_mid_job(shop)
    assert shop.redis.pid
    kill(shop.redis.pid)
    wait_for(lambda: shop.redis.poll() is not None, 5, "Redis is gone")
    shop.let_go()
    shop.until(recording, RunState.DONE)  # no Redis has to be there for that
    shop.redis.start()
    shop.redis.wait_ready()
    second = shop.record("after the accident")
    shop.until(second, RunState.DONE)
    shop.assert_done_once(recording, "the whole talk")
    shop.assert_done_once(second, "after the accident")
    assert set(shop.starts()) == {child}


def test_when_redis_loses_everything_sweep_rings_again(shop: Works) -> None:
    recording = shop.record("nobody knows of me")
    shop.redis.stop()
    for path in (shop.house.options.data / "redis").glob("appendonly*"):
        path.rename(path.with_suffix(".gone"))
    shop.redis.start()
    shop.redis.wait_ready()
    assert shop.house.queue.ringing() == set()
    shop.start_worker()
    shop.until(recording, RunState.DONE)
    shop.assert_done_once(recording, "nobody knows of me")


def test_when_everything_is_killed_a_new_start_does_the_rest(shop: Works) -> None:
    worker = shop.start_worker()
    recording, child = in_mid_job(shop)
    waiting = shop.record("still waiting")
    assert shop.redis.pid
    for pid in (shop.redis.pid, worker.pid, child):
        kill(pid)
    worker.wait()
    wait_for(lambda: shop.redis.poll() is not None, 5, "Redis is gone")
    shop.let_go()
    shop.redis.start()
    shop.redis.wait_ready()
    shop.start_worker()
    shop.until(recording, RunState.DONE)
    shop.until(waiting, RunState.DONE)
    shop.assert_done_once(recording, "the whole talk")
    shop.assert_done_once(waiting, "still waiting")


def test_a_worker_that_slept_longer_than_its_lease_changes_nothing_when_it_wakes(shop: Works) -> None:
    sleeper = shop.start_worker("sleeper")
    recording, child = in_mid_job(shop)
    for pid in (child, sleeper.pid):
        os.kill(pid, signal.SIGSTOP)
    shop.start_worker("other")

    def taken_over() -> bool:
        shop.sweep()
        return len(shop.starts()) == 2

    wait_for(taken_over, 30, "another one starts")
    for pid in (child, sleeper.pid):
        os.kill(pid, signal.SIGCONT)
    shop.let_go()
    shop.until(recording, RunState.DONE)
    shop.assert_done_once(recording, "the whole talk")
    shop.until(shop.record("the next one"), RunState.DONE)


def test_a_recording_that_kills_every_child_fails_visibly_and_harms_nobody_else(shop: Works) -> None:
    shop.start_worker()
    poison = shop.record("crash")
    run = shop.until(poison, RunState.FAILED, seconds=60)
    assert (run.failure_code, run.attempts) == ("worker_lost", 3)
    assert "broke off 3 times" in run.failure_message
    shop.until(shop.record("the next one"), RunState.DONE)
