"""Room: bench.hotwords. What a hotword list brings with the built-in engine, and what it changes that it must not.

    python bench/hotwords.py [--audio DIR] [--voice rms] [--quick] [--json]

Recall: forty sentences spoken by flite, each with a name or term, with and without the list. Harm: two hundred terms that
nobody says, on the English recordings beside the checkout. What is not installed or not there is left out, and said.
"""

import argparse
import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from nas_asr.core.ports import Order, Transcriber
from nas_asr.core.search_text import fold
from nas_asr.core.transcript import Segment
from nas_asr.engine.build import build_transcriber
from nas_asr.media import decode
from tests.engine.terms import ABSENT, SOUNDS, SPOKEN

BESIDE = Path(__file__).parents[2] / "shared" / "audio"


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


def absent_changes(transcriber: Transcriber, audio: Path, most: int | None = None) -> Harm:
    """Transcribe the English recordings with terms that do not occur."""
    with (audio / "MANIFEST.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["language"] == "en"][:most]
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


def main() -> int:
    """Measure what can be measured here and print it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--audio", type=Path, default=Path(os.environ.get("TEST_AUDIO_DIR") or BESIDE))
    parser.add_argument("--voice", action="append", help="flite's voice; may be given again (default rms and slt)")
    parser.add_argument("--quick", action="store_true", help="ten sentences, five recordings")
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    options = parser.parse_args()
    transcriber = build_transcriber("sphinx", None, decode)
    try:
        figures = measure(transcriber, options)
    finally:
        transcriber.close()
    for name, value in figures.items():
        print(f"{name:28} {value}")
    if options.json:
        print(json.dumps(figures))
    return 0


def measure(transcriber: Transcriber, options: argparse.Namespace) -> dict[str, object]:
    """The figures, by name."""
    figures: dict[str, object] = {}
    if shutil.which("flite"):
        for voice in options.voice or ("rms", "slt"):
            with tempfile.TemporaryDirectory() as folder:
                found = recall(transcriber, Path(folder), voice, 10 if options.quick else None)
            figures[f"recall_without_{voice}"] = round(found.without / found.terms, 3)
            figures[f"recall_with_{voice}"] = round(found.with_list / found.terms, 3)
            figures[f"wrong_{voice}"] = found.wrong
    else:
        print("flite is not installed: recall is not measured", file=sys.stderr)
    if (options.audio / "MANIFEST.csv").is_file():
        harm = absent_changes(transcriber, options.audio, 5 if options.quick else None)
        share = round(harm.changed / max(harm.words, 1), 5)
        figures |= {"absent_terms": harm.terms, "words": harm.words, "changed": harm.changed, "changed_share": share}
    else:
        print(f"There are no recordings at {options.audio}: harm is not measured", file=sys.stderr)
    return figures


if __name__ == "__main__":
    sys.exit(main())
