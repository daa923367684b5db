"""Room: tests.worker.rooms. A recogniser whose work a test can hold, crash and count; loaded by a worker's real child.

It has a second tongue, fun-asr-nano, while that checkpoint lies under DATA/models.
"""

import json
import os
import signal
import threading
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nas_asr.core import checkpoints
from nas_asr.core.errors import EngineBusy, ModelUnavailable, NotAudio
from nas_asr.core.ids import new_id
from nas_asr.core.offers import BUILT_IN_OFFER, MODEL, Offer, Skills
from nas_asr.core.ports import Order, Progress, SilentQueue
from nas_asr.core.transcript import EngineLabel, Segment, Span, Transcript
from nas_asr.services.base import House
from nas_asr.services.house_settings import overlay
from nas_asr.settings import Settings
from nas_asr.store.database import Database
from nas_asr.worker.room import WorkerRoom

FACTORY = "tests.worker.rooms:parrot_room"
BROKEN_FACTORY = "tests.worker.rooms:no_room"


@dataclass(frozen=True)
class Stage:
    """What the parrot is told. While `hold` exists it listens on; `diary` gets a line for each start."""

    data: str
    database: str
    hold: str
    diary: str

    def to_argument(self) -> str:
        """As the factory's argument."""
        return json.dumps(asdict(self))


class Parrot:
    """Says what the file says; the file's first word may tell it to misbehave."""

    def __init__(self, stage: Stage, model: str = "grey") -> None:
        self.stage = stage
        self.label = EngineLabel("parrot", model, "1", "cpu")
        nano = Offer(MODEL, ("auto", "zh", "en"))
        self.offers = (nano, BUILT_IN_OFFER) if weights(stage.data) else (BUILT_IN_OFFER,)
        self._used = [self.label]
        self._hoard = 0

    def serves(self, language: str) -> bool:
        """English, and more with the second tongue."""
        return Skills(self.offers).engine_for("", language) is not None

    def transcribe(self, order: Order, progress: Progress) -> Transcript:
        """One segment with the file's text."""
        with Path(self.stage.diary).open("a") as diary:
            diary.write(f"{os.getpid()} {os.fsdecode(order.path)}\n")
        label = EngineLabel(MODEL, "second tongue", "1", "cpu") if order.engine == MODEL else self.label
        if label.name == MODEL and Path(self.stage.data, "broken").exists():
            raise ModelUnavailable("The model's weights cannot be loaded.", "Pull them again.")
        self._used = [label]
        text = Path(os.fsdecode(order.path)).read_text()
        word = text.split(maxsplit=1)[0]
        self._misbehave(word)
        patience = threading.Event()
        done = 0.0
        while Path(self.stage.hold).exists():
            patience.wait(0.02)
            done = min(done + 0.01, 0.9)
            if word != "deaf":
                progress(done)
        segment = Segment(new_id(), Span(0, 1500), text, text)
        return Transcript((segment,), order.duration_ms, 1500, 100, label, order.language)

    def _misbehave(self, word: str) -> None:
        if word == "crash":
            os.kill(os.getpid(), signal.SIGKILL)
        if word == "busy":
            raise EngineBusy("There is no memory left for this.")
        if word == "text":
            raise NotAudio("There is no sound in this file.")
        if word == "fault":
            raise KeyError("nobody foresaw this")
        if word == "hoard":
            self._hoard = 8 << 30

    def loaded(self) -> list[dict[str, Any]]:
        """What spoke last."""
        return [{**asdict(label), "engine": label.name, "memory_ours": self._hoard} for label in self._used]

    def close(self) -> None:
        """Nothing is held."""


def weights(data: str) -> Path | None:
    """Where the second tongue's checkpoint lies."""
    return checkpoints.find(checkpoints.models(Path(data)), "Fun-ASR-Nano-2512")


def parrot_room(argument: str) -> WorkerRoom:
    """The factory."""
    stage = Stage(**json.loads(argument))
    if Path(stage.data, "stillborn").exists():
        raise ModelUnavailable("The engine's program cannot start.", "Look at the driver.")
    house = House(Database(stage.database), SilentQueue(), Settings(data=Path(stage.data)))
    return WorkerRoom(house, Parrot(stage, overlay(house.options, house.db).model or "grey"))


def no_room(_argument: str) -> WorkerRoom:
    """A factory whose model is not there."""
    raise ModelUnavailable("The model's weights are not here.", "Run `nas-asr model pull`.")
