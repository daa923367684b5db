"""Room: engine.checkpoint_files. Whether a checkpoint can be loaded, before minutes are spent on it. Loads nothing."""

import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from nas_asr.core.checkpoints import LOCK
from nas_asr.core.errors import ModelUnavailable

_ABOUT = "configuration.json"
_WEIGHTS = "init_param"


@dataclass(frozen=True, slots=True)
class CheckpointFiles:
    """A directory that looks whole. kind: the class of its model, as funasr names it; revision: of the hub, where known."""

    directory: Path
    kind: str
    weights: Path
    revision: str


def look_at(directory: Path, wanted: str) -> CheckpointFiles:
    """What lies there. wanted: the class that the engine needs. Raises ModelUnavailable with what is missing or wrong."""
    about = _read(directory, _ABOUT, json.loads)
    places = about.get("file_path_metas")
    if not isinstance(places, dict) or "config" not in places or _WEIGHTS not in places:
        raise _broken(directory, f"{_ABOUT} names no configuration and weights.")
    for place in _named(places):
        if not (directory / place).exists():
            raise _broken(directory, f"{place} is missing.")
    kind = _read(directory, str(places["config"]), yaml.safe_load).get("model")
    if kind != wanted:
        raise ModelUnavailable(
            f"The checkpoint in {directory} is a {kind or 'nameless model'}, and this engine needs a {wanted}.",
            "Choose the engine that fits, or another model.",
        )
    weights = directory / str(places[_WEIGHTS])
    if not _looks_whole(weights):
        raise _broken(directory, f"{weights.name} is cut off or no file of weights.")
    return CheckpointFiles(directory, wanted, weights, _revision(directory))


def _read(directory: Path, name: str, parse: Any) -> Mapping[str, Any]:
    try:
        found = parse((directory / name).read_text("utf-8"))
    except FileNotFoundError as error:
        raise _broken(directory, f"{name} is missing.") from error
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise _broken(directory, f"{name} cannot be read.") from error
    if not isinstance(found, dict):
        raise _broken(directory, f"{name} holds no settings.")
    return found


def _named(places: Mapping[str, Any]) -> Iterator[str]:
    """Every file that configuration.json names; funasr passes over those that are missing and fails later on."""
    for place in places.values():
        if isinstance(place, str):
            yield place
        elif isinstance(place, dict):
            yield from _named(place)


def _looks_whole(weights: Path) -> bool:
    """torch writes zip archives, whose table of contents comes last; so a file that was cut off has none."""
    try:
        with zipfile.ZipFile(weights) as archive:
            return any(name.endswith("data.pkl") for name in archive.namelist())
    except (OSError, zipfile.BadZipFile):
        return False


def _revision(directory: Path) -> str:
    try:
        return str(json.loads((directory / LOCK).read_text("utf-8")).get("revision", ""))
    except (OSError, ValueError, AttributeError):
        return ""


def _broken(directory: Path, what: str) -> ModelUnavailable:
    return ModelUnavailable(
        f"The checkpoint in {directory} cannot be loaded: {what}", "Fetch it again with `nas-asr model pull`."
    )
