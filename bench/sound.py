"""Room: bench.sound. What it costs to draw a recording beside decoding it, how large a drawing is, how fast Opus is made.

    python bench/sound.py [--minutes 60] [--quick] [--json]

Processor time, of this process and of the children that decode and encode, so that a busy machine changes the ratios little. The
recording is the sample meeting over and over. With --json one JSON object is the last line; --quick takes three minutes.
"""

import argparse
import json
import os
import resource
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from nas_asr.core.ports import SAMPLE_RATE, Pcm, PcmBlocks
from nas_asr.core.transcript import Span
from nas_asr.engine.drawing import Drawing
from nas_asr.engine.silero import SileroVad
from nas_asr.media import decode, to_opus
from tests.media.made import SAMPLE

FIVE_HOURS_S = 5 * 3600


class Deaf:
    """A VAD that only lets sound pass."""

    def spans(self, blocks: PcmBlocks) -> Iterator[Span]:
        """None."""
        for _ in blocks:
            pass
        return iter(())


def write_recording(path: Path, kind: str, codec: str, minutes: int) -> Path:
    """The sample again and again."""
    sound = np.concatenate(list(decode(bytes(SAMPLE)))).reshape(1, -1)
    with av.open(str(path), "w", format=kind) as container:
        track = container.add_stream(codec, rate=8_000 if "amr" in codec else SAMPLE_RATE, layout="mono")
        assert isinstance(track, av.AudioStream)
        track.bit_rate = 12_200 if "amr" in codec else 64_000
        for _ in range(max(1, round(minutes * 60 * SAMPLE_RATE / sound.shape[1]))):
            frame = av.AudioFrame.from_ndarray(sound, format="s16", layout="mono")
            frame.sample_rate = SAMPLE_RATE
            container.mux(track.encode(frame))
        container.mux(track.encode(None))
    return path


def processor_s() -> float:
    """Of this process and of its children that have ended."""
    both = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return sum(each.ru_utime + each.ru_stime for each in both)


def drawing(path: Path) -> dict[str, float]:
    """Decode once without drawing and once with it."""
    before = processor_s()
    blocks: list[Pcm] = list(decode(bytes(path)))
    decoding = processor_s() - before
    before = time.process_time()
    drawn = Drawing(Deaf())
    list(drawn.spans(drawn.passing(blocks)))
    drawn.finished(len(blocks) * 1000)
    took = time.process_time() - before
    return {
        "decoding_s": round(decoding, 3), "drawing_s": round(took, 3), "drawing_share": round(took / decoding, 4)
    }  # fmt: skip


def size_of_five_hours() -> dict[str, float]:
    """The drawing of five hours of the sample: what it takes of memory on the way, and of the page in the end."""
    blocks = list(decode(bytes(SAMPLE)))
    heard = list(SileroVad().spans(blocks))
    length_ms = sum(map(len, blocks)) * 1000 // SAMPLE_RATE
    times = FIVE_HOURS_S * 1000 // length_ms

    class Again(Deaf):
        def spans(self, blocks: PcmBlocks) -> Iterator[Span]:
            super().spans(blocks)
            for at in range(0, times * length_ms, length_ms):
                yield from (Span(at + span.start_ms, at + span.end_ms) for span in heard)

    tracemalloc.start()
    drawn = Drawing(Again())
    for _ in drawn.spans(drawn.passing(block for _ in range(times) for block in blocks)):
        pass
    found = drawn.finished(times * length_ms)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    speech = [[span.start_ms, span.end_ms] for span in found.speech]
    return {
        "spans_heard": times * len(heard), "spans_kept": len(speech), "steps": len(found.peaks),
        "step_ms": found.step_ms, "memory_kb": most // 1024,
        "page_bytes": len(json.dumps(speech, separators=(",", ":"))) + -(-len(found.peaks) // 3) * 4 + 60,
    }  # fmt: skip


def encoding(path: Path, minutes: int) -> dict[str, float]:
    """Make Opus once."""
    began, before = time.monotonic(), processor_s()
    with path.with_suffix(".webm").open("wb") as into:
        for _ in to_opus(bytes(path), b"", into.fileno()):
            pass
    took, worked = time.monotonic() - began, processor_s() - before
    return {
        "times_real_time": round(minutes * 60 / took), "times_real_time_by_processor": round(minutes * 60 / worked),
        "bytes_an_hour": round(path.with_suffix(".webm").stat().st_size / minutes * 60),
    }  # fmt: skip


def main() -> None:
    """Measure, and print."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--minutes", type=int, default=60)
    words.add_argument("--quick", action="store_true")
    words.add_argument("--json", action="store_true")
    asked = words.parse_args()
    minutes = 3 if asked.quick else asked.minutes
    with tempfile.TemporaryDirectory() as folder:
        flac, amr = (
            write_recording(Path(folder) / f"a.{kind}", kind, codec, minutes)
            for kind, codec in (("flac", "flac"), ("amr", "libopencore_amrnb"))
        )
        told = {
            "minutes": minutes, "load": round(os.getloadavg()[0], 1), "flac": drawing(flac), "amr": drawing(amr),
            "five_hours": size_of_five_hours(), "opus_from_flac": encoding(flac, minutes),
            "opus_from_amr": encoding(amr, minutes),
        }  # fmt: skip
    if not asked.json:
        for name, what in told.items():
            print(name, what)
    print(json.dumps(told))


if __name__ == "__main__":
    main()
