"""Room: services.engines. Which engine serves a recording here, or why it has to wait. Pure; never loads an engine."""

from nas_asr.core.recording import Waiting

BUILT_IN = "sphinx"  # needs no second stage
_MODEL = "fun-asr-nano"  # what `auto` takes once its packages and weights are here
_AUTO = "auto"
_ENGLISH = "en"


def engine_for(engine_setting: str, language: str, stage_two_ready: bool = False) -> str | None:
    """Name of the engine that serves the declared language, or None where none here does.

    engine_setting: NAS_ASR_ENGINE or a folder's own; empty means auto. stage_two_ready: whether the engines of the
    second stage are installed with their weights. The built-in engine serves what a person declared English, and
    nothing else: nobody is given invented English.
    """
    wanted = engine_setting or _AUTO
    if wanted == _AUTO and stage_two_ready:
        return _MODEL
    if wanted in (_AUTO, BUILT_IN):
        return BUILT_IN if language == _ENGLISH else None
    return wanted if stage_two_ready else None


def waiting_for(engine_setting: str, language: str, stage_two_ready: bool = False) -> Waiting | None:
    """Why a run in this language cannot be claimed yet, or None where it can."""
    return Waiting.MODEL if engine_for(engine_setting, language, stage_two_ready) is None else None
