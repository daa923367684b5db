"""Room: core.merging. Two changes of one text brought together, word by word, and places of one text found in another. Pure.

What only one side changed is taken over; what both changed in different ways is a clash, and the caller decides.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from nas_asr.core.difference import matcher
from nas_asr.core.search_text import CJK

Range = tuple[int, int]
Unit = tuple[str, str]  # a word, and the blanks after it
_SPELLED = re.compile(f"[^\\W{CJK}]")


@dataclass(frozen=True, slots=True)
class Region:
    """Where ours differs from the base, as ranges of words on all three sides. clash: theirs changed it too, otherwise."""

    base: Range
    ours: Range
    theirs: Range
    clash: bool


@dataclass(frozen=True, slots=True)
class _Hunk:
    """Words [base) of the base that became [other) of one side."""

    base: Range
    other: Range
    ours: bool


def regions(base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]) -> list[Region]:
    """Everything that ours changed, in order, and where it stands in theirs. What both changed alike is not in it."""
    found: list[Region] = []
    shift = 0  # of theirs against the base, by what came before
    for cluster in _clusters(base, ours, theirs):
        low, high = min(one.base[0] for one in cluster), max(one.base[1] for one in cluster)
        mine = [one for one in cluster if one.ours]
        others = [one for one in cluster if not one.ours]
        there = _range((low, high), others) if others else (low + shift, high + shift)
        shift += sum(_length(one.other) - _length(one.base) for one in others)
        if not mine:
            continue
        here = _range((low, high), mine)
        if not others or list(ours[slice(*here)]) != list(theirs[slice(*there)]):
            found.append(Region((low, high), here, there, clash=bool(others)))
    return found


def place_in(old: Sequence[str], new: Sequence[str], index: int) -> int:
    """Where the border before old[index] lies in new: exact among equal words, by its share between them."""
    before = (0, 0)
    for a, b, size in matcher(old, new).get_matching_blocks():
        if index < a or (index == a and not size):
            room = a - before[0]
            return before[1] + (b - before[1]) * (index - before[0]) // room if room else b
        if index <= a + size:
            return b + index - a
        before = (a + size, b + size)
    return len(new)


def put_in(theirs: Sequence[Unit], ours: Sequence[Unit], changes: Iterable[Region]) -> list[list[Unit]]:
    """Theirs with these changes of ours: what stands before all of it, then what stands in the place of each unit."""
    slots: list[list[Unit]] = [[], *([unit] for unit in theirs)]
    for change in changes:
        (low, high), (first, after) = change.theirs, change.ours
        put = list(ours[first:after])
        if low == high:
            if put and slots[low] and not slots[low][-1][1] and first:
                slots[low][-1] = (slots[low][-1][0], ours[first - 1][1])
            slots[low] += put
            continue
        if put:
            put[-1] = (put[-1][0], put[-1][1] or theirs[high - 1][1])
        slots[low + 1 : high + 1] = [put, *([] for _ in range(high - low - 1))]
    return slots


def written(units: Iterable[Unit]) -> str:
    """Units as a text again; two words that came together from different sides get a blank between them."""
    found: list[str] = []
    for word, blank in units:
        if found and _SPELLED.match(found[-1][-1:]) and _SPELLED.match(word):
            found.append(" ")
        found += [word, blank] if blank else [word]
    return "".join(found).strip()


def _hunks(base: Sequence[str], other: Sequence[str], *, ours: bool) -> list[_Hunk]:
    codes = matcher(base, other).get_opcodes()
    return [_Hunk((i1, i2), (j1, j2), ours) for fate, i1, i2, j1, j2 in codes if fate != "equal"]


def _clusters(base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]) -> list[list[_Hunk]]:
    """Changes of both sides in order, those that meet together."""
    both = _hunks(base, ours, ours=True) + _hunks(base, theirs, ours=False)
    found: list[list[_Hunk]] = []
    reach: Range = (-1, -1)
    for one in sorted(both, key=lambda hunk: hunk.base):
        if found and _meet(reach, one.base):
            found[-1].append(one)
            reach = (reach[0], max(reach[1], one.base[1]))
        else:
            found.append([one])
            reach = one.base
    return found


def _meet(one: Range, other: Range) -> bool:
    """Whether both change the same words, or both put words into the same place. Side by side is not the same."""
    return one == other or (one[0] < other[1] and other[0] < one[1])


def _range(base: Range, hunks: Sequence[_Hunk]) -> Range:
    """What stands on one side for a range of the base that holds all these changes of it."""
    first, last = hunks[0], hunks[-1]
    return first.other[0] - (first.base[0] - base[0]), last.other[1] + (base[1] - last.base[1])


def _length(one: Range) -> int:
    return one[1] - one[0]
