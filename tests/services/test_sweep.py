"""Room: tests.services.test_sweep. After any crash, a sweep puts right what can be put right, and says what it did."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from nas_asr.core.recording import RunState
from nas_asr.services import recordings
from nas_asr.services.base import House
from nas_asr.services.leases import Leases
from nas_asr.services.sweep import SweepReport, sweep, sweep_once
from nas_asr.services.transcribe import Incarnation, claim, extend
from nas_asr.services.upkeep import Upkeep
from tests.cast import Cast, Clock, RememberingQueue, make_recording
from tests.services.test_engines import LARGE, SMALL, alive
from tests.services.test_transcribe import ME, OTHER, change, claimed, run_of


class Watch:
    """A watcher's upkeep on a monotonic clock of its own."""

    def __init__(self, house: House, name: str = "one", night: Callable[[], object] | None = None) -> None:
        self.now = 1_000.0
        self.upkeep = Upkeep(house, night, Incarnation(name, "boot"), lambda: self.now)

    def __call__(self) -> None:
        self.upkeep()

    def seconds(self, number: int) -> None:
        """Look once a second for so long."""
        for _ in range(number):
            self.now += 1
            self()


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


def test_a_lease_that_stands_still_for_its_length_goes_back_to_the_queue_and_is_rung(house: House, cast: Cast) -> None:
    recording = make_recording(house, cast.choir)
    claimed(house)
    watch = Watch(house)
    watch.seconds(30)
    assert run_of(house, recording).state == RunState.TRANSCRIBING
    watch.seconds(2)
    assert run_of(house, recording).state == RunState.QUEUED
    assert house.queue.ringing() == {run_of(house, recording).id}


@pytest.mark.parametrize("hours", [3, -3, 24 * 365, -24 * 365])
def test_a_clock_that_is_set_takes_no_run_from_a_living_worker(
    house: House, cast: Cast, clock: Clock, hours: int
) -> None:
    recording = make_recording(house, cast.choir)
    held = claimed(house)
    watch = Watch(house)
    watch.seconds(10)
    clock.pass_seconds(3600 * hours)
    for _ in range(20):
        watch.seconds(2)
        clock.pass_seconds(2)
        assert extend(house, held, 0.5)
    assert (run_of(house, recording).state, run_of(house, recording).fence) == (RunState.TRANSCRIBING, 1)


@pytest.mark.parametrize("hours", [3, -3])
def test_nor_does_it_leave_one_with_a_dead_worker(house: House, cast: Cast, clock: Clock, hours: int) -> None:
    recording = make_recording(house, cast.choir)
    claimed(house)
    watch = Watch(house)
    clock.pass_seconds(3600 * hours)
    watch.seconds(32)
    assert run_of(house, recording).state == RunState.QUEUED


def test_a_watcher_that_slept_judges_nobody_by_the_jump(house: House, cast: Cast, clock: Clock) -> None:
    recording = make_recording(house, cast.choir)
    held = claimed(house)
    watch = Watch(house)
    watch.seconds(2)
    watch.now += 7_200  # the machine was suspended, or the program was
    watch.seconds(2)
    clock.pass_seconds(7_200)
    assert extend(house, held, 0.5)
    watch.seconds(20)
    assert run_of(house, recording).state == RunState.TRANSCRIBING


def test_a_watcher_that_always_comes_late_still_repairs(house: House, cast: Cast) -> None:
    recording = make_recording(house, cast.choir)
    claimed(house)
    watch = Watch(house)
    for _ in range(6):
        watch.now += 60
        watch()
    assert run_of(house, recording).state == RunState.QUEUED


def test_two_watchers_do_the_work_of_one_and_the_second_one_goes_on_with_a_memory(house: House, cast: Cast) -> None:
    recording = make_recording(house, cast.choir)
    one, two = Watch(house), Watch(house, "two")
    one()
    two()
    claimed(house)
    for _ in range(3):
        one.seconds(1)
        two.seconds(1)
    two.seconds(32)  # the first one is dead, and a worker with it
    assert run_of(house, recording).state == RunState.QUEUED


def test_of_two_watchers_one_does_the_nights(house: House) -> None:
    nights: list[str] = []
    one = Watch(house, night=lambda: nights.append("one"))
    two = Watch(house, "two", night=lambda: nights.append("two"))
    for _ in range(30):
        one.seconds(1)
        two.seconds(1)
    assert set(nights) == {"one"} and len(nights) == 6
    one.upkeep.close()
    two.seconds(6)
    assert nights[-1] == "two"


def test_a_single_sweep_looks_until_it_knows(house: House, cast: Cast, clock: Clock) -> None:
    dead, living = make_recording(house, cast.choir), make_recording(house, cast.choir, duration_ms=60_000)
    claimed(house)
    held = claimed(house, OTHER)
    ticks: list[float] = []

    def wait(seconds: float) -> None:
        ticks.append(seconds)
        clock.pass_seconds(seconds)
        extend(house, held, 0.5)

    assert sweep_once(house, lambda: sum(ticks), wait) == SweepReport(requeued=1, rung=1)
    assert 30 <= sum(ticks) <= 31
    assert run_of(house, dead).state == RunState.QUEUED
    assert run_of(house, living).state == RunState.TRANSCRIBING
    before = len(ticks)
    assert sweep_once(house, lambda: sum(ticks), wait).quiet
    assert len(ticks) - before <= 2


def test_what_was_put_off_by_a_clock_that_has_been_set_since_is_due(house: House, cast: Cast, clock: Clock) -> None:
    change(house, make_recording(house, cast.choir), not_before=clock() + timedelta(seconds=60))
    assert claim(house, ME) is None and sweep(house).quiet
    clock.pass_seconds(-3_600)
    assert sweep(house).rung == 1
    assert claim(house, ME) is not None


def test_a_run_that_loses_its_workers_comes_back_at_once_then_later_then_waits_for_a_person(
    house: House, cast: Cast, clock: Clock
) -> None:
    recording = make_recording(house, cast.choir)
    waits: list[datetime | None] = []
    for _ in range(3):
        claimed(house)
        Watch(house).seconds(32)
        waits.append(run_of(house, recording).not_before)
        clock.pass_seconds(15)
    assert waits == [None, clock() - timedelta(seconds=15), None]
    run = run_of(house, recording)
    assert (run.state, run.failure_code, run.attempts) == (RunState.FAILED, "worker_lost", 3)
    assert run.failure_message.endswith(".") and run.failure_remedy.endswith(".")
    clock.pass_seconds(86_400)
    Watch(house).seconds(60)
    assert run_of(house, recording).state == RunState.FAILED  # nothing tries it again by itself
    recordings.retry(house, cast.bob, recording)
    assert claimed(house).attempt == 1


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


def test_without_redis_the_rest_is_done_and_said(house: House, cast: Cast, queue: RememberingQueue) -> None:
    recording = make_recording(house, cast.choir)
    claimed(house)
    leases = Leases(1.0)
    stale = [one for now in range(31) for one in leases.look(house, float(now))]
    queue.down = True
    report = sweep(house, stale)
    assert (report.requeued, report.rung, report.queue) == (1, 0, "Redis does not answer.")
    assert run_of(house, recording).state == RunState.QUEUED
    assert claim(house, ME) is not None
