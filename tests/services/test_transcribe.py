"""Room: tests.services.test_transcribe. Claims are fair, leased and fenced; a transcript is written once."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from nas_asr.core.errors import EngineBusy, NasAsrError, NotAudio, RunStopped, Vanished
from nas_asr.core.ids import new_id
from nas_asr.core.offers import Offer, Skills
from nas_asr.core.recording import RunState
from nas_asr.core.search_text import tokens
from nas_asr.core.transcript import EngineLabel, ItnMode, Segment, Span, Transcript, VersionKind, Word
from nas_asr.services.base import House
from nas_asr.services.folder_reading import Reading, set_reading
from nas_asr.services.transcribe import (
    Claim,
    Claimant,
    Incarnation,
    claim,
    extend,
    fail,
    finish,
    give_back,
    give_back_earlier,
    let_go,
    order,
    stopped,
    wanted,
)
from nas_asr.services.transcripts import read_transcript
from nas_asr.store import search
from nas_asr.store.models import Recording, Run, SegmentPlace, SegmentRow, TranscriptVersion
from nas_asr.store.word_index import Ask
from tests.cast import Cast, Clock, make_folder, make_recording, write_transcript

ENGLISH = Skills((Offer("sphinx", ("en",)),))
ME = Claimant(Incarnation("me", "boot1"), ENGLISH, lease_s=30)
OTHER = Claimant(Incarnation("other", "boot1"), ENGLISH, lease_s=30)


def spoken(*lines: str) -> Transcript:
    """A transcript with one segment a line."""
    segments = tuple(
        Segment(new_id(), Span(1000 * i, 1000 * i + 900), line, line.lower(), words=(Word(line, 0, 900),))
        for i, line in enumerate(lines)
    )
    return Transcript(segments, 41_000, 900, 5_000, EngineLabel("sphinx", "en-us", "5.1", "cpu"), "en")


def claimed(house: House, claimant: Claimant = ME) -> Claim:
    """The next claim; there has to be one."""
    held = claim(house, claimant)
    assert held is not None
    return held


def run_of(house: House, recording_id: str) -> Run:
    """The recording's newest run."""
    with house.db.read() as session:
        run = session.get_one(Run, session.get_one(Recording, recording_id).run_id)
        session.expunge(run)
        return run


def recording_of(house: House, recording_id: str) -> Recording:
    """The recording as it is."""
    with house.db.read() as session:
        recording = session.get_one(Recording, recording_id)
        session.expunge(recording)
        return recording


def change(house: House, recording_id: str, **fields: object) -> None:
    """Set columns of the recording's run."""
    with house.db.write() as session:
        run = session.get_one(Run, session.get_one(Recording, recording_id).run_id)
        for name, value in fields.items():
            setattr(run, name, value)


def new_run(house: House, recording_id: str) -> None:
    """A re-run of a recording, as the button makes it."""
    with house.db.write() as session:
        recording = session.get_one(Recording, recording_id)
        run = Run(
            id=new_id(), recording_id=recording.id, team_id=recording.team_id, language="en", created_at=house.now()
        )
        session.add(run)
        recording.run_id = run.id


def hits(house: House, word: str, team: str) -> list[str]:
    """Texts of the segments that search finds."""
    with house.db.read() as session:
        ask = Ask((tuple(tokens(word)),), search.team_numbers(session, [team]))
        at = search.SEGMENTS.first(session, ask, 100)
        own = select(SegmentRow).join(SegmentPlace, SegmentPlace.segment == SegmentRow.key)
        return [row.text for row in session.scalars(own.where(SegmentPlace.place.in_(at)))]


# -- claiming -----------------------------------------------------------------------------------------------------


def test_a_claim_is_seen_by_people_and_leased(house: House, cast: Cast, clock: Clock) -> None:
    recording = make_recording(house, cast.choir)
    held = claimed(house)
    run = run_of(house, recording)
    assert (run.state, run.attempts, run.worker) == (RunState.TRANSCRIBING, 1, "me:boot1")
    assert run.lease_until == clock() + timedelta(seconds=30)
    assert recording_of(house, recording).state == RunState.TRANSCRIBING
    assert held.recording_id == recording
    assert claim(house, OTHER) is None


