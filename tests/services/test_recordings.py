"""Room: tests.services.test_recordings. The library: retry, language, stop, rename, trash, and when a page should look again."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from nas_asr.core.access import Role, Viewer
from nas_asr.core.edits import Edit
from nas_asr.core.errors import Conflict, Invalid, NotPermitted
from nas_asr.core.recording import RunState, Waiting
from nas_asr.services import listing, recordings
from nas_asr.services.base import House
from nas_asr.services.edits import edit_transcript
from nas_asr.services.paging import PageOrder
from nas_asr.services.recordings import one_recording
from nas_asr.services.transcripts import read_transcript
from nas_asr.store.models import Recording, Run
from tests.cast import Cast, Clock, RememberingQueue, make_recording, write_transcript


def newest_run(house: House, recording: str) -> Run:
    """The run that a recording has now."""
    with house.db.read() as session:
        return session.get_one(Run, session.get_one(Recording, recording).run_id)


def end_run(house: House, recording: str, state: RunState) -> None:
    """As the worker ends it."""
    with house.db.write() as session:
        row = session.get_one(Recording, recording)
        session.get_one(Run, row.run_id).state = state
        row.state = state


def test_a_retry_is_a_new_run_and_rings(house: House, cast: Cast, queue: RememberingQueue) -> None:
    recording = make_recording(house, cast.choir)
    end_run(house, recording, RunState.FAILED)
    run = recordings.retry(house, cast.bob, recording)
    assert queue.rung == [run]
    assert newest_run(house, recording).id == run
    view = one_recording(house, cast.bob, recording)
    assert (view.state, view.failure, view.rerun) == (RunState.QUEUED, None, False)


def test_a_retry_hides_nothing(house: House, cast: Cast) -> None:
    recording = make_recording(house, cast.choir)
    write_transcript(house, recording, ["hello"])
    recordings.retry(house, cast.bob, recording)
    view = one_recording(house, cast.bob, recording)
    assert (view.state, view.rerun, view.version) == (RunState.DONE, True, 1)
    end_run(house, recording, RunState.FAILED)
    with house.db.write() as session:
        session.get_one(Recording, recording).state = RunState.DONE
    assert one_recording(house, cast.bob, recording).version == 1


def test_two_runs_at_once_are_refused(house: House, cast: Cast) -> None:
    recording = make_recording(house, cast.choir)
    with pytest.raises(Conflict):
        recordings.retry(house, cast.bob, recording)


def test_a_retry_is_kept_while_the_queue_is_away(house: House, cast: Cast, queue: RememberingQueue) -> None:
    recording = make_recording(house, cast.choir)
    end_run(house, recording, RunState.FAILED)
    queue.down = True
    recordings.retry(house, cast.bob, recording)
    assert newest_run(house, recording).state == RunState.QUEUED


def test_what_nobody_here_reads_waits_and_says_so(house: House, cast: Cast, queue: RememberingQueue) -> None:
    recording = make_recording(house, cast.choir, language="zh")
    end_run(house, recording, RunState.FAILED)
    recordings.retry(house, cast.bob, recording)
    assert one_recording(house, cast.bob, recording).waiting_for == Waiting.MODEL
    assert queue.rung == []


def test_this_is_english_lets_it_go_on(house: House, cast: Cast, queue: RememberingQueue) -> None:
    recording = make_recording(house, cast.choir, language="auto")
    with house.db.write() as session:
        session.get_one(Run, session.get_one(Recording, recording).run_id).waiting_for = Waiting.MODEL
    recordings.declare_language(house, cast.bob, recording, "en")
    view = one_recording(house, cast.bob, recording)
    assert (view.language, view.waiting_for, view.state) == ("en", None, RunState.QUEUED)
    run = newest_run(house, recording)
    assert (run.language, queue.rung) == ("en", [run.id])


def test_another_language_after_the_end_is_a_new_run(house: House, cast: Cast) -> None:
    recording = make_recording(house, cast.choir, language="zh")
    before = newest_run(house, recording)
    end_run(house, recording, RunState.DONE)
    recordings.declare_language(house, cast.bob, recording, "en")
    assert newest_run(house, recording).id != before.id
    assert newest_run(house, recording).language == "en"


def test_a_language_in_the_middle_of_a_run_is_refused_and_not_kept(house: House, cast: Cast) -> None:
    recording = make_recording(house, cast.choir, language="en")
    end_run(house, recording, RunState.TRANSCRIBING)
    with pytest.raises(Conflict):
        recordings.declare_language(house, cast.bob, recording, "zh")
    assert one_recording(house, cast.bob, recording).language == "en"


def test_an_unknown_language_is_refused(house: House, cast: Cast) -> None:
    with pytest.raises(Invalid, match="klingon"):
        recordings.declare_language(house, cast.bob, make_recording(house, cast.choir), "klingon")


def test_what_waits_and_what_works_is_stopped_at_once(house: House, cast: Cast) -> None:
    waiting = make_recording(house, cast.choir, "waiting")
    working = make_recording(house, cast.choir, "working")
    end_run(house, working, RunState.TRANSCRIBING)
    recordings.stop(house, cast.bob, waiting)
    recordings.stop(house, cast.bob, working)
    assert one_recording(house, cast.bob, waiting).state == RunState.STOPPED
    assert one_recording(house, cast.bob, working).state == newest_run(house, working).state == RunState.STOPPED
    with pytest.raises(Conflict):
        recordings.stop(house, cast.bob, waiting)


def test_the_trash_stops_what_is_under_way(house: House, cast: Cast) -> None:
    recording = make_recording(house, cast.choir)
    run = newest_run(house, recording)
    recordings.trash(house, cast.bob, recording)
    with house.db.read() as session:
        assert session.get_one(Run, run.id).state == RunState.STOPPED
    assert listing.list_recordings(house, cast.bob, listing.RecordingFilter(), PageOrder()).items == []


def test_the_same_bytes_may_come_again_after_the_trash(house: House, cast: Cast) -> None:
    first = make_recording(house, cast.choir, sha256="a" * 64)
    recordings.trash(house, cast.bob, first)
    second = make_recording(house, cast.choir, sha256="a" * 64)
    assert first != second


@pytest.mark.parametrize("title", ["", "  ", "x" * 301])
def test_a_title_has_some_characters(title: str, house: House, cast: Cast) -> None:
    with pytest.raises(Invalid):
        recordings.rename(house, cast.bob, make_recording(house, cast.choir), title)


def test_a_new_title_is_one_line(house: House, cast: Cast) -> None:
    recording = make_recording(house, cast.choir)
    recordings.rename(house, cast.bob, recording, "  周例会\n budget ")
    assert one_recording(house, cast.bob, recording).title == "周例会 budget"
    with pytest.raises(NotPermitted):
        recordings.rename(house, cast.rita, recording, "x")


def test_the_pulse_changes_with_what_one_sees_and_with_nothing_else(house: House, cast: Cast, clock: Clock) -> None:
    recording = make_recording(house, cast.choir)
    beats = [listing.pulse(house, cast.rita)]

    def changed() -> bool:
        beats.append(listing.pulse(house, cast.rita))
        return beats[-1] != beats[-2]

    make_recording(house, cast.garden)
    assert not changed()
    clock.pass_seconds(1)
    assert not changed()
    recordings.rename(house, cast.bob, recording, "new")
    assert changed()
    end_run(house, recording, RunState.TRANSCRIBING)
    changed()
    with house.db.write() as session:
        session.scalars(select(Run).where(Run.recording_id == recording)).one().progress = 0.5
    assert changed()
    clock.pass_seconds(1)
    recordings.trash(house, cast.bob, recording)
    assert changed()


def test_somebody_who_types_changes_no_list(house: House, cast: Cast, clock: Clock) -> None:
    recording = make_recording(house, cast.choir)
    write_transcript(house, recording, ["we met at nine"])
    beats = [listing.pulse(house, cast.rita)]
    segment = read_transcript(house, cast.bob, recording).transcript.segments[0].id
    for version in (1, 2):
        clock.pass_seconds(2)
        edit_transcript(house, cast.bob, recording, version, [Edit(id=segment, text=f"we met at {version}")])
        beats.append(listing.pulse(house, cast.rita))
    assert len({beat.texts for beat in beats}) == 3 and beats[1].lists == beats[2].lists
    clock.pass_seconds(1)
    recordings.rename(house, cast.bob, recording, "new")
    assert listing.pulse(house, cast.rita).lists != beats[-1].lists


def test_a_run_that_waits_for_its_next_try_says_why_and_when(house: House, cast: Cast, clock: Clock) -> None:
    recording = make_recording(house, cast.choir)
    later = clock() + timedelta(seconds=60)
    with house.db.write() as session:
        run = session.scalars(select(Run)).one()
        run.failure_message, run.not_before = "The share is away.", later
    view = recordings.one_recording(house, cast.rita, recording)
    assert (view.state, view.trouble, view.next_try_at) == (RunState.QUEUED, "The share is away.", later)
    end_run(house, recording, RunState.TRANSCRIBING)
    view = recordings.one_recording(house, cast.rita, recording)
    assert (view.trouble, view.next_try_at) == ("", None)


def test_what_is_under_way_is_in_the_order_of_the_queue(house: House, cast: Cast, clock: Clock) -> None:
    names = ("model old", "first", "second", "asked for", "at work", "model new", "done")
    made = {}
    for name in names:
        made[name] = make_recording(house, cast.choir, name)
        clock.pass_seconds(1)
    make_recording(house, cast.garden)
    with house.db.write() as session:
        for run in session.scalars(select(Run)):
            run.waiting_for = "model" if run.recording_id in (made["model old"], made["model new"]) else None
            run.priority = int(run.recording_id == made["asked for"])
    end_run(house, made["at work"], RunState.TRANSCRIBING)
    end_run(house, made["done"], RunState.DONE)
    shown = [view.title for view in listing.under_way(house, cast.rita, 20)]
    assert shown == ["at work", "asked for", "first", "second", "model new", "model old"]
    assert [view.title for view in listing.under_way(house, cast.rita, 1)] == ["at work"]


def test_counts_are_of_what_the_filter_lets_through(house: House, cast: Cast) -> None:
    both = Viewer("x", "both", roles={cast.choir: Role.READER, cast.garden: Role.READER})
    make_recording(house, cast.choir, "rehearsal")
    make_recording(house, cast.garden, "weeding")

    def queued(**fields: Any) -> int:
        return listing.counts(house, both, listing.RecordingFilter(**fields))[RunState.QUEUED]

    assert (queued(), queued(team="choir"), queued(q="weed"), queued(q="oak")) == (2, 1, 1, 0)
    assert queued(team="garden", state=RunState.DONE) == 1


def test_counts_are_ones_own(house: House, cast: Cast) -> None:
    make_recording(house, cast.choir)
    make_recording(house, cast.garden)
    found = listing.counts(house, cast.rita)
    assert found[RunState.QUEUED] == 1
    assert set(found) == set(RunState)
