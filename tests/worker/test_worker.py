"""Room: tests.worker.test_worker. What a worker does with runs, good and bad, when nobody harms it."""

import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from nas_asr.core.errors import ConfigError
from nas_asr.core.recording import RunState
from nas_asr.jobs.queue import RqQueue
from nas_asr.services import recordings
from nas_asr.store.models import Heartbeat
from nas_asr.worker.incarnation import take_slot
from nas_asr.worker.job import transcribe
from tests.jobs.servers import network_redis
from tests.live import wait_for
from tests.worker.rooms import BROKEN_FACTORY
from tests.worker.works import HURRY, Works


def test_a_ring_leads_to_a_transcript_over_the_unix_socket(shop: Works) -> None:
    shop.start_worker()
    recording = shop.record("good morning")
    run = shop.until(recording, RunState.DONE)
    shop.assert_done_once(recording, "good morning")
    assert (run.progress, run.attempts, run.lease_until) == (1.0, 1, None)
    wait_for(lambda: shop.house.queue.ringing() == set(), 10, "no ring is left")


def test_a_worker_on_another_machine_rings_over_the_network(shop: Works, tmp_path: Path) -> None:
    with network_redis(tmp_path) as url:
        shop.house = replace(shop.house, queue=RqQueue(url))
        shop.start_worker(queue_url=url)
        recording = shop.record("good morning")
        shop.until(recording, RunState.DONE)
    shop.assert_done_once(recording, "good morning")


def test_the_engine_is_loaded_once_for_many_recordings(shop: Works) -> None:
    shop.start_worker()
    for recording in [shop.record(f"number {i}") for i in range(5)]:
        shop.until(recording, RunState.DONE)
    assert len(set(shop.starts())) == 1


def test_a_stop_is_obeyed_within_a_second_and_the_worker_goes_on(shop: Works) -> None:
    shop.start_worker()
    shop.hold()
    recording = shop.record("a long talk")
    shop.until_started()
    recordings.stop(shop.house, shop.people.bob, recording)
    assert shop.run_of(recording).state == RunState.STOPPED
    following = shop.record("the next one")
    shop.until_started(2)  # although the first one would never have come to its end
    shop.let_go()
    shop.until(following, RunState.DONE)
    assert len(set(shop.starts())) == 1
    assert (shop.run_of(recording).state, shop.versions(recording)) == (RunState.STOPPED, 0)


def test_progress_is_written_while_the_engine_works(shop: Works) -> None:
    shop.start_worker()
    shop.hold()
    recording = shop.record("a long talk")
    wait_for(lambda: shop.run_of(recording).progress > 0, 10, "progress is seen")
    first = shop.run_of(recording).lease_until
    assert first is not None
    wait_for(lambda: (shop.run_of(recording).lease_until or first) > first, 10, "the lease is longer")
    shop.let_go()
    shop.until(recording, RunState.DONE)


def test_a_file_without_sound_fails_at_once_with_a_sentence(shop: Works) -> None:
    shop.start_worker()
    run = shop.until(shop.record("text only"), RunState.FAILED)
    assert (run.failure_code, run.failure_message) == ("not_audio", "There is no sound in this file.")
    assert run.attempts == 1


def test_what_may_pass_waits_and_keeps_its_reason(shop: Works) -> None:
    shop.start_worker()
    recording = shop.record("busy day")
    wait_for(lambda: shop.run_of(recording).not_before, 10, "it is put off")
    run = shop.run_of(recording)
    assert (run.state, run.failure_code, run.attempts) == (RunState.QUEUED, "engine_busy", 1)


def test_a_fault_of_ours_ends_the_run_and_not_the_worker(shop: Works) -> None:
    shop.start_worker()
    faulty = shop.record("fault in the engine")
    wait_for(lambda: shop.run_of(faulty).not_before, 10, "it is put off")
    assert shop.run_of(faulty).failure_code == "internal"
    shop.until(shop.record("the next one"), RunState.DONE)
    assert len(set(shop.starts())) == 1


def test_a_file_that_vanished_while_queued_says_so(shop: Works) -> None:
    recording = shop.record("gone")
    (shop.folder / "0.txt").unlink()
    shop.start_worker()
    wait_for(lambda: shop.run_of(recording).not_before, 10, "it is put off")
    assert "no longer in the folder" in shop.run_of(recording).failure_message


def test_sigterm_gives_the_run_back_at_once_and_does_not_count_the_attempt(shop: Works) -> None:
    worker = shop.start_worker()
    shop.hold()
    recording = shop.record("a long talk")
    child = shop.until_started()
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=5) == 0
    run = shop.run_of(recording)
    assert (run.state, run.attempts) == (RunState.QUEUED, 0)
    assert not Path(f"/proc/{child}").exists()
    with shop.house.db.read() as session:
        assert session.get(Heartbeat, "one") is None
    shop.let_go()
    shop.start_worker()
    shop.until(recording, RunState.DONE, seconds=8)
    shop.assert_done_once(recording, "a long talk")


