"""Room: bench.long_recording. Hours of sound through the whole pipeline with the small checkpoint: memory and time.

    python bench/long_recording.py [--hours 5] [--quick] [--json]

The file is made first, block by block: the project's own Chinese clip meeting every minute, quiet noise between. Peak memory is
that of this process (engine, VAD, pipeline) and of the child that decodes; a tenth of the length is done first, in a process of
its own, so that the two peaks can be compared.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import av
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from nas_asr import settings
from nas_asr.core.ports import SAMPLE_RATE, Order
from nas_asr.engine.build import build_transcriber
from nas_asr.engine.options import EngineOptions
from nas_asr.media import decode
from tests.nano.checkpoint import CLIPS, SMALL

CLIP = CLIPS / "meeting_zh.flac"


def write_recording(path: Path, minutes: int) -> None:
    """FLAC, mono, 16 kHz: each minute begins with the clip."""
    clip = np.concatenate(list(decode(bytes(CLIP))))
    minute = (np.random.default_rng(5).normal(size=60 * SAMPLE_RATE) * 20).astype(np.int16)
    minute[SAMPLE_RATE : SAMPLE_RATE + len(clip)] += clip
    with av.open(str(path), "w", format="flac") as container:
        track = container.add_stream("flac", rate=SAMPLE_RATE, layout="mono")
        for _ in range(minutes):
            frame = av.AudioFrame.from_ndarray(minute.reshape(1, -1), format="s16", layout="mono")
            frame.sample_rate = SAMPLE_RATE
            container.mux(track.encode(frame))
        container.mux(track.encode(None))


def transcribe(path: Path, minutes: int) -> dict[str, object]:
    """Once, from file to text."""
    with tempfile.TemporaryDirectory() as made:
        options = EngineOptions("fun-asr-nano", str(SMALL), "cpu", models=Path(made))
        transcriber = build_transcriber(options, decode)
        began = time.monotonic()
        transcript = transcriber.transcribe(Order(bytes(path), minutes * 60_000, "zh"), lambda _: None)
        took = time.monotonic() - began
        transcriber.close()
    return {
        "audio_s": transcript.duration_ms // 1000,
        "segments": len(transcript.segments),
        "same_text_each_minute": len({tuple(texts) for texts in _by_minute(transcript.segments, minutes)}) == 1,
        "elapsed_s": round(took, 1),
        "rtfx": round(transcript.duration_ms / 1000 / took, 1),
        "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10,
        "decoder_peak_rss_mb": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10,
    }


def _by_minute(segments: tuple, minutes: int) -> list[list[str]]:  # type: ignore[type-arg]
    texts: list[list[str]] = [[] for _ in range(minutes)]
    for segment in segments:
        texts[segment.span.start_ms // 60_000].append(segment.spoken)
    return texts


def main() -> int:
    """Make two recordings, transcribe each in a process of its own, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hours", type=float, default=5.0)
    parser.add_argument("--quick", action="store_true", help="ten minutes")
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    minutes = 10 if options.quick else round(options.hours * 60)
    if options.file is not None:
        settings.prepare_torch(0)
        print(json.dumps(transcribe(options.file, minutes)))
        return 0
    figures: dict[str, object] = {}
    with tempfile.TemporaryDirectory() as made:
        for name, length in (("tenth", max(1, minutes // 10)), ("whole", minutes)):
            path = Path(made) / f"{name}.flac"
            write_recording(path, length)
            command = [sys.executable, __file__, "--file", str(path), "--hours", str(length / 60)]
            said = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout
            figures[name] = json.loads(said.splitlines()[-1])
            print(name, *(f"{key}={value}" for key, value in figures[name].items()))  # type: ignore[attr-defined]
    if options.json:
        print(json.dumps(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
