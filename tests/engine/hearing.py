"""Room: tests.engine.hearing. What a hotword list brings and harms, heard by a real engine. For the tests and the bench."""

import csv
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from nas_asr.core.ports import Order, Transcriber
from nas_asr.core.search_text import fold
from nas_asr.core.transcript import Segment
from tests.engine.terms import ABSENT, SOUNDS, SPOKEN


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


def absent_changes(transcriber: Transcriber, audio: Path, most: int | None = None, longest_s: float = 1e9) -> Harm:
    """Transcribe the English recordings up to a length with terms that do not occur."""
    with (audio / "MANIFEST.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["language"] == "en" and float(row["duration_s"]) <= longest_s][:most]
    words = changed = 0
    for row in rows:
        for one in transcribe(transcriber, audio / row["path"], ABSENT):
            words += len(one.spoken.split())
            changed += sum(len(made.was.split()) for made in one.replacements)
            for made in one.replacements:
                print(f"changed: {made.was} -> {made.hotword}  {row['path']}")
    return Harm(len(ABSENT), words, changed)


def transcribe(transcriber: Transcriber, path: Path, words: tuple[str, ...]) -> tuple[Segment, ...]:
    """One recording the way the worker does it."""
    return transcriber.transcribe(Order(os.fsencode(path), 0, "en", words), lambda _: None).segments
