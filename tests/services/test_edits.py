"""Room: tests.services.test_edits. What people change in a transcript: whole or not at all, kept, found, and never lost."""

import random
from contextlib import suppress
from dataclasses import replace
from functools import partial

import pytest

from nas_asr.core.edits import Edit, EditOp, SpeakerScope
from nas_asr.core.errors import Invalid, NotPermitted, NotVisible
from nas_asr.core.flags import RIGHT, Flag
from nas_asr.core.transcript import CHANNELS_ALIKE, Segment, VersionKind
from nas_asr.services.base import House
from nas_asr.services.edits import EditConflict, Edited, edit_transcript
from nas_asr.services.paging import PageOrder
from nas_asr.services.recordings import retry
from nas_asr.services.search import SearchOrder, search
from nas_asr.services.transcribe import finish
from nas_asr.services.transcripts import list_versions, read_transcript
from nas_asr.services.versions import restore_version
from nas_asr.store.models import AuditLine, Layer, SegmentRow
from tests.cast import Cast, Clock, make_recording, write_transcript
from tests.services.test_transcribe import claimed, spoken
from tests.store.test_at_once import at_once

LINES = ["we met at nine", "the budget is two hundred", "GPU 显存不够", "john sings", "the end"]


@pytest.fixture
def meeting(house: House, cast: Cast) -> str:
    recording = make_recording(house, cast.choir)
    write_transcript(house, recording, LINES)
    return recording


def run_again(house: House, cast: Cast, recording: str, lines: list[str]) -> None:
    """One more run, with this outcome: a segment of a second for each line."""
    retry(house, cast.bob, recording)
    finish(house, claimed(house), spoken(*lines))


def texts(house: House, cast: Cast, recording: str, number: int | None = None) -> list[str]:
    return [segment.text for segment in _segments(house, cast, recording, number)]


def _segments(house: House, cast: Cast, recording: str, number: int | None = None) -> tuple[Segment, ...]:
    return read_transcript(house, cast.rita, recording, number).transcript.segments


def found(house: House, cast: Cast, words: str) -> list[str]:
    return [hit.text for hit in search(house, cast.rita, SearchOrder(words), PageOrder()).items]


def test_an_edit_is_a_new_version_and_the_machines_text_stays(house: House, cast: Cast, meeting: str) -> None:
    first = _segments(house, cast, meeting)[0]
    edited = edit_transcript(house, cast.bob, meeting, 1, [Edit(id=first.id, text="We met at ten")])
    assert (edited.version, edited.count, [one.text for one in edited.changed]) == (2, 1, ["We met at ten"])
    assert texts(house, cast, meeting) == ["We met at ten", *LINES[1:]]
    assert texts(house, cast, meeting, 1) == LINES
    newest = list_versions(house, cast.rita, meeting)[0]
    assert (newest.kind, newest.author, newest.base) == (VersionKind.EDITED, "bob", 1)


def test_a_word_edited_away_is_not_found_any_more_and_the_new_one_is(house: House, cast: Cast, meeting: str) -> None:
    third = _segments(house, cast, meeting)[2]
    edit_transcript(house, cast.bob, meeting, 1, [Edit(id=third.id, text="GPU 内存不够")])
    assert found(house, cast, "显存") == [] and found(house, cast, "内存") == ["GPU 内存不够"]
    edit_transcript(house, cast.bob, meeting, 2, [Edit(id=third.id, text="显卡")])
    assert found(house, cast, "内存") == [] and found(house, cast, "显卡") == ["显卡"]
    restore_version(house, cast.bob, meeting, 1)
    assert found(house, cast, "显卡") == [] and found(house, cast, "显存") == ["GPU 显存不够"]


def test_the_second_of_two_from_one_version_is_told_what_changed(house: House, cast: Cast, meeting: str) -> None:
    first, second, *_ = _segments(house, cast, meeting)
    edit_transcript(house, cast.bob, meeting, 1, [Edit(id=first.id, text="We met at ten")])
    with pytest.raises(EditConflict, match="bob changed this transcript meanwhile: it is at version 2") as told:
        edit_transcript(house, cast.alice, meeting, 1, [Edit(id=second.id, text="mine")])
    since = told.value.since
    assert (since.version, [one.text for one in since.changed], list(since.removed)) == (2, ["We met at ten"], [])
    assert texts(house, cast, meeting)[1] == LINES[1], "nothing of it was applied"


