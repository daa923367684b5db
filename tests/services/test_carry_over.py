"""Room: tests.services.test_carry_over. One more run after a person's work: what they wrote is kept, offered, and found."""

import pytest

from nas_asr.core.edits import Edit, EditOp
from nas_asr.core.errors import Conflict, Invalid, NotPermitted
from nas_asr.core.hotwords import clean
from nas_asr.services.again import Wish
from nas_asr.services.base import House
from nas_asr.services.carry_over import carry_edits, not_carried
from nas_asr.services.edits import edit_transcript
from nas_asr.services.hotwords import set_hotwords
from nas_asr.services.recordings import retry
from nas_asr.services.sittings import read_sittings
from nas_asr.services.transcribe import finish
from nas_asr.services.transcripts import read_transcript
from nas_asr.services.versions import restore_version
from tests.cast import Cast, Clock, make_recording
from tests.services.test_edits import found, run_again, texts
from tests.services.test_transcribe import claimed, run_of, spoken


@pytest.fixture
def meeting(house: House, cast: Cast) -> str:
    """Transcribed, corrected in two places, and transcribed once more: the machine hears one of them otherwise now."""
    recording = make_recording(house, cast.choir)
    finish(house, claimed(house), spoken("we met jon at nine", "the budget is low"))
    first, second = read_transcript(house, cast.bob, recording).transcript.segments
    edits = [Edit(id=first.id, text="we met John at nine"), Edit(id=second.id, text="the budget is high")]
    edit_transcript(house, cast.bob, recording, 1, edits)
    run_again(house, cast, recording, ["well we met jon at nine", "the budget is lower"])
    return recording


def test_edits_are_carried_over_and_the_rest_is_listed(house: House, cast: Cast, meeting: str) -> None:
    assert texts(house, cast, meeting) == ["we met John at nine", "the budget is high"]
    view = carry_edits(house, cast.bob, meeting)
    assert (view.version, view.places) == (4, 1)
    assert texts(house, cast, meeting) == ["well we met John at nine", "the budget is lower"]
    assert [(one.was, one.mine, one.now) for one in view.left] == [("low", "high", "lower")]
    assert (
        not_carried(house, cast.rita, meeting, 4) == list(view.left) and not_carried(house, cast.rita, meeting, 2) == ()
    )
    assert found(house, cast, "john") == ["well we met John at nine"] and found(house, cast, "high") == []


def test_splits_and_merges_are_carried_over_and_the_old_version_is_kept(house: House, cast: Cast) -> None:
    recording = make_recording(house, cast.choir)
    finish(house, claimed(house), spoken("we met at nine yes", "the budget", "is low", "bye"))
    before = read_transcript(house, cast.bob, recording).transcript.segments
    edits = [
        Edit(EditOp.SPLIT, id=before[0].id, at=len("we met at nine ")),
        Edit(EditOp.MERGE, id=before[1].id),
    ]
    edit_transcript(house, cast.bob, recording, 1, edits)
    mine = ["we met at nine", "yes", "the budget is low", "bye"]
    run_again(house, cast, recording, ["so we met at nine yes", "the budget", "is low", "goodbye"])
    view = carry_edits(house, cast.bob, recording)
    assert (view.version, view.places, view.left) == (4, 2, ())
    assert texts(house, cast, recording) == ["so we met at nine", "yes", "the budget is low", "goodbye"]
    assert texts(house, cast, recording, 2) == mine
    assert found(house, cast, "low") == ["the budget is low"] and found(house, cast, "yes") == ["yes"]
    assert restore_version(house, cast.bob, recording, 2) == 5
    assert texts(house, cast, recording) == mine
    assert texts(house, cast, recording, 4) == ["so we met at nine", "yes", "the budget is low", "goodbye"]


def test_what_was_carried_can_be_undone(house: House, cast: Cast, meeting: str) -> None:
    carry_edits(house, cast.bob, meeting)
    assert restore_version(house, cast.bob, meeting, 2) == 5
    assert texts(house, cast, meeting) == ["we met John at nine", "the budget is high"]
    assert found(house, cast, "high") == ["the budget is high"] and found(house, cast, "lower") == []


def test_the_machines_own_can_be_used_instead_and_its_next_one_follows(house: House, cast: Cast, meeting: str) -> None:
    assert restore_version(house, cast.bob, meeting, 3) == 3
    run_again(house, cast, meeting, ["better"])
    assert texts(house, cast, meeting) == ["better"]


def test_there_is_nothing_to_carry_twice_or_for_readers(house: House, cast: Cast, meeting: str) -> None:
    with pytest.raises(NotPermitted):
        carry_edits(house, cast.rita, meeting)
    carry_edits(house, cast.bob, meeting)
    with pytest.raises(Conflict):
        carry_edits(house, cast.bob, meeting)


def test_the_history_has_sittings(house: House, cast: Cast, meeting: str, clock: Clock) -> None:
    def correct(person: str, text: str) -> None:
        view = read_transcript(house, cast.bob, meeting)
        edit = Edit(id=view.transcript.segments[0].id, text=text)
        edit_transcript(house, getattr(cast, person), meeting, view.version.number, [edit])

    for pause, person in ((700, "bob"), (2, "bob"), (598, "bob"), (5, "alice"), (601, "alice")):
        clock.pass_seconds(pause)
        correct(person, f"at {clock.now}")
    sittings = read_sittings(house, cast.rita, meeting)
    assert [(one.last.author, one.first.number, one.last.number, one.changes) for one in sittings] == [
        ("alice", 8, 8, 1), ("alice", 7, 7, 1), ("bob", 4, 6, 3), (None, 3, 3, 0), ("bob", 2, 2, 2), (None, 1, 1, 0)
    ]  # fmt: skip


def test_one_more_run_with_what_was_wished(house: House, cast: Cast, meeting: str) -> None:
    for words in (["Kubernetes"], ["Kubernetes", "Grafana"]):
        set_hotwords(house, cast.alice, "choir", clean(words))
    retry(house, cast.bob, meeting, Wish(engine="sphinx", language="en", hotwords=1))
    set_hotwords(house, cast.alice, "choir", clean(["Grafana"]))
    run = run_of(house, meeting)
    assert (run.engine, run.language, run.hotwords_version) == ("sphinx", "en", 1), (
        "a newer list does not take its place"
    )


@pytest.mark.parametrize(
    ("wish", "field"),
    [(Wish(engine="whisper"), "engine"), (Wish(language="tlh"), "language"), (Wish(hotwords=1), "hotwords_version")],
)
def test_a_wish_that_is_none_starts_no_run(house: House, cast: Cast, meeting: str, wish: Wish, field: str) -> None:
    before = run_of(house, meeting).id
    with pytest.raises(Invalid) as refused:
        retry(house, cast.bob, meeting, wish)
    assert (refused.value.field, run_of(house, meeting).id) == (field, before)
