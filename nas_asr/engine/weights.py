"""Room: engine.weights. Where models lie on this machine. Looks only; loads and downloads nothing."""

import importlib.util
from pathlib import Path

from nas_asr.core.errors import ModelUnavailable


def silero() -> Path:
    """The sequence model inside the installed silero-vad wheel; raises ModelUnavailable.

    The package is found without being imported: importing it imports torch, which the first stage does not have.
    """
    spec = importlib.util.find_spec("silero_vad")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = Path(folder) / "data" / "silero_vad_16k_sequence.onnx"
        if path.is_file():
            return path
    raise ModelUnavailable("The voice detector's model (silero-vad) is not installed.", "Run `make run` again.")
