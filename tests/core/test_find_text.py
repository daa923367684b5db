"""Room: tests.core.test_find_text. What a find box in a transcript finds; tests.browser.test_reading holds the browser to it."""

import pytest

from nas_asr.core.find_text import find_places, find_terms, holds

# A text, what is looked for in it, and what is marked.
FOUND: list[tuple[str, str, list[str]]] = [
    ("今天的会议讨论显存", "会", ["会"]),
    ("今天的会议讨论显存", "会议", ["会议"]),
    ("会前会后", "会", ["会", "会"]),
    ("显，存", "显存", ["显，存"]),
    ("GPU 显存不够", "gpu显存", ["GPU 显存"]),
    ("ＧＰＵ显存", "gpu", ["ＧＰＵ"]),
    ("今天的会议 讨论显存", "“会议讨论”", ["会议 讨论"]),
    ("今天开会，讨论显存", "显存 开会", ["开会", "显存"]),
    ("今天开会", "显存 开会", []),
    ("𠮷野家", "𠮷", ["𠮷"]),
    ("next week we meet", "wee", ["wee"]),
    ("the xtra mile", "hex", []),
    ("next week", '"next wee"', ["next wee"]),
    ("week after next", "next week", ["week", "next"]),
    ("完成了25%，剩下", "25%", ["25"]),
    ("Straße", "strasse", ["Straße"]),
    ("die Straßen", "STRAßE", ["Straße"]),
    ("ﬁne", "fine", ["ﬁne"]),
    ("第①名", "1", ["①"]),
    ("naïve café", "CAFÉ", ["café"]),
    ("nothing here", "会议", []),
    ("a b", "?", []),
    ("a b", "", []),
]


@pytest.mark.parametrize(("text", "query", "words"), FOUND)
def test_parts_of_words_and_single_characters_are_found(text: str, query: str, words: list[str]) -> None:
    terms = find_terms(query)
    assert holds(text, terms) == bool(words)
    if words:
        assert [text[start:end] for start, end in find_places(text, terms)] == words