def test_all_edits_of_a_call_or_none(house: House, cast: Cast, meeting: str) -> None:
    first = _segments(house, cast, meeting)[0]
    edits = [Edit(id=first.id, text="changed"), Edit(EditOp.MERGE, id="nowhere")]
    with pytest.raises(Invalid, match=r"Edit 2 \(merge\): There is no such segment") as refused:
        edit_transcript(house, cast.bob, meeting, 1, edits)
    assert refused.value.field == "edits.1.id"
    assert texts(house, cast, meeting) == LINES and found(house, cast, "changed") == []


def test_a_split_and_a_merge(house: House, cast: Cast, meeting: str) -> None:
    second = _segments(house, cast, meeting)[1]
    parted = edit_transcript(house, cast.bob, meeting, 1, [Edit(EditOp.SPLIT, id=second.id, at=11)])
    left, right = parted.changed
    assert (left.id, left.text, right.text) == (second.id, "the budget", "is two hundred")
    assert second.span.start_ms == left.span.start_ms < left.span.end_ms == right.span.start_ms < right.span.end_ms
    assert parted.after == {right.id: left.id}
    assert texts(house, cast, meeting)[1:3] == ["the budget", "is two hundred"]
    back = edit_transcript(house, cast.bob, meeting, 2, [Edit(EditOp.MERGE, id=left.id)])
    assert (list(back.removed), back.changed[0]) == ([right.id], second)
    assert texts(house, cast, meeting) == LINES and found(house, cast, "budget is") == [LINES[1]]


@pytest.mark.parametrize(("scope", "named"), [("one", [2]), ("from_here", [2, 4]), ("all", [0, 2, 4])])
def test_a_speaker_is_named_here_from_here_or_everywhere(
    house: House, cast: Cast, meeting: str, scope: str, named: list[int]
) -> None:
    ids = [segment.id for segment in _segments(house, cast, meeting)]
    others = [Edit(EditOp.SPEAKER, id=ids[i], speaker="2") for i in (1, 3)]
    edit_transcript(house, cast.bob, meeting, 1, others)
    anna = Edit(EditOp.SPEAKER, id=ids[2], speaker=" Anna ", scope=SpeakerScope(scope))
    assert edit_transcript(house, cast.bob, meeting, 2, [anna]).count == len(named)
    speakers = [segment.speaker for segment in _segments(house, cast, meeting)]
    assert [i for i, name in enumerate(speakers) if name == "Anna"] == named and speakers[1] == "2"


def test_replace_all_counts_and_keeps_to_whole_words(house: House, cast: Cast, meeting: str) -> None:
    edits = [
        Edit(EditOp.REPLACE_ALL, find="the", replace="that", whole_words=True),
        Edit(EditOp.REPLACE_ALL, find="显存", replace="内存", whole_words=True),
        Edit(EditOp.REPLACE_ALL, find="in", replace="x", whole_words=True),
    ]
    edited = edit_transcript(house, cast.bob, meeting, 1, edits)
    assert edited.count == 3
    assert texts(house, cast, meeting) == [
        "we met at nine", "that budget is two hundred", "GPU 内存不够", "john sings", "that end"
    ]  # fmt: skip
    assert list_versions(house, cast.rita, meeting)[0].tally == {"replace_all": 3}


