"""Room: tests.engine.test_corrections. Text that sounds like a hotword becomes one; other text never; places are exact."""

import time

import pytest

from nas_asr.engine.corrections import Corrections, corrected
from nas_asr.engine.itn import written


def put(text: str, *lines: str) -> str:
    """The text with the hotwords of a list in place."""
    return corrected(text, Corrections(lines).matches(text), str)[0]


@pytest.mark.parametrize(
    ("heard", "line", "wanted"),
    [
        ("we ship to kaliningrad soon", "Kaliningrad", "we ship to Kaliningrad soon"),
        ("taking met form in daily", "metformin", "taking metformin daily"),
        ("the elastic search is slow", "Elasticsearch", "the Elasticsearch is slow"),
        ("explained the g d p r to us", "GDPR", "explained the GDPR to us"),
        ("our web server is m g i m x now", "Nginx", "our web server is Nginx now"),
        ("we planned the i p o for may", "IPO", "we planned the IPO for may"),
        ("the cluster runs on compare needs", "Kubernetes = compare needs", "the cluster runs on Kubernetes"),
        ("gave him a saddle sally sally acid", "acetylsalicylic", "gave him acetylsalicylic acid"),
        ("call raspberry pie.", "Raspberry Pi", "call Raspberry Pi."),
    ],
)
def test_english_that_sounds_nearly_like_a_hotword_becomes_it(heard: str, line: str, wanted: str) -> None:
    assert put(heard, line) == wanted


@pytest.mark.parametrize(
    ("heard", "line", "wanted"),
    [
        ("请章伟来开会", "张伟", "请张伟来开会"),
        ("显村不够用了", "显存", "显存不够用了"),
        ("上海中兴大厦很高", "上海中心大厦", "上海中心大厦很高"),
        ("林志灵来了", "林志玲", "林志玲来了"),
        ("买了GPU先存条", "GPU显存", "买了GPU显存条"),
        ("我们用库伯内特斯部署", "Kubernetes = 库伯内特斯", "我们用Kubernetes部署"),
    ],
)
def test_chinese_is_matched_by_syllable_without_tone(heard: str, line: str, wanted: str) -> None:
    assert put(heard, line) == wanted


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("it is what it was", "IT"),
        ("we almost had to go", "Almaty"),
        ("no, dreams. Or not", "Tiramisu"),
        ("that is amazing", "Amazonas"),
        ("met. Form in the garden", "metformin"),
        ("今天下午开会", "夏雨"),
        ("他说，存钱", "说存"),
    ],
)
def test_everyday_words_and_what_a_pause_parts_stay(text: str, line: str) -> None:
    assert put(text, line) == text


def test_what_stands_right_already_is_no_replacement() -> None:
    assert Corrections(["Kubernetes", "Cubernetes"]).matches("Kubernetes runs") == []


def test_one_place_has_one_hotword_and_the_nearer_one() -> None:
    found = Corrections(["Elasticsearch", "Elastic"]).matches("built on elastic search")
    assert [one.hotword for one in found] == ["Elasticsearch"]


def test_itn_leaves_hotwords_alone_and_their_places_are_exact() -> None:
    heard = "twenty five percent of g d p r cases and two hundred for i p o"
    text, made = corrected(heard, Corrections(["GDPR", "IPO"]).matches(heard), lambda piece: written(piece, "en"))
    assert text == "25% of GDPR cases and 200 for IPO"
    assert [(text[one.start : one.end], one.was) for one in made] == [("GDPR", "g d p r"), ("IPO", "i p o")]


def test_a_long_list_costs_little() -> None:
    corrections = Corrections([f"Tschernyschew{chr(97 + n % 26)}{chr(97 + n // 26)}" for n in range(500)])
    began = time.process_time()
    for _ in range(10):  # about a minute of speech
        corrections.matches("the quick brown fox jumps over the lazy dog while nobody looks at ")
    assert time.process_time() - began < 6
