"""Room: engine.presence. Which engines can work on this machine, found out by looking for files. Loads none of them, ever.

A worker's parent looks every few seconds: weights that were pulled meanwhile are used without a restart.
"""

import importlib.util
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from nas_asr.core import checkpoints
from nas_asr.core.errors import ModelUnavailable
from nas_asr.core.languages import LANGUAGES
from nas_asr.core.offers import AUTO, BUILT_IN, BUILT_IN_OFFER, MODEL, Offer
from nas_asr.engine.options import EngineOptions
from nas_asr.engine.weights import silero

_FIRST_STAGE = ("pocketsphinx", "onnxruntime", "numpy")
_WITH_WEIGHTS = (MODEL, "sensevoice")
_REMOTE = "openai"


def offers_here(options: EngineOptions, known: Collection[str], second_stage: bool) -> tuple[Offer, ...]:
    """The engines that can work here, best first; the one that the options name goes before the others.

    known: engines that this version can build. second_stage: whether torch and funasr are installed, all of them.
    """
    found = []
    if second_stage:
        found += [_of_weights(options, engine) for engine in _WITH_WEIGHTS]
    if options.openai_url:
        found.append(Offer(_REMOTE, LANGUAGES))
    if _has_built_in():
        found.append(BUILT_IN_OFFER)
    here = [offer for offer in found if offer is not None and offer.engine in known]
    return tuple(sorted(here, key=lambda offer: offer.engine != options.engine))


def options_for(options: EngineOptions, engine: str) -> EngineOptions:
    """The options with which one engine is built: the model is its own, whatever the house named for another one."""
    return replace(options, engine=engine, model=_model(options, engine))


def reason(engine: str, known: Collection[str], second_stage: bool) -> ModelUnavailable:
    """Why an engine that is not among the offers cannot work here."""
    if engine not in known:
        return ModelUnavailable(
            f"The engine “{engine}” is not part of this version.", "Choose the automatic one or the built-in one."
        )
    if engine == _REMOTE:
        return no_address("The engine “openai” needs the address of a server.")
    if engine == BUILT_IN:
        return ModelUnavailable("The built-in engine is not whole.", "Run `make run` again.")
    if not second_stage:
        return ModelUnavailable(
            f"The engine “{engine}” needs torch and funasr, which the second stage installs.",
            "Run `make run` without STAGE=1 and wait until the second stage is done.",
        )
    default = checkpoints.default_checkpoint(engine)
    name = f" {default.name}" if default is not None else ""
    return ModelUnavailable(f"The weights of the engine “{engine}” are not here.", f"Get them: nas-asr model pull{name}")


def no_address(says: str) -> ModelUnavailable:
    """What the remote engine has instead of a server's address, with the remedy."""
    return ModelUnavailable(
        says, "Set NAS_ASR_OPENAI_URL to its base URL, such as http://192.168.1.5:8000/v1, without name or password."
    )


def footprint(options: EngineOptions) -> str:
    """A word that changes when weights come, go, or are replaced by others."""
    places = {engine: _directory(options, engine) for engine in _WITH_WEIGHTS}
    return " ".join(f"{engine}={place}@{_stamp(place)}" for engine, place in places.items() if place is not None)


def _of_weights(options: EngineOptions, engine: str) -> Offer | None:
    place = _directory(options, engine)
    if place is None:
        return None
    model = _model(options, engine)
    checkpoint = checkpoints.known(model) or checkpoints.named(place) or checkpoints.default_checkpoint(engine)
    return Offer(engine, checkpoint.languages) if checkpoint is not None else None


def _directory(options: EngineOptions, engine: str) -> Path | None:
    default = checkpoints.default_checkpoint(engine)
    model = _model(options, engine) or (default.name if default is not None else "")
    return checkpoints.find(options.models, model) if model else None


def _model(options: EngineOptions, engine: str) -> str:
    """The model that the options name, where it is one of this engine's; empty for the engine's own default."""
    checkpoint = checkpoints.known(options.model)
    if checkpoint is not None:
        return options.model if checkpoint.engine == engine else ""
    meant = MODEL if options.engine in (AUTO, BUILT_IN) else options.engine
    return options.model if engine == meant else ""


def _stamp(directory: Path) -> int:
    for name in (checkpoints.LOCK, "configuration.json"):
        try:
            return (directory / name).stat().st_mtime_ns
        except OSError:
            continue
    return 0


def _has_built_in() -> bool:
    try:
        silero()
    except ModelUnavailable:
        return False
    return all(importlib.util.find_spec(package) is not None for package in _FIRST_STAGE)
