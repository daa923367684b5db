"""Room: tests.engine.test_small_checkpoint. The small checkpoint reads text, through funasr's AutoModel. No engine of ours."""

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.nano.checkpoint import SMALL, clip, clip_lines, without_ctc

pytestmark = [
    pytest.mark.torch,
    pytest.mark.skipif(
        importlib.util.find_spec("funasr") is None, reason="funasr and torch are not installed (stage 1)"
    ),
]
SPOKEN = (
    "zh.flac",
    "zh_name.flac",
    "zh_two_names.flac",
    "en.flac",
    "en_name.flac",
    "en_two_names.flac",
    "en_one_word.flac",
)
NAMES = tuple(name for name in SPOKEN if "name" in name)
ABSENT = ["数据库", "Kubernetes", "王方", "shawn", "Grafana", "陈辰", "bryan", "合同"]


class Model:
    """AutoModel as it is, for lists of sounds."""

    def __init__(self, folder: Path) -> None:
        from funasr import AutoModel

        self.inside: Any = AutoModel(
            model=str(folder), device="cpu", disable_update=True, disable_pbar=True, ncpu=2, ctc_decoder=None
        )

    def texts(self, sounds: list[Any], batch: int = 1, **asked: Any) -> list[str]:
        """What it reads, in order."""
        import torch

        tensors = [torch.from_numpy(sound) for sound in sounds]
        answers = self.inside.generate(input=tensors, batch_size=batch, max_length=40, **asked)
        return [answer["text"] for answer in answers]


@pytest.fixture(scope="module")
def model() -> Model:
    """The small checkpoint, loaded once."""
    return Model(SMALL)


def right(name: str, key: str = "text") -> str:
    """The text of a clip with one line."""
    return str(clip_lines(name)[0][key])


@pytest.mark.parametrize("name", SPOKEN)
def test_chinese_and_english_are_read_word_for_word(model: Model, name: str) -> None:
    assert model.texts([clip(name)]) == [right(name)]


@pytest.mark.parametrize("name", ("zh.flac", "en.flac"))
def test_without_itn_numbers_stay_words(model: Model, name: str) -> None:
    assert model.texts([clip(name)], itn=False) == [right(name, "spoken")]
    assert right(name, "spoken") != right(name)


@pytest.mark.parametrize("name", NAMES)
def test_a_hotword_flips_the_spelling_of_a_name_and_nothing_else(model: Model, name: str) -> None:
    twins = clip_lines(name)[0]["hotwords"]
    assert model.texts([clip(name)], hotwords=twins) == [right(name, "text_with_hotwords")]
    assert right(name, "text_with_hotwords") != right(name)


@pytest.mark.parametrize(("name", "other"), (("zh_name.flac", "王方"), ("en_name.flac", "吴蕾")))
def test_eight_hotwords_that_nobody_said_change_nothing(model: Model, name: str, other: str) -> None:
    assert model.texts([clip(name)], hotwords=[*ABSENT[:2], other, *ABSENT[3:]]) == [right(name)]


@pytest.mark.parametrize("hotwords", ([], ["章伟"], ABSENT), ids=["no hotwords", "one hotword", "eight hotwords"])
def test_silence_and_noise_have_no_text_whatever_the_hotwords(model: Model, hotwords: list[str]) -> None:
    sounds = [np.zeros(400, np.float32), np.zeros(16_000, np.float32), clip("noise.flac")]
    assert model.texts(sounds, hotwords=hotwords) == ["", "", ""]


def test_a_batch_reads_what_single_sounds_read(model: Model) -> None:
    sounds = [clip(name) for name in (*SPOKEN, "noise.flac")]
    assert model.texts(sounds, batch=len(sounds)) == model.texts(sounds, batch=1)
    assert model.texts(sounds[::-1], batch=3) == model.texts(sounds)[::-1]


@pytest.mark.parametrize("name", ("meeting_zh.flac", "meeting_mixed.flac"))
def test_the_meetings_are_read_line_by_line(model: Model, name: str) -> None:
    whole, lines = clip(name), clip_lines(name)
    cut = [whole[16 * (line["start_ms"] - 200) : 16 * (line["end_ms"] + 200)] for line in lines]
    assert model.texts(cut, batch=8) == [line["text"] for line in lines]


def test_the_checkpoint_has_a_ctc_head_and_its_copy_without_one_reads_the_same(model: Model, tmp_path: Path) -> None:
    import torch

    bare = without_ctc(tmp_path / "bare")
    tensors = torch.load(bare / "model.pt")["state_dict"]
    assert not [name for name in tensors if name.startswith("ctc")]
    assert [name for name in torch.load(SMALL / "model.pt")["state_dict"] if name.startswith("ctc")]
    sounds = [clip(name) for name in SPOKEN]
    assert Model(bare).texts(sounds, batch=4) == model.texts(sounds, batch=4)


def test_the_ctc_head_hears_the_spoken_words() -> None:
    import torch
    from funasr import AutoModel

    loaded: Any = AutoModel(model=str(SMALL), device="cpu", disable_update=True, disable_pbar=True, ncpu=2)
    inside, front = loaded.model, loaded.kwargs["frontend"]
    for name in SPOKEN:
        sound = torch.from_numpy(clip(name))[None]
        with torch.no_grad():
            encoded, lengths = inside.encode(*front(sound, torch.tensor([sound.shape[1]])))
            best = inside.ctc.argmax(inside.ctc_decoder(encoded, lengths)[0])[0]
        heard = torch.unique_consecutive(best)
        assert inside.ctc_tokenizer.decode(heard[heard != inside.blank_id].tolist()) == right(name, "spoken")
