"""Room: media.child. The limited process that looks into one file with PyAV. Never opens anything but the descriptor it got.

Frames it writes: I (JSON of MediaInfo), P (PCM), W (what to write where into an Opus file), T (how many seconds are done),
E (JSON of an error), and Z at a good end. Nothing of a file's own text (tags, names) leaves it except the creation time.
"""

import contextlib
import json
import os
import resource
import sys
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

from nas_asr.core.errors import MediaError, MediaTooHard, Unreadable
from nas_asr.core.frames import write_frame
from nas_asr.core.ports import EVERY, SAMPLE_RATE
from nas_asr.media import formats
from nas_asr.media.formats import PLACE

if TYPE_CHECKING:
    from nas_asr.media.sound import Source

_OUT = 1
_BLOCK = SAMPLE_RATE * 2  # bytes in a second of PCM


def main() -> None:
    """Look (probe), listen (decode, decode:CHANNEL) or translate (opus), as the first argument says, the second's descriptor."""
    task, descriptor = sys.argv[1], int(sys.argv[2])
    task, _, channel = task.partition(":")
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, 0)
    try:
        from nas_asr.media import sound  # PyAV is loaded before memory is limited, for libraries count as memory

        _limit(resource.RLIMIT_AS, formats.MEMORY_BYTES)
        _limit(resource.RLIMIT_NOFILE, formats.OPEN_FILES)
        _allow_cpu(0)
        with sound.opened(descriptor) as source:
            what = sound.describe(source)
            write_frame(_OUT, b"I", json.dumps(asdict(what)).encode())
            if task == "decode":
                wanted = int(channel) if channel else None
                _stream(sound.pcm(source, wanted), _BLOCK * (what.channels if wanted == EVERY else 1))
            elif task == "opus":
                _translate(source)
        write_frame(_OUT, b"Z")
    except MediaError as error:
        _tell(error)
    except ImportError:  # the file is not to blame
        _tell(Unreadable("The decoder (PyAV) is not installed or cannot be loaded.", "Run `make run` again."))
    except MemoryError:
        _tell(
            MediaTooHard("Decoding needs more memory than a recording ever should.", "Convert the file to WAV or FLAC.")
        )
    except BrokenPipeError:  # nobody listens any more
        os._exit(0)


def _stream(pieces: Iterator[bytes], block: int) -> None:
    """Write PCM a second at a time, which is so many bytes; each second earns processor time for the next ones."""
    waiting = bytearray()
    seconds = 0
    for piece in pieces:
        waiting += piece
        while len(waiting) >= block:
            write_frame(_OUT, b"P", bytes(waiting[:block]))
            del waiting[:block]
            seconds += 1
            if seconds % 60 == 0:
                _check(seconds, formats.CPU_PER_SECOND)
    if waiting:
        write_frame(_OUT, b"P", bytes(waiting))


def _translate(source: "Source") -> None:
    """Write Opus; each minute is told, and earns processor time for the next ones."""
    from nas_asr.media import opus

    told = 0
    for seconds in opus.encode(source, lambda at, piece: write_frame(_OUT, b"W", PLACE.pack(at) + piece)):
        if seconds - told >= 60:
            told = seconds
            _check(seconds, formats.CPU_PER_SECOND + formats.OPUS_CPU_PER_SECOND)
            write_frame(_OUT, b"T", PLACE.pack(seconds))


def _check(seconds: int, cpu_per_second: float) -> None:
    if seconds > formats.MAX_LENGTH_S:
        raise MediaTooHard("The recording is longer than a day.", "Cut it into shorter ones.")
    _allow_cpu(seconds * cpu_per_second)


def _tell(error: MediaError) -> None:
    body = {"code": error.code, "message": error.message, "remedy": error.remedy}
    write_frame(_OUT, b"E", json.dumps(body).encode())


def _allow_cpu(earned_s: float) -> None:
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    soft = formats.CPU_START_S + int(earned_s)
    resource.setrlimit(resource.RLIMIT_CPU, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))


def _limit(what: int, value: int) -> None:
    # macOS refuses some limits; the others still hold
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(what, (value, value))
