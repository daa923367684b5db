"""Room: tests.engine.test_itn. Figures are written as people write them, and no word is ever lost for it."""

import csv
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nas_asr.engine.itn import written

_TABLE = Path(__file__).with_name("itn_cases.csv")

# What the rules get wrong today, by its spoken form. A case that is right by now must leave this list.
KNOWN_FAILURES = frozenset(
    {
        "差五分三点",  # to the hour
        "从八点工作到十二点",  # one end of a range alone
        "花了三万五",  # 35000; people write 3.5万
        "房价每平米六万八",
        "一又二分之一",
        "十个指头有长短",  # not on the list of what stays
        "王十二在四川",  # a name
        "happy fourth of july",  # a holiday, not a date
        "the train leaves seven fifty",  # a time, a price or a number: it stays
        "a twenty second break",  # taken for an ordinal
        "maroon five and blink one eighty two",
        "agent double oh seven",
        "we meet on may third at two thirty p m in room twelve with fifteen people",  # room twelve
        "a hundred and twenty kilometers per hour",
    }
)


@dataclass(frozen=True)
class Case:
    language: str
    kind: str
    spoken: str
    written: str


def cases() -> list[Case]:
    """The table, in its order."""
    with _TABLE.open(encoding="utf-8", newline="") as file:
        return [Case(**row) for row in csv.DictReader(file)]


def test_the_table_has_what_people_say() -> None:
    found = cases()
    assert len({(case.language, case.spoken) for case in found}) == len(found) >= 320
    kinds = {"date", "time", "money", "percent", "phone", "fraction", "ordinal", "decimal", "negative", "unit", "range"}
    for language in ("zh", "en"):
        assert kinds | {"cardinal", "idiom", "name", "sentence"} == {c.kind for c in found if c.language == language}
    assert {case.spoken for case in found} >= KNOWN_FAILURES


@pytest.mark.parametrize("language", ["zh", "en"])
def test_figures_are_written_as_people_write_them(language: str) -> None:
    """The score by kind; what fails must be known, and what is known to fail must fail."""
    score: dict[str, list[bool]] = {}
    wrong, right = {}, []
    for case in cases():
        if case.language != language:
            continue
        text = written(case.spoken, language)
        good = text == case.written
        score.setdefault(case.kind, []).append(good)
        if not good and case.spoken not in KNOWN_FAILURES:
            wrong[case.spoken] = f"{text}, not {case.written}"
        if good and case.spoken in KNOWN_FAILURES:
            right.append(case.spoken)
    print(f"\n{language}: " + ", ".join(f"{kind} {sum(v)}/{len(v)}" for kind, v in score.items()))
    assert not wrong
    assert not right, "These are right by now: take them from KNOWN_FAILURES and correct docs/itn.md."


def test_what_was_written_already_is_left_alone() -> None:
    right = [case for case in cases() if case.spoken not in KNOWN_FAILURES]
    again = {case.written: written(case.written, case.language) for case in right}
    assert {one: text for one, text in again.items() if one != text} == {}


@pytest.mark.parametrize(
    "spoken", ['a "quote" of twenty', "back \\ slash", "{ braces }", "\u0000\u0007", "𝄞 🎵", "", " "]
)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_marks_that_the_grammar_takes_for_its_own_lose_nothing(spoken: str, language: str) -> None:
    assert written(spoken, language) == spoken


def test_a_language_without_a_grammar_keeps_what_was_spoken() -> None:
    assert written("zwanzig Prozent", "de") == "zwanzig Prozent"
    assert written("twenty percent", "auto") == "twenty percent"


_ENGLISH = """
one two oh zero ten twenty five hundred thousand million and a point dollars cents percent p m o'clock half past to first
may march at minus I the of , .
"""
_CHINESE = list("零一二三四五六七八九十百千万亿两点分之年月日号半刻负到元块度个第几多，我A ")
_texts = st.one_of(
    st.text(max_size=40),
    st.lists(st.sampled_from(_ENGLISH.split()), max_size=12).map(" ".join),
    st.lists(st.sampled_from(_CHINESE), max_size=16).map("".join),
)


@given(_texts, st.sampled_from(["en", "zh", "ja", "auto"]))
def test_nothing_makes_it_fail_and_no_text_becomes_nothing(spoken: str, language: str) -> None:
    text = written(spoken, language)
    assert bool(text.strip()) == bool(spoken.strip())
