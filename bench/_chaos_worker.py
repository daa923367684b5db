"""Room: bench._chaos_worker. A real worker of the house with an engine of fixed speed, in a program of its own. Never recognises.

    python -m bench._chaos_worker JSON

The engine reads a file in pieces while it works, with the checks that media.decode makes, and says the SHA-256 of what it
read, so that a transcript names exactly the content that it came from.
"""

import hashlib
import json
import os
import sys
import threading
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nas_asr import bootstrap, logs, media
from nas_asr.core.ids import new_id
from nas_asr.core.lifeline import hold
from nas_asr.core.offers import BUILT_IN_OFFER, Skills
from nas_asr.core.ports import Order, Progress, SilentQueue
from nas_asr.core.transcript import EngineLabel, Segment, Span, Transcript
from nas_asr.media.files import check_content, check_unchanged
from nas_asr.services.base import House
from nas_asr.settings import load_settings
from nas_asr.store.database import Database
from nas_asr.worker.main import run
from nas_asr.worker.room import Pace, WorkerPlan, WorkerRoom

FACTORY = "bench._chaos_worker:room"
_PIECES = 5


@dataclass(frozen=True)
class Post:
    """What one worker is told. speed: seconds of audio that its engine does in a second."""

    parent: int
    name: str
    data: str
    speed: float
    pace: Pace

    def to_argument(self) -> str:
        """As the program's only argument."""
        return json.dumps(asdict(self))

    @classmethod
    def of(cls, words: str) -> "Post":
        """What to_argument wrote."""
        told = json.loads(words)
        return cls(**{**told, "pace": Pace(**told["pace"])})


class Reader:
    """An engine that takes its time and says what it read."""

    label = EngineLabel(BUILT_IN_OFFER.engine, "reader", "1", "cpu")
    offers = (BUILT_IN_OFFER,)

    def __init__(self, speed: float) -> None:
        self._speed = speed
        self._patience = threading.Event()

    def serves(self, language: str) -> bool:
        """What the built-in engine serves."""
        return Skills(self.offers).engine_for("", language) is not None

    def transcribe(self, order: Order, progress: Progress) -> Transcript:
        """One segment: the digest of the bytes that were read, a piece at a time, as slowly as the speed says."""
        digest = hashlib.sha256()
        descriptor = media.open_no_follow(order.path, order.root)
        try:
            before = os.fstat(descriptor)
            if order.content is not None:
                check_content(descriptor, order.content)
            os.lseek(descriptor, 0, os.SEEK_SET)
            piece = before.st_size // _PIECES + 1
            while content := os.read(descriptor, piece):
                digest.update(content)
                self._patience.wait(order.duration_ms / 1000 / self._speed / _PIECES)
                progress(0.5)
            if order.content is not None:
                check_unchanged(before, os.fstat(descriptor))
        finally:
            os.close(descriptor)
        text = digest.hexdigest()
        segment = Segment(new_id(), Span(0, order.duration_ms), text, text)
        return Transcript((segment,), order.duration_ms, order.duration_ms, 100, self.label, order.language)

    def loaded(self) -> list[dict[str, Any]]:
        """Itself."""
        return [{**asdict(self.label), "engine": self.label.name}]

    def close(self) -> None:
        """Nothing is held."""


def room(argument: str) -> WorkerRoom:
    """The factory of the worker's child."""
    post = Post.of(argument)
    settings = load_settings(data=post.data)
    return WorkerRoom(House(Database(settings.database), SilentQueue(), settings), Reader(post.speed))


def main() -> None:
    """Work until somebody ends us."""
    post = Post.of(sys.argv[1])
    hold(post.parent)
    logs.configure()
    settings = load_settings(data=Path(post.data))
    house = bootstrap.open_house(settings)
    plan = WorkerPlan(bootstrap.queue_url(settings), FACTORY, sys.argv[1], post.name, post.pace)
    sys.exit(run(plan, house))


if __name__ == "__main__":
    main()
