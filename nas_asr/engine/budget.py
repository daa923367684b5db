"""Room: engine.budget. How much sound fits a device at once: learned from running out of memory, remembered, tried again.

One number for each device and precision: padded seconds, which is rows times the longest of them. Knows no torch.
"""

import json
import math
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

FILE = "budget.json"  # below DATA/models

_RAISE_AFTER = 50  # clean batches
_RAISE = 1.1
_LEAST_S = 1.0


@dataclass(frozen=True, slots=True)
class Ceiling:
    """What is never gone over: rows, and padded seconds, of a batch. ahead: seconds of sound taken in before work begins."""

    rows: int
    seconds: float
    ahead: float


# On a CPU rows only share the reading of weights, and people wait for progress. The GPU's figures follow from 112 KiB of keys
# and values a token in bf16; a card with less memory learns its own.
CEILINGS = {"cpu": Ceiling(8, 120.0, 120.0), "mps": Ceiling(8, 160.0, 160.0), "cuda": Ceiling(32, 640.0, 960.0)}


class Budget:
    """Padded seconds that a batch may have. file: where it is remembered over restarts, None for nowhere."""

    def __init__(self, ceiling: Ceiling, key: str, file: Path | None = None) -> None:
        self.ceiling = ceiling
        self._key = key
        self._file = file
        self._clean = 0
        remembered = _read(file).get(key, ceiling.seconds)
        self.seconds = min(max(remembered, _LEAST_S), ceiling.seconds)

    def fits(self, rows: int, longest_s: float) -> bool:
        """Whether so many rows, padded to the longest, may be one batch; a single row always may."""
        return rows == 1 or (rows <= self.ceiling.rows and rows * longest_s <= self.seconds)

    def went_well(self) -> None:
        """A batch was done; after enough of them a little more is tried."""
        self._clean += 1
        if self._clean >= _RAISE_AFTER and self.seconds < self.ceiling.seconds:
            self._clean = 0
            self._set(min(self.seconds * _RAISE, self.ceiling.seconds))

    def ran_out(self, rows: int, longest_s: float) -> None:
        """A batch found no memory: from now on at most half of it."""
        self._clean = 0
        self._set(max(min(self.seconds, rows * longest_s) / 2, _LEAST_S))

    def _set(self, seconds: float) -> None:
        self.seconds = seconds
        if self._file is None:
            return
        known = {**_read(self._file), self._key: round(seconds, 1)}
        part = self._file.with_suffix(".part")
        with suppress(OSError):  # a disk that is full costs the memory of it, not the recording
            self._file.parent.mkdir(parents=True, exist_ok=True)
            part.write_text(json.dumps(known, indent=1), "utf-8")
            part.replace(self._file)


def _read(file: Path | None) -> dict[str, float]:
    try:
        found = json.loads(file.read_text("utf-8")) if file else {}
        numbers = found.items() if isinstance(found, dict) else ()
        known = {str(key): float(value) for key, value in numbers if isinstance(value, int | float)}
    except (OSError, ValueError, OverflowError, RecursionError):
        return {}
    return {key: value for key, value in known.items() if math.isfinite(value)}