def test_a_team_with_one_recording_does_not_wait_behind_fifty_of_another(house: House, cast: Cast) -> None:
    for i in range(50):
        make_recording(house, cast.choir, f"choir {i}", duration_ms=1_000)
    lonely = make_recording(house, cast.garden, duration_ms=3_600_000)
    first_two = {claimed(house).recording_id, claimed(house).recording_id}
    assert lonely in first_two


def test_teams_take_turns(house: House, cast: Cast, clock: Clock) -> None:
    for team in (cast.choir, cast.garden):
        for i in range(3):
            make_recording(house, team, f"{team} {i}")
    turns = []
    for _ in range(6):
        clock.pass_seconds(1)
        turns.append(recording_of(house, claimed(house).recording_id).team_id)
    assert turns[0:2] == turns[2:4] == turns[4:6]
    assert turns[0] != turns[1]


def test_a_clock_that_is_set_back_starves_no_team(house: House, cast: Cast, clock: Clock) -> None:
    make_recording(house, cast.choir)
    claimed(house)
    clock.pass_seconds(-86_400)
    waits = make_recording(house, cast.choir, duration_ms=10_000)
    for i in range(3):
        make_recording(house, cast.garden, f"g{i}")
    assert claimed(house).recording_id == waits  # nobody had a turn yet, as far as this clock knows
    clock.pass_seconds(1)
    claimed(house)
    clock.pass_seconds(1)
    make_recording(house, cast.choir, "again")
    turns = [recording_of(house, claimed(house).recording_id).team_id for _ in range(2)]
    assert sorted(turns) == sorted([cast.choir, cast.garden])


def test_short_comes_before_long_and_old_before_new(house: House, cast: Cast, clock: Clock) -> None:
    long = make_recording(house, cast.choir, duration_ms=90_000)
    clock.pass_seconds(1)
    short = make_recording(house, cast.choir, duration_ms=10_000)
    clock.pass_seconds(1)
    newest = make_recording(house, cast.choir, duration_ms=10_000)
    assert [claimed(house).recording_id for _ in range(3)] == [short, newest, long]


def test_what_a_person_asked_for_comes_first(house: House, cast: Cast) -> None:
    make_recording(house, cast.garden, duration_ms=1_000)
    urgent = make_recording(house, cast.choir, duration_ms=90_000)
    change(house, urgent, priority=1)
    assert claimed(house).recording_id == urgent


def test_what_waits_is_not_claimed(house: House, cast: Cast, clock: Clock) -> None:
    change(house, make_recording(house, cast.choir, "model"), waiting_for="model")
    change(house, make_recording(house, cast.choir, "stopped"), stop_asked_at=clock())
    make_recording(house, cast.choir, "chinese", language="zh")
    change(house, make_recording(house, cast.choir, "engine"), engine="fun-asr-nano")
    later = make_recording(house, cast.choir, "later")
    change(house, later, not_before=clock() + timedelta(seconds=10))
    assert claim(house, ME) is None
    clock.pass_seconds(10)
    assert claimed(house).recording_id == later


# -- holding ------------------------------------------------------------------------------------------------------


def test_holding_on_makes_the_lease_longer_and_shows_progress(house: House, cast: Cast, clock: Clock) -> None:
    recording = make_recording(house, cast.choir)
    held = claimed(house)
    clock.pass_seconds(20)
    assert extend(house, held, 0.25)
    run = run_of(house, recording)
    assert (run.progress, run.lease_until) == (0.25, clock() + timedelta(seconds=30))


def test_a_stop_is_seen_by_the_one_who_works(house: House, cast: Cast, clock: Clock) -> None:
    recording = make_recording(house, cast.choir)
    held = claimed(house)
    assert wanted(house, held)
    change(house, recording, stop_asked_at=clock())
    assert not wanted(house, held)
    with pytest.raises(RunStopped):
        extend(house, held, 0.5)
    assert stopped(house, held)
    assert run_of(house, recording).state == RunState.STOPPED
    assert recording_of(house, recording).state == RunState.STOPPED


