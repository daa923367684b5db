"""Room: core.checkpoints. The models that we know, and where a pulled one lies. Names and paths only; downloads nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

LOCK = "nas_asr.lock.json"  # in a checkpoint's directory once it is whole: hub, revision, each file's size and SHA-256


class Hub(StrEnum):
    """Where checkpoints are published."""

    MODELSCOPE = "modelscope"
    HUGGING_FACE = "huggingface"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A published model. ids: its name at each hub; gigabytes: about what is downloaded; languages: as we name them."""

    name: str
    engine: str
    ids: Mapping[Hub, str]
    gigabytes: float
    licence: str
    languages: tuple[str, ...]


_NANO = ("auto", "zh", "en", "ja", "yue")
# 31 by its card; German, French, Spanish, Italian and Russian are not among them, and the others we cannot declare.
_MLT = ("auto", "zh", "en", "ja", "ko", "yue", "pt", "ar", "th", "vi", "id")
_SENSE = ("auto", "zh", "en", "ja", "ko", "yue")


def _both(modelscope: str, hugging_face: str) -> Mapping[Hub, str]:
    return {Hub.MODELSCOPE: modelscope, Hub.HUGGING_FACE: hugging_face}


# The first one of an engine is what it takes unless a setting names another. Sizes and licences: the model cards.
CHECKPOINTS = (
    Checkpoint(
        "Fun-ASR-Nano-2512", "fun-asr-nano",
        _both("FunAudioLLM/Fun-ASR-Nano-2512", "FunAudioLLM/Fun-ASR-Nano-2512"), 2.1, "Apache-2.0", _NANO,
    ),
    Checkpoint(
        "Fun-ASR-MLT-Nano-2512", "fun-asr-nano",
        _both("FunAudioLLM/Fun-ASR-MLT-Nano-2512", "FunAudioLLM/Fun-ASR-MLT-Nano-2512"), 2.0, "Apache-2.0", _MLT,
    ),
    Checkpoint(
        "SenseVoiceSmall", "sensevoice",
        _both("iic/SenseVoiceSmall", "FunAudioLLM/SenseVoiceSmall"), 0.9, "FunASR model licence", _SENSE,
    ),
)  # fmt: skip


def default_checkpoint(engine: str) -> Checkpoint | None:
    """What an engine takes unless a setting names another; None for engines without weights of their own."""
    return next((each for each in CHECKPOINTS if each.engine == engine), None)


def known(model: str) -> Checkpoint | None:
    """The checkpoint that a name or hub id means."""
    return next((each for each in CHECKPOINTS if model in (each.name, *each.ids.values())), None)


def models(data: Path) -> Path:
    """Where pulled checkpoints lie."""
    return data / "models"


def place(models: Path, hub: Hub, model: str) -> Path:
    """The directory of a checkpoint of a hub; model: the hub's id, OWNER/NAME."""
    return models / hub.value / model


def is_whole(directory: Path) -> bool:
    """Whether a pull came to its end; a directory that somebody made by hand says so by its configuration."""
    return (directory / LOCK).is_file() or (directory / "configuration.json").is_file() and not _is_pulled(directory)


def _is_pulled(directory: Path) -> bool:
    return (directory / f"{LOCK}.part").exists()


def find(models: Path, model: str) -> Path | None:
    """Where a checkpoint lies on this machine: a directory as it is, or a pulled one of either hub; None where it is not."""
    if model.startswith(("/", ".", "~")):
        directory = Path(model).expanduser()
        return directory if is_whole(directory) else None
    checkpoint = known(model)
    ids = checkpoint.ids if checkpoint else dict.fromkeys(Hub, model)
    places = [place(models, hub, name) for hub, name in ids.items()]
    return next((directory for directory in places if is_whole(directory)), None)
