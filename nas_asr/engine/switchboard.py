"""Room: engine.switchboard. Several engines behind one door: each is loaded when a run first needs it. Knows none of them."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from nas_asr.core.errors import EngineBusy, ModelUnavailable
from nas_asr.core.offers import BUILT_IN, Offer, Skills
from nas_asr.core.ports import Order, Progress, Transcriber
from nas_asr.core.transcript import EngineLabel, Transcript

_KEPT_S = 600.0  # an engine that others are asked for instead stays for so long: runs of two folders may take turns

Build = Callable[[str], Transcriber]


@dataclass(slots=True)
class _Line:
    """An engine that is loaded, and when it was used last."""

    transcriber: Transcriber
    used_at: float = field(default=0.0)


class Switchboard:
    """A Transcriber of all engines that can work here. One recording at a time, as a worker's child does them."""

    def __init__(self, skills: Skills, build: Build, clock: Callable[[], float] = time.monotonic) -> None:
        self._skills = skills
        self._build = build
        self._clock = clock
        self._lines: dict[str, _Line] = {}
        if skills.engine_for("", "en") == BUILT_IN:  # it holds nothing before it hears something
            self._line(BUILT_IN)

    @property
    def label(self) -> EngineLabel:
        """Of the engine that was used last, else of the one that comes first."""
        lines = sorted(self._lines.values(), key=lambda line: -line.used_at)
        offered = self.offers[0].engine if self.offers else ""
        return lines[0].transcriber.label if lines else EngineLabel(offered, device="")

    @property
    def offers(self) -> tuple[Offer, ...]:
        """What can be asked for."""
        return self._skills.offers

    def serves(self, language: str) -> bool:
        """Whether an order that names no engine may be in this declared language."""
        return self._skills.engine_for("", language) is not None

    def transcribe(self, order: Order, progress: Progress) -> Transcript:
        """With the engine of the order, else with the best one. Raises ModelUnavailable where there is none for it."""
        engine = self._skills.engine_for(order.engine, order.language)
        if engine is None:
            raise ModelUnavailable(
                f"No engine here serves the language “{order.language}” as this recording asks for it.",
                "It goes on by itself when one is here: nas-asr doctor says what is missing.",
            )
        line = self._line(engine)
        try:
            return line.transcriber.transcribe(order, progress)
        finally:
            line.used_at = self._clock()

    def loaded(self) -> list[dict[str, Any]]:
        """What is in memory, the last used first."""
        lines = sorted(self._lines.values(), key=lambda line: -line.used_at)
        return [facts for line in lines for facts in line.transcriber.loaded()]

    def close(self) -> None:
        """Give back what all of them hold."""
        for engine in tuple(self._lines):
            self._close(engine)

    def _line(self, engine: str) -> _Line:
        for other, line in tuple(self._lines.items()):
            if other != engine and self._clock() - line.used_at > _KEPT_S:
                self._close(other)
        if engine not in self._lines:
            self._lines[engine] = _Line(self._load(engine), self._clock())
        return self._lines[engine]

    def _load(self, engine: str) -> Transcriber:
        """Where there is no memory for it beside the others, they go and it is tried once more."""
        try:
            return self._build(engine)
        except EngineBusy:
            if not self._lines:
                raise
        self.close()
        return self._build(engine)

    def _close(self, engine: str) -> None:
        self._lines.pop(engine).transcriber.close()