def test_a_late_worker_is_fenced_off(house: House, cast: Cast) -> None:
    recording = make_recording(house, cast.choir)
    late = claimed(house)
    give_back(house, ME.who)
    prompt = claimed(house, OTHER)
    for act in (lambda: extend(house, late, 0.9), lambda: finish(house, late, spoken("late"))):
        with pytest.raises(RunStopped):
            act()
    with pytest.raises(RunStopped):
        fail(house, late, NotAudio("late"))
    assert not stopped(house, late)
    finish(house, prompt, spoken("prompt"))
    with house.db.read() as session:
        assert session.scalars(select(SegmentRow.text)).all() == ["prompt"]
    assert recording_of(house, recording).version == 1


# -- finishing ----------------------------------------------------------------------------------------------------


def test_a_finished_run_can_be_read_and_searched(house: House, cast: Cast, clock: Clock) -> None:
    recording = make_recording(house, cast.choir, duration_ms=40_000)
    finish(house, claimed(house), spoken("Good morning", "会议开始"))
    row = recording_of(house, recording)
    assert (row.state, row.version, row.done_at, row.duration_ms) == (RunState.DONE, 1, clock(), 41_000)
    run = run_of(house, recording)
    assert (run.state, run.progress, run.ended_at, run.lease_until) == (RunState.DONE, 1.0, clock(), None)
    assert hits(house, "morning", cast.choir) == ["Good morning"]
    assert hits(house, "会", cast.choir) == ["会议开始"]
    assert hits(house, "morning", cast.garden) == []
    with house.db.read() as session:
        version = session.scalars(select(TranscriptVersion)).one()
        assert (version.number, version.kind, version.engine) == (1, VersionKind.MACHINE, "sphinx")
        assert version.run_id == run.id
        first = session.scalars(select(SegmentRow).order_by(SegmentRow.position)).first()
        assert first is not None
        assert (first.text, first.spoken, first.words) == ("Good morning", "good morning", [["Good morning", 0, 900]])


def test_silence_is_a_transcript_without_segments(house: House, cast: Cast) -> None:
    recording = make_recording(house, cast.choir)
    finish(house, claimed(house), spoken())
    assert recording_of(house, recording).state == RunState.DONE


def test_a_second_run_replaces_the_first_in_search_and_keeps_it_in_history(house: House, cast: Cast) -> None:
    recording = make_recording(house, cast.choir)
    finish(house, claimed(house), spoken("old words"))
    new_run(house, recording)
    finish(house, claimed(house), spoken("new words"))
    assert recording_of(house, recording).version == 2
    assert hits(house, "words", cast.choir) == ["new words"]
    with house.db.read() as session:
        assert session.scalar(select(func.count()).select_from(TranscriptVersion)) == 2


def test_a_second_run_never_hides_a_persons_work(house: House, cast: Cast) -> None:
    recording = make_recording(house, cast.choir)
    write_transcript(house, recording, ["corrected by hand"])
    with house.db.write() as session:
        session.scalars(select(TranscriptVersion)).one().kind = VersionKind.EDITED
    new_run(house, recording)
    finish(house, claimed(house), spoken("by machine"))
    assert recording_of(house, recording).version == 1
    assert hits(house, "hand", cast.choir) == ["corrected by hand"]
    assert hits(house, "machine", cast.choir) == []


def test_a_second_run_under_way_or_failed_hides_nothing(house: House, cast: Cast) -> None:
    recording = make_recording(house, cast.choir)
    finish(house, claimed(house), spoken("first"))
    new_run(house, recording)
    held = claimed(house)
    assert recording_of(house, recording).state == RunState.DONE
    fail(house, held, NotAudio("no"))
    assert recording_of(house, recording).state == RunState.DONE
    assert run_of(house, recording).state == RunState.FAILED


# -- failing and giving back --------------------------------------------------------------------------------------


def test_what_cannot_help_fails_at_once_with_its_sentence(house: House, cast: Cast) -> None:
    recording = make_recording(house, cast.choir)
    fail(house, claimed(house), NotAudio("There is no sound.", "Look at the file."))
    run = run_of(house, recording)
    assert run.state == recording_of(house, recording).state == RunState.FAILED
    assert (run.failure_code, run.failure_message) == ("not_audio", "There is no sound.")
    assert run.failure_remedy == "Look at the file."


