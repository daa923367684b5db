"""Room: engine.build. From an engine's name to a transcriber, and what of it can work on this machine. Bootstrap calls it."""

import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nas_asr.core.checkpoints import default_checkpoint, find
from nas_asr.core.errors import ModelUnavailable
from nas_asr.core.ports import Decode, Recogniser
from nas_asr.core.spans import UtteranceLimits
from nas_asr.engine.options import EngineOptions
from nas_asr.engine.weights import silero

if TYPE_CHECKING:
    from nas_asr.engine.transcriber import Pipeline

# The VAD cuts endless speech at a pause; utterances then cut at the quietest place within their own limit.
LONGEST_SPAN_MS = 60_000

_FIRST_STAGE = ("pocketsphinx", "onnxruntime", "numpy")
_SECOND_STAGE = ("torch", "funasr")


@dataclass(frozen=True, slots=True)
class EngineState:
    """Whether an engine can work here; if not, why, and what to do."""

    name: str
    works: bool
    reason: str = ""
    remedy: str = ""


def build_transcriber(options: EngineOptions, decode: Decode) -> "Pipeline":
    """The pipeline with the named engine; `auto` takes the best one that can work here.

    decode: media.decode. Raises ModelUnavailable.
    """
    from nas_asr.engine.guided import Guided
    from nas_asr.engine.itn import written
    from nas_asr.engine.silero import SileroVad, VadRules
    from nas_asr.engine.transcriber import Pipeline, Stages

    build = _RECOGNISERS.get(options.engine, _no_recogniser)
    vad = SileroVad(VadRules(max_speech_ms=LONGEST_SPAN_MS))
    stages = Stages(
        decode=decode,
        vad=vad,
        longest_span_ms=LONGEST_SPAN_MS,
        limits=UtteranceLimits(),
        recogniser=Guided(build(options), vad),
        itn=written,
    )
    return Pipeline(stages)


def _built_in(options: EngineOptions) -> Recogniser:
    from nas_asr.engine.sphinx import Sphinx

    return Sphinx(options.threads)


def _remote(options: EngineOptions) -> Recogniser:
    from nas_asr.engine.remote import Remote, Server

    return Remote(
        Server(
            url=options.openai_url, key=options.openai_key, model=options.model, hotwords=options.openai_hotwords,
            at_once=options.openai_at_once,
        )  # fmt: skip
    )


def _nano(options: EngineOptions) -> Recogniser:
    _need_second_stage(options.engine)
    from nas_asr.engine.fun_asr import Nano

    return Nano(options)


def _sensevoice(options: EngineOptions) -> Recogniser:
    _need_second_stage(options.engine)
    from nas_asr.engine.fun_asr import SenseVoice

    return SenseVoice(options)


def _need_second_stage(engine: str) -> None:
    if any(importlib.util.find_spec(package) is None for package in _SECOND_STAGE):
        raise _unavailable(engine)


def _no_recogniser(options: EngineOptions) -> Recogniser:
    raise _unavailable(options.engine)


_RECOGNISERS: Mapping[str, Callable[[EngineOptions], Recogniser]] = {
    "auto": _built_in,
    "sphinx": _built_in,
    "openai": _remote,
    "fun-asr-nano": _nano,
    "sensevoice": _sensevoice,
}


def engines() -> tuple[str, ...]:
    """The engines that this version can build, whether they can work here or not."""
    return tuple(name for name in _RECOGNISERS if name != "auto")


def available(options: EngineOptions | None = None) -> tuple[EngineState, ...]:
    """Every engine that a setting can name, and whether it can work here. Loads none of them."""
    models = (options or EngineOptions()).models
    with_weights = (_of_weights(name, models) for name in ("fun-asr-nano", "sensevoice"))
    return (_sphinx(), *with_weights, EngineState("openai", True))


def _of_weights(name: str, models: Path) -> EngineState:
    if any(importlib.util.find_spec(package) is None for package in _SECOND_STAGE):
        return _later(name)
    checkpoint = default_checkpoint(name)
    if checkpoint is None or find(models, checkpoint.name) is not None:
        return EngineState(name, True)
    return EngineState(name, False, f"The model {checkpoint.name} is not on this machine.", "Run `nas-asr model pull`.")


def _sphinx() -> EngineState:
    try:
        silero()
    except ModelUnavailable as error:
        return EngineState("sphinx", False, error.message, error.remedy)
    missing = [package for package in _FIRST_STAGE if importlib.util.find_spec(package) is None]
    if missing:
        return EngineState("sphinx", False, f"{' and '.join(missing)} not installed.", "Run `make run` again.")
    return EngineState("sphinx", True)


def _later(name: str) -> EngineState:
    error = _unavailable(name)
    return EngineState(name, False, error.message, error.remedy)


def _unavailable(engine: str) -> ModelUnavailable:
    missing = [package for package in _SECOND_STAGE if importlib.util.find_spec(package) is None]
    if missing and engine in ("fun-asr-nano", "sensevoice"):
        return ModelUnavailable(
            f"The engine “{engine}” needs {' and '.join(missing)}, which the second stage installs.",
            "Run `make run` without STAGE=1 and wait until the second stage is done.",
        )
    return ModelUnavailable(
        f"The engine “{engine}” is not part of this version.", "Set NAS_ASR_ENGINE to auto or sphinx."
    )
