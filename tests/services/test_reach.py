"""Room: tests.services.test_reach. Audio out of one machine's reach: left to others, a failure when nobody is left."""

import pytest

from nas_asr.core.errors import RunStopped, Unreadable, Vanished
from nas_asr.core.offers import Offer, Skills
from nas_asr.core.recording import RunState
from nas_asr.services.base import House
from nas_asr.services.heartbeats import Beat, beat
from nas_asr.services.reach import OUT_OF_REACH, is_still_beyond, pass_on
from nas_asr.services.transcribe import Claim, Claimant, Incarnation, claim, order
from nas_asr.store.models import Recording, Run
from tests.cast import Cast, Clock, make_recording

B, C = Incarnation("b", "1"), Incarnation("c", "1")
SKILLS = Skills((Offer("sphinx", ("en",)),))


def lives(house: House, who: Incarnation, *beyond: str) -> None:
    """A worker's sign of life, with the runs that it could not reach."""
    beat(house, Beat("worker", who.name, who.boot, {**SKILLS.told(), OUT_OF_REACH: list(beyond)}))


def claimed(house: House, who: Incarnation, besides: frozenset[str] = frozenset()) -> Claim:
    """What the worker gets."""
    held = claim(house, Claimant(who, SKILLS, besides=besides))
    assert held is not None
    return held


def run_of(house: House, recording: str) -> Run:
    """The recording's run."""
    with house.db.read() as session:
        return session.get_one(Run, session.get_one(Recording, recording).run_id)


def test_a_run_is_left_uncounted_to_a_worker_that_may_reach_it(house: House, cast: Cast) -> None:
    recording = make_recording(house, cast.choir)  # an upload whose file lies in nobody's DATA
    lives(house, B)
    lives(house, C)
    held = claimed(house, B)
    with pytest.raises(Unreadable, match="is not on the disk of") as caught:
        order(house, held)
    assert pass_on(house, held, B, caught.value)
    run = run_of(house, recording)
    assert (run.state, run.attempts, run.not_before) == (RunState.QUEUED, 0, None)
    assert run.failure_message == caught.value.message
    assert claim(house, Claimant(B, SKILLS, besides=frozenset({run.id}))) is None
    assert claimed(house, C).run_id == run.id
    with pytest.raises(RunStopped):
        pass_on(house, held, B, caught.value)


def test_the_last_one_that_tries_counts(house: House, cast: Cast) -> None:
    recording = make_recording(house, cast.choir)
    run = run_of(house, recording)
    lives(house, B, run.id)
    lives(house, C)
    assert is_still_beyond(house, run.id)  # for B: C may reach it
    assert not pass_on(house, claimed(house, C), C, Unreadable("not here"))


def test_who_works_alone_counts_as_ever(house: House, cast: Cast) -> None:
    make_recording(house, cast.choir)
    lives(house, B)
    assert not pass_on(house, claimed(house, B), B, Unreadable("not here"))


def test_a_file_that_is_gone_for_everybody_is_nobody_elses_business(house: House, cast: Cast) -> None:
    make_recording(house, cast.choir)
    lives(house, B)
    lives(house, C)
    assert not pass_on(house, claimed(house, B), B, Vanished("gone"))


def test_what_comes_into_sight_or_is_over_is_no_longer_beyond(house: House, cast: Cast) -> None:
    recording = make_recording(house, cast.choir, "a.wav")
    run = run_of(house, recording)
    lives(house, B, run.id)
    assert not is_still_beyond(house, run.id)  # nobody else is left
    lives(house, C)
    assert is_still_beyond(house, run.id)
    house.uploads.mkdir(parents=True)
    (house.uploads / "a.wav").write_bytes(b"x")
    assert not is_still_beyond(house, run.id)
    assert not is_still_beyond(house, "nothing")


def test_what_a_worker_cannot_keep_in_mind_does_not_keep_it_from_what_it_can_do(house: House, cast: Cast) -> None:
    lives(house, B)
    lives(house, C)
    short = make_recording(house, cast.choir, duration_ms=1)  # first in the queue
    other = make_recording(house, cast.choir)
    held = claimed(house, B)
    assert held.recording_id == short
    assert pass_on(house, held, B, Unreadable("not here"), put_off=True)
    assert claimed(house, B).recording_id == other
    assert claim(house, Claimant(C, SKILLS)) is None
    assert isinstance(house.now, Clock)
    house.now.pass_seconds(15)
    assert claimed(house, C).recording_id == short
