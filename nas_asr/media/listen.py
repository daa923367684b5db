"""Room: media.listen. The parent's side of `media.child`: starts it, reads its frames, says why it failed. Loads no codec."""

import contextlib
import json
import os
import signal
import subprocess
from collections.abc import Generator

from nas_asr.core import offspring
from nas_asr.core.errors import (
    DecoderLost,
    Incomplete,
    MediaError,
    MediaTooHard,
    NoAudioTrack,
    NotAudio,
    Unreadable,
)
from nas_asr.core.frames import BrokenFrame, Frame, Silence, read_frame
from nas_asr.core.ports import EVERY, Fingerprint, MediaInfo, Pcm
from nas_asr.media.files import check_content, check_unchanged, open_no_follow
from nas_asr.media.formats import OPUS_BYTES, PLACE, SHARE_PATIENCE_S

_CHILD = "nas_asr.media.child"
_FROM_OUTSIDE = (-signal.SIGKILL, -signal.SIGTERM)  # nothing that a file can do to it ends like this
_ERRORS: dict[str, type[MediaError]] = {
    kind.code: kind for kind in (Incomplete, MediaTooHard, NoAudioTrack, NotAudio, Unreadable)
}


def probe(path: bytes, root: bytes = b"", *, patience_s: float = SHARE_PATIENCE_S) -> MediaInfo:
    """What is in the file. root: as for open_no_follow; patience_s: how long the share may give nothing.

    Raises NotAudio, Incomplete, NoAudioTrack, MediaTooHard, DecoderLost, Unreadable. Costs one child process (about 0.1 s).
    """
    with contextlib.closing(_frames("probe", path, root, patience_s)) as frames:
        return _info(next(frames))


def decode(
    path: bytes,
    root: bytes = b"",
    *,
    channel: int | None = None,
    content: Fingerprint | None = None,
    patience_s: float = SHARE_PATIENCE_S,
) -> Generator[Pcm, None, None]:
    """The file's sound as blocks of at most a second: shape (samples,), int16, 16 kHz mono, read-only.

    channel: None mixes all of them; a number from 0 is that one alone, silent where the file has no such one; EVERY puts them
    beside each other, shape (samples, channels). content: the bytes that must lie there, from the first block to the last, or it
    is Unreadable. Memory does not grow with the length. Raises as probe does, possibly after
    blocks; closing the iterator ends the child.
    """
    import numpy as np

    task = "decode" if channel is None else f"decode:{channel}"
    with contextlib.closing(_frames(task, path, root, patience_s, content)) as frames:
        count = _info(next(frames)).channels
        for frame in frames:
            if frame.kind == b"P":
                samples = np.frombuffer(frame.body, dtype="<i2")
                yield samples.reshape(-1, count) if channel == EVERY else samples


def to_opus(
    path: bytes,
    root: bytes,
    into: int,
    *,
    content: Fingerprint | None = None,
    patience_s: float = SHARE_PATIENCE_S,
) -> Generator[float, None, None]:
    """Write the file's sound as Opus in WebM into an open, empty file; yields how much of it is done, 0 to 1.

    Raises as decode does, and OSError where `into` takes no more. What is there before the end is not to be used.
    """
    with contextlib.closing(_frames("opus", path, root, patience_s, content)) as frames:
        length_s = max(1.0, _info(next(frames)).duration_ms / 1000)
        for frame in frames:
            (number,) = PLACE.unpack_from(frame.body)
            if frame.kind == b"T":
                yield min(1.0, number / length_s)
                continue
            piece = frame.body[PLACE.size :]
            if number + len(piece) > OPUS_BYTES:
                raise MediaTooHard("The recording is longer than a day.", "Cut it into shorter ones.")
            while piece:  # a disk that fills up takes a part, and the rest says why
                written = os.pwrite(into, piece, number)
                piece, number = piece[written:], number + written
    yield 1.0


def _frames(
    task: str, path: bytes, root: bytes, patience_s: float, content: Fingerprint | None = None
) -> Generator[Frame, None, None]:
    """The frames of a child but two: its E is raised, and so is its end without a Z.

    The descriptor is kept: a file that another one takes the place of goes on being read to its end, and one that is written
    over is found out.
    """
    descriptor = open_no_follow(path, root)
    try:
        before = os.fstat(descriptor)
        if content is not None:
            check_content(descriptor, content)
        child = offspring.start(_CHILD, (task, str(descriptor)), (descriptor,))
        try:
            yield from _told(child, patience_s)
        finally:
            offspring.end(child)
        if content is not None:
            check_unchanged(before, os.fstat(descriptor))
    finally:
        os.close(descriptor)


def _told(child: subprocess.Popen[bytes], patience_s: float) -> Generator[Frame, None, None]:
    assert child.stdout is not None
    while True:
        try:
            frame = read_frame(child.stdout.fileno(), patience_s)
        except Silence as error:
            raise Unreadable(f"The share gave us nothing for {patience_s:.0f} seconds.") from error
        except BrokenFrame:
            frame = None
        if frame is None:
            raise _died(child)
        if frame.kind == b"Z":
            return
        if frame.kind == b"E":
            raise _error(frame)
        yield frame


def _died(child: subprocess.Popen[bytes]) -> MediaError:
    status = offspring.end(child)
    if status == -signal.SIGXCPU:
        return MediaTooHard("Decoding the file took more time than its length allows.", "Convert it to WAV or FLAC.")
    if status in _FROM_OUTSIDE:
        return DecoderLost("The decoder was killed in the middle of its work.", "Look for a lack of memory.")
    return MediaTooHard("Decoding the file broke the decoder.", "Convert it to WAV or FLAC.")


def _error(frame: Frame) -> MediaError:
    told = json.loads(frame.body)
    return _ERRORS.get(told["code"], MediaTooHard)(told["message"], told["remedy"])


def _info(frame: Frame) -> MediaInfo:
    return MediaInfo(**json.loads(frame.body))
