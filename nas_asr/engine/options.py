"""Room: engine.options. What bootstrap tells the engine room about a recogniser to build. Pure values; reads no setting."""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """Which recogniser, and with what.

    engine: auto, fun-asr-nano, sensevoice, sphinx or openai. model: hub id or directory, empty for the engine's own default.
    device: auto, cuda:N, mps or cpu. threads: of the recogniser, None for one a core. models: where pulled checkpoints lie
    (DATA/models). openai_*: the remote server of the engine `openai` (engine.remote.Server says more).
    """

    engine: str = "auto"
    model: str = ""
    device: str = "auto"
    threads: int | None = None
    models: Path = Path("data/models")
    openai_url: str = ""
    openai_key: str = field(default="", repr=False)
    openai_hotwords: str = "prompt"
    openai_at_once: int = 4
