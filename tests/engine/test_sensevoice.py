"""Room: tests.engine.test_sensevoice. SenseVoiceSmall through the real funasr, from a checkpoint that is made here.

Its weights are random, so its projection is replaced by a script of symbols; everything around it is funasr's and ours.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nas_asr.core.errors import ModelUnavailable
from nas_asr.core.ports import SAMPLE_RATE, Brief, Utterance
from nas_asr.core.transcript import Heard, Span
from nas_asr.engine.options import EngineOptions
from tests.stage_two import need

pytestmark = pytest.mark.torch
need()
torch = pytest.importorskip("torch")

import yaml  # noqa: E402

from nas_asr.engine.fun_asr import Nano, SenseVoice  # noqa: E402

TAGS = ("<|zh|>", "<|en|>", "<|nospeech|>", "<|NEUTRAL|>", "<|EMO_UNKNOWN|>", "<|Speech|>", "<|woitn|>", "<|withitn|>")
PIECES = ("▁hello", "▁world", "你", "好", "，", "5", "世")


def write_checkpoint(place: Path) -> None:
    """SenseVoiceSmall's keys with small numbers, a vocabulary of a few pieces, random weights."""
    import sentencepiece

    place.mkdir()
    (place / "text").write_text("hello world 你好世界\n" * 20, "utf-8")
    sentencepiece.SentencePieceTrainer.Train(
        input=str(place / "text"), model_prefix=str(place / "pieces"), model_type="char", vocab_size=40,
        user_defined_symbols=[*TAGS, *PIECES], hard_vocab_limit=False, minloglevel=2,
    )  # fmt: skip
    configuration: dict[str, Any] = {
        "model": "SenseVoiceSmall",
        "encoder": "SenseVoiceEncoderSmall",
        "encoder_conf": {
            "output_size": 64, "attention_heads": 4, "linear_units": 64, "num_blocks": 2, "tp_blocks": 1, "dropout_rate": 0.0,
            "positional_dropout_rate": 0.0, "attention_dropout_rate": 0.0, "input_layer": "pe",
            "pos_enc_class": "SinusoidalPositionEncoder", "normalize_before": True, "kernel_size": 11, "sanm_shfit": 0,
            "selfattention_layer_type": "sanm",
        },
        "model_conf": {"length_normalized_loss": True, "sos": 1, "eos": 2, "ignore_id": -1},
        "tokenizer": "SentencepiecesTokenizer",
        "tokenizer_conf": {"bpemodel": None, "unk_symbol": "<unk>", "split_with_space": True},
        "frontend": "WavFrontend",
        "frontend_conf": {
            "fs": 16000, "window": "hamming", "n_mels": 80, "frame_length": 25, "frame_shift": 10, "lfr_m": 7, "lfr_n": 6,
        },
    }  # fmt: skip
    (place / "config.yaml").write_text(yaml.safe_dump(configuration), "utf-8")
    places = {"config": "config.yaml", "init_param": "model.pt", "tokenizer_conf": {"bpemodel": "pieces.model"}}
    (place / "configuration.json").write_text(json.dumps({"file_path_metas": places}), "utf-8")
    from funasr import AutoModel  # noqa: F401  fills funasr's tables
    from funasr.register import tables

    size = sentencepiece.SentencePieceProcessor(model_file=str(place / "pieces.model")).get_piece_size()
    inside = {name: value for name, value in configuration.items() if name != "model"}
    model = tables.model_classes["SenseVoiceSmall"](
        **inside, **inside.pop("model_conf"), input_size=560, vocab_size=size
    )
    torch.save(model.state_dict(), place / "model.pt")


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory as `model pull` would leave it."""
    place = tmp_path_factory.mktemp("sensevoice") / "checkpoint"
    write_checkpoint(place)
    return place


@pytest.fixture(scope="module")
def sense(checkpoint: Path) -> Iterator[SenseVoice]:
    """The engine."""
    engine = SenseVoice(EngineOptions("sensevoice", str(checkpoint), "cpu", models=checkpoint.parent))
    yield engine
    engine.close()


class Script:
    """In place of the projection: frame n of each row says symbol n of the row's script; `_` is nothing.

    The rows of a batch come longest first. asked: with which language and ITN the model was asked, as embedding numbers.
    """

    def __init__(self, sense: SenseVoice, monkeypatch: pytest.MonkeyPatch, *scripts: str) -> None:
        self._pieces = sense._auto.kwargs["tokenizer"].sp
        self._scripts = [script.split() for script in scripts]
        self.asked: list[int] = []
        monkeypatch.setattr(sense._auto.model.ctc.ctc_lo, "forward", self._project)
        sense._auto.model.embed.register_forward_hook(self._note)

    def _note(self, _module: Any, given: Any, _made: Any) -> None:
        self.asked += given[0].flatten().tolist()

    def _project(self, encoded: Any) -> Any:
        rows, frames, _ = encoded.shape
        scores = torch.zeros(rows, frames, self._pieces.get_piece_size())
        for row in range(rows):
            for frame in range(frames):
                script = self._scripts[row]
                piece = script[frame] if frame < len(script) else "_"
                scores[row, frame, 0 if piece == "_" else self._pieces.piece_to_id(piece)] = 9.0
        return scores


def sound(seconds: float, at_ms: int = 0) -> Utterance:
    """Noise."""
    pcm = (np.random.default_rng(1).normal(size=int(seconds * SAMPLE_RATE)) * 3000).astype(np.int16)
    return Utterance(Span(at_ms, at_ms + int(seconds * 1000)), pcm)


def heard(sense: SenseVoice, utterances: list[Utterance], brief: Brief) -> list[Heard]:
    """Each one's, in order."""
    return [each for _, each in sense.recognise(utterances, brief, lambda: None)]


