"""Room: tests.core.test_edits. Edits of a segment: both texts, word times and replacements follow; a merge undoes a split."""

import random

import pytest

from nas_asr.core.carrying import carried
from nas_asr.core.edits import finder, joined, merged, split, with_text
from nas_asr.core.errors import Invalid
from nas_asr.core.replacements import Replacement
from nas_asr.core.search_text import tokens
from nas_asr.core.steps import Step, replayed, steps_in, steps_out
from nas_asr.core.transcript import Segment, Span, Word


def said(text: str, spoken: str | None = None, start: int = 0, **more: object) -> Segment:
    """A segment of a second for each word; each has its time."""
    heard = tokens(spoken or text)
    words = tuple(Word(word, start + 1000 * i, start + 1000 * i + 800) for i, word in enumerate(heard))
    end = start + 1000 * max(len(heard), 1)
    return Segment(f"s{start}", Span(start, end), text, spoken or text, words=words, **more)  # type: ignore[arg-type]


def test_words_that_are_still_there_keep_their_times_and_others_take_their_places() -> None:
    segment = with_text(said("we met at nine"), "we meet today at nine")
    assert segment.spoken == segment.text
    assert [(word.text, word.start_ms) for word in segment.words] == [
        ("we", 0), ("meet", 1000), ("today", 1400), ("at", 2000), ("nine", 3000)
    ]  # fmt: skip


def test_a_word_that_nobody_was_heard_to_say_gets_no_time() -> None:
    words = with_text(said("we met"), "we all met").words
    assert [word.text for word in words] == ["we", "met"]


@pytest.mark.parametrize(
    ("written", "spoken", "new", "said_now"),
    [
        ("we met 200 people", "we met two hundred people", "we saw 200 people", "we saw two hundred people"),
        ("we met 200 people", "we met two hundred people", "we met 300 people", "we met 300 people"),
        ("会议在3点开始", "会议在三点开始", "会议在3点结束", "会议在三点结束"),
        ("We met, john.", "we met john", "We met, Jon Miller.", "we met Jon Miller"),
        ("200", "two hundred", "", ""),
    ],
)
def test_what_is_changed_in_the_written_text_is_changed_in_the_spoken_one(
    written: str, spoken: str, new: str, said_now: str
) -> None:
    segment = with_text(said(written, spoken), new)
    assert (segment.text, segment.spoken) == (new, said_now)
    assert not set(tokens(" ".join(word.text for word in segment.words))) - set(tokens(said_now))


def test_a_correction_takes_the_doubt_away() -> None:
    segment = said("we met", flags=("loop", "channels_alike"), confidence=0.2)
    assert (with_text(segment, "we meet").flags, with_text(segment, "we meet").confidence) == (
        ("channels_alike",),
        None,
    )


def test_replacements_move_with_the_words_or_are_the_persons_own() -> None:
    made = (Replacement(7, 10, "we", "Wii"), Replacement(14, 17, "cooper", "K8s"))
    segment = said("we met Wii at K8s", replacements=made)
    assert with_text(segment, "today we met Wii at home").replacements == (Replacement(13, 16, "we", "Wii"),)
    left, right = split(segment, 11, None, "second")
    assert (left.replacements, right.replacements) == (made[:1], (Replacement(3, 6, "cooper", "K8s"),))
    assert merged(left, right).replacements == made


def test_the_time_of_a_split_is_from_words_else_as_asked_else_by_share() -> None:
    left, right = split(said("we met at nine"), 7, None, "second")
    assert (left.span, right.span) == (Span(0, 1800), Span(2000, 4000))
    assert [len(side.words) for side in (left, right)] == [2, 2]
    plain = Segment("a", Span(1000, 2000), "今天开会讨论", "今天开会讨论")
    assert [one.span for one in split(plain, 2, 1700, "b")] == [Span(1000, 1700), Span(1700, 2000)]
    assert [one.span for one in split(plain, 3, None, "b")] == [Span(1000, 1500), Span(1500, 2000)]


@pytest.mark.parametrize("at", [-1, 0, 6, 99])
def test_nothing_is_split_off_where_no_text_is(at: int) -> None:
    with pytest.raises(Invalid):
        split(said("we met"), at, None, "second")


def test_chinese_is_joined_without_a_blank() -> None:
    assert [joined("今天", "开会"), joined("met", "at"), joined("显存", "GPU"), joined("", "x")] == [
        "今天开会", "met at", "显存 GPU", "x"
    ]  # fmt: skip


def test_whole_words_are_latin_ones() -> None:
    assert finder("art", whole_words=True).findall("art start art2 (art) 艺术art展") == ["art", "art", "art"]
    assert finder("显存", whole_words=True).findall("GPU显存不够") == ["显存"]


