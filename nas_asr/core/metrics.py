"""Room: core.metrics. CER, WER, hotword recall and false alarms. Pure; normalises both sides alike."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from nas_asr.core.hotwords import hotword
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


@dataclass(frozen=True, slots=True)
class HotwordCount:
    """How often hotwords were said, how many of these were heard, and how often one was heard that nobody said."""

    said: int = 0
    heard: int = 0
    invented: int = 0

    @property
    def recall(self) -> float:
        """Heard over said; 1 where none was said."""
        return self.heard / self.said if self.said else 1.0

    def __add__(self, other: "HotwordCount") -> "HotwordCount":
        return HotwordCount(self.said + other.said, self.heard + other.heard, self.invented + other.invented)


def hotword_count(reference: str, hypothesis: str, lines: Iterable[str]) -> HotwordCount:
    """Each word of a list (lines as in core.hotwords) counted in both texts, whole words only, case and width folded."""
    left, right = tokens(reference), tokens(hypothesis)
    total = HotwordCount()
    for line in lines:
        name = tokens(hotword(line).word)
        said, heard = _occurrences(left, name), _occurrences(right, name)
        total += HotwordCount(said, min(said, heard), max(0, heard - said))
    return total


def _occurrences(text: Sequence[str], name: Sequence[str]) -> int:
    if not name:
        return 0
    return sum(text[i : i + len(name)] == name for i in range(len(text) - len(name) + 1))


def _units(text: str) -> list[str]:
    return tokens(text.replace("'", "").replace("\u2019", ""))


def _edit_distance(left: Sequence[str], right: Sequence[str]) -> int:
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        previous, row[0] = row[0], i
        for j, b in enumerate(right, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (a != b))
    return row[-1]
