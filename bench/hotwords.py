"""Room: bench.hotwords. What a hotword list brings with the built-in engine, and what it changes that it must not.

    python bench/hotwords.py [--audio DIR] [--voice rms] [--quick] [--json]

Recall: forty sentences spoken by flite, each with a name or term, with and without the list. Harm: two hundred terms that
nobody says, on the English recordings beside the checkout. What is not installed or not there is left out, and said.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from nas_asr.core.ports import Transcriber
from nas_asr.engine.build import build_transcriber
from nas_asr.engine.options import EngineOptions
from nas_asr.media import decode
from tests.engine.hearing import absent_changes, english, hear, recall

BESIDE = Path(__file__).parents[2] / "shared" / "audio"


def main() -> int:
    """Measure what can be measured here and print it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--audio", type=Path, default=Path(os.environ.get("TEST_AUDIO_DIR") or BESIDE))
    parser.add_argument("--voice", action="append", help="flite's voice; may be given again (default rms and slt)")
    parser.add_argument("--quick", action="store_true", help="ten sentences, five recordings")
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    options = parser.parse_args()
    transcriber = build_transcriber(EngineOptions("sphinx"), decode)
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
        harm = absent_changes(hear(transcriber, options.audio, english(options.audio)[: 5 if options.quick else None]))
        share = round(harm.changed / max(harm.words, 1), 5)
        figures |= {"absent_terms": harm.terms, "words": harm.words, "changed": harm.changed, "changed_share": share}
    else:
        print(f"There are no recordings at {options.audio}: harm is not measured", file=sys.stderr)
    return figures


if __name__ == "__main__":
    sys.exit(main())
