"""Room: tests.engine.scripted. A recogniser that says what the test wrote, and sounds to give it. Hears nothing."""

from collections.abc import Callable, Generator, Iterable
from functools import lru_cache

import numpy as np

from nas_asr.core.hotwords import Hotword
from nas_asr.core.ports import SAMPLE_RATE, Beat, Brief, Pcm, Utterance
from nas_asr.core.transcript import EngineLabel, Heard, Span
from nas_asr.media import decode
from tests.engine.sounds import SAMPLE

Script = Callable[[int, tuple[str, ...]], str]


def silence(ms: int) -> Pcm:
    """Nothing."""
    return np.zeros(ms * SAMPLE_RATE // 1000, np.int16)


def noise(ms: int, level_db: float) -> Pcm:
    """White noise of a level in dBFS."""
    samples = np.random.default_rng(4).normal(0, 32768 * 10 ** (level_db / 20), ms * SAMPLE_RATE // 1000)
    return np.clip(samples, -32768, 32767).astype(np.int16)


@lru_cache(maxsize=1)
def sample_speech() -> Pcm:
    """Four seconds of the sample meeting, in which somebody speaks."""
    return np.concatenate(list(decode(bytes(SAMPLE))))[: 4 * SAMPLE_RATE]


def utterance(ms: int = 4_000, pcm: Pcm | None = None, start_ms: int = 0) -> Utterance:
    """Speech of a length, or any sound."""
    sound = np.resize(sample_speech(), ms * SAMPLE_RATE // 1000) if pcm is None else pcm
    return Utterance(Span(start_ms, start_ms + len(sound) * 1000 // SAMPLE_RATE), sound)


def several(count: int) -> list[Utterance]:
    """Utterances of four seconds, one after another; a script knows them by their number."""
    return [utterance(start_ms=4_000 * number) for number in range(count)]


class Scripted:
    """A Recogniser. script: from an utterance's number (4 s each) and the hotwords to the text. ahead: how many it reads at once.

    passes: for each recognise call its hotwords and the numbers that it was given. open: calls that are not over.
    """

    label = EngineLabel("scripted")

    def __init__(self, script: Script, knows_hotwords: bool = True, ahead: int = 1) -> None:
        self.knows_hotwords = knows_hotwords
        self._script = script
        self._ahead = ahead
        self.passes: list[tuple[tuple[str, ...], list[int]]] = []
        self.open = 0
        self.closed = False

    def serves(self, language: str) -> bool:
        """All."""
        return True

    def recognise(
        self, utterances: Iterable[Utterance], brief: Brief, beat: Beat
    ) -> Generator[tuple[Utterance, Heard], None, None]:
        """The script's texts."""
        words = tuple(one.word for one in brief.hotwords)
        given: list[int] = []
        self.passes.append((words, given))
        self.open += 1
        try:
            waiting = []
            for each in utterances:
                given.append(each.span.start_ms // 4_000)
                waiting.append(each)
                if len(waiting) >= self._ahead:
                    yield from ((one, self._hear(one, words, beat)) for one in waiting)
                    waiting = []
            yield from ((one, self._hear(one, words, beat)) for one in waiting)
        finally:
            self.open -= 1

    def _hear(self, one: Utterance, words: tuple[str, ...], beat: Beat) -> Heard:
        beat()
        return Heard(self._script(one.span.start_ms // 4_000, words))

    def close(self) -> None:
        """Remember it."""
        self.closed = True


def words(*them: str) -> tuple[Hotword, ...]:
    """A list."""
    return tuple(map(Hotword, them))
