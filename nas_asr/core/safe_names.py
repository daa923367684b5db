"""Room: core.safe_names. A title as a name that every file system takes: no separators, no controls, not long. Never a path."""

import re
import unicodedata

from nas_asr.core.search_text import unpiled

MAX_BYTES = 140  # encrypted shares of a NAS hold no longer names than 143
# Windows and SMB refuse these; control and direction characters would let a name pass for another.
_FORBIDDEN = re.compile(
    '[<>:"/\\\\|?*\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff\ufffd]+'
)


def safe_name(title: str) -> str:
    """A title as every file system takes it: composed (NFC), one line, no separators, no dot or space at either end."""
    name = _FORBIDDEN.sub(" ", unicodedata.normalize("NFC", unpiled(title)))
    return " ".join(name.split()).strip(" .")


def printable(name: str) -> str:
    """A name as a line of a report can hold it: what is no text, or would move a terminal's cursor, shows as U+FFFD."""
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in name)


def shortened(name: str, max_bytes: int) -> str:
    """Cut between characters, and not inside one that is made of several (combining marks, joined emoji)."""
    encoded = name.encode("utf-8")
    if len(encoded) <= max_bytes:
        return name
    cut = encoded[:max_bytes].decode("utf-8", "ignore")
    rest = name[len(cut) :]
    while cut and _joins(rest[0], cut[-1]):
        rest, cut = cut[-1] + rest, cut[:-1]
    return cut.rstrip(" .")


def _joins(char: str, before: str) -> bool:
    return before == "\u200d" or char in "\u200d\ufe0e\ufe0f" or bool(unicodedata.combining(char))
