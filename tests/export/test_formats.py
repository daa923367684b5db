"""Room: tests.export.test_formats. What players and readers rely on, for any transcript there can be."""

import json
import re
import unicodedata
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nas_asr.core.errors import Invalid
from nas_asr.core.transcript import EngineLabel, Segment, Span, Transcript, Word
from nas_asr.export import (
    FORMATS,
    ExportOptions,
    ExportSource,
    content_disposition,
    file_name,
    format_named,
    from_json,
    layout,
)
from nas_asr.export.cues import LONGEST_MS, cues
from nas_asr.export.layout import LINE, width
from nas_asr.export.timecode import timecode
from tests.export.sources import FULL, SPOKEN, parse_srt, segment, source_of, words_of

PLAIN = ExportOptions()
moments = st.integers(0, 40_000_000)
_PIECES = ["hello", "会议", "，", "。", "GPU", "...", "<b>", "-->", "a" * 60, "e\u0301"]
texts = st.text(max_size=300) | st.lists(st.sampled_from(_PIECES)).map(" ".join)


@st.composite
def segments(draw: st.DrawFn) -> Segment:
    """Any segment, also one that VAD would never give."""
    start = draw(moments)
    end = start + draw(st.integers(0, 40_000))
    text = draw(texts)
    words: tuple[Word, ...] = ()
    if draw(st.booleans()) and text.split():
        each = max((end - start) // len(text.split()), 1)
        words = words_of(text, start, each)
    return Segment(
        id=draw(st.text(max_size=5)), span=Span(start, end), text=text, spoken=draw(st.just(text) | texts),
        speaker=draw(st.none() | st.text(max_size=20)), words=words,
        confidence=draw(st.none() | st.floats(0, 1)), flags=tuple(draw(st.lists(st.text(max_size=3), max_size=2))),
    )  # fmt: skip


sources = st.builds(
    ExportSource,
    transcript=st.builds(
        Transcript, segments=st.lists(segments(), max_size=6).map(tuple), duration_ms=moments, speech_ms=moments,
        elapsed_ms=moments, engine=st.builds(EngineLabel, st.text(), st.text(), st.text(), st.text()), language=st.text(),
    ),
    id=st.text(), title=st.text(), team=st.text(),
    recorded_at=st.datetimes(min_value=datetime(1971, 1, 1), max_value=datetime(2200, 1, 1), timezones=st.just(UTC)),
    duration_ms=moments, sha256=st.text(), version=moments, language=st.text(), path=st.text(), hotwords_version=moments,
)  # fmt: skip


@given(moments)
def test_no_millisecond_is_lost(at_ms: int) -> None:
    hours, minutes, rest = timecode(at_ms, ",").split(":")
    seconds, ms = rest.split(",")
    assert ((int(hours) * 60 + int(minutes)) * 60 + int(seconds)) * 1000 + int(ms) == at_ms
    assert re.fullmatch(r"\d{2,}:\d\d:\d\d,\d{3}", timecode(at_ms, ","))


@given(sources)
def test_subtitles_are_in_order_and_never_two_at_once(source: ExportSource) -> None:
    for name_in_text in (True, False):
        found = cues(source.transcript.segments, PLAIN, name_in_text=name_in_text)
        assert all(cue.end_ms > cue.start_ms >= 0 for cue in found)
        assert all(one.end_ms <= two.start_ms for one, two in zip(found, found[1:], strict=False))
        assert all(1 <= len(cue.lines) <= 2 for cue in found)


@given(sources)
def test_srt_can_be_read_by_a_strict_parser(source: ExportSource) -> None:
    parsed = parse_srt(FORMATS["srt"].write(source, PLAIN))
    assert len(parsed) == len(cues(source.transcript.segments, PLAIN, name_in_text=True))
    assert "-->" not in "".join(line for cue in parsed for line in cue.lines)


@given(sources)
def test_vtt_has_no_markup_but_its_own(source: ExportSource) -> None:
    text = FORMATS["vtt"].write(source, PLAIN).decode()
    head, note, *blocks = text.removesuffix("\n").split("\n\n")
    assert (head, note[:5]) == ("WEBVTT", "NOTE\n")
    assert "-->" not in note
    for block in blocks:
        times, *lines = block.split("\n")
        assert re.fullmatch(r"\d{2,}:\d\d:\d\d\.\d{3} --> \d{2,}:\d\d:\d\d\.\d{3}", times)
        said = re.sub(r"^<v [^<>\n]+>", "", "\n".join(lines))
        assert "<" not in said
        assert ">" not in said


@given(sources)
def test_no_word_is_lost_in_subtitles(source: ExportSource) -> None:
    said = "".join(
        "".join(line for line in cue.lines) for cue in cues(source.transcript.segments, PLAIN, name_in_text=False)
    )
    ordered = sorted(source.transcript.segments, key=lambda one: one.span)
    assert _letters(said) == _letters("".join(PLAIN.text_of(one) for one in ordered))


@given(sources)
def test_json_comes_back_whole(source: ExportSource) -> None:
    assert from_json(FORMATS["json"].write(source, PLAIN)) == source


@given(sources)
def test_txt_has_every_letter_and_no_other(source: ExportSource) -> None:
    bare = FORMATS["txt"].write(source, ExportOptions(timestamps=False, speakers=False)).decode()
    ordered = sorted(source.transcript.segments, key=lambda one: one.span)
    assert _letters(bare) == _letters("".join(PLAIN.text_of(one) for one in ordered))


def _letters(text: str) -> str:
    return "".join(unicodedata.normalize("NFC", text).split())


def test_no_line_is_too_long_for_a_player() -> None:
    for cue in cues(FULL.transcript.segments, PLAIN, name_in_text=True):
        assert all(width(line) <= LINE for line in cue.lines)


def test_a_cue_with_word_times_is_seven_seconds_at_most_and_begins_with_its_word() -> None:
    long = segment(1_500, 19_100, SPOKEN, words=words_of(SPOKEN, 1_500, 600))
    found = cues([long], PLAIN, name_in_text=False)
    assert len(found) > 2
    assert all(cue.end_ms - cue.start_ms <= LONGEST_MS for cue in found)
    starts = {word.start_ms: word.text for word in long.words}
    for cue in found:
        assert cue.lines[0].startswith(starts[cue.start_ms].split()[0])
    assert (found[0].start_ms, found[-1].end_ms) == (1_500, 19_100)


def test_a_break_comes_after_punctuation_where_there_is_any() -> None:
    text = "第一件事是明年的预算已经定下来了，一共是二十万元。第二件事是屋顶要在冬天以前修好。"
    first, second = cues([segment(0, 9_000, text)], PLAIN, name_in_text=False)
    assert "".join(first.lines).endswith("。")
    assert "".join(second.lines).startswith("第二件事")


def test_without_word_times_a_long_cue_is_cut_where_a_clause_ends() -> None:
    first, second = cues([segment(0, 12_000, "嗯，这是明年的预算，一共是二十万元左右")], PLAIN, name_in_text=False)
    assert ["".join(cue.lines) for cue in (first, second)] == ["嗯，这是明年的预算，", "一共是二十万元左右"]
    assert (first.start_ms, first.end_ms, second.end_ms) == (0, second.start_ms, 12_000)
    (whole,) = cues([segment(0, 12_000, "这是明年的预算一共是二十万元左右")], PLAIN, name_in_text=False)
    assert whole.end_ms == 12_000, "nobody knows where"


def test_times_of_a_segment_are_not_touched() -> None:
    (cue,) = cues([segment(1_001, 3_333, "hello")], PLAIN, name_in_text=False)
    assert (cue.start_ms, cue.end_ms) == (1_001, 3_333)


def test_a_short_cue_stays_long_enough_to_read() -> None:
    first, second = cues([segment(0, 200, "yes"), segment(700, 800, "no")], PLAIN, name_in_text=False)
    assert (first.end_ms, second.start_ms, second.end_ms) == (700, 700, 1_700)


def test_an_hour_of_one_segment_is_laid_out_in_reasonable_time() -> None:
    text = SPOKEN * 400
    found = cues([segment(0, 3_600_000, text, words=words_of(text, 0, 200))], PLAIN, name_in_text=True)
    assert len(found) > 800


@pytest.mark.parametrize("sign", ["\u0301", "\u0315\u0327", "\ufe0f"])
def test_a_pile_of_marks_is_looked_at_once_for_each_of_them(sign: str, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []
    cost = layout._cost

    def counted(char: str) -> int:
        looked.append(char)
        return cost(char)

    monkeypatch.setattr(layout, "_cost", counted)
    text = "a" + sign * 1000
    assert "".join(layout.atoms(text)) == text
    FORMATS["srt"].write(source_of(segment(0, 5000, text)), PLAIN)
    assert len(looked) < 40 * len(text)


def test_empty_transcripts_give_empty_files() -> None:
    empty = source_of()
    assert FORMATS["srt"].write(empty, PLAIN) == b""
    assert FORMATS["txt"].write(empty, PLAIN) == b""
    assert FORMATS["vtt"].write(empty, PLAIN).startswith(b"WEBVTT\n\nNOTE\n")
    assert json.loads(FORMATS["json"].write(empty, PLAIN))["segments"] == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda d: d.pop("schema"), "schema"),
        (lambda d: d.update(schema="nas_asr.transcript/2"), "schema"),
        (lambda d: d.pop("recording"), "recording"),
        (lambda d: d["recording"].pop("sha256"), "recording.sha256"),
        (lambda d: d["recording"].update(recorded_at="2026-11-21T09:00:00"), "recording"),
        (lambda d: d["pipeline"].pop("engine"), "pipeline.engine"),
        (lambda d: d["segments"][1].pop("words"), "segments[1].words"),
        (lambda d: d["segments"].append(None), "segments[6]"),
    ],
)
def test_a_json_file_that_is_not_ours_is_refused_by_name(change, field: str) -> None:  # type: ignore[no-untyped-def]
    document = json.loads(FORMATS["json"].write(FULL, PLAIN))
    change(document)
    with pytest.raises(Invalid) as refused:
        from_json(json.dumps(document).encode())
    assert refused.value.field == field


