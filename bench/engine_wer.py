"""Room: bench.engine_wer. Word error rate and speed of the built-in English engine on real recordings with a human's text.

    python bench/engine_wer.py [--audio DIR] [--processes N] [--quick] [--json]

The recordings lie beside the checkout and are not the project's; without them there is nothing to measure (exit status 1).
"""

import argparse
import csv
import json
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from nas_asr.core.metrics import ErrorCount, word_errors
from nas_asr.core.ports import Order, Transcriber
from nas_asr.engine.build import build_transcriber
from nas_asr.engine.options import EngineOptions
from nas_asr.media import decode

BESIDE = Path(__file__).parents[2] / "shared" / "audio"


@dataclass(frozen=True)
class Row:
    """One recording: errors of the words heard, and what it cost."""

    path: str
    errors: ErrorCount
    audio_s: float
    elapsed_s: float


def references(folder: Path) -> list[tuple[str, str]]:
    """Paths and human texts of the English recordings whose text can be trusted (tier A)."""
    with (folder / "MANIFEST.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return [(r["path"], r["reference"]) for r in rows if r["language"] == "en" and r["ref_tier"].startswith("A")]


def measure(transcriber: Transcriber, folder: Path, path: str, reference: str) -> Row:
    """Transcribe one recording the way the worker does."""
    began = time.monotonic()
    transcript = transcriber.transcribe(Order(os.fsencode(folder / path), 0, "en"), lambda _: None)
    spoken = " ".join(segment.spoken for segment in transcript.segments)
    return Row(path, word_errors(reference, spoken), transcript.duration_ms / 1000, time.monotonic() - began)


def main() -> int:
    """Measure, print a line a recording, and the whole."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--audio", type=Path, default=Path(os.environ.get("TEST_AUDIO_DIR") or BESIDE))
    parser.add_argument("--processes", type=int, default=1, help="recogniser processes (default 1: speed of one core)")
    parser.add_argument("--quick", action="store_true", help="the first four recordings only")
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    options = parser.parse_args()
    if not (options.audio / "MANIFEST.csv").is_file():
        print(f"There are no recordings at {options.audio}; name their folder with --audio.", file=sys.stderr)
        return 1
    transcriber = build_transcriber(EngineOptions("sphinx", threads=options.processes), decode)
    wanted = references(options.audio)[: 4 if options.quick else None]
    rows = []
    for path, reference in wanted:
        rows.append(measure(transcriber, options.audio, path, reference))
        last = rows[-1]
        print(f"{last.errors.errors:4d}/{last.errors.units:<4d} {last.audio_s / last.elapsed_s:6.2f}x  {path}")
    transcriber.close()
    report(rows, options.processes, options.json)
    return 0


def report(rows: list[Row], processes: int, as_json: bool) -> None:
    """The figures of all recordings together: errors over words, seconds of audio over seconds of work."""
    total = sum((row.errors for row in rows), ErrorCount(0, 0))
    audio_s, elapsed_s = sum(row.audio_s for row in rows), sum(row.elapsed_s for row in rows)
    print(f"WER {total.rate:.1%} ({total.errors} of {total.units} words)")
    print(f"RTFx {audio_s / elapsed_s:.2f} with {processes} process(es)")
    if as_json:
        figures = {
            "engine": "sphinx",
            "wer": round(total.rate, 4),
            "errors": total.errors,
            "words": total.units,
            "rtfx": round(audio_s / elapsed_s, 2),
            "processes": processes,
            "recordings": len(rows),
        }
        print(json.dumps(figures))


if __name__ == "__main__":
    sys.exit(main())
