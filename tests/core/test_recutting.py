"""Room: tests.core.test_recutting. Splits and merges find their places again in another text of the same sound."""

import random
from dataclasses import replace

import pytest

from nas_asr.core.carrying import Carried, carried
from nas_asr.core.edits import EditOp, merged, split
from nas_asr.core.steps import Step, replayed, steps_in, steps_out
from nas_asr.core.transcript import Segment
from tests.core.test_edits import said


def newer(*segments: Segment) -> list[Segment]:
    """Another run gives other ids."""
    return [replace(one, id=f"n{one.id}") for one in segments]


def after(theirs: list[Segment], came: Carried) -> list[Segment]:
    """The newer text with what was carried, as the log keeps it."""
    step = Step("carry", put=came.changed, came=came.came, gone=came.gone, places=came.places, left=came.left)
    return replayed(theirs, steps_in(steps_out([step])))


def cut_at(segment: Segment, words: str, name: str = "half") -> tuple[Segment, Segment]:
    """Cut before these words."""
    return split(segment, segment.text.index(words), None, name)


def test_a_split_comes_between_the_same_words_and_each_half_keeps_its_speaker() -> None:
    base = [said("we met at nine yes I was there")]
    one, other = cut_at(base[0], "yes")
    mine = [replace(one, speaker="Anna"), replace(other, speaker="Ben")]
    theirs = newer(said("well we met at nine yes I was here"))
    came = carried(base, mine, theirs)
    now = after(theirs, came)
    assert [(s.speaker, s.text) for s in now] == [("Anna", "well we met at nine"), ("Ben", "yes I was here")]
    assert now[1].span.start_ms == 5000 and now[0].id == theirs[0].id
    assert (came.places, came.left) == (3, ())


def test_a_split_whose_words_are_heard_otherwise_goes_by_the_time() -> None:
    base = [said("我们三点开会讨论预算")]
    mine = [*cut_at(base[0], "讨论")]  # 讨 begins at 6 s
    theirs = newer(said("他们四点散步结账了吗"))
    assert [s.text for s in after(theirs, carried(base, mine, theirs))] == ["他们四点散步", "结账了吗"]
    untimed = [replace(one, words=()) for one in theirs]
    assert [s.text for s in after(untimed, carried(base, mine, untimed))] == ["他们四点散步", "结账了吗"]


def test_a_border_that_the_newer_text_has_by_itself_is_not_made_twice() -> None:
    base = [said("we met at nine")]
    theirs = newer(said("we met"), said("at nine", start=2000))
    came = carried(base, [*cut_at(base[0], "at")], theirs)
    assert after(theirs, came) == theirs and (came.places, came.left) == (0, ())


def test_what_was_merged_joins_the_newer_segments_in_its_time() -> None:
    base = [said("we met"), said("at nine", start=2000), said("the end", start=9000)]
    mine = [merged(base[0], base[1]), base[2]]
    theirs = newer(said("we"), said("met at", start=1000), said("nine", start=3000), said("the end", start=9000))
    came = carried(base, mine, theirs)
    assert [s.text for s in after(theirs, came)] == ["we met at nine", "the end"]
    assert (came.places, came.left) == (2, ())
    whole = newer(said("we met at nine"), said("the end", start=9000))
    assert carried(base, mine, whole) == Carried((), 0, ())


def test_nobody_who_spoke_in_between_is_joined_with_others() -> None:
    base = [said("we met"), said("at nine", start=2000)]
    mine = [merged(*base)]
    theirs = newer(said("we met", speaker="1"), said("at nine", start=2000, speaker="2"))
    came = carried(base, mine, theirs)
    assert after(theirs, came) == theirs and came.places == 0
    assert [(one.op, one.mine, one.now) for one in came.left] == [(EditOp.MERGE, "we met at nine", "we met | at nine")]


def test_a_split_where_nothing_is_heard_any_more_is_listed() -> None:
    base = [said("we met at nine"), said("the end", start=9000)]
    theirs = newer(said("the end", start=9000))
    came = carried(base, [*cut_at(base[0], "at"), base[1]], theirs)
    assert [(one.op, one.was, one.mine, one.now) for one in came.left] == [
        (EditOp.SPLIT, "we met at nine", "we met | at nine", "")
    ]
    assert steps_in(steps_out([Step("carry", left=came.left)]))[0].left == came.left
    assert steps_in([{"op": "carry", "left": [[1, "a", "b", "c"]]}])[0].left[0].op == EditOp.TEXT, (
        "as it was kept before"
    )


@pytest.mark.parametrize("seed", range(30))
def test_carried_onto_the_same_text_every_border_is_where_it_was(seed: int) -> None:
    draw = random.Random(seed)
    vocabulary = ["we", "met", "Anna", "预算", "会", "nine", "no", ","]
    base = [said(" ".join(draw.choices(vocabulary, k=8)), start=9_000 * i) for i in range(6)]
    mine = list(base)
    for turn in range(8):
        at = draw.randrange(len(mine))
        cuts = [place for place, sign in enumerate(mine[at].text) if sign == " "]
        if draw.random() < 0.5 and cuts:
            mine[at : at + 1] = split(mine[at], draw.choice(cuts), None, f"half{turn}")
        elif at + 1 < len(mine):
            mine[at : at + 2] = [merged(mine[at], mine[at + 1])]
    theirs = newer(*base)
    came = carried(base, mine, theirs)
    assert came.left == ()
    signs = [[one.text.replace(" ", "") for one in side] for side in (after(theirs, came), mine)]
    assert signs[0] == signs[1]
