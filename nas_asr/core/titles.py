"""Room: core.titles. How names are put in order and found: width and case folded, numbers by value, Chinese by sound. Pure."""

import re
import unicodedata

_LONGEST = 120  # beyond it, titles are as good as the same; an index holds no more
_DIGITS = 8
_MOST_BYTES = 2000  # what an index of PostgreSQL holds beside its other columns

# GB 2312 has its 3,755 common characters in the order of pinyin. They take the code points of the rarest ones, between kana and
# all other ideographs, and those rare ones stand at the end.
_COMMON = b"".join(bytes((0xB0 + n // 94, 0xA1 + n % 94)) for n in range(3755)).decode("gb2312")
_BY_SOUND: dict[int, int | str] = {rare: f"\u9fff{chr(rare)}" for rare in range(0x3400, 0x4DC0)}
_BY_SOUND |= {ord(sign): 0x3400 + place for place, sign in enumerate(_COMMON)}


def title_key(title: str) -> str:
    """What a title is sorted by, compared code point by code point: `Take 2` before `take 10`, 访谈 (fang) before 周会 (zhou)."""
    by_value = re.sub("[0-9]+", lambda number: number[0].zfill(_DIGITS), folded(title))
    return by_value.translate(_BY_SOUND)[:_LONGEST]


def name_key(title: str, path: str) -> str:
    """In what a recording's names are looked for: the title, then the path, as far as both fit."""
    return folded(f"{title}\n{path}").encode("utf-8", "replace")[:_MOST_BYTES].decode("utf-8", "ignore")


def folded(text: str) -> str:
    """A name or a part of one without its width and case."""
    return unicodedata.normalize("NFKC", text).casefold()
