"""Room: tests.core.test_difference. What went and what came: complete, in place, and aligned by time."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nas_asr.core.difference import Change, Passage, difference, pieces
from nas_asr.core.transcript import Segment, Span

TEXTS = st.text(st.sampled_from("abC 会议,.'’\n<>1"), max_size=40)


def segment(start: int, end: int, text: str) -> Segment:
    return Segment(f"{start}-{text}", Span(start, end), text, text)


def shown(passage: Passage) -> str:
    """A passage as a person would write it down: [-went-] and {+came+}."""
    marks = {Change.SAME: "{}", Change.WENT: "[-{}-]", Change.CAME: "{{+{}+}}"}
    return "".join(marks[piece.change].format(piece.text) + piece.blank for piece in passage.pieces)


def squeezed(text: str) -> str:
    return "".join(text.split())


@given(TEXTS, TEXTS)
def test_both_texts_can_be_read_from_the_difference(old: str, new: str) -> None:
    found = pieces(old, new)
    assert squeezed("".join(p.text for p in found if p.change is not Change.CAME)) == squeezed(old)
    assert squeezed("".join(p.text for p in found if p.change is not Change.WENT)) == squeezed(new)


@given(TEXTS)
def test_a_text_does_not_differ_from_itself(text: str) -> None:
    assert all(piece.change is Change.SAME for piece in pieces(text, text))


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        ("john miller will come", "Jon Millar will come", "[-john miller-] {+Jon Millar+} will come"),
        ("in berlin", "in Berlin", "in [-berlin-]{+Berlin+}"),
        ("今天的会议讨论先存", "今天的会议讨论显存", "今天的会议讨论[-先-]{+显+}存"),
        ("we don't", "we do", "we [-don't-]{+do+}"),
        ("half past ten", "half past ten.", "half past ten{+.+}"),
        ("", "new", "{+new+}"),
        ("gone", "", "[-gone-]"),
    ],
)
def test_words_and_chinese_characters_are_compared_one_by_one(old: str, new: str, wanted: str) -> None:
    [passage] = difference([segment(0, 1000, old)], [segment(0, 1000, new)])
    assert shown(passage) == wanted


def test_segments_are_aligned_by_time_even_where_they_were_cut_elsewhere() -> None:
    old = [segment(0, 4000, "one two three"), segment(5000, 6000, "four"), segment(7000, 8000, "five")]
    new = [
        segment(100, 2000, "one"),
        segment(2000, 3900, "two three"),
        segment(5100, 6000, "for"),
        segment(9000, 9500, "six"),
    ]
    found = difference(old, new)
    assert [(one.start_ms, one.changed, shown(one)) for one in found] == [
        (100, False, "one two three"),
        (5100, True, "[-four-]{+for+}"),
        (7000, True, "[-five-]"),
        (9000, True, "{+six+}"),
    ]
    assert [one.segment for one in found] == ["100-one", "5100-for", "", "9000-six"]


def test_nothing_and_nothing_are_the_same() -> None:
    assert difference([], []) == []


def test_an_hour_in_one_segment_comes_to_an_end() -> None:
    old = " ".join(f"the word{n % 700}" for n in range(10_000))
    [passage] = difference([segment(0, 1000, old)], [segment(0, 1000, old.replace("word77 ", "other "))])
    assert passage.changed and "".join(p.text for p in passage.pieces if p.change is Change.CAME).count("other") >= 10


def test_two_words_over_and_over_hold_nobody_up() -> None:
    began = time.process_time()
    found = pieces("a b " * 995, "b a a " * 660)
    assert time.process_time() - began < 2
    assert "".join(piece.text for piece in found if piece.change is not Change.CAME).replace(" ", "") == "ab" * 995


def test_texts_that_somebody_made_up_to_hold_us_up_come_to_an_end() -> None:
    letters = [chr(0x4E00 + n) for n in range(100)]
    old = "".join(letters * 100)
    began = time.process_time()
    found = pieces(old, "".join(reversed(letters)) * 100)
    assert time.process_time() - began < 4
    assert "".join(p.text for p in found if p.change is not Change.CAME) == old