def test_an_idle_worker_leaves_at_once(shop: Works) -> None:
    worker = shop.start_worker()
    shop.until_warm()
    worker.send_signal(signal.SIGINT)
    assert worker.wait(timeout=5) == 0


def test_a_worker_says_which_engine_it_has(shop: Works) -> None:
    shop.start_worker()
    beat = shop.until_warm()
    assert (beat.kind, beat.name) == ("worker", "one")
    assert beat.detail["engine"] == "parrot"
    assert beat.detail["offers"] == [{"engine": "sphinx", "languages": ["en"]}]
    assert [one["model"] for one in beat.detail["loaded"]] == ["grey"]


def test_a_worker_without_its_model_says_why_and_tries_again(shop: Works) -> None:
    worker = shop.start_worker(factory=BROKEN_FACTORY)
    beat = shop.until_warm("failed")
    assert beat.detail["trouble"] == "The model's weights are not here."
    assert worker.poll() is None


def test_two_workers_cannot_have_one_name(shop: Works) -> None:
    shop.start_worker()
    shop.until_warm()
    assert shop.start_worker().wait(timeout=60) != 0
    assert "already running" in shop.log()


def test_two_workers_share_the_work(shop: Works) -> None:
    shop.hold()
    shop.start_worker("one")
    shop.start_worker("two")
    recordings = [shop.record("left"), shop.record("right")]
    shop.until_started(2)
    assert len(set(shop.starts())) == 2
    shop.let_go()
    for recording, text in zip(recordings, ("left", "right"), strict=True):
        shop.until(recording, RunState.DONE)
        shop.assert_done_once(recording, text)


def test_an_engine_that_does_not_listen_is_ended_with_its_program(shop: Works) -> None:
    shop.start_worker()
    shop.hold()
    recording = shop.record("deaf as a post")
    child = shop.until_started()
    recordings.stop(shop.house, shop.people.bob, recording)
    following = shop.record("the next one")
    assert shop.until_started(2) != child
    shop.let_go()
    shop.until(following, RunState.DONE)
    assert (shop.run_of(recording).state, shop.versions(recording)) == (RunState.STOPPED, 0)


def test_a_child_that_gets_no_further_is_ended_and_its_recording_done_by_another_one(shop: Works) -> None:
    shop.start_worker(pace=replace(HURRY, stall_s=1.0))
    shop.hold()
    recording = shop.record("deaf as a post", duration_ms=100)
    child = shop.until_started()
    assert shop.until_started(2) != child
    shop.let_go()
    run = shop.until(recording, RunState.DONE)
    shop.assert_done_once(recording, "deaf as a post")
    assert run.attempts == 2
    assert "run.stuck" in shop.log()


def test_a_child_that_gets_on_is_left_alone_however_long_it_takes(shop: Works) -> None:
    shop.start_worker(pace=replace(HURRY, stall_s=1.0))
    shop.hold()
    recording = shop.record("a long talk", duration_ms=100)
    wait_for(lambda: shop.run_of(recording).progress > 0.5, 20, "half of it is done")
    shop.let_go()
    assert shop.until(recording, RunState.DONE).attempts == 1


def test_a_run_that_ended_a_child_is_tried_by_another_worker_first(shop: Works) -> None:
    shop.start_worker("one")
    shop.hold()
    recording = shop.record("a long talk")
    child = shop.until_started()
    shop.start_worker("two")
    wait_for(lambda: shop.is_warm("two"), 20, "the second one is warm")
    os.kill(child, signal.SIGKILL)
    wait_for(lambda: shop.sweep() and len(shop.starts()) == 2, 20, "a second start")
    assert shop.run_of(recording).worker.startswith("two:")
    shop.let_go()
    shop.until(recording, RunState.DONE)
    shop.assert_done_once(recording, "a long talk")


def test_a_child_that_grew_is_replaced_between_two_runs(shop: Works) -> None:
    shop.start_worker()
    for text in ("good morning", "hoard it all", "the next one"):
        recording = shop.record(text)
        assert shop.until(recording, RunState.DONE).attempts == 1
    first, second, third = shop.starts()
    assert first == second != third
    assert "worker.child_grew" in shop.log()


def test_a_child_that_hangs_without_a_word_is_replaced(shop: Works) -> None:
    shop.start_worker(pace=replace(HURRY, silence_s=1.0))
    shop.hold()
    recording = shop.record("a long talk")
    child = shop.until_started()
    os.kill(child, signal.SIGSTOP)
    assert shop.until_started(2) != child
    shop.let_go()
    shop.until(recording, RunState.DONE)
    shop.assert_done_once(recording, "a long talk")


def test_a_stranger_that_takes_a_job_is_told_who_can_do_it() -> None:
    with pytest.raises(ConfigError, match="nas_asr's own worker"):
        transcribe("any")


def test_a_worker_without_a_name_takes_the_first_free_slot(tmp_path: Path) -> None:
    first, second = take_slot(tmp_path), take_slot(tmp_path)
    assert first.who.name != second.who.name
    first.close()
    again = take_slot(tmp_path)
    assert again.who.name == first.who.name
    assert again.who.boot != first.who.boot
    for slot in (second, again):
        slot.close()
