"""Room: tests.engine.test_word_times. Words of a text, and the tokens that write them; no model."""

import pytest

from nas_asr.core.transcript import Word
from nas_asr.engine.word_times import letters, plain, spoken_words, timed, token_letters


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("你好，世界。", ["你", "好", "世", "界"]),
        ("It's 5% off - really!", ["It's", "5", "off", "really"]),
        ("用GPU跑3.5小时", ["用", "GPU", "跑", "3", "5", "小", "时"]),
        ("안녕 하세요", ["안녕", "하세요"]),
        ("well-known 'quote'", ["well-known", "quote"]),
        ("…、 ！", []),
        ("สวัสดี", ["สวัสดี"]),
    ],
)
def test_marks_are_no_words_and_han_is_a_word_each(text: str, words: list[str]) -> None:
    assert [each.word for each in spoken_words(text)] == words
    written = plain(text)
    assert [each.word for each in spoken_words(written)] == words
    assert all("".join(written.split())[each.first : each.end] == each.word for each in spoken_words(written))


def test_tokens_of_bytes_and_of_several_characters_find_their_letters() -> None:
    pieces = [b"he", b"llo", " 你".encode()[:3], "你".encode()[2:], "好吗".encode()]

    def decode(tokens: list[int]) -> str:
        return b"".join(pieces[token] for token in tokens).decode(errors="replace")

    text = decode([0, 1, 2, 3, 4])
    assert text == "hello 你好吗"
    ranges = token_letters([0, 1, 2, 3, 4], decode)
    assert ranges == [(0, 2), (2, 5), (5, 6), (5, 6), (6, 8)]
    assert ranges[-1][1] == letters(text)
    frames = [(1, 2), (3, 4), (6, 7), (7, 8), (9, 11)]
    assert timed(spoken_words(text), ranges, frames, 60.0) == [
        Word("hello", 60, 240), Word("你", 360, 480), Word("好", 540, 660), Word("吗", 540, 660),
    ]  # fmt: skip


def test_words_without_tokens_have_no_times() -> None:
    assert timed(spoken_words("a b"), [(0, 1)], [(0, 1)], 60.0) is None
