"""Room: tests.media.processes. Our child processes as /proc shows them. Linux only, as the machines that run the tests are."""

import os
import time
from pathlib import Path


def children(module: str, parent: int | None = None) -> list[int]:
    """Process ids of living children of ours (or of parent) that run the module, oldest first."""
    wanted = parent or os.getpid()
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            state, parents_id = (place / "stat").read_text().rpartition(") ")[2].split()[:2]
            if int(parents_id) == wanted and state != "Z" and module in (place / "cmdline").read_text():
                found.append(int(place.name))
        except (FileNotFoundError, ProcessLookupError):
            continue
    return sorted(found)


def environment(pid: int) -> bytes:
    """What the process got as its environment."""
    return Path(f"/proc/{pid}/environ").read_bytes()


def gone(pid: int, within_s: float = 10) -> bool:
    """Whether the process ends in time; one that only waits to be reaped has ended."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].startswith("Z"):
                return True
        except (FileNotFoundError, ProcessLookupError):
            return True
        time.sleep(0.02)
    return False
