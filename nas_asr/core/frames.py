"""Room: core.frames. Length-prefixed messages on pipes between a process and its child. Never interprets what they hold.

A frame is one ASCII letter (its kind), four bytes of length (little endian), and that many bytes.
"""

import os
import select
import struct
import time
from typing import NamedTuple

_HEAD = struct.Struct("<cI")
MAX_BYTES = 16 << 20  # a broken child must not make us reserve memory for what it claims to send


class Frame(NamedTuple):
    """A message: its kind (one letter) and its bytes."""

    kind: bytes
    body: bytes


class BrokenFrame(Exception):
    """The other side ended in the middle of a frame, or wrote what is none."""


class Silence(Exception):
    """Nothing came for the time that one may wait."""


def write_frame(descriptor: int, kind: bytes, body: bytes = b"") -> None:
    """Write one frame; blocks while the other side is busy, raises BrokenPipeError where nobody reads any more."""
    rest = memoryview(_HEAD.pack(kind, len(body)) + body)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def read_frame(descriptor: int, patience_s: float | None = None) -> Frame | None:
    """The next frame, or None at a clean end of the pipe.

    patience_s: how long to wait for each piece; None waits as long as the other side lives. Raises BrokenFrame, Silence.
    """
    head = _read(descriptor, _HEAD.size, patience_s)
    if not head:
        return None
    if len(head) < _HEAD.size:
        raise BrokenFrame
    kind, length = _HEAD.unpack(head)
    if length > MAX_BYTES:
        raise BrokenFrame
    body = _read(descriptor, length, patience_s)
    if len(body) < length:
        raise BrokenFrame
    return Frame(kind, body)


def _read(descriptor: int, length: int, patience_s: float | None) -> bytes:
    """Up to `length` bytes; fewer only where the pipe ended."""
    got = bytearray()
    while len(got) < length:
        if patience_s is not None:
            _wait(descriptor, time.monotonic() + patience_s)
        piece = os.read(descriptor, length - len(got))
        if not piece:
            break
        got += piece
    return bytes(got)


def _wait(descriptor: int, deadline: float) -> None:
    # poll, because select cannot look at descriptors over 1023, which a busy web server reaches
    poller = select.poll()
    poller.register(descriptor, select.POLLIN)
    if not poller.poll(max(0.0, deadline - time.monotonic()) * 1000):
        raise Silence
