"""Room: core.metrics. CER and WER as edit distance over the reference's length. Pure; normalises both sides alike."""

from collections.abc import Sequence
from dataclasses import dataclass

from nas_asr.core.search_text import tokens


@dataclass(frozen=True, slots=True)
class ErrorCount:
    """Errors (substitutions, deletions, insertions together) over the units of the reference."""

    errors: int
    units: int

    @property
    def rate(self) -> float:
        """Errors over units; an empty reference counts each inserted unit against one."""
        return self.errors / max(self.units, 1)

    def __add__(self, other: "ErrorCount") -> "ErrorCount":
        return ErrorCount(self.errors + other.errors, self.units + other.units)


def word_errors(reference: str, hypothesis: str) -> ErrorCount:
    """WER's counts: Latin words whole, CJK per character (then it is CER), case, width and punctuation folded away."""
    left, right = _units(reference), _units(hypothesis)
    return ErrorCount(_edit_distance(left, right), len(left))


def _units(text: str) -> list[str]:
    return tokens(text.replace("'", "").replace("\u2019", ""))


def _edit_distance(left: Sequence[str], right: Sequence[str]) -> int:
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        previous, row[0] = row[0], i
        for j, b in enumerate(right, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (a != b))
    return row[-1]
