"""Room: tests.services.test_queue. An admin changes the order, stops and pauses; nothing that is at work is lost by it."""

import pytest
from sqlalchemy import select

from nas_asr.core.errors import Conflict, NotVisible
from nas_asr.core.offers import Offer, Skills
from nas_asr.core.recording import RunState
from nas_asr.services import pause as pausing
from nas_asr.services.base import House
from nas_asr.services.heartbeats import Beat, beat
from nas_asr.services.queue import list_queue, put_first, stop_run, take_its_turn
from nas_asr.services.transcribe import Claimant, Incarnation, claim, extend, is_work
from nas_asr.store.models import AuditLine, Recording
from tests.cast import Cast, RememberingQueue, make_recording

ME = Claimant(Incarnation("me", "boot1"), Skills((Offer("sphinx", ("en",)),)), lease_s=30)


def run_of(house: House, recording: str) -> str:
    with house.db.read() as session:
        return session.get_one(Recording, recording).run_id or ""


def test_what_is_put_first_is_claimed_next_and_waits_its_turn_when_that_is_undone(house: House, cast: Cast) -> None:
    short = make_recording(house, cast.choir, "short", duration_ms=1000)
    long = make_recording(house, cast.garden, "long", duration_ms=9_000_000)
    put_first(house, cast.ada, run_of(house, long))
    assert [one.first for one in list_queue(house, cast.ada).items if one.recording_id == long] == [True]
    take_its_turn(house, cast.ada, run_of(house, long))
    assert not any(one.first for one in list_queue(house, cast.ada).items)
    put_first(house, cast.ada, run_of(house, long))
    assert (held := claim(house, ME)) and held.recording_id == long
    assert (held := claim(house, ME)) and held.recording_id == short
    with pytest.raises(Conflict, match="does not wait any more"):
        put_first(house, cast.ada, run_of(house, long))


def test_while_it_is_paused_nothing_begins_and_what_is_at_work_goes_on(
    house: House, cast: Cast, queue: RememberingQueue
) -> None:
    make_recording(house, cast.choir, "first")
    held = claim(house, ME)
    assert held is not None
    second = make_recording(house, cast.choir, "second")
    pausing.pause(house, cast.ada)
    pausing.pause(house, cast.ada)
    assert (now := pausing.paused(house)) is not None and now.by == "ada"
    assert claim(house, ME) is None and not is_work(house, ME)
    assert extend(house, held, 0.5)
    pausing.resume(house, cast.ada)
    assert pausing.paused(house) is None
    assert run_of(house, second) in queue.rung
    assert (after := claim(house, ME)) is not None and after.recording_id == second
    with house.db.read() as session:
        told = session.scalars(select(AuditLine.action).where(AuditLine.action.startswith("queue.")))
        assert sorted(told) == ["queue.paused", "queue.resumed"]


def test_a_stopped_run_of_any_team_is_over_and_its_team_can_ask_again(house: House, cast: Cast) -> None:
    theirs = make_recording(house, cast.garden)
    stop_run(house, cast.ada, run_of(house, theirs))
    assert claim(house, ME) is None
    with house.db.read() as session:
        assert session.get_one(Recording, theirs).state == RunState.STOPPED
    with pytest.raises(Conflict, match="over already"):
        stop_run(house, cast.ada, run_of(house, theirs))


def test_an_admin_sees_that_others_wait_but_not_what_they_are_called(house: House, cast: Cast) -> None:
    make_recording(house, cast.choir, "secret plans")
    beat(house, Beat("worker", "w", "boot"))
    found = list_queue(house, cast.ada)
    assert [(one.title, one.team) for one in found.items] == [("", "choir")] and found.waiting == 1


@pytest.mark.parametrize("person", ["alice", "bob", "rita", "charlie"])
def test_the_queue_is_for_admins(house: House, cast: Cast, person: str) -> None:
    run = run_of(house, make_recording(house, cast.choir))
    me = getattr(cast, person)
    for act in (lambda: list_queue(house, me), lambda: pausing.pause(house, me), lambda: pausing.resume(house, me)):
        with pytest.raises(NotVisible):
            act()
    for change in (put_first, take_its_turn, stop_run):
        with pytest.raises(NotVisible):
            change(house, me, run)
    assert claim(house, ME) is not None
