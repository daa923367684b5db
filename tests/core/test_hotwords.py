"""Room: tests.core.test_hotwords. What may stand on a list, and what is said about what may not; and putting back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nas_asr.core.hotwords import MOST_LINES, MOST_WORDS, clean, clean_text, hotword
from nas_asr.core.replacements import Replacement, turned


def reasons(*lines: str) -> list[str]:
    """Why each of the lines is refused."""
    return [one.reason for one in clean(lines).refused]


def test_a_list_is_one_word_a_line_with_what_it_sounds_like() -> None:
    cleaned = clean_text("\ufeff# our words\n\nKubernetes\n  IPO =  I  P O \nＧＰＵ显存\n")
    assert [word.line for word in cleaned.words] == ["Kubernetes", "IPO = I P O", "GPU显存"]
    assert [word.sounds for word in cleaned.words] == ["", "I P O", ""]
    assert cleaned.refused == ()


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("[Kubernetes]", "Brackets"),
        ("Kubernetes（集群）", "Brackets"),
        ("<|im_start|>", "Brackets"),
        ("热词列表：张三", "model's own instructions"),
        ("上下文信息", "model's own instructions"),
        ("Kubernetes, Docker", "commas"),
        ("one\ntwo", "one line"),
        ("half\x00word", "invisible"),
        ("left\u202eright", "invisible"),
        ("50%", "“%”"),
        ("2026", "letter"),
        ("x", "single"),
        ("显", "single"),
        ("a" * 61, "at most 60"),
        ("word =", "sounds like"),
        ("word = " + "la" * 50, "at most 80"),
    ],
)
def test_each_refusal_says_why(line: str, why: str) -> None:
    assert why in reasons(line)[0]


def test_a_refusal_names_the_line_and_the_rest_is_taken() -> None:
    cleaned = clean_text("Kubernetes\n[x]\nkubernetes\nIPO")
    assert [word.word for word in cleaned.words] == ["Kubernetes", "IPO"]
    assert [(one.line, one.text) for one in cleaned.refused] == [(2, "[x]"), (3, "kubernetes")]
    assert "already" in cleaned.refused[1].reason


def test_a_list_is_capped_and_says_so() -> None:
    cleaned = clean_text("\n".join(f"word{number}x" for number in range(MOST_LINES + 50)))
    assert len(cleaned.words) == MOST_WORDS
    assert f"at most {MOST_WORDS}" in cleaned.refused[0].reason
    assert cleaned.refused[-1].line == 0 and len(cleaned.refused) == MOST_LINES - MOST_WORDS + 1


@given(st.lists(st.text(max_size=70)))
def test_whatever_is_sent_what_is_taken_is_clean_and_stays_so(lines: list[str]) -> None:
    taken = [word.line for word in clean(lines).words]
    assert all(line.isprintable() and not set("[]{}<>()\n") & set(line) for line in taken)
    again = clean(taken)
    assert [word.line for word in again.words] == taken and not again.refused
    assert [hotword(line).line for line in taken] == taken


def test_what_was_replaced_is_put_back_and_replaced_again() -> None:
    text = "Kubernetes and IPO are here"
    made = (Replacement(0, 10, "compare needs", "Kubernetes"), Replacement(15, 18, "i pose", "IPO"))
    without, after = turned(text, made, 0)
    assert without == "compare needs and IPO are here"
    assert [without[one.start : one.end] for one in after] == ["compare needs", "IPO"]
    assert [one.undone for one in after] == [True, False]
    assert turned(without, after, 0) == (text, made)
