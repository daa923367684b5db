"""Room: tests.engine.sounds. The sample meeting and a transcriber that is given back. Files are made in tests.media.made."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nas_asr.core.ports import Transcriber
from nas_asr.engine.build import build_transcriber
from nas_asr.engine.options import EngineOptions
from nas_asr.media import decode
from tests.media.processes import children

SAMPLE = Path(__file__).parents[1] / "sample" / "meeting.flac"


@contextmanager
def make_transcriber(threads: int | None = None) -> Iterator[Transcriber]:
    """The built-in engine with everything real."""
    transcriber = build_transcriber(EngineOptions("sphinx", threads=threads), decode)
    try:
        yield transcriber
    finally:
        transcriber.close()
    assert not engine_processes()


def ignore_progress(_: float) -> None:
    """Nobody watches."""


def engine_processes() -> list[int]:
    """Processes that this test's engine has running."""
    return children("nas_asr.engine.sphinx_child")


def all_processes() -> list[int]:
    """Processes of engine and decoder."""
    return children("nas_asr.")
