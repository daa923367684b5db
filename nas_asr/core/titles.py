"""Room: core.titles. How titles are put in order: width and case folded, numbers by their value. Pure; no title is changed."""

import re
import unicodedata

_LONGEST = 120  # beyond it, titles are as good as the same; an index holds no more
_DIGITS = 8


def title_key(title: str) -> str:
    """What a title is sorted by, compared code point by code point: `Take 2` before `take 10`."""
    folded = unicodedata.normalize("NFKC", title).casefold()
    return re.sub("[0-9]+", lambda number: number[0].zfill(_DIGITS), folded)[:_LONGEST]
