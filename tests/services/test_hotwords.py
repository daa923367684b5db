"""Room: tests.services.test_hotwords. A team's list: versions, who writes it, what runs use; undoing a place; running again."""

from datetime import timedelta

import pytest

from nas_asr.core.errors import Conflict, Invalid, NotPermitted, NotVisible
from nas_asr.core.hotwords import clean
from nas_asr.core.offers import Offer, Skills
from nas_asr.core.recording import RunState
from nas_asr.core.replacements import Replacement
from nas_asr.core.transcript import EngineLabel, Segment, Span, Transcript
from nas_asr.services.base import House
from nas_asr.services.hotwords import list_changes, read_hotwords, set_hotwords
from nas_asr.services.paging import PageOrder
from nas_asr.services.recordings import one_recording, retry
from nas_asr.services.replacements import Turn, turn_replacement
from nas_asr.services.reruns import AT_ONCE, rerun_team
from nas_asr.services.search import SearchOrder, search
from nas_asr.services.transcribe import Claimant, Incarnation, claim, fail, finish
from nas_asr.services.transcripts import list_versions, read_transcript
from nas_asr.services.versions import restore_version
from nas_asr.store.models import AuditLine, Recording, Run, SegmentRow, TranscriptVersion
from tests.cast import Cast, Clock, RememberingQueue, make_recording, replace_something, write_transcript

WORKER = Claimant(Incarnation("w", "1"), Skills((Offer("sphinx", ("en",)),)))


def words(house: House, *lines: str) -> int:
    """Make these the choir's list; its number."""
    return set_hotwords(house, None, "choir", clean(lines)).number


def found(house: House, cast: Cast, query: str) -> list[str]:
    """Texts of the segments that a search finds."""
    return [hit.text for hit in search(house, cast.rita, SearchOrder(query, ""), PageOrder()).items]


def test_a_list_has_versions_with_author_time_and_what_changed(house: House, cast: Cast, clock: Clock) -> None:
    set_hotwords(house, cast.alice, "choir", clean(["Kubernetes", "IPO = I P O"]), expected=0)
    clock.pass_seconds(60)
    view = set_hotwords(house, cast.alice, "choir", clean(["Kubernetes", "Kaliningrad"]), expected=1)
    assert (view.number, view.author, view.created_at) == (2, "alice", clock.now)
    newest, first = list_changes(house, cast.rita, "choir")
    assert (newest.added, newest.removed, first.count) == (("Kaliningrad",), ("IPO = I P O",), 2)
    assert read_hotwords(house, cast.rita, "choir", 1).words == ("Kubernetes", "IPO = I P O")


def test_whoever_is_late_is_told_and_overwrites_nothing(house: House, cast: Cast) -> None:
    words(house, "one more")
    with pytest.raises(Conflict, match="version 1"):
        set_hotwords(house, cast.alice, "choir", clean(["mine"]), expected=0)
    assert read_hotwords(house, cast.alice, "choir").words == ("one more",)


def test_the_same_list_again_is_no_new_version(house: House, cast: Cast) -> None:
    assert [words(house, "Kubernetes"), words(house, "Kubernetes"), words(house)] == [1, 1, 2]


def test_members_read_managers_write_and_nobody_else_sees(house: House, cast: Cast) -> None:
    words(house, "Kubernetes")
    for reader in (cast.rita, cast.bob):
        assert read_hotwords(house, reader, "choir").words == ("Kubernetes",)
        with pytest.raises(NotPermitted):
            set_hotwords(house, reader, "choir", clean([]))
    for stranger in (cast.charlie, cast.ada):
        with pytest.raises(NotVisible):
            read_hotwords(house, stranger, "choir")
        with pytest.raises(NotVisible):
            set_hotwords(house, stranger, "choir", clean([]))


def test_the_audit_says_who_and_how_many_but_no_word(house: House, cast: Cast) -> None:
    set_hotwords(house, cast.alice, "choir", clean(["Kubernetes"]))
    with house.db.read() as session:
        line = session.query(AuditLine).filter_by(action="hotwords.set").one()
        assert (line.actor, line.subject, line.detail) == ("alice", "choir", {"version": "1", "words": "1"})


