"""Room: engine.build. From an engine's name to a transcriber. What can work on this machine is engine.presence's matter."""

import importlib.util
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from nas_asr.core.ports import Decode, Recogniser
from nas_asr.core.spans import UtteranceLimits
from nas_asr.engine.options import EngineOptions
from nas_asr.engine.presence import reason

if TYPE_CHECKING:
    from nas_asr.engine.transcriber import Pipeline

# The VAD cuts endless speech at a pause; utterances then cut at the quietest place within their own limit.
LONGEST_SPAN_MS = 60_000

_SECOND_STAGE = ("torch", "funasr")


def build_transcriber(options: EngineOptions, decode: Decode) -> "Pipeline":
    """The pipeline with the engine that the options name, which is not `auto` any more. decode: media.decode.

    Raises ModelUnavailable.
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
        raise reason(engine, engines(), second_stage=False)


def _no_recogniser(options: EngineOptions) -> Recogniser:
    raise reason(options.engine, engines(), second_stage=True)


_RECOGNISERS: Mapping[str, Callable[[EngineOptions], Recogniser]] = {
    "sphinx": _built_in,
    "openai": _remote,
    "fun-asr-nano": _nano,
    "sensevoice": _sensevoice,
}


def engines() -> tuple[str, ...]:
    """The engines that this version can build, whether they can work here or not."""
    return tuple(_RECOGNISERS)
