"""Room: core.difference. What went and what came between two versions of a transcript. Pure; knows nothing of who made them.

Segments of both versions that overlap in time are one passage, for two runs may cut the same speech at different places.
Within a passage words are compared as they are written: another capital letter or a comma is a change too.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import Match, SequenceMatcher
from enum import StrEnum
from itertools import accumulate

from nas_asr.core.search_text import CJK
from nas_asr.core.transcript import Milliseconds, Segment

# One CJK character, a word with its apostrophes, or a mark; with the blanks after it.
_UNIT = re.compile(f"([{CJK}]|[^\\W{CJK}]+(?:['’][^\\W{CJK}]+)*|\\S)(\\s*)")
# Pairs of equal units; beyond that difflib must leave out frequent words to come to an end. Two thousand words of a meeting
# have less; a recogniser that says two words for ten minutes has millions, and would hold a page for as long.
_MOST_PAIRS = 50_000
# Words and their equals that are looked at for two texts. Those of a meeting need a hundredth; texts that somebody made up for it
# would need a thousand times as many, for the time grows with the cube of their length.
_MOST_LOOKS = 5_000_000


class Change(StrEnum):
    """What became of some words."""

    SAME = "same"
    WENT = "went"
    CAME = "came"


@dataclass(frozen=True, slots=True)
class Piece:
    """Words with one fate; `blank` is what parts them from the next piece."""

    change: Change
    text: str
    blank: str = ""


@dataclass(frozen=True, slots=True)
class Passage:
    """The same stretch of time in both versions. segment: id of its first segment in the new one, empty where nothing is left.

    were, are: the speakers in either, each once.
    """

    start_ms: Milliseconds
    segment: str
    pieces: tuple[Piece, ...]
    were: tuple[str, ...] = ()
    are: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether a word went or came, or somebody else speaks."""
        return self.were != self.are or any(piece.change is not Change.SAME for piece in self.pieces)


def difference(old: Sequence[Segment], new: Sequence[Segment]) -> list[Passage]:
    """Both versions side by side in order of time."""
    return [_passage(before, after) for before, after in aligned(old, new)]


def pieces(old: str, new: str) -> tuple[Piece, ...]:
    """One text with what went and what came in their places; what went stands before what came instead."""
    was, now = units(old), units(new)
    found: list[Piece] = []
    for fate, i1, i2, j1, j2 in matcher([word for word, _ in was], [word for word, _ in now]).get_opcodes():
        if fate == "equal":
            found.append(_piece(Change.SAME, now[j1:j2]))
            continue
        if i1 < i2:
            found.append(_piece(Change.WENT, was[i1:i2]))
        if j1 < j2:
            found.append(_piece(Change.CAME, now[j1:j2]))
    return tuple(found)


def units(text: str) -> list[tuple[str, str]]:
    """A text as its words, each with the blanks after it; blanks before the first word are left out."""
    return _UNIT.findall(text)


def matcher(old: Sequence[str], new: Sequence[str]) -> SequenceMatcher[str]:
    """Both sides compared word by word, in a time that nobody has to wait for."""
    return _Patient(old, new)


class _Patient(SequenceMatcher[str]):
    """difflib's own, until so many words were looked at: what was not compared by then counts as changed."""

    def __init__(self, old: Sequence[str], new: Sequence[str]) -> None:
        super().__init__(None, old, new, autojunk=_pairs(old, new) > _MOST_PAIRS)
        equals: Mapping[str, Sequence[int]] = self.b2j  # type: ignore[attr-defined]  # documented, and unknown to typeshed
        self._looks = [0, *accumulate(1 + len(equals.get(word, ())) for word in old)]
        self._last = len(old), len(new)
        self._left = _MOST_LOOKS

    def find_longest_match(self, alo: int = 0, ahi: int | None = None, blo: int = 0, bhi: int | None = None) -> Match:
        """As difflib's; none where looking for it would take more than is left."""
        ahi, bhi = self._last[0] if ahi is None else ahi, self._last[1] if bhi is None else bhi
        wanted = self._looks[ahi] - self._looks[alo]
        if wanted > self._left:
            return Match(alo, blo, 0)
        self._left -= wanted
        return super().find_longest_match(alo, ahi, blo, bhi)


def _pairs(old: Sequence[str], new: Sequence[str]) -> int:
    had, has = Counter(old), Counter(new)
    return sum(count * has[word] for word, count in had.items())


def _piece(change: Change, units: Sequence[tuple[str, str]]) -> Piece:
    *rest, (word, blank) = units
    return Piece(change, "".join(map("".join, rest)) + word, blank)


def aligned(*sides: Sequence[Segment]) -> Iterator[tuple[list[Segment], ...]]:
    """Groups of segments that hang together by overlapping in time, of each side in its place."""
    placed = [(one, side) for side, segments in enumerate(sides) for one in segments]
    group: tuple[list[Segment], ...] = tuple([] for _ in sides)
    end = 0
    for one, side in sorted(placed, key=lambda pair: pair[0].span):
        if one.span.start_ms >= end and any(group):
            yield group
            group = tuple([] for _ in sides)
        group[side].append(one)
        end = max(end, one.span.end_ms)
    if any(group):
        yield group


def _passage(old: Sequence[Segment], new: Sequence[Segment]) -> Passage:
    first = (new or old)[0]
    words = pieces(_text(old), _text(new))
    return Passage(first.span.start_ms, new[0].id if new else "", words, _speakers(old), _speakers(new))


def _speakers(segments: Sequence[Segment]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(segment.speaker for segment in segments if segment.speaker))


def _text(segments: Sequence[Segment]) -> str:
    return " ".join(segment.text for segment in segments if segment.text)
