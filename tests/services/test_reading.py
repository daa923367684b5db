"""Room: tests.services.test_reading. Transcripts, search, cursors and the summary, where the API's tests do not reach."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nas_asr.core.access import TokenScope
from nas_asr.core.errors import Invalid, NotVisible
from nas_asr.core.recording import RunState
from nas_asr.core.transcript import Word
from nas_asr.services.base import House
from nas_asr.services.heartbeats import Beat, beat
from nas_asr.services.listening import AudioGone, open_sound
from nas_asr.services.paging import PageOrder, read_cursor, write_cursor
from nas_asr.services.search import SearchOrder, search
from nas_asr.services.summary import missing_worker, readiness, summary
from nas_asr.services.transcripts import list_versions, read_transcript
from nas_asr.store.models import Heartbeat, Recording, Run, SegmentRow
from tests.cast import START, Cast, Clock, make_recording, write_transcript


def test_a_transcript_comes_back_as_it_was_written(house: House, cast: Cast) -> None:
    recording = make_recording(house, cast.choir)
    write_transcript(house, recording, ["one", "two"])
    with house.db.write() as session:
        (first, _) = session.query(SegmentRow).order_by(SegmentRow.position)
        first.words, first.flags, first.speaker, first.confidence = [["one", 0, 400]], ["loop"], "Alice", 0.5
    view = read_transcript(house, cast.rita, recording)
    one, two = view.transcript.segments
    assert (one.text, one.words, one.flags) == ("one", (Word("one", 0, 400),), ("loop",))
    assert (one.speaker, one.confidence) == ("Alice", 0.5)
    assert (two.text, two.words, view.transcript.engine.name, view.transcript.rtfx) == ("two", (), "sphinx", 40.0)


def test_outsiders_read_nothing(house: House, cast: Cast) -> None:
    recording = make_recording(house, cast.choir)
    write_transcript(house, recording, ["one"])
    for viewer in (cast.charlie, cast.ada, replace(cast.alice, token_scope=TokenScope.INGEST)):
        for read in (read_transcript, list_versions, open_sound):
            with pytest.raises(NotVisible):
                read(house, viewer, recording)
        assert search(house, viewer, SearchOrder("one"), PageOrder()).items in ((), [])


def test_a_recording_without_its_file_is_not_taken_for_one_that_is_not_yours(house: House, cast: Cast) -> None:
    recording = make_recording(house, cast.choir)
    with pytest.raises(AudioGone):
        open_sound(house, cast.rita, recording)


keys = st.tuples(
    st.datetimes(timezones=st.just(UTC)), st.text(alphabet="abcdefghijklmnopqrstuvwxyz234567", max_size=26),
    st.integers(-(2**63), 2**63 - 1),
)  # fmt: skip


@given(keys)
def test_a_cursor_comes_back(key: tuple[datetime, str, int]) -> None:
    assert read_cursor(write_cursor(*key), datetime, str, int) == key


@given(st.text(max_size=60))
def test_no_made_up_cursor_breaks_anything(cursor: str) -> None:
    try:
        found = read_cursor(cursor, datetime, str)
    except Invalid as refused:
        assert refused.field == "cursor"
    else:
        assert (found is None) == (cursor == "")


def test_a_cursor_of_another_list_is_refused() -> None:
    for key in (("x",), (1, "x"), (START,), (START, 1), (START, "x", 1), ("2026-11-21T09:00:00", "x")):
        with pytest.raises(Invalid):
            read_cursor(write_cursor(*key), datetime, str)


def test_the_estimate_is_ones_own_and_from_the_speed_of_the_last_day(house: House, cast: Cast, clock: Clock) -> None:
    assert summary(house, cast.rita).queue_eta_seconds is None
    done = make_recording(house, cast.choir, "done")
    write_transcript(house, done, ["x"])
    with house.db.write() as session:
        run = session.get_one(Run, session.get_one(Recording, done).run_id)
        run.started_at, run.ended_at = clock.now - timedelta(seconds=20), clock.now  # 40 s of sound in 20 s
    make_recording(house, cast.garden, "theirs", duration_ms=600_000)
    assert summary(house, cast.rita).queue_eta_seconds is None
    make_recording(house, cast.choir, "mine", duration_ms=60_000)
    assert summary(house, cast.rita).queue_eta_seconds == 330
    assert summary(house, cast.rita).hours_done_24h == 0.01, "a short memo counts too"
    clock.now += timedelta(days=1, seconds=1)
    assert summary(house, cast.rita).done_24h == 0


def test_a_worker_that_is_silent_is_no_worker(house: House, cast: Cast, clock: Clock) -> None:
    make_recording(house, cast.choir)
    with house.db.write() as session:
        session.add(Heartbeat(name="w", kind="worker", boot="b", seen_at=clock.now, detail={}))
        session.add(Heartbeat(name="x", kind="watcher", boot="b", seen_at=clock.now, detail={}))
    assert (summary(house, cast.rita).workers, summary(house, cast.rita).status) == (1, "ok")
    assert readiness(house).ready
    clock.pass_seconds(60)
    assert (summary(house, cast.rita).workers, summary(house, cast.rita).status) == (0, "no_worker")
    assert readiness(house).worker == "No worker for 60 s, 1 waiting."
    assert missing_worker(house, cast.rita) == summary(house, cast.rita).worker == "No worker for 60 s, 1 waiting."
    assert missing_worker(house, cast.charlie) == "", "nothing of this team waits"
    clock.pass_seconds(600)
    assert readiness(house).worker == "No worker for 11 min, 1 waiting."
    clock.pass_seconds(3 * 3600)
    assert readiness(house).worker == "No worker for 3 h, 1 waiting."


def test_a_sign_of_life_from_a_clock_that_was_set_back_is_none(house: House, cast: Cast, clock: Clock) -> None:
    beat(house, Beat("worker", "w", "b"))
    clock.pass_seconds(-3 * 3600)
    assert readiness(house).worker == "No worker is running, 0 waiting."
    beat(house, Beat("worker", "w", "b"))
    assert readiness(house).ready


def test_workers_that_cannot_load_their_engine_are_no_workers(house: House, cast: Cast) -> None:
    make_recording(house, cast.choir)
    beat(house, Beat("worker", "w", "b", {"state": "failed"}))
    assert readiness(house).worker == "No worker can load its engine, 1 waiting."
    beat(house, Beat("worker", "w2", "b", {"state": "idle"}))
    assert readiness(house).ready


def test_recent_shows_what_changed_last(house: House, cast: Cast, clock: Clock) -> None:
    for i in range(7):
        clock.pass_seconds(1)
        make_recording(house, cast.choir, f"r{i}")
    assert [one.name for one in summary(house, cast.rita).recent] == ["r6", "r5", "r4", "r3", "r2"]
    assert summary(house, cast.rita).total == 7
    assert {one.label for one in summary(house, cast.rita).recent} == {RunState.QUEUED}
