"""Room: tests.engine.test_guided_nano. Hotwords through the real funasr and the small checkpoint: recall, absent words."""

from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from nas_asr.core.hotwords import Hotword
from nas_asr.core.ports import Brief, Utterance
from nas_asr.core.transcript import Heard, Span
from nas_asr.engine.guided import Guided
from nas_asr.engine.options import EngineOptions
from nas_asr.engine.silero import SileroVad
from tests.engine.scripted import noise, silence
from tests.engine.terms import ABSENT
from tests.nano.checkpoint import SMALL, clip, clip_lines

pytestmark = [
    pytest.mark.torch,
    pytest.mark.skipif(not (SMALL / "model.pt").is_file(), reason="the small checkpoint is not here"),
]
pytest.importorskip("torch")
pytest.importorskip("funasr")

from nas_asr.engine.fun_asr import Nano  # noqa: E402

NAMES = {"zh": ("zh_name.flac", "zh_two_names.flac"), "en": ("en_name.flac", "en_two_names.flac")}
PLAIN = {"zh": ("zh.flac",), "en": ("en.flac", "en_one_word.flac")}
OTHERS = ("Kubernetes", "Grafana", "阿里巴巴", "深圳", "Okonkwo", "财务部")


@pytest.fixture(scope="module")
def guided(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guided]:
    """The engine as the pipeline has it, with the small checkpoint."""
    options = EngineOptions("fun-asr-nano", str(SMALL), "cpu", models=tmp_path_factory.mktemp("models"))
    engine = Guided(Nano(options), SileroVad())
    yield engine
    engine.close()


def said(*names: str) -> list[Utterance]:
    """Clips as utterances."""
    return [spoken((clip(name) * 32767).astype(np.int16)) for name in names]


def spoken(pcm: "np.ndarray[tuple[int], np.dtype[np.int16]]") -> Utterance:
    """A sound as an utterance."""
    return Utterance(Span(0, len(pcm) // 16), pcm)


def hear(guided: Guided, utterances: Sequence[Utterance], language: str, *hotwords: str) -> list[Heard]:
    """What comes out."""
    brief = Brief(language, tuple(map(Hotword, hotwords)), writes=True)
    return [heard for _, heard in guided.recognise(utterances, brief, lambda: None)]


def wanted(names: Sequence[str], key: str) -> list[str]:
    """What texts.json says of the clips."""
    return [str(clip_lines(name)[0][key]) for name in names]


def twins(language: str) -> list[str]:
    """The other spellings of the names in the clips."""
    return [word for name in NAMES[language] for word in clip_lines(name)[0]["hotwords"]]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_long_list_turns_the_names_and_nothing_else(guided: Guided, language: str) -> None:
    names = NAMES[language]
    without = hear(guided, said(*names), language)
    with_list = hear(guided, said(*names), language, *OTHERS, *twins(language))
    assert [heard.spoken for heard in without] == wanted(names, "text")
    assert [heard.spoken for heard in with_list] == wanted(names, "text_with_hotwords")
    assert not any(heard.flags for heard in with_list)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_recall_is_none_without_the_list_and_all_with_it(guided: Guided, language: str) -> None:
    found = {
        asked: " ".join(heard.spoken for heard in hear(guided, said(*NAMES[language]), language, *asked))
        for asked in ((), (*OTHERS, *twins(language)))
    }
    recall = [sum(word in text.split() or word in text for word in twins(language)) for text in found.values()]
    assert recall == [0, len(twins(language))]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_two_homophone_lists_change_only_the_names(guided: Guided, language: str) -> None:
    names = (*NAMES[language], *PLAIN[language])
    first = hear(guided, said(*names), language, *twins(language)[:1])
    second = hear(guided, said(*names), language, *twins(language)[1:])
    for one, other, name in zip(first, second, names, strict=True):
        plain, turned = wanted([name], "text")[0], wanted([name], "text_with_hotwords")[0]
        assert {one.spoken, other.spoken} <= {plain, turned}
        assert (one.spoken == other.spoken) is (plain == turned)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_two_hundred_absent_words_change_nothing_that_is_said(guided: Guided, language: str) -> None:
    names = (*NAMES[language], *PLAIN[language])
    found = hear(guided, said(*names), language, *ABSENT)
    assert [heard.spoken for heard in found] == wanted(names, "text")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_two_hundred_absent_words_give_no_text_on_silence_and_noise(guided: Guided, language: str) -> None:
    sounds = [silence(100), silence(3_000), noise(2_000, -60), noise(2_000, -40), noise(2_000, -25)]
    for hotwords in (ABSENT, ABSENT[:3], ()):
        found = hear(guided, [*map(spoken, sounds), *said("noise.flac")], language, *hotwords)
        assert [heard.spoken for heard in found] == [""] * 6