def test_what_may_pass_is_tried_three_times(house: House, cast: Cast, clock: Clock) -> None:
    recording = make_recording(house, cast.choir)
    for _ in range(2):
        fail(house, claimed(house), EngineBusy("No memory."))
        assert run_of(house, recording).state == RunState.QUEUED
        assert claim(house, ME) is None
        clock.pass_seconds(60)
    held = claimed(house)
    assert run_of(house, recording).failure_code == ""
    fail(house, held, EngineBusy("No memory."))
    run = run_of(house, recording)
    assert (run.state, run.attempts, run.failure_code) == (RunState.FAILED, 3, "engine_busy")


def test_a_file_that_was_found_again_while_its_run_failed_is_tried_again(house: House, cast: Cast) -> None:
    recording = make_recording(house, cast.choir)
    held = claimed(house)
    fail(house, held, Vanished("The file is no longer in the folder."))  # no line of the ledger misses it any more
    assert (run_of(house, recording).state, run_of(house, recording).failure_code) == (RunState.QUEUED, "unreadable")


def test_a_dead_child_gives_its_run_back_at_once_and_the_attempt_counts(house: House, cast: Cast, clock: Clock) -> None:
    recording = make_recording(house, cast.choir)
    for attempt in (1, 2, 3):
        assert claimed(house).attempt == attempt
        moves = give_back(house, ME.who)
        assert [move.run_id for move in moves] == [run_of(house, recording).id]
        assert attempt > 1 or run_of(house, recording).not_before is None
        clock.pass_seconds(15)
    run = run_of(house, recording)
    assert (run.state, run.failure_code) == (RunState.FAILED, "worker_lost")
    assert "broke off 3 times" in run.failure_message


def test_a_restarted_worker_releases_what_its_earlier_boot_had_and_nothing_else(house: House, cast: Cast) -> None:
    mine = make_recording(house, cast.choir, "mine")
    claimed(house)
    others = make_recording(house, cast.choir, "others")
    namesake = replace(OTHER, who=Incarnation("me_too", "boot1"))
    claimed(house, namesake)
    reborn = Incarnation("me", "boot2")
    assert [move.run_id for move in give_back_earlier(house, reborn)] == [run_of(house, mine).id]
    assert run_of(house, others).state == RunState.TRANSCRIBING
    assert give_back_earlier(house, Incarnation("me_", "boot2")) == []


def test_leaving_politely_is_no_attempt(house: House, cast: Cast) -> None:
    recording = make_recording(house, cast.choir)
    for _ in range(5):
        claimed(house)
        let_go(house, ME.who)
    run = run_of(house, recording)
    assert (run.state, run.attempts, run.progress) == (RunState.QUEUED, 0, 0.0)


def test_a_run_that_was_to_stop_is_stopped_when_its_worker_dies(house: House, cast: Cast, clock: Clock) -> None:
    recording = make_recording(house, cast.choir)
    held = claimed(house)
    change(house, recording, stop_asked_at=clock())
    give_back(house, ME.who)
    assert run_of(house, recording).state == RunState.STOPPED
    with pytest.raises(NasAsrError):
        finish(house, held, spoken("too late"))


def test_the_folder_says_how_a_recording_is_written_and_the_version_remembers(
    house: House, cast: Cast, tmp_path: Path
) -> None:
    folder = make_folder(house.db, cast.choir, tmp_path / "share")
    set_reading(house, cast.alice, folder, Reading(itn="model", apart=True))
    (tmp_path / "share" / "call.wav").write_bytes(b"x")
    recording = make_recording(house, cast.choir, "call.wav", folder_id=folder)
    held = claimed(house)
    wanted_now = order(house, held)
    assert (wanted_now.itn, wanted_now.apart) == (ItnMode.MODEL, True)
    finish(house, held, replace(spoken("One"), itn=ItnMode.MODEL))
    view = read_transcript(house, cast.rita, recording)
    assert view.transcript.itn is ItnMode.MODEL


def test_an_upload_is_written_by_rules_and_as_one_sound(house: House, cast: Cast) -> None:
    make_recording(house, cast.choir, "memo.wav")
    place = house.uploads / "memo.wav"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(b"x")
    wanted_now = order(house, claimed(house))
    assert (wanted_now.itn, wanted_now.apart) == (ItnMode.RULES, False)