def test_a_doubt_that_a_person_took_away_is_nobodys_any_more(house: House, cast: Cast, meeting: str) -> None:
    first, second, *_ = _segments(house, cast, meeting)
    with house.db.write() as session:
        row = session.query(SegmentRow).filter_by(id=first.id).one()
        row.flags, row.confidence = [Flag.LOOP, CHANNELS_ALIKE], 0.2
    yes = Edit(EditOp.RIGHT, id=first.id)
    assert edit_transcript(house, cast.bob, meeting, 1, [yes]).version == 2
    now = _segments(house, cast, meeting)[0]
    assert (set(now.flags), now.confidence, now.text) == ({CHANNELS_ALIKE, RIGHT}, 0.2, first.text)
    assert edit_transcript(house, cast.bob, meeting, 2, [yes]).version == 2, "once is enough"
    assert list_versions(house, cast.rita, meeting)[0].tally == {"right": 1}
    edit_transcript(house, cast.bob, meeting, 2, [Edit(EditOp.SPLIT, id=first.id, at=first.text.index(" "))])
    halves = _segments(house, cast, meeting)[:2]
    assert [RIGHT in half.flags for half in halves] == [True, True]
    edit_transcript(
        house, cast.bob, meeting, 3, [Edit(EditOp.MERGE, id=halves[1].id), Edit(id=halves[0].id, text="no")]
    )
    assert [RIGHT in one.flags for one in _segments(house, cast, meeting)[:2]] == [False, False]
    assert Flag.LOOP in _segments(house, cast, meeting, 1)[0].flags, "the machine's own text keeps its doubt"


def test_what_changes_nothing_makes_no_version(house: House, cast: Cast, meeting: str) -> None:
    first = _segments(house, cast, meeting)[0]
    edits = [Edit(id=first.id, text=first.text), Edit(EditOp.REPLACE_ALL, find="unheard of", replace="x")]
    assert edit_transcript(house, cast.bob, meeting, 1, edits).version == 1
    assert len(list_versions(house, cast.rita, meeting)) == 1


def test_an_emptied_segment_stays_with_its_time_and_is_not_found(house: House, cast: Cast, meeting: str) -> None:
    first = _segments(house, cast, meeting)[0]
    edit_transcript(house, cast.bob, meeting, 1, [Edit(id=first.id, text=" \n ")])
    assert _segments(house, cast, meeting)[0] == replace(first, text="", spoken="")
    assert found(house, cast, "nine") == []


def test_only_members_edit_and_nobody_else_learns_of_it(house: House, cast: Cast, meeting: str) -> None:
    edits = [Edit(EditOp.REPLACE_ALL, find="we", replace="you")]
    with pytest.raises(NotPermitted):
        edit_transcript(house, cast.rita, meeting, 1, edits)
    with pytest.raises(NotVisible):
        edit_transcript(house, cast.charlie, meeting, 1, edits)


def test_a_new_run_keeps_the_edit(house: House, cast: Cast, meeting: str) -> None:
    first = _segments(house, cast, meeting)[0]
    edit_transcript(house, cast.bob, meeting, 1, [Edit(id=first.id, text="We met at ten")])
    run_again(house, cast, meeting, ["we meet at noon"])
    assert texts(house, cast, meeting) == ["We met at ten", *LINES[1:]]
    assert texts(house, cast, meeting, 3) == ["we meet at noon"] and found(house, cast, "noon") == []


def test_every_older_version_can_be_read_and_restored(house: House, cast: Cast, meeting: str) -> None:
    ids = [segment.id for segment in _segments(house, cast, meeting)]
    for number, segment_id in enumerate(ids[:3], start=1):
        edit_transcript(house, cast.bob, meeting, number, [Edit(id=segment_id, text=f"changed {number}")])
    assert restore_version(house, cast.alice, meeting, 2) == 5
    assert texts(house, cast, meeting) == ["changed 1", *LINES[1:]] and found(house, cast, "changed") == ["changed 1"]
    assert texts(house, cast, meeting, 4)[:3] == ["changed 1", "changed 2", "changed 3"]
    edit_transcript(house, cast.bob, meeting, 5, [Edit(EditOp.MERGE, id=ids[3])])
    assert texts(house, cast, meeting) == ["changed 1", *LINES[1:3], "john sings the end"]
    restore_version(house, cast.bob, meeting, 1)
    assert texts(house, cast, meeting) == LINES and _layers(house, meeting) == set()


