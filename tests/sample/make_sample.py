"""Room: tests.sample.make_sample. Makes meeting.flac and meeting.txt with Debian's flite; run by hand, never by a test.

python tests/sample/make_sample.py [FOLDER]        (default: beside this file)
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.int16]

RATE = 16_000
VOICES = {"anna": "slt", "ben": "rms"}
# Who, what, and the seconds of silence after it. Sentences that the built-in engine reads word for word, with figures for ITN.
MEETING = (
    ("anna", "good morning and welcome to the weekly meeting of the sales team", 1.1),
    ("ben", "let us begin with the numbers of the third quarter", 0.9),
    ("ben", "we sold twenty five percent more than last year", 1.2),
    ("anna", "that is one hundred and twenty three thousand dollars more than we expected", 1.0),
    ("ben", "the new office in berlin will open on january fifteenth", 1.2),
    ("anna", "at first there will be forty two people", 1.1),
    ("ben", "john miller will be the manager of the new office", 1.3),
    ("ben", "i will write the report before friday", 0.9),
    ("anna", "the next meeting is on monday at half past ten", 0.8),
    ("anna", "thank you very much and see you next week", 0.8),
)


def say(voice: str, text: str, folder: Path) -> Samples:
    """flite's reading at 16 kHz, mono."""
    path = folder / "line.wav"
    subprocess.run(["flite", "-voice", voice, "-t", text, "-o", str(path)], check=True)
    resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
    with av.open(str(path)) as container:
        frames = [out for frame in container.decode(audio=0) for out in resampler.resample(frame)]
    return np.concatenate([frame.to_ndarray().reshape(-1) for frame in frames]).astype(np.int16)


def meeting() -> Samples:
    """The whole meeting, with half a second before the first word."""
    pieces = [np.zeros(RATE // 2, np.int16)]
    with tempfile.TemporaryDirectory() as folder:
        for who, text, pause_s in MEETING:
            pieces += [say(VOICES[who], text, Path(folder)), np.zeros(int(RATE * pause_s), np.int16)]
    return np.concatenate(pieces)


def write_flac(samples: Samples, path: Path) -> None:
    """Encode without loss."""
    with av.open(str(path), "w", format="flac") as container:
        stream = container.add_stream("flac", rate=RATE, layout="mono", options={"compression_level": "12"})
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = RATE
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)


def main() -> None:
    """Write both files."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    write_flac(meeting(), folder / "meeting.flac")
    lines = "".join(f"{who}: {text}\n" for who, text, _ in MEETING)
    (folder / "meeting.txt").write_text(lines, "utf-8")


if __name__ == "__main__":
    main()
