"""Room: core.checkpoints. The models that we know, where a pulled one lies, and whether it is whole. Downloads nothing."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

PART = ".part"  # ends the name of whatever is not whole yet, file or directory
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


# The model.pt of Fun-ASR-Nano-2512 differs between the hubs: only ModelScope's holds what word times are made of. Sizes
# and hashes as both hubs published them in 2026; for a directory that came without a hub, and never instead of its list.
KNOWN_WEIGHTS: Mapping[str, Hub] = {
    "81fec8616083c69377f3ceef36aba3655660ee0ca69a5d4a1e9810cd340ca499": Hub.MODELSCOPE,
    "55ae0d2fee369f0f11cce0795f6927934ad17cf11b278a7e56a51272074160bb": Hub.HUGGING_FACE,
}


def default_checkpoint(engine: str) -> Checkpoint | None:
    """What an engine takes unless a setting names another; None for engines without weights of their own."""
    return next((each for each in CHECKPOINTS if each.engine == engine), None)


def known(model: str) -> Checkpoint | None:
    """The checkpoint that a name or hub id means."""
    return next((each for each in CHECKPOINTS if model in (each.name, *each.ids.values())), None)


def models(data: Path) -> Path:
    """Where pulled checkpoints lie."""
    return data / "models"


def unfinished(models: Path, hub: Hub, model: str) -> Path:
    """Where a checkpoint of a hub lies until it is whole."""
    whole = place(models, hub, model)
    return whole.with_name(whole.name + PART)


def place(models: Path, hub: Hub, model: str) -> Path:
    """The directory of a checkpoint of a hub; model: the hub's id, OWNER/NAME."""
    return models / hub.value / model


@dataclass(frozen=True, slots=True)
class LockedFile:
    """One file of a checkpoint as it was when it was pulled: bytes, and SHA-256 in hex."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class CheckpointLock:
    """What was pulled, from where, and every file of it. revision: as asked for; commit: what that meant then, or empty."""

    hub: Hub
    model: str
    revision: str
    commit: str
    source: str
    licence: str
    pulled_at: str
    files: Mapping[str, LockedFile]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files.values())


def read_lock(directory: Path, name: str = LOCK) -> CheckpointLock | None:
    """What the lock file of a checkpoint says; None where there is none, nobody can read it, or it names files elsewhere."""
    try:
        said = json.loads((directory / name).read_text("utf-8"))
        files = {str(name): LockedFile(int(one["size"]), str(one["sha256"])) for name, one in said["files"].items()}
        if any({"", ".", ".."} & set(name.split("/")) or "\0" in name for name in files):
            return None  # what is not right is deleted and fetched anew, so it has to lie below the directory
        words = {name: str(said[name]) for name in ("model", "revision", "commit", "source", "licence", "pulled_at")}
        return CheckpointLock(hub=Hub(said["hub"]), files=files, **words)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError):
        return None


def misfits(directory: Path, lock: CheckpointLock) -> tuple[str, ...]:
    """Locked files that are not there, or have another size. Reads none of them, so it is quick; no hash is compared."""
    return tuple(name for name, file in lock.files.items() if _size(directory / name) != file.size)


def _size(file: Path) -> int:
    try:
        return file.stat().st_size if file.is_file() else -1
    except OSError:
        return -1


def is_whole(directory: Path) -> bool:
    """Whether a checkpoint can be loaded from here: every file that was locked at its pull is there in its size.

    A directory that somebody made by hand has no lock file; its configuration speaks for it.
    """
    if (lock := read_lock(directory)) is not None:
        return not misfits(directory, lock)
    unfinished = directory.name.endswith(PART) or (directory / LOCK).exists() or (directory / f"{LOCK}{PART}").exists()
    return not unfinished and (directory / "configuration.json").is_file()


def mark(models: Path) -> tuple[tuple[str, int], ...]:
    """Which locked checkpoints are here, and when each was locked: differs when one came, went or was replaced."""
    marks = []
    for lock in models.glob(f"*/*/*/{LOCK}"):
        try:
            marks.append((str(lock), lock.stat().st_mtime_ns))
        except OSError:
            continue  # it goes this moment
    return tuple(sorted(each for each in marks if not Path(each[0]).parent.name.endswith((PART, ".old"))))


def find(models: Path, model: str) -> Path | None:
    """Where a checkpoint lies on this machine: a directory as it is, or a pulled one of either hub; None where it is not."""
    if model.startswith(("/", ".", "~")):
        directory = Path(model).expanduser()
        return directory if is_whole(directory) else None
    checkpoint = known(model)
    ids = checkpoint.ids if checkpoint else dict.fromkeys(Hub, model)
    places = [place(models, hub, name) for hub, name in ids.items()]
    return next((directory for directory in places if is_whole(directory)), None)


def named(directory: Path) -> Checkpoint | None:
    """The checkpoint that a directory is called after, where somebody copied one by hand; None for any other name."""
    return next((each for each in CHECKPOINTS if each.name.casefold() == directory.name.casefold()), None)