def test_the_audit_log_has_one_line_a_sitting(house: House, cast: Cast, meeting: str, clock: Clock) -> None:
    first = _segments(house, cast, meeting)[0]
    for number, pause in enumerate((2, 2, 599, 601), start=1):
        clock.pass_seconds(pause)
        edit_transcript(house, cast.bob, meeting, number, [Edit(id=first.id, text=f"changed {number}")])
    with house.db.read() as session:
        assert session.query(AuditLine).filter_by(action="transcript.edited", subject=meeting).count() == 2


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        (Edit(), "The segment is missing"),
        (Edit(EditOp.SPLIT, at=0), "no text on both sides"),
        (Edit(EditOp.SPLIT), "The place is missing"),
        (Edit(EditOp.SPLIT, at=3, at_ms=99_000), "outside of the segment"),
        (Edit(EditOp.REPLACE_ALL, find=" "), "nothing to look for"),
        (Edit(EditOp.REPLACE_ALL, find="e", replace="x" * 1001), "more than 1000"),
        (Edit(text="x" * 20_001), "at most 20000"),
        (Edit(EditOp.SPEAKER, speaker="x" * 121), "at most 120"),
        (Edit(EditOp.MERGE, id="last"), "no segment after"),
    ],
)
def test_a_refusal_says_which_edit_and_why(house: House, cast: Cast, meeting: str, edit: Edit, why: str) -> None:
    segments = _segments(house, cast, meeting)
    there = edit == Edit() or edit.op == EditOp.REPLACE_ALL
    edit = edit if there else replace(edit, id=segments[-1 if edit.id else 0].id)
    with pytest.raises(Invalid, match=rf"Edit 1 \({edit.op}\).*{why}"):
        edit_transcript(house, cast.bob, meeting, 1, [edit])


