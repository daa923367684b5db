"""Room: tests.engine.test_silero_equality. Our voice detector draws the same spans as the silero-vad package itself."""

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nas_asr.core.transcript import Span
from nas_asr.engine.silero import SileroVad, VadRules
from nas_asr.media import decode
from tests.engine.sounds import SAMPLE

torch = pytest.importorskip("torch", reason="needs torch (the second stage)")
silero_vad = pytest.importorskip("silero_vad", reason="needs the silero-vad package")
pytestmark = pytest.mark.torch

RULES = {
    "package defaults": VadRules(min_silence_ms=100, max_speech_ms=10**9),
    "ours": VadRules(),
    "cut at three seconds": VadRules(max_speech_ms=3000, min_silence_ms=700),
    "wide padding": VadRules(pad_ms=200, min_silence_ms=100),
    "eager": VadRules(threshold=0.2, neg_threshold=0.05, min_speech_ms=30, max_speech_ms=2000),
}
FILES = (
    "en/jfk.flac",
    "en/mfa_acoustic_corpus.wav",
    "en/ami_IB4002_mix.wav",
    "en/wk_ted_60s.m4a",
    "en/voxconverse_aepyx_8k_169s.wav",
    "zh/funasr_vad_lecture_70s.wav",
    "zh-en/az_en_then_zh_44k.wav",
    "nonspeech/speechbrain_noise3.wav",
    "nonspeech/lt_laugh1.mp3",
)


class _Remembered:
    """The package's model over one recording: what it says of each window, asked for once and then remembered for all rules."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self._said: list[Any] = []
        self._next = 0

    def reset_states(self) -> None:
        """From the beginning again."""
        self._next = 0
        self._model.reset_states()

    def __call__(self, window: Any, rate: int) -> Any:
        if self._next == len(self._said):
            self._said.append(self._model(window, rate))
        self._next += 1
        return self._said[self._next - 1]


def _package_spans(pcm: np.ndarray, rules: VadRules, model: object) -> list[Span]:
    found = silero_vad.get_speech_timestamps(
        torch.from_numpy(pcm.astype(np.float32) / 32768),
        model,
        threshold=rules.threshold,
        neg_threshold=rules.neg_threshold,
        min_speech_duration_ms=rules.min_speech_ms,
        max_speech_duration_s=rules.max_speech_ms / 1000,
        min_silence_duration_ms=rules.min_silence_ms,
        speech_pad_ms=rules.pad_ms,
        min_silence_at_max_speech=rules.min_cut_ms,
    )
    return [Span(each["start"] // 16, each["end"] // 16) for each in found]


def _compare(path: Path, rules: VadRules, model: object) -> None:
    blocks = list(decode(bytes(path)))
    assert list(SileroVad(rules).spans(blocks)) == _package_spans(np.concatenate(blocks), rules, model)


@pytest.fixture(scope="module")
def model() -> object:
    """The package's own step-wise model, run by torch."""
    return silero_vad.load_silero_vad()


@pytest.fixture(scope="module")
def models(model: object) -> Mapping[str, object]:
    """The same for each recording."""
    return defaultdict(lambda: _Remembered(model))


@pytest.mark.parametrize("rules", RULES.values(), ids=RULES.keys())
def test_our_spans_of_the_sample_meeting_are_those_of_the_package(
    rules: VadRules, models: Mapping[str, object]
) -> None:
    _compare(SAMPLE, rules, models["sample"])


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("rules", RULES.values(), ids=RULES.keys())
def test_our_spans_of_real_recordings_are_those_of_the_package(
    name: str, rules: VadRules, models: Mapping[str, object], audio: Path
) -> None:
    _compare(audio / name, rules, models[name])