def test_what_is_no_json_is_refused() -> None:
    for content in (b"", b"[]", b"{", b"\xff"):
        with pytest.raises(Invalid):
            from_json(content)


def test_an_unknown_format_is_refused_with_those_there_are() -> None:
    with pytest.raises(Invalid, match="format") as refused:
        format_named("exe")
    assert "srt" in refused.value.remedy


@given(st.text(max_size=400))
def test_any_title_is_a_name_on_every_system(title: str) -> None:
    name = file_name(date(2026, 11, 21), title, "srt")
    assert len(name.encode()) <= 140
    assert name.startswith("2026-11-21_")
    assert name.endswith(".srt")
    assert not set(name) & set('<>:"/\\|?*\0\n\r')
    assert name.removesuffix(".srt")[-1] not in " ."
    header = content_disposition(name)
    assert header.isascii()
    assert header.isprintable()
    assert header.count('"') == 2


def test_an_emoji_of_many_parts_is_not_cut_in_two() -> None:
    name = file_name(date(2026, 11, 21), "x" * 112 + "👩‍👩‍👧", "srt")
    assert name == "2026-11-21_" + "x" * 112 + ".srt"


def test_times_of_other_zones_are_written_in_utc() -> None:
    berlin = timezone(timedelta(hours=1))
    source = replace(FULL, recorded_at=datetime(2026, 11, 21, 0, 30, tzinfo=berlin))
    assert json.loads(FORMATS["json"].write(source, PLAIN))["recording"]["recorded_at"] == "2026-11-20T23:30:00Z"
