"""Room: tests.engine.hearing. What a hotword list brings and harms, heard by a real engine. For the tests and the bench.

What the built-in engine hears in the English recordings is kept in readings.json, for a hotword list cannot change what it
hears, only what is written of it: so lists are tried on eleven minutes of speech without hearing them each time.

    python -m tests.engine.hearing [DIR]        hears them all and writes readings.json anew (five minutes)
"""

import csv
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from nas_asr.core.ports import Order, Transcriber
from nas_asr.core.search_text import fold
from nas_asr.core.transcript import Segment
from nas_asr.engine.build import build_transcriber
from nas_asr.engine.corrections import Corrections
from nas_asr.engine.options import EngineOptions
from nas_asr.media import decode
from tests.engine.terms import ABSENT, SOUNDS, SPOKEN

READINGS = Path(__file__).with_name("readings.json")
Readings = Mapping[str, Sequence[str]]  # path of a recording: its utterances as they were heard


@dataclass(frozen=True)
class Recall:
    """Of how many terms, how many were read without and with the list; wrong: places where another hotword was put."""

    terms: int
    without: int
    with_list: int
    wrong: int


@dataclass(frozen=True)
class Harm:
    """Of how many words, how many a list of terms that nobody says changed."""

    terms: int
    words: int
    changed: int


def recall(transcriber: Transcriber, folder: Path, voice: str, most: int | None = None) -> Recall:
    """Speak the sentences, transcribe each once with the list; what was heard is the reading without it."""
    words = tuple(f"{word} = {SOUNDS[word]}" if word in SOUNDS else word for word in SPOKEN)
    without = with_list = wrong = 0
    spoken = list(SPOKEN.items())[:most]
    for number, (term, sentence) in enumerate(spoken):
        sound = folder / f"{number}.wav"
        subprocess.run(["flite", "-voice", voice, "-t", sentence, "-o", str(sound)], check=True)
        segments = transcribe(transcriber, sound, words)
        without += fold(term) in fold(" ".join(one.spoken for one in segments))
        with_list += term in " ".join(one.text for one in segments)
        wrong += sum(made.hotword != term for one in segments for made in one.replacements)
    return Recall(len(spoken), without, with_list, wrong)


def english(audio: Path, longest_s: float = 1e9) -> list[str]:
    """Paths of the English recordings up to a length, as the manifest names them."""
    with (audio / "MANIFEST.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return [row["path"] for row in rows if row["language"] == "en" and float(row["duration_s"]) <= longest_s]


def readings() -> Readings:
    """What the built-in engine heard when readings.json was written."""
    found: Readings = json.loads(READINGS.read_text(encoding="utf-8"))
    return found


def absent_changes(heard: Readings) -> Harm:
    """Try terms that nobody says on what was heard."""
    words = changed = 0
    ready = Corrections(ABSENT)
    for path, utterances in heard.items():
        for text in utterances:
            words += len(text.split())
            for match in ready.matches(text):
                changed += len(text[match.start : match.end].split())
                print(f"changed: {text[match.start : match.end]} -> {match.hotword}  {path}")
    return Harm(len(ABSENT), words, changed)


def hear(transcriber: Transcriber, audio: Path, paths: Iterable[str]) -> Readings:
    """Transcribe recordings with terms that nobody says on the list."""
    return {path: [one.spoken for one in transcribe(transcriber, audio / path, ABSENT)] for path in paths}


def transcribe(transcriber: Transcriber, path: Path, words: tuple[str, ...]) -> tuple[Segment, ...]:
    """One recording the way the worker does it."""
    return transcriber.transcribe(Order(os.fsencode(path), 0, "en", words), lambda _: None).segments


def _main() -> None:
    audio = Path(sys.argv[1] if len(sys.argv) > 1 else os.environ["TEST_AUDIO_DIR"])
    transcriber = build_transcriber(EngineOptions("sphinx"), decode)
    try:
        heard = hear(transcriber, audio, english(audio))
    finally:
        transcriber.close()
    READINGS.write_text(json.dumps(heard, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(absent_changes(heard))


if __name__ == "__main__":
    _main()
