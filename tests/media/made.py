"""Room: tests.media.made. Makes the files that tests open: recordings, videos, broken copies. Never a real recording."""

import wave
from pathlib import Path

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import OutputContainer
from numpy.typing import NDArray

from nas_asr.media import decode

Samples = NDArray[np.int16]
SAMPLE = Path(__file__).parents[1] / "sample" / "meeting.flac"
RATE = 16_000


def speech(seconds: float) -> Samples:
    """The beginning of the sample meeting."""
    blocks = decode(bytes(SAMPLE))
    samples = np.concatenate(list(blocks))
    return samples[: int(seconds * RATE)]


def noise(seconds: float, loudness: float = 0.01) -> Samples:
    """Even noise, the same each time."""
    rng = np.random.default_rng(7)
    return (rng.standard_normal(int(seconds * RATE)) * loudness * 32767).clip(-32768, 32767).astype(np.int16)


def write_wav(path: Path, samples: Samples, channels: int = 1) -> Path:
    """A WAV file; with more channels the sound is on the last one and the others are silent."""
    table = np.zeros((len(samples), channels), np.int16)
    table[:, -1] = samples
    with wave.open(str(path), "wb") as file:
        file.setparams((channels, 2, RATE, len(samples), "NONE", ""))
        file.writeframes(table.tobytes())
    return path


def write_m4a(path: Path, samples: Samples, index_first: bool = False, layout: str = "mono") -> Path:
    """AAC in MP4, its index at the end as recorders write it, or first as for the web."""
    options = {"movflags": "faststart"} if index_first else {}
    with av.open(str(path), "w", format="mp4", options=options) as container:
        _write_sound(container, _sound_track(container, layout), samples)
    return path


def write_video(path: Path, samples: Samples | None) -> Path:
    """A small picture that changes twice a second, with or without sound."""
    with av.open(str(path), "w", format="mp4") as container:
        picture = container.add_stream("mpeg4", rate=2)
        track = None if samples is None else _sound_track(container, "mono")
        picture.width, picture.height, picture.pix_fmt = 64, 48, "yuv420p"
        for shade in range(20):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), shade * 12, np.uint8), format="rgb24")
            container.mux(picture.encode(frame))
        container.mux(picture.encode(None))
        if samples is not None and track is not None:
            _write_sound(container, track, samples)
    return path


def _sound_track(container: OutputContainer, layout: str) -> AudioStream:
    return container.add_stream("aac", rate=RATE, layout=layout)


def _write_sound(container: OutputContainer, stream: AudioStream, samples: Samples) -> None:
    """The sound on the last channel; the others are silent."""
    layout = stream.layout.name
    table = np.zeros((len(samples), stream.layout.nb_channels), np.int16)
    table[:, -1] = samples
    for start in range(0, len(samples), 1024):
        frame = av.AudioFrame.from_ndarray(table[start : start + 1024].reshape(1, -1), "s16", layout)
        frame.sample_rate, frame.pts = RATE, start
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def cut(path: Path, share: float) -> Path:
    """Keep only this share of the file's beginning."""
    with path.open("r+b") as file:
        file.truncate(int(path.stat().st_size * share))
    return path


def wav_header(rate: int, channels: int, sound: bytes = b"\0" * 6400) -> bytes:
    """A WAV file that claims whatever one likes."""
    fmt = (1).to_bytes(2, "little") + channels.to_bytes(2, "little") + rate.to_bytes(4, "little")
    fmt += (
        (rate * channels * 2 % 2**32).to_bytes(4, "little") + (channels * 2 % 2**16).to_bytes(2, "little") + b"\x10\0"
    )
    body = b"WAVEfmt " + len(fmt).to_bytes(4, "little") + fmt + b"data" + len(sound).to_bytes(4, "little") + sound
    return b"RIFF" + len(body).to_bytes(4, "little") + body
