"""Room: tests.engine.test_sample_meeting. The sample meeting through every real stage: words, times, figures, progress."""

import re
from pathlib import Path

import pytest

from nas_asr.core.ports import Order, Transcriber
from nas_asr.core.transcript import Transcript
from tests.engine.sounds import SAMPLE, ignore_progress, make_transcriber


@pytest.fixture(scope="module")
def told() -> list[float]:
    """What progress was told."""
    return []


@pytest.fixture(scope="module")
def transcript(told: list[float]) -> Transcript:
    """The meeting as the worker would have it, with one process a core."""
    with make_transcriber() as transcriber:
        return transcriber.transcribe(Order(bytes(SAMPLE), 43_085, "en"), told.append)


def spoken_lines() -> list[str]:
    """What Anna and Ben said."""
    return [line.split(": ", 1)[1] for line in (SAMPLE.parent / "meeting.txt").read_text("utf-8").splitlines()]


def test_the_meeting_is_read_word_for_word_a_segment_a_sentence(transcript: Transcript) -> None:
    assert [segment.spoken for segment in transcript.segments] == spoken_lines()


def test_figures_are_written_as_people_write_them_and_kept_as_they_were_spoken(transcript: Transcript) -> None:
    texts = "\n".join(segment.text for segment in transcript.segments)
    for written in ("25% more", "$123,000", "January 15", "42 people", "10:30"):
        assert written in texts
    assert "third quarter" in texts
    assert "at first" in texts
    assert any("twenty five percent" in segment.spoken for segment in transcript.segments)


def test_every_word_has_its_time_within_its_segment_and_in_order(transcript: Transcript) -> None:
    for segment in transcript.segments:
        assert [word.text for word in segment.words] == segment.spoken.split()
        times = [segment.span.start_ms, *(t for word in segment.words for t in (word.start_ms, word.end_ms))]
        assert times == sorted(times)
        assert times[-1] <= segment.span.end_ms
        assert all(word.end_ms > word.start_ms for word in segment.words)


def test_segments_are_in_order_within_the_recording_and_have_ids_of_their_own(transcript: Transcript) -> None:
    ends = [t for segment in transcript.segments for t in (segment.span.start_ms, segment.span.end_ms)]
    assert ends == sorted(ends)
    assert 0 <= ends[0] < 1000
    assert ends[-1] <= transcript.duration_ms == 43_085
    assert len({segment.id for segment in transcript.segments}) == len(transcript.segments)
    assert all(re.fullmatch(r"[a-z2-7]{26}", segment.id) for segment in transcript.segments)


def test_the_transcript_says_which_engine_made_it_and_how_fast(transcript: Transcript) -> None:
    assert (transcript.engine.name, transcript.engine.model, transcript.language) == ("sphinx", "en-us (bundled)", "en")
    assert transcript.engine.revision == "5.1.1"
    assert 25_000 < transcript.speech_ms < 40_000
    assert transcript.rtfx is not None


def test_progress_grows_with_every_utterance_to_the_end(transcript: Transcript, told: list[float]) -> None:
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert len(set(told)) >= len(transcript.segments)


def test_one_process_and_many_hear_the_same(transcript: Transcript) -> None:
    with make_transcriber(threads=1) as transcriber:
        again = transcriber.transcribe(Order(bytes(SAMPLE), 0, "en"), ignore_progress)
    assert [segment.spoken for segment in again.segments] == [segment.spoken for segment in transcript.segments]
    assert [segment.span for segment in again.segments] == [segment.span for segment in transcript.segments]


def test_a_file_in_its_folder_is_transcribed_and_one_behind_a_link_is_not(tmp_path: Path) -> None:
    from nas_asr.core.errors import Unreadable

    (tmp_path / "link.flac").symlink_to(SAMPLE)
    transcriber: Transcriber
    with make_transcriber() as transcriber, pytest.raises(Unreadable):
        transcriber.transcribe(Order(bytes(tmp_path / "link.flac"), 0, "en", root=bytes(tmp_path)), ignore_progress)
