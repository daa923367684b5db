"""Room: tests.engine.test_hotword_bounds. What a list brings and what it must not break, by the built-in engine's own ears."""

import shutil
from pathlib import Path

import pytest

from nas_asr.engine.build import build_transcriber
from nas_asr.engine.options import EngineOptions
from nas_asr.media import decode
from tests.engine.hearing import absent_changes, english, hear, readings, recall


def test_forty_terms_are_read_clearly_more_often_with_a_list_than_without(tmp_path: Path) -> None:
    if shutil.which("flite") is None:
        pytest.skip("flite is not installed (Debian: apt-get install flite)")
    transcriber = build_transcriber(EngineOptions("sphinx"), decode)
    try:
        found = recall(transcriber, tmp_path, "rms")
    finally:
        transcriber.close()
    assert found.terms == 40
    assert found.with_list >= found.without + 8, "a list must be worth writing"
    assert found.wrong <= 1, "one hotword in the place of another"


def test_two_hundred_terms_that_nobody_says_change_next_to_nothing(audio: Path) -> None:
    heard = readings()
    assert set(heard) == set(english(audio)), "write them anew: python -m tests.engine.hearing"
    found = absent_changes(heard)
    assert found.terms >= 200 and found.words > 1000
    assert found.changed <= 0.002 * found.words


def test_what_was_heard_is_what_the_engine_still_hears_with_the_list_on(audio: Path) -> None:
    transcriber = build_transcriber(EngineOptions("sphinx"), decode)
    try:
        heard = hear(transcriber, audio, english(audio, longest_s=5))
    finally:
        transcriber.close()
    kept = readings()
    other = [path for path in heard if heard[path] != kept[path]]
    assert len(heard) > 10
    assert len(other) <= 1, f"other words than were kept (another processor may round one otherwise): {other}"
