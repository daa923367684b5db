"""Room: media.opus. A recording's sound as Opus in WebM, which every browser plays. Runs in the child only, writes no file."""

import io
from collections.abc import Callable, Iterator
from fractions import Fraction

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream

from nas_asr.core.ports import EVERY
from nas_asr.media import formats, sound

Write = Callable[[int, bytes], None]  # where in the file, and what


def encode(source: sound.Source, write: Write) -> Iterator[int]:
    """Encode all of it; yields how many seconds are done. Two channels stay two, more are mixed: browsers differ in those.

    Time is counted in samples as for the recogniser, so that what is heard at a moment is what is written there.
    """
    rate = formats.OPUS_RATE_HZ
    count = 2 if source.stream.codec_context.channels == 2 else 1
    with av.open(_Places(write), "w", format="webm") as container:
        layout = "stereo" if count == 2 else "mono"
        track = container.add_stream("libopus", rate=rate, layout=layout, options=formats.OPUS_EFFORT)
        assert isinstance(track, AudioStream)
        track.bit_rate = formats.OPUS_BITS_A_SECOND[count]
        samples = 0
        for frame in sound.heard(source, EVERY if count == 2 else None, rate):
            _at(frame, samples, rate)
            samples += frame.samples
            container.mux(track.encode(frame))
            yield samples // rate
        container.mux(track.encode(None))


def _at(frame: AudioFrame, samples: int, rate: int) -> None:
    frame.pts, frame.time_base = samples, Fraction(1, rate)


class _Places(io.RawIOBase):
    """A file that is elsewhere: remembers where it is, and tells what belongs there."""

    def __init__(self, write: Write) -> None:
        super().__init__()
        self._write = write
        self._at = self._end = 0

    def write(self, piece: bytes) -> int:  # type: ignore[override]  # the muxer gives bytes
        """Tell it, and go on behind it."""
        self._write(self._at, bytes(piece))
        self._at += len(piece)
        self._end = max(self._end, self._at)
        return len(piece)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """The muxer goes back to write the length and the index of what it has written."""
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._end}[whence]
        return self._at

    def tell(self) -> int:
        """Where it is."""
        return self._at

    def writable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True
