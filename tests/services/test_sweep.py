"""Room: tests.services.test_sweep. After any crash, a sweep puts right what can be put right, and says what it did."""

from datetime import timedelta

from nas_asr.core.recording import RunState
from nas_asr.services.base import House
from nas_asr.services.sweep import SweepReport, sweep
from nas_asr.services.transcribe import claim
from tests.cast import Cast, Clock, RememberingQueue, make_recording
from tests.services.test_engines import LARGE, SMALL, alive
from tests.services.test_transcribe import ME, change, claimed, run_of


def test_a_quiet_house_stays_quiet(house: House, cast: Cast, queue: RememberingQueue) -> None:
    assert sweep(house).quiet
    recording = make_recording(house, cast.choir)
    queue.ring(run_of(house, recording).id, 0)
    assert sweep(house).quiet


def test_a_lost_ring_is_rung_again_once(house: House, cast: Cast, queue: RememberingQueue) -> None:
    recording = make_recording(house, cast.choir)
    assert sweep(house) == SweepReport(rung=1)
    assert sweep(house).quiet
    assert queue.rung == [run_of(house, recording).id]


def test_an_expired_lease_goes_back_to_the_queue_and_is_rung(house: House, cast: Cast, clock: Clock) -> None:
    recording = make_recording(house, cast.choir)
    claimed(house)
    clock.pass_seconds(29)
    assert sweep(house).quiet
    clock.pass_seconds(2)
    assert sweep(house) == SweepReport(requeued=1, rung=1)
    assert run_of(house, recording).state == RunState.QUEUED


def test_too_many_expired_leases_are_a_visible_failure(house: House, cast: Cast, clock: Clock) -> None:
    recording = make_recording(house, cast.choir)
    for _ in range(3):
        claimed(house)
        clock.pass_seconds(31)
        report = sweep(house)
    assert report.failed == 1
    run = run_of(house, recording)
    assert (run.state, run.failure_code) == (RunState.FAILED, "worker_lost")
    assert run.failure_message.endswith(".")


def test_what_is_put_off_is_not_rung_before_its_time(
    house: House, cast: Cast, clock: Clock, queue: RememberingQueue
) -> None:
    change(house, make_recording(house, cast.choir), not_before=clock() + timedelta(seconds=15))
    assert sweep(house).quiet
    clock.pass_seconds(15)
    assert sweep(house).rung == 1


def test_runs_that_no_engine_serves_wait_and_are_released_when_one_does(
    house: House, cast: Cast, queue: RememberingQueue
) -> None:
    chinese = make_recording(house, cast.choir, language="zh")
    alive(house, SMALL)
    assert sweep(house) == SweepReport(held_back=1)
    assert run_of(house, chinese).waiting_for == "model"
    assert queue.rung == []
    alive(house, LARGE)
    assert sweep(house) == SweepReport(released=1, rung=1)
    assert run_of(house, chinese).waiting_for is None


def test_while_no_worker_lives_nothing_is_held_back_and_nothing_released(
    house: House, cast: Cast, clock: Clock, queue: RememberingQueue
) -> None:
    make_recording(house, cast.choir, language="zh")
    change(house, waits := make_recording(house, cast.choir, "waits", language="zh"), waiting_for="model")
    alive(house, LARGE)
    clock.pass_seconds(120)
    assert sweep(house) == SweepReport(rung=1)
    assert run_of(house, waits).waiting_for == "model"


def test_a_stop_that_nobody_saw_is_carried_out(house: House, cast: Cast, clock: Clock) -> None:
    recording = make_recording(house, cast.choir)
    change(house, recording, stop_asked_at=clock())
    assert sweep(house) == SweepReport(stopped=1)
    assert run_of(house, recording).state == RunState.STOPPED


def test_without_redis_the_rest_is_done_and_said(
    house: House, cast: Cast, clock: Clock, queue: RememberingQueue
) -> None:
    recording = make_recording(house, cast.choir)
    claimed(house)
    clock.pass_seconds(31)
    queue.down = True
    report = sweep(house)
    assert (report.requeued, report.rung, report.queue) == (1, 0, "Redis does not answer.")
    assert run_of(house, recording).state == RunState.QUEUED
    assert claim(house, ME) is not None
