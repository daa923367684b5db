"""Room: bench.exports. What exports cost: each format of five hours of speech, and a zip of thousands of recordings.

    python bench/exports.py [--json] [--quick]

In memory: what the process holds more than before; the zip is thrown away as it comes.
"""

import argparse
import gc
import json
import os
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from nas_asr.core.transcript import EngineLabel, Segment, Span, Transcript
from nas_asr.export import FORMATS, Bundle, ExportOptions, ExportSource

_WHEN = datetime(2026, 11, 21, tzinfo=UTC)
_LINES = ("第一件事是明年的预算，一共是二十万，不是有人写的两万；", "so the first thing on the list is the budget")
_PEOPLE = ("张伟", "Alice", "李娜", "Bob")


def source(segments: int) -> ExportSource:
    """A conversation of four, in which somebody else speaks after every sentence."""
    said = tuple(
        Segment(str(i), Span(i * 1800, i * 1800 + 1700), _LINES[i % 2], _LINES[i % 2], _PEOPLE[i % 4])
        for i in range(segments)
    )
    transcript = Transcript(said, segments * 1800, engine=EngineLabel("bench"), language="zh")
    return ExportSource(
        transcript, "0" * 26, "周例会", "sales", _WHEN, segments * 1800, "ab" * 32, 1, "zh", "周例会.m4a"
    )


def megabytes() -> float:
    """What this process holds now."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def one(name: str, of: ExportSource) -> dict[str, Any]:
    """A format once."""
    before, began = megabytes(), time.process_time()
    content = FORMATS[name].write(of, ExportOptions())
    seconds = time.process_time() - began
    return {"cpu_s": round(seconds, 2), "bytes": len(content), "held_mb": round(megabytes() - before, 1)}


def many(recordings: int, of: ExportSource, formats: tuple[str, ...]) -> dict[str, Any]:
    """A zip of so many, each with a title of its own."""
    before, began, size = megabytes(), time.process_time(), 0
    with Bundle([FORMATS[name] for name in formats], ExportOptions(), _WHEN, "bench") as bundle:
        for number in range(recordings):
            for piece in bundle.add(replace(of, title=f"录音 {number}")):
                size += len(piece)
        held = megabytes() - before
        for piece in bundle.finish():
            size += len(piece)
    files = recordings * len(formats)
    return {
        "recordings": recordings, "formats": formats, "segments_each": len(of.transcript.segments), "bytes": size,
        "cpu_s": round(time.process_time() - began, 1), "held_mb": round(held, 1),
        "held_bytes_per_file": round(held * 1e6 / files),
    }  # fmt: skip


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true")
    given = parser.parse_args()
    few = 10 if given.quick else 1
    long = source(10_000 // few)
    formats = {name: one(name, long) for name in FORMATS}
    zips = [
        many(20_000 // few, source(20), ("txt",)),
        many(60 // few, source(3_000 // few), ("docx", "txt", "srt")),
    ]
    for name, figures in formats.items():
        print(f"{name:>5} {figures}")
    for figures in zips:
        print(figures)
    if given.json:
        print(json.dumps({"segments": len(long.transcript.segments), "formats": formats, "zips": zips}))


if __name__ == "__main__":
    main()
