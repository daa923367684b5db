"""Room: worker.growth. Whether a child grew so much from run to run that a new one is better. Measures; ends nobody."""

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

_GIB = 1 << 30
_SHARE_OF_MACHINE = 0.8
_NEVER_LESS = 1.25  # times what it has by nature: a new child would be as big


class Growth:
    """One child's memory after each of its runs, beside what it had after the first one with the same engines loaded.

    Libraries and caches take their part in the first run. Twice that and a gibibyte more, or most of the machine, is a leak.
    """

    def __init__(self, machine: int) -> None:
        self._machine = machine
        self._first: dict[object, int] = {}
        self.too_much = False

    def told(self, words: Mapping[str, Any]) -> None:
        """What the child said after a run: its resident memory, and what each engine holds of its device."""
        loaded = [one for one in words.get("loaded", ()) if isinstance(one, dict)]
        engines = tuple(sorted((str(one.get("engine")), str(one.get("model"))) for one in loaded))
        ours = sum(int(one.get("memory_ours") or 0) for one in loaded)
        grown = self._is_over(("resident", engines), int(words.get("resident") or 0), self._machine)
        self.too_much = self._is_over(("device", engines), ours, 0) or grown

    def _is_over(self, what: object, now: int, whole: int) -> bool:
        first = self._first.setdefault(what, now)
        limit = 2 * first + _GIB
        if whole:
            limit = max(min(limit, int(_SHARE_OF_MACHINE * whole)), int(_NEVER_LESS * first))
        return now > limit


def resident_bytes() -> int:
    """What this program has in memory; 0 where the system does not say."""
    with suppress(OSError, ValueError, IndexError):
        return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return 0


def machine_bytes() -> int:
    """The memory of this machine, or of the container that we are in; 0 where the system does not say."""
    found = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    with suppress(OSError, ValueError):  # "max" is no number
        found.append(int(Path("/sys/fs/cgroup/memory.max").read_text("ascii")))
    return max(min(found), 0)
