"""Room: tests.store.test_fence. A worker that slept beyond its lease changes nothing any more. On both databases."""

from collections.abc import Callable
from functools import partial

import pytest

from nas_asr.core.errors import EngineBusy, RunStopped
from nas_asr.core.recording import RunState
from nas_asr.services import recordings
from nas_asr.services.base import House
from nas_asr.services.leases import Leases
from nas_asr.services.sweep import sweep
from nas_asr.services.transcribe import Claim, extend, fail, finish, give_back, let_go, stopped, wanted
from tests.cast import Cast, Clock, make_recording
from tests.services.test_transcribe import ME, OTHER, claimed, hits, recording_of, run_of, spoken
from tests.store.test_at_once import at_once

LOOKS = (0.0, 10.0, 20.0, 30.0)  # as seldom as still adds up to a lease
LATE = {
    "commit": lambda house, held: finish(house, held, spoken("too late")),
    "extend": lambda house, held: extend(house, held, 0.9),
    "fail": lambda house, held: fail(house, held, EngineBusy("There is no memory left.")),
}


def slept(house: House) -> Claim:
    """A claim whose holder slept beyond its lease, as a watcher saw it."""
    held, leases = claimed(house, ME), Leases(1.0)
    assert not [stale for now in LOOKS[:-1] for stale in leases.look(house, now)]
    assert sweep(house, leases.look(house, LOOKS[-1])).requeued == 1
    return held


@pytest.mark.parametrize("deed", LATE.values(), ids=LATE.keys())
@pytest.mark.parametrize("taken", [True, False], ids=["another has it", "it waits"])
def test_what_comes_late_is_refused(
    house: House, cast: Cast, deed: Callable[[House, Claim], object], taken: bool
) -> None:
    recording = make_recording(house, cast.choir)
    late = slept(house)
    if taken:
        extend(house, claimed(house, OTHER), 0.25)
    before = run_of(house, recording)
    with pytest.raises(RunStopped):
        deed(house, late)
    after = run_of(house, recording)
    assert (after.state, after.fence, after.progress) == (before.state, before.fence, before.progress)
    assert (after.lease_until, after.failure_code) == (before.lease_until, "")
    assert recording_of(house, recording).version == 0


def test_who_came_late_cannot_stop_it_nor_give_it_back(house: House, cast: Cast) -> None:
    recording = make_recording(house, cast.choir)
    late = slept(house)
    claimed(house, OTHER)
    assert not wanted(house, late) and not stopped(house, late)
    assert give_back(house, ME.who) == let_go(house, ME.who) == []
    assert run_of(house, recording).worker == OTHER.who.tag


def test_a_late_commit_after_the_other_has_written_changes_no_word(house: House, cast: Cast) -> None:
    recording = make_recording(house, cast.choir)
    late = slept(house)
    finish(house, claimed(house, OTHER), spoken("in time"))
    with pytest.raises(RunStopped):
        finish(house, late, spoken("too late"))
    assert (hits(house, "time", cast.choir), hits(house, "late", cast.choir)) == (["in time"], [])
    assert recording_of(house, recording).version == 1


def test_a_commit_and_the_sweep_at_the_same_moment_have_one_winner(house: House, cast: Cast, clock: Clock) -> None:
    for _ in range(20):
        recording = make_recording(house, cast.choir)
        held, leases = claimed(house, ME), Leases(1.0)
        stale = [one for now in LOOKS for one in leases.look(house, now)]
        came = at_once(partial(finish, house, held, spoken("hello")), partial(sweep, house, stale))
        run = run_of(house, recording)
        if isinstance(came[0], RunStopped):
            assert (run.state, came[1].requeued) == (RunState.QUEUED, 1)
            recordings.trash(house, cast.bob, recording)
        else:
            assert (run.state, came[1].requeued) == (RunState.DONE, 0)


def test_an_extension_and_the_sweep_at_the_same_moment_have_one_winner(house: House, cast: Cast, clock: Clock) -> None:
    for _ in range(20):
        recording = make_recording(house, cast.choir)
        held, leases = claimed(house, ME), Leases(1.0)
        stale = [one for now in LOOKS for one in leases.look(house, now)]
        clock.pass_seconds(1)
        came = at_once(partial(extend, house, held, 0.5), partial(sweep, house, stale))
        run = run_of(house, recording)
        assert isinstance(came[0], RunStopped) == (came[1].requeued == 1) == (run.state == RunState.QUEUED)
        recordings.trash(house, cast.bob, recording)
