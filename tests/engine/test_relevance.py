"""Room: tests.engine.test_relevance. Which hotwords an utterance is heard with: by sound, in two scripts, few, and quickly."""

import time

import pytest

from nas_asr.core.hotwords import Hotword, hotword
from nas_asr.engine.phonetics import nearness, nearness_table, sound
from nas_asr.engine.relevance import MOST, Relevance, stands
from tests.engine.terms import ABSENT, SOUNDS, SPOKEN

LIST = [hotword(f"{word} = {SOUNDS[word]}" if word in SOUNDS else word) for word in SPOKEN]
CHINESE = [Hotword(word) for word in ("章伟", "显存", "阿里巴巴", "刘阳", "GPU显存", "王小明", "欧阳娜娜", "林锋")]


def near(text: str, *lines: str) -> list[str]:
    """The words of a list that an utterance is heard with."""
    return [one.word for one in Relevance([hotword(line) for line in lines]).words_for(text)]


@pytest.mark.parametrize(
    ("heard", "line"),
    [
        ("we moved it to cube and eddies", "Kubernetes"),
        ("the i p o is near", "IPO"),
        ("please ask me she about it", "Nietzsche = me she"),
        ("请张伟发言", "章伟"),
        ("请臧伟发言", "章伟"),
        ("我们用阿里八八的服务器", "阿里巴巴"),
        ("系统在酷伯内提斯上面", "Kubernetes"),
        ("系统在库八上面", "Kubernetes = 库巴"),
        ("please call zhang wei", "张伟"),
        ("the g p u 现存 is full", "GPU显存"),
        ("Привет Сергею", "Сергей"),
        ("john is here", "jon"),
    ],
)
def test_what_sounds_like_a_part_of_the_text_is_relevant(heard: str, line: str) -> None:
    assert near(heard, line) == [hotword(line).word]


@pytest.mark.parametrize(
    ("heard", "line"),
    [
        ("good morning everybody", "Kubernetes"),
        ("今天天气很好", "章伟"),
        ("", "Kubernetes"),
        ("，。！", "显存"),
        ("we will see her in a while", "Nietzsche = me she"),
        ("ignore the noise outside please", "Ignacio"),
        ("Доброе утро", "Сергей"),
    ],
)
def test_what_sounds_like_nothing_in_it_stays_out(heard: str, line: str) -> None:
    assert near(heard, line) == []


def test_every_term_that_is_said_gets_in_and_hardly_another_one() -> None:
    relevance = Relevance([*LIST, *map(Hotword, ABSENT)])
    others = 0
    for term, sentence in SPOKEN.items():
        found = [one.word for one in relevance.words_for(sentence)]
        assert term in found
        others += len(found) - 1
    assert others <= 1.5 * len(SPOKEN), "of 239 terms that are not said"


def test_the_nearest_come_first_and_never_more_than_a_prompt_takes() -> None:
    twins = [f"Kuberneta{letter}" for letter in "bcdfghjklmnp"]
    found = near("it runs on kubernetes today", *twins, "Kubernetes")
    assert found[0] == "Kubernetes" and len(found) == MOST


def test_homophones_both_come_along() -> None:
    assert set(near("请张伟发言", "章伟", "张伟", "张玮", "刘洋")) == {"章伟", "张伟", "张玮"}


def test_a_word_stands_letter_for_letter_and_by_itself() -> None:
    assert stands("IPO", "the IPO, at last") and stands("显存", "GPU显存不足") and stands("GPU", "GPU显存不足")
    assert not stands("IPO", "the ipo") and not stands("IPO", "the IPOs")


def test_the_table_is_the_same_measure_as_the_pair() -> None:
    left = [sound(text) for text in ("cube and eddies", "philip", "eye", "Köln", "", "ouagadougou")]
    right = [sound(text) for text in ("Kubernetes", "Phillip", "IPO", "köln", "上海")]
    table = nearness_table(left, right)
    for row, one in enumerate(left):
        assert table[row] == pytest.approx([nearness(one, other) for other in right], abs=1e-5)


def test_five_hundred_words_take_milliseconds_an_utterance() -> None:
    words = [*LIST, *map(Hotword, ABSENT), *CHINESE]
    relevance = Relevance([*words, *(Hotword(f"{one.word}ski") for one in words)][:500])
    text = " ".join(list(SPOKEN.values())[:3]) + "我们今天讨论一下显存和预算的问题"
    relevance.words_for(text)
    took = []
    for _ in range(5):
        began = time.process_time()
        relevance.words_for(text)
        took.append(time.process_time() - began)
    assert min(took) < 0.1
