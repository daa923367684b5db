"""Room: tests.drops. Files as people drop them, a probe that needs no codec, and what the ledger says afterwards."""

import hashlib
import math
import os
import struct
import wave
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sqlalchemy import select

from nas_asr.core.errors import Incomplete, MediaTooHard, NoAudioTrack, NotAudio, Unreadable
from nas_asr.core.ports import MediaInfo
from nas_asr.services.base import House
from nas_asr.settings import Settings
from nas_asr.store.models import LedgerLine, Recording, Run

SOUND = b"SOUND of a meeting"


@dataclass
class FakeProbe:
    """Goes by the first bytes of a file: SOUND, TEXT, HALF, HARD, MUTE, LOST. Remembers what it was asked."""

    asked: list[bytes] = field(default_factory=list)
    recorded_at: str = ""

    def __call__(self, path: bytes, root: bytes) -> MediaInfo:
        """What is in the file."""
        assert path.startswith(root + b"/")
        self.asked.append(path[len(root) + 1 :])
        beginning = Path(os.fsdecode(path)).read_bytes()[:4]
        if beginning == b"TEXT":
            raise NotAudio("There is no sound in the file.", "Record again.")
        if beginning == b"HALF":
            raise Incomplete("The index of the file is missing.", "Copy it again.")
        if beginning == b"HARD":
            raise MediaTooHard("Decoding takes too long.", "Convert it to WAV.")
        if beginning == b"MUTE":
            raise NoAudioTrack("The video has no sound.", "Record again.")
        if beginning == b"LOST":
            raise Unreadable("The share does not answer.")
        return MediaInfo(40_000, "wav", "pcm_s16le", 16_000, 1, self.recorded_at)


def with_settings(house: House, **changes: Any) -> House:
    """The same house with other settings."""
    assert isinstance(house.options, Settings)
    return replace(house, options=replace(house.options, **changes))


def lines(house: House) -> dict[str, LedgerLine]:
    """The newest ledger line of each shown path."""
    with house.db.read() as session:
        found = session.scalars(select(LedgerLine).order_by(LedgerLine.generation)).all()
        session.expunge_all()
    return {line.path: line for line in found}


def recordings(house: House) -> list[Recording]:
    """All recordings, oldest first."""
    with house.db.read() as session:
        found = session.scalars(select(Recording).order_by(Recording.ingested_at, Recording.path)).all()
        session.expunge_all()
    return list(found)


def runs(house: House) -> list[Run]:
    """All runs, oldest first."""
    with house.db.read() as session:
        found = session.scalars(select(Run).order_by(Run.created_at)).all()
        session.expunge_all()
    return list(found)


def portrait(tree: Path) -> dict[str, tuple[object, ...]]:
    """Everything that a write to a share would change: names, modes, sizes, times, inodes, bytes."""
    seen: dict[str, tuple[object, ...]] = {}
    for path in sorted([tree, *tree.rglob("*")]):
        status = path.lstat()
        content = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() and not path.is_symlink() else ""
        seen[os.fsencode(path).hex()] = (
            status.st_mode, status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino, content,
        )  # fmt: skip
    return seen


def write_wav(path: Path, seconds: float = 1.0, channels: int = 1, chord: tuple[float, ...] = ()) -> Path:
    """16 kHz, 16 bit: silence, or a chord of these frequencies in Hz on every channel."""
    frames = bytearray()
    for i in range(int(16_000 * seconds)):
        level = sum(math.sin(2 * math.pi * hertz * i / 16_000) for hertz in chord) / max(len(chord), 1)
        frames += struct.pack("<h", int(12_000 * level)) * channels
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(bytes(frames))
    return path


def write_with_av(path: Path, kind: str, *, picture: bool = False, sound: bool = True) -> Path:
    """One second in a container of this kind (mp4 for m4a too), AAC, with a black picture where wanted."""
    import av
    import numpy as np

    with av.open(str(path), "w", format=kind) as container:
        video = container.add_stream("mpeg4", rate=10) if picture else None
        audio = container.add_stream("aac", rate=16_000, layout="mono") if sound else None
        if video is not None:
            video.width = video.height = 64
            video.pix_fmt = "yuv420p"
            for _ in range(10):
                frame = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), dtype=np.uint8), format="rgb24")
                container.mux(video.encode(frame))
            container.mux(video.encode(None))
        if audio is not None:
            tone = (8000 * np.sin(np.arange(16_000) * 2 * np.pi * 440 / 16_000)).astype(np.int16)
            for start in range(0, 16_000, 1024):
                piece = av.AudioFrame.from_ndarray(tone[None, start : start + 1024], format="s16", layout="mono")
                piece.sample_rate, piece.pts = 16_000, start
                container.mux(audio.encode(piece))
            container.mux(audio.encode(None))
    return path