def test_one_call_does_no_more_than_a_person_could_want(
    house: House, cast: Cast, meeting: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, call = _segments(house, cast, meeting)[0], partial(edit_transcript, house, cast.bob, meeting, 1)
    long = [Edit(id=first.id, text=sign * 20_000) for sign in "会议" * 7]
    with pytest.raises(Invalid, match="Edit 13 .*too much text at once"):
        call(long)
    monkeypatch.setattr("nas_asr.services.edit_steps.MOST_LOOKED", 4 * len(LINES))
    named = [Edit(EditOp.SPEAKER, id=first.id, speaker=name, scope=SpeakerScope.ALL) for name in ("Li", "Wu") * 3]
    with pytest.raises(Invalid, match="looks through too much text"):
        call(named)
    again = [Edit(EditOp.REPLACE_ALL, find="e", replace="e")] * 8
    with pytest.raises(Invalid, match="looks through too much text"):
        call(again)
    assert call(named[:3]).version == 2


HOSTILE = [
    "<img src=x onerror=alert(1)>", "=cmd()", "\u202etxt.exe", "a\u2028b\r\nc", "'; --", "%_\\", "\U0001f468\u200d\U0001f469",
]  # fmt: skip


def test_hostile_texts_are_only_texts(house: House, cast: Cast, meeting: str) -> None:
    first = _segments(house, cast, meeting)[0]
    for number, text in enumerate(HOSTILE, start=1):
        edit_transcript(house, cast.bob, meeting, number, [Edit(id=first.id, text=text)])
        shown = _segments(house, cast, meeting)[0].text
        assert shown == text.replace("\u202e", "\ufffd").replace("\u2028", " ").replace("\r\n", " ")
    assert edit_transcript(house, cast.bob, meeting, len(HOSTILE) + 1, [
        Edit(EditOp.REPLACE_ALL, find="%", replace="\\1"), Edit(EditOp.REPLACE_ALL, find=".*", replace="x")
    ]).count == 0  # fmt: skip


@pytest.mark.parametrize("seed", range(2))
def test_a_storm_of_edits_reads_the_same_from_the_rows_and_from_the_log(
    house: House, cast: Cast, meeting: str, seed: int
) -> None:
    draw = random.Random(seed)
    seen = {1: _segments(house, cast, meeting)}
    for _ in range(20):
        now = read_transcript(house, cast.bob, meeting)
        number = now.version.number
        if draw.random() < 0.12:
            number = restore_version(house, cast.bob, meeting, draw.choice(list(seen)))
        else:
            edits = [_any_edit(draw, now.transcript.segments) for _ in range(draw.randint(1, 4))]
            with suppress(Invalid):
                edited = edit_transcript(house, cast.bob, meeting, number, edits)
                number = edited.version
                assert _followed(now.transcript.segments, edited) == _segments(house, cast, meeting)
        if number in seen:
            assert _segments(house, cast, meeting) == seen[number]
        seen[number] = _segments(house, cast, meeting)
        _words_are_found(house, cast, seen[number])
    shown = _segments(house, cast, meeting)
    for stale in draw.sample([one for one in seen if seen[one] != shown], 3):
        with pytest.raises(EditConflict) as told:
            edit_transcript(house, cast.bob, meeting, stale, [Edit(id="x", text="too late")])
        assert _followed(seen[stale], told.value.since) == shown, "whoever comes second can make a page's text current"
    restore_version(house, cast.bob, meeting, 1)
    for number, segments in seen.items():
        assert _segments(house, cast, meeting, number) == segments, f"version {number} made anew from the log"


def test_many_writers_at_once_lose_nothing(house: House, cast: Cast, meeting: str) -> None:
    ids = [segment.id for segment in _segments(house, cast, meeting)]
    stale = [0]

    def write(number: int) -> None:
        for turn in range(4):
            while True:
                seen = read_transcript(house, cast.bob, meeting).version.number
                try:
                    edit_transcript(
                        house, cast.bob, meeting, seen, [Edit(id=ids[number], text=f"writer{number} turn{turn}")]
                    )
                    break
                except EditConflict:
                    stale[0] += 1

    assert at_once(*(partial(write, number) for number in range(4))) == [None] * 4
    assert texts(house, cast, meeting) == [*(f"writer{n} turn3" for n in range(4)), LINES[4]]
    assert [one.number for one in list_versions(house, cast.rita, meeting)] == list(range(17, 0, -1))
    assert sorted(found(house, cast, "turn3")) == [f"writer{n} turn3" for n in range(4)]
    assert found(house, cast, "turn2") == []


def _followed(segments: tuple[Segment, ...], edited: Edited) -> tuple[Segment, ...]:
    """What a page makes of an answer: it takes out what went, changes what changed, and puts in what came."""
    changed = {one.id: one for one in edited.changed}
    page = [changed.get(one.id, one) for one in segments if one.id not in set(edited.removed)]
    for came, before in ((one, edited.after[one.id]) for one in edited.changed if one.id in edited.after):
        page.insert(1 + [one.id for one in page].index(before), came)
    return tuple(page)


def _any_edit(draw: random.Random, segments: tuple[Segment, ...]) -> Edit:
    one = draw.choice(segments)
    words = ["met", "nine", "预算", "GPU", "new", "会议室", ""]
    match draw.choice(list(EditOp)):
        case EditOp.TEXT:
            return Edit(id=one.id, text=" ".join(draw.choices(words, k=draw.randint(0, 5))))
        case EditOp.SPEAKER:
            scope = draw.choice(list(SpeakerScope))
            return Edit(EditOp.SPEAKER, id=one.id, speaker=draw.choice(["Anna", "1", None]), scope=scope)
        case EditOp.SPLIT:
            return Edit(EditOp.SPLIT, id=one.id, at=draw.randint(0, len(one.text)))
        case EditOp.MERGE:
            return Edit(EditOp.MERGE, id=one.id)
    return Edit(EditOp.REPLACE_ALL, find=draw.choice(words), replace=draw.choice(words))


def _words_are_found(house: House, cast: Cast, segments: tuple[Segment, ...]) -> None:
    for word in ("nine", "预算", "budget"):
        there = [one.text for one in segments if word in one.text.split() or (word == "预算" and word in one.text)]
        assert sorted(found(house, cast, word)) == sorted(there), word


def _layers(house: House, recording: str) -> set[Layer]:
    with house.db.read() as session:
        return {row.layer for row in session.query(SegmentRow).filter_by(recording_id=recording)} - {Layer.OWN}
