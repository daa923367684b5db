"""Room: tests.engine.test_itn. Figures are written as people write them, and no word is ever lost for it."""

import pytest

from nas_asr.engine.itn import written


@pytest.mark.parametrize(
    ("spoken", "text"),
    [
        ("we sold twenty five percent more", "we sold 25% more"),
        ("one hundred twenty three dollars", "$123"),
        ("on january fifteenth twenty twenty five", "on january 15 2025"),
        ("i think i'm at home", "I think I'm at home"),
        ("at first the second quarter", "at first the second quarter"),
        ("the twenty second of may", "22 may"),
        ("hello", "hello"),
        ("", ""),
    ],
)
def test_english_figures(spoken: str, text: str) -> None:
    assert written(spoken, "en") == text


@pytest.mark.parametrize(
    ("spoken", "text"),
    [
        ("二零二五年一月", "2025年1月"),
        ("二零二五年十二月十五日开会", "2025年12月15日开会"),
        ("百分之三十五点六", "35.6%"),
        ("两千万", "2000万"),
        ("我们一起去", "我们一起去"),
    ],
)
def test_chinese_figures(spoken: str, text: str) -> None:
    assert written(spoken, "zh") == text


@pytest.mark.parametrize("spoken", ['a "quote" of twenty', "back \\ slash", "{ braces }", "\u0000\u0007", "𝄞 🎵"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_marks_that_the_grammar_takes_for_its_own_lose_nothing(spoken: str, language: str) -> None:
    assert written(spoken, language) == spoken


def test_a_language_without_a_grammar_keeps_what_was_spoken() -> None:
    assert written("zwanzig Prozent", "de") == "zwanzig Prozent"
    assert written("twenty percent", "auto") == "twenty percent"