def test_tags_are_no_text_and_the_words_stand_where_they_were_heard(
    sense: SenseVoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    Script(
        sense, monkeypatch,
        "<|en|> <|NEUTRAL|> <|Speech|> <|woitn|> _ ▁hello ▁hello _ ▁world",
        "<|zh|> <|NEUTRAL|> <|Speech|> <|woitn|> 你 _ 好",
    )  # fmt: skip
    english, chinese = heard(sense, [sound(3, 10_000), sound(2, 20_000)], Brief("auto"))
    assert (english.spoken, english.written) == ("hello world", None)
    assert [(word.text, word.start_ms, word.end_ms) for word in english.words] == [
        ("hello", 10_060, 10_180), ("world", 10_240, 10_300),
    ]  # fmt: skip
    assert chinese.spoken == "你好"
    assert [(word.text, word.start_ms, word.end_ms) for word in chinese.words] == [
        ("你", 20_000, 20_060), ("好", 20_120, 20_180),
    ]  # fmt: skip


def test_its_own_switch_for_the_written_form(sense: SenseVoice, monkeypatch: pytest.MonkeyPatch) -> None:
    script = Script(sense, monkeypatch, "<|zh|> <|NEUTRAL|> <|Speech|> <|withitn|> 你 好 ， _ 5 世")
    (found,) = heard(sense, [sound(2)], Brief("zh", writes=True))
    assert found.written == found.spoken == "你好，5世"
    assert [word.text for word in found.words] == ["你", "好", "5", "世"]
    assert script.asked[:2] == [3, 14]  # zh, with ITN
    script.asked.clear()
    assert heard(sense, [sound(2)], Brief("auto"))[0].written is None
    assert script.asked[:2] == [0, 15]  # any language, without


def test_no_speech_is_no_text(sense: SenseVoice, monkeypatch: pytest.MonkeyPatch) -> None:
    Script(sense, monkeypatch, "<|nospeech|> <|EMO_UNKNOWN|> <|Speech|> <|woitn|>")
    assert heard(sense, [sound(1)], Brief("auto")) == [Heard("")]


def test_it_serves_five_languages_and_knows_no_hotwords(sense: SenseVoice) -> None:
    assert [language for language in ("auto", "zh", "en", "ja", "ko", "yue", "th") if sense.serves(language)] == [
        "auto", "zh", "en", "ja", "ko", "yue",
    ]  # fmt: skip
    assert not sense.knows_hotwords
    assert sense.label.name == "sensevoice"


def test_random_weights_are_heard_without_harm(sense: SenseVoice) -> None:
    assert len(heard(sense, [sound(seconds) for seconds in (1, 0.01, 4, 30)], Brief("auto"))) == 4


def test_nano_does_not_take_it(checkpoint: Path) -> None:
    with pytest.raises(ModelUnavailable, match="is a SenseVoiceSmall"):
        Nano(EngineOptions("fun-asr-nano", str(checkpoint), "cpu"))
