"""Room: core.memory. Keeps a process of many threads small: glibc would give each thread a heap of its own. Frees nothing."""

import ctypes
from contextlib import suppress

_M_ARENA_MAX = -8  # malloc.h


def share_heaps(number: int = 2) -> None:
    """At most so many heaps for all threads to come; without glibc nothing happens."""
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, number)
