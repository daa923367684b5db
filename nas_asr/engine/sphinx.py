"""Room: engine.sphinx. The built-in English engine: pocketsphinx with its bundled model. English only, and says so.

It is here so that the house works before a better model is: small, quick, no download, modest accuracy.
"""

import importlib.metadata
import importlib.util
import json
from collections.abc import Generator, Iterable
from contextlib import closing

from nas_asr.core.errors import EngineError, ModelUnavailable
from nas_asr.core.ports import Beat, Brief, Utterance
from nas_asr.core.transcript import EngineLabel, Heard, Word
from nas_asr.engine.pool import Pool, cores

_FRAME_MS = 10
_MOST_PROCESSES = 8  # unless somebody asks for more
_SHORTEST_MS = 60  # less holds no feature frame


def processes(threads: int | None, cores: int) -> int:
    """How many are of use: as many as were asked for, but never more than there are cores, for each holds 100 MB."""
    return min(threads or _MOST_PROCESSES, cores)


class Sphinx:
    """A Recogniser. Its processes start with the first utterance and stay warm until close."""

    knows_hotwords = False

    def __init__(self, threads: int | None = None) -> None:
        if importlib.util.find_spec("pocketsphinx") is None:
            raise ModelUnavailable(
                "The built-in English engine (pocketsphinx) is not installed.", "Run `make run` again."
            )
        self.label = EngineLabel("sphinx", "en-us (bundled)", importlib.metadata.version("pocketsphinx"), "cpu")
        self._pool = Pool("nas_asr.engine.sphinx_child", processes(threads, cores()))

    def serves(self, language: str) -> bool:
        """English, where a person declared it; the engine cannot tell languages apart."""
        return language == "en"

    def recognise(
        self, utterances: Iterable[Utterance], brief: Brief, beat: Beat
    ) -> Generator[tuple[Utterance, Heard], None, None]:
        """Each utterance with its words and their times; hotwords are not known to this engine. Raises EngineError."""
        if not self.serves(brief.language):
            raise EngineError(
                f"The built-in English engine cannot hear the language “{brief.language}”.", "Wait for the model."
            )
        long_enough = (each for each in utterances if each.span.length_ms >= _SHORTEST_MS)
        with closing(self._pool.answers(long_enough, beat)) as answers:
            for utterance, answer in answers:
                yield utterance, _heard(utterance, json.loads(answer))

    def close(self) -> None:
        """End the processes."""
        self._pool.close()

    def pids(self) -> list[int]:
        """Process ids of the warm processes."""
        return self._pool.pids()


def _heard(utterance: Utterance, found: list[tuple[str, int, int]]) -> Heard:
    words = tuple(_word(utterance, *each) for each in found)
    return Heard(spoken=" ".join(word.text for word in words), words=words)


def _word(utterance: Utterance, text: str, first_frame: int, last_frame: int) -> Word:
    start = utterance.span.start_ms + first_frame * _FRAME_MS
    end = utterance.span.start_ms + (last_frame + 1) * _FRAME_MS
    return Word(text, start, min(max(end, start), utterance.span.end_ms))
