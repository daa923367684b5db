"""Room: tests.core.test_search_text. One split for index and query, and marks that fit the unfolded text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nas_asr.core.metrics import ErrorCount, word_errors
from nas_asr.core.search_text import MAX_TERMS, excerpt, fold, highlights, pairs, parse_query, tokens


@pytest.mark.parametrize(
    ("text", "split"),
    [
        ("会议", ["会", "议"]),
        ("GPU显存2GB", ["gpu", "显", "存", "2gb"]),
        ("ＧＰＵ　ｘ", ["gpu", "x"]),
        ("Straße STRASSE", ["strasse", "strasse"]),
        ("a_b-c", ["a", "b", "c"]),
        ("ひらがなカ", ["ひ", "ら", "が", "な", "カ"]),
        ("한글", ["한", "글"]),
        ("𠮷野家", ["𠮷", "野", "家"]),
        ("…!?  ", []),
        ("don't", ["don", "t"]),
        ("３.14", ["3", "14"]),
    ],
)
def test_text_is_split_the_same_everywhere(text: str, split: list[str]) -> None:
    assert tokens(text) == split


def test_quotes_make_phrases_and_words_stand_alone() -> None:
    assert parse_query('"next week" 会议 GPU') == [("next", "week"), ("会", "议"), ("gpu",)]
    assert parse_query('"unclosed phrase') == [("unclosed",), ("phrase",)]
    assert parse_query("“smart quotes”") == [("smart", "quotes")]
    assert parse_query('"" ... ""') == []
    assert len(parse_query(" ".join(f"w{i}" for i in range(50)))) == MAX_TERMS


@given(st.text(max_size=80), st.text(max_size=20))
def test_marks_lie_in_the_text_in_order(text: str, query: str) -> None:
    marks = highlights(text, parse_query(query))
    assert all(0 <= start < end <= len(text) for start, end in marks)
    assert all(one[1] < two[0] for one, two in zip(marks, marks[1:], strict=False))


@given(st.text(alphabet="aB会议Ａ １ß.", min_size=1, max_size=30), st.data())
def test_every_part_of_whole_tokens_is_found(text: str, data: st.DataObject) -> None:
    split = tokens(text)
    if not split:
        return
    start = data.draw(st.integers(0, len(split) - 1))
    phrase = tuple(split[start : start + data.draw(st.integers(1, 4))])
    marked = highlights(text, [phrase])
    assert marked
    assert all(set(tokens(text[a:b])) >= set(phrase) or tokens(text[a:b]) for a, b in marked)


def test_marks_fit_text_whose_folding_changes_its_length() -> None:
    text = "ﬁne Straße ㎏ 会议"
    assert [text[a:b] for a, b in highlights(text, parse_query("fine strasse kg 会议"))] == [
        "ﬁne",
        "Straße",
        "㎏",
        "会议",
    ]


def test_folding_twice_changes_nothing_in_the_index() -> None:
    assert fold(fold("ǅ İ ＡＢＣ")) == fold("ǅ İ ＡＢＣ")


def test_errors_are_counted_in_words_and_in_characters_of_chinese() -> None:
    assert word_errors("the cat sat", "the bat sat on") == ErrorCount(2, 3)
    assert word_errors("今天开会", "今天会") == ErrorCount(1, 4)
    assert word_errors("It's FINE.", "its fine") == ErrorCount(0, 2)
    assert word_errors("", "invented words").rate == 2.0
    assert (ErrorCount(1, 2) + ErrorCount(3, 4)).rate == 4 / 6


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        ("会议纪要", [("会议", "议纪", "纪要")]),
        ("会，议", [("会议",)]),
        ("GPU显存 and 显卡", [("显存",), ("显卡",)]),
        ("会 a 议", []),
        ("", []),
        ("会", []),
    ],
)
def test_characters_that_follow_each_other_are_pairs(text: str, runs: list[tuple[str, ...]]) -> None:
    assert list(pairs(tokens(text))) == runs


@pytest.mark.parametrize("text", ["before " * 50 + "needle" + " after" * 50, "前" * 300 + "needle" + "后" * 300])
def test_an_excerpt_is_short_and_has_its_word_marked(text: str) -> None:
    marks = highlights(text, parse_query("needle"))
    part, ((start, end),) = excerpt(text, marks, 100)
    assert 60 <= len(part) <= 102 and part[start:end] == "needle"
    assert part.startswith("…") and part.endswith("…")
    assert excerpt("short needle", [(6, 12)], 100) == ("short needle", [(6, 12)])
    assert excerpt(text, [], 100) == (text[:100].rpartition(" ")[0] + "…" if " " in text else text[:100] + "…", [])


@pytest.mark.parametrize(
    ("text", "phrase", "marks"),
    [
        ("会" * 50 + "," + "会" * 2, "会会会", [(0, 53)]),
        ("a, a, a, a", '"a a"', [(0, 10)]),
        ("a b a b, a", '"a b a"', [(0, 10)]),
        ("a b. a b", '"a b"', [(0, 3), (5, 8)]),
        ("会议会议会", "会议会", [(0, 5)]),
        ("aa a aa", "a", [(3, 4)]),
    ],
)
def test_places_that_overlap_are_one(text: str, phrase: str, marks: list[tuple[int, int]]) -> None:
    assert highlights(text, parse_query(phrase)) == marks