def test_a_run_uses_the_newest_list_and_says_which(house: House, cast: Cast) -> None:
    recording = make_recording(house, cast.choir)
    words(house, "Kubernetes")  # while it waits
    held = claim(house, WORKER)
    assert held is not None
    words(house, "Kaliningrad")  # too late for this run
    finish(house, held, heard("compare needs"))
    assert one_recording(house, cast.rita, recording).hotwords_version == 1
    retry(house, cast.bob, recording)
    held = claim(house, WORKER)
    assert held is not None
    finish(house, held, heard("compare needs"))
    assert [one.hotwords_version for one in list_versions(house, cast.rita, recording)] == [2, 1]


def heard(spoken: str, *made: Replacement, text: str = "") -> Transcript:
    """What an engine made of a recording with one segment."""
    segment = Segment("seg", Span(0, 1000), text or spoken, spoken, replacements=made)
    return Transcript((segment,), 40_000, engine=EngineLabel("sphinx"), language="en")


@pytest.fixture
def corrected(house: House, cast: Cast) -> str:
    """A recording in which a hotword took the place of two words."""
    recording = make_recording(house, cast.choir)
    held = claim(house, WORKER)
    assert held is not None
    made = Replacement(9, 19, "compare needs", "Kubernetes")
    finish(house, held, heard("moved to the thing", made, text="moved to Kubernetes"))
    return recording


def test_undoing_makes_a_version_and_the_machines_stays_as_it_was(house: House, cast: Cast, corrected: str) -> None:
    machine = read_transcript(house, cast.rita, corrected).transcript
    assert turn_replacement(house, cast.bob, corrected, Turn("seg", 0, version=1)) == 2
    view = read_transcript(house, cast.rita, corrected)
    assert (view.version.number, view.version.kind, view.version.author) == (2, "edited", "bob")
    assert "compare needs" in view.transcript.segments[0].text
    assert view.transcript.segments[0].replacements[0].undone
    assert read_transcript(house, cast.rita, corrected, 1).transcript == machine
    assert found(house, cast, "kubernetes") == []
    turn_replacement(house, cast.bob, corrected, Turn("seg", 0, version=2))
    assert read_transcript(house, cast.rita, corrected).transcript.segments == machine.segments
    assert len(found(house, cast, "kubernetes")) == 1


def test_undoing_everywhere_undoes_all_places_of_that_hotword(house: House, cast: Cast) -> None:
    recording = make_recording(house, cast.choir)
    write_transcript(house, recording, ["we met", "we ate", "they left"])
    first = replace_something(house, recording)
    replace_something(house, recording)
    replace_something(house, recording, "they", "Thea")
    turn_replacement(house, cast.bob, recording, Turn(first, 0, 1, everywhere=True))
    texts = [segment.text for segment in read_transcript(house, cast.rita, recording).transcript.segments]
    assert texts == ["we met", "we ate", "Thea left"]


def test_readers_and_strangers_undo_nothing_and_a_stale_page_neither(
    house: House, cast: Cast, corrected: str
) -> None:  # fmt: skip
    with pytest.raises(NotPermitted):
        turn_replacement(house, cast.rita, corrected, Turn("seg", 0, 1))
    for stranger in (cast.charlie, cast.ada):
        with pytest.raises(NotVisible):
            turn_replacement(house, stranger, corrected, Turn("seg", 0, 1))
    with pytest.raises(Conflict):
        turn_replacement(house, cast.bob, corrected, Turn("seg", 0, 7))
    for wrong in (Turn("seg", 1, 1), Turn("seg", -1, 1), Turn("other", 0, 1)):
        with pytest.raises(NotVisible):
            turn_replacement(house, cast.bob, corrected, wrong)