@pytest.mark.parametrize("seed", range(60))
def test_a_merge_undoes_a_split(seed: int) -> None:
    draw = random.Random(seed)
    words = draw.choices(["we", "met", "显存", "不够", "nine,", "GPU"], k=draw.randint(2, 9))
    text = words[0]
    for word in words[1:]:
        text = joined(text, word)
    segment = said(text)
    at = draw.randrange(1, len(text))
    left, right = split(segment, at, None, "second")
    assert segment.span.start_ms == left.span.start_ms <= left.span.end_ms <= right.span.start_ms <= right.span.end_ms
    assert len(left.words) + len(right.words) == len(segment.words)
    both = merged(left, right)
    assert both.text.replace(" ", "") == text.replace(" ", "") and (both.span, both.words) == (
        segment.span,
        segment.words,
    )


def test_steps_come_back_as_they_were_written() -> None:
    first, second = said("we met", "WE met", flags=("loop",), confidence=0.5), said("at nine", start=9000)
    step = Step("x", put=(first,), came=((first.id, second),), gone=("z",), speaker=(None, ("a",)), places=3)
    assert steps_in(steps_out([step])) == [step]


@pytest.mark.parametrize(
    "given",
    [
        {}, [{}], [{"op": "text", "put": [{"id": "a"}]}], [{"op": 3}], [{"op": "x", "speaker": ["n" * 121, []]}],
        [{"op": "x", "put": [{"id": "a", "start_ms": 5, "end_ms": 4, "text": ""}]}],
        [{"op": "x", "put": [{"id": "a", "start_ms": 0, "end_ms": 4, "text": "\0"}]}],
    ],
)  # fmt: skip
def test_steps_that_are_none_are_refused(given: object) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        steps_in(given)


def test_a_step_of_a_segment_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match="not there"):
        replayed([said("we met")], [Step("merge", gone=("other",))])


# -- carrying over ------------------------------------------------------------------------------------------------


def test_edits_find_their_words_again_in_another_text_of_the_same_sound() -> None:
    base = [said("we met at nine with jon"), said("the budget is low", start=9000)]
    mine = [with_text(base[0], "we met at nine with John"), with_text(base[1], "the budget is high")]
    theirs = [said("yes we met at nine"), said("with jon", start=5000), said("the budget was low", start=9000)]
    came = carried(base, mine, theirs)
    assert [one.text for one in came.changed] == ["with John", "the budget was high"]
    assert (came.places, came.left) == (2, ())


def test_what_the_newer_text_says_otherwise_is_listed_and_stays() -> None:
    base = [said("we met jon at nine"), said("the end", start=9000)]
    mine = [with_text(base[0], "we met John at ten"), with_text(base[1], "the very end")]
    came = carried(base, mine, [said("we met joan at nine")])
    assert [one.text for one in came.changed] == ["we met joan at ten"]
    assert [(one.was, one.mine, one.now) for one in came.left] == [
        ("jon", "John", "joan"), ("the end", "the very end", "")
    ]  # fmt: skip


def test_what_both_say_is_no_edit_any_more() -> None:
    base, mine = [said("we met jon")], [said("we met John")]
    assert carried(base, mine, [said("we met John")]) == carried(base, base, base)


def test_names_of_speakers_go_by_the_time() -> None:
    base = [said("we met", speaker="1"), said("at nine", start=9000, speaker="2")]
    mine = [said("we met", speaker="Anna"), base[1]]
    came = carried(base, mine, [said("we met", speaker="2"), said("at nine", start=9000, speaker="1")])
    assert [(one.text, one.speaker) for one in came.changed] == [("we met", "Anna")]


def test_chinese_edits_are_carried_sign_by_sign() -> None:
    base = [said("我们在三点开会讨论预算")]
    mine = [with_text(base[0], "我们在四点开会讨论预算。")]
    came = carried(base, mine, [said("我们在三点开会"), said("讨论预算案", start=8000)])
    assert [one.text for one in came.changed] == ["我们在四点开会"]
    assert [(one.was, one.mine, one.now) for one in came.left] == [("", "。", "案")]


@pytest.mark.parametrize("seed", range(40))
def test_carried_onto_the_same_text_nothing_is_left(seed: int) -> None:
    draw = random.Random(seed)
    vocabulary = ["we", "met", "Anna", "预算", "会", "nine", "no", ","]
    base = [said(" ".join(draw.choices(vocabulary, k=8)), start=20_000 * i) for i in range(4)]
    mine = [with_text(one, " ".join(draw.choices(vocabulary, k=draw.randint(0, 8)))) for one in base]
    came = carried(base, mine, base)
    changed = {one.id: one for one in came.changed}
    assert came.left == ()
    assert [tokens(changed.get(one.id, one).text) for one in base] == [tokens(one.text) for one in mine]
