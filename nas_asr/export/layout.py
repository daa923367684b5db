"""Room: export.layout. Breaks text into lines that a player can show, at places where a reader would. Knows no times.

A line holds 42 narrow characters or 18 wide ones (CJK), or a mixture; a cue holds two lines.
"""

import unicodedata
from collections.abc import Sequence
from functools import cache

_WIDE, _NARROW = 7, 3
LINE = 42 * _NARROW  # = 18 * _WIDE
# What no line may begin with; it stays with the character before it.
_CLOSING = ",.!?;:%)]}，。！？；：、）】》」』〉”’…—～·ー々"
_AFTER_PAUSE = LINE // 2  # lines may differ by so much where a comma or full stop makes the better place
_OPENING = "([{（【《「『〈“‘"


@cache
def _cost(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) == "Mn":
        return 0
    return _WIDE if is_wide(char) else _NARROW


def is_wide(char: str) -> bool:
    """Whether a character takes the place of two and stands without spaces between words."""
    return unicodedata.east_asian_width(char) in "WF"


def width(text: str) -> int:
    """How much of a line the text takes."""
    return sum(map(_cost, text))


def atoms(text: str) -> list[str]:
    """The pieces between which a line may be broken: words with the space after them, wide characters one by one.

    Joined they are the text. A word longer than a line is cut.
    """
    found: list[str] = []
    begun = taken = 0  # where the piece that grows begins, and how much of a line it takes
    for at, char in enumerate(text):
        if at and not _sticks(text[at - 1], char, taken):
            found.append(text[begun:at])
            begun, taken = at, 0
        taken += _cost(char)
    return [*found, text[begun:]] if text else []


def _sticks(last: str, char: str, taken: int) -> bool:
    if taken + _cost(char) > LINE:
        return _cost(char) == 0
    if char.isspace() or char in _CLOSING or last in _OPENING or _cost(char) == 0:
        return True
    return not (last.isspace() or is_wide(last) or is_wide(char))


def fits(pieces: Sequence[str], indent: int = 0) -> bool:
    """Whether the pieces can be shown as at most two lines, the first of them indented by a speaker's name."""
    return _break(pieces, indent) is not None


def lines(pieces: Sequence[str], indent: int = 0) -> tuple[str, ...]:
    """The pieces as one line, or as two of about the same width; all on one where they do not fit two."""
    at = _break(pieces, indent)
    parts = ("".join(pieces[:at]).strip(), "".join(pieces[at:]).strip())
    return tuple(part for part in parts if part)


def _break(pieces: Sequence[str], indent: int) -> int | None:
    """Where the second line begins (len(pieces): nowhere), None where two lines are not enough."""
    widths = [width(piece) for piece in pieces]
    spaces = [width(piece) - width(piece.rstrip()) for piece in pieces]  # not shown at a line's end
    whole = indent + sum(widths) - (spaces[-1] if pieces else 0)
    if whole <= LINE:
        return len(pieces)
    best: tuple[int, int] | None = None
    first = indent
    for at in range(1, len(pieces)):
        first += widths[at - 1]
        left, right = first - spaces[at - 1], whole - first
        uneven = abs(left - right) - (_AFTER_PAUSE if pieces[at - 1].rstrip()[-1:] in _CLOSING else 0)
        if left <= LINE and right <= LINE and (best is None or uneven < best[0]):
            best = (uneven, at)
    return best[1] if best else None
