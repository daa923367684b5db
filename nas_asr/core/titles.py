"""Room: core.titles. How names are put in order and found: width and case folded, numbers by their value. Pure; changes none."""

import re
import unicodedata

_LONGEST = 120  # beyond it, titles are as good as the same; an index holds no more
_DIGITS = 8
_MOST_BYTES = 2000  # what an index of PostgreSQL holds beside its other columns


def title_key(title: str) -> str:
    """What a title is sorted by, compared code point by code point: `Take 2` before `take 10`."""
    return re.sub("[0-9]+", lambda number: number[0].zfill(_DIGITS), folded(title))[:_LONGEST]


def name_key(title: str, path: str) -> str:
    """In what a recording's names are looked for: the title, then the path, as far as both fit."""
    return folded(f"{title}\n{path}").encode("utf-8", "replace")[:_MOST_BYTES].decode("utf-8", "ignore")


def folded(text: str) -> str:
    """A name or a part of one without its width and case."""
    return unicodedata.normalize("NFKC", text).casefold()