def test_after_an_undo_a_new_run_waits_to_be_chosen(house: House, cast: Cast, corrected: str) -> None:
    turn_replacement(house, cast.bob, corrected, Turn("seg", 0, 1))
    retry(house, cast.bob, corrected)
    held = claim(house, WORKER)
    assert held is not None
    finish(house, held, heard("moved to kaliningrad"))
    assert read_transcript(house, cast.rita, corrected).version.number == 2
    restore_version(house, cast.bob, corrected, 3)
    assert read_transcript(house, cast.rita, corrected).version.number == 3
    assert len(found(house, cast, "kaliningrad")) == 1 and found(house, cast, "compare") == []
    with pytest.raises(NotVisible):
        restore_version(house, cast.bob, corrected, 9)


def done(house: House, cast: Cast, days_ago: int, number: int = 0) -> str:
    """A transcribed recording of the choir."""
    when = house.now() - timedelta(days=days_ago)
    recording = make_recording(house, cast.choir, f"r{days_ago}-{number}", recorded_at=when)
    write_transcript(house, recording, ["compare needs"])
    return recording


def test_the_last_days_run_again_with_the_new_list_behind_new_recordings(
    house: House, cast: Cast, queue: RememberingQueue
) -> None:
    recent, old = done(house, cast, 2), done(house, cast, 20)
    words(house, "Kubernetes")
    assert (rerun_team(house, cast.alice, "choir", 7).queued, len(queue.rung)) == (1, 1)
    assert one_recording(house, cast.rita, recent).rerun and not one_recording(house, cast.rita, old).rerun
    assert read_transcript(house, cast.rita, recent).version.number == 1, "readable meanwhile"
    assert rerun_team(house, cast.alice, "choir", 7).queued == 0, "what is under way is left alone"
    dropped_today = make_recording(house, cast.garden)
    first, second = claim(house, WORKER), claim(house, WORKER)
    assert first is not None and first.recording_id == dropped_today
    assert second is not None and second.recording_id == recent
    finish(house, second, heard("compare needs", Replacement(0, 10, "compare needs", "Kubernetes"), text="Kubernetes"))
    assert read_transcript(house, cast.rita, recent).transcript.segments[0].text == "Kubernetes"
    assert rerun_team(house, cast.alice, "choir", 7).queued == 0, "it has run with this list"


def test_a_failed_second_run_hides_nothing(house: House, cast: Cast) -> None:
    recording = done(house, cast, 1)
    words(house, "Kubernetes")
    rerun_team(house, cast.alice, "choir", 7)
    held = claim(house, WORKER)
    assert held is not None
    fail(house, held, Invalid("It did not work."))
    view = one_recording(house, cast.rita, recording)
    assert (view.state, view.version) == (RunState.DONE, 1) and view.failure is not None
    assert found(house, cast, "compare") == ["compare needs"]


def test_never_more_than_a_bounded_number_at_once(house: House, cast: Cast) -> None:
    for number in range(AT_ONCE + 3):
        done(house, cast, 1, number)
    words(house, "Kubernetes")
    once, twice = (rerun_team(house, cast.alice, "choir", 7) for _ in range(2))
    assert [(each.queued, each.left) for each in (once, twice)] == [(AT_ONCE, 3), (3, 0)]


def test_running_again_is_for_managers_with_a_list_and_a_number_of_days(house: House, cast: Cast) -> None:
    with pytest.raises(Conflict, match="no hotword list"):
        rerun_team(house, cast.alice, "choir", 7)
    for days in (0, -1, 100_000):
        with pytest.raises(Invalid):
            rerun_team(house, cast.alice, "choir", days)
    with pytest.raises(NotPermitted):
        rerun_team(house, cast.bob, "choir", 7)
    with pytest.raises(NotVisible):
        rerun_team(house, cast.ada, "choir", 7)


def test_rows_from_before_there_were_hotwords_are_read(house: House, cast: Cast) -> None:
    recording = done(house, cast, 1)
    with house.db.read() as session:
        assert session.query(SegmentRow).filter_by(recording_id=recording).one().replacements is None
        assert (
            session.query(Run).count() == session.query(TranscriptVersion).count() == session.query(Recording).count()
        )
    assert read_transcript(house, cast.rita, recording).transcript.segments[0].replacements == ()
