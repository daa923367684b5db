"""Room: engine.trial. Loads the engine that somebody wants and lets it hear half a second. Keeps nothing."""

from pathlib import Path

from nas_asr.core.errors import ModelUnavailable
from nas_asr.core.ports import SAMPLE_RATE, Decode, Utterance
from nas_asr.core.transcript import EngineLabel, Span
from nas_asr.engine.build import build_transcriber
from nas_asr.engine.options import EngineOptions
from nas_asr.engine.transcriber import Pipeline

_MS = 500


def try_out(options: EngineOptions, decode: Decode) -> EngineLabel:
    """What was loaded. Raises ModelUnavailable or EngineError where it does not load; the caller sets the time limit."""
    model, device = options.model, options.device
    if model.startswith(("/", ".", "~")) and not Path(model).expanduser().is_dir():
        raise ModelUnavailable(
            f"The model directory {model} is not there or cannot be read.",
            "Correct the path, or leave it empty for the engine's own model.",
        )
    if device.startswith("cuda") and not Path("/proc/driver/nvidia").exists():
        raise ModelUnavailable(
            f"The device {device} was asked for, but there is no NVIDIA GPU here.", "Choose auto or cpu."
        )
    transcriber = build_transcriber(options, decode)
    try:
        _hear_quiet(transcriber)
        return transcriber.label
    finally:
        transcriber.close()


def _hear_quiet(transcriber: Pipeline) -> None:
    import numpy as np

    quiet = np.zeros(SAMPLE_RATE * _MS // 1000, dtype=np.int16)
    transcriber.warm_up(Utterance(Span(0, _MS), quiet))
