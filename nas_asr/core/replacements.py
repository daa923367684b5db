"""Room: core.replacements. What a hotword took the place of, and putting it back. Pure: texts and places, no rows."""

from collections.abc import Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Replacement:
    """A hotword that stands at [start, end) of a segment's text in the place of `was`; undone: `was` stands there again."""

    start: int
    end: int
    was: str
    hotword: str
    undone: bool = False

    @property
    def other(self) -> str:
        """What would stand there if it were turned."""
        return self.hotword if self.undone else self.was


def turned(text: str, made: Sequence[Replacement], index: int) -> tuple[str, tuple[Replacement, ...]]:
    """The text with one replacement undone, or made again; the places after it move. Raises IndexError."""
    one = made[index]
    longer = len(one.other) - (one.end - one.start)
    new = replace(one, end=one.end + longer, undone=not one.undone)
    later = [
        replace(each, start=each.start + longer, end=each.end + longer) if each.start >= one.end else each
        for each in made
    ]
    later[index] = new
    return text[: one.start] + one.other + text[one.end :], tuple(later)
