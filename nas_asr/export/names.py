"""Room: export.names. What an exported file is called, on every system, and how a browser is told. Never a path.

Names stay within 140 bytes: encrypted shares of a NAS hold no longer ones (143).
"""

import re
import unicodedata
from datetime import date
from urllib.parse import quote

_MAX_BYTES = 140
# Windows and SMB refuse these; control and direction characters would let a name pass for another.
_FORBIDDEN = re.compile(
    '[<>:"/\\\\|?*\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff\ufffd]+'
)


def file_name(day: date, title: str, suffix: str) -> str:
    """`2026-11-21_Title.srt`: the day it was recorded, the title as far as a file system takes it, the format's suffix."""
    head, tail = f"{day.isoformat()}_", f".{suffix}"
    return head + (_shortened(_safe(title), _MAX_BYTES - len(head) - len(tail)) or "recording") + tail


def content_disposition(name: str, kind: str = "attachment") -> str:
    """The header's value: ASCII for old programs, `filename*` in UTF-8 (RFC 6266) for the others. kind: or `inline`."""
    stem, _, suffix = name.rpartition(".")
    plain = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode()
    plain = re.sub(r"[^A-Za-z0-9._ -]+", "", plain).strip(" ._-")
    plain = " ".join(plain.split()).replace("_ ", "_")
    if not re.search(r"[A-Za-z]", plain):
        plain = f"{stem[:10]}_recording" if re.fullmatch(r"\d{4}-\d\d-\d\d", stem[:10]) else "recording"
    return f"{kind}; filename=\"{plain}.{suffix}\"; filename*=UTF-8''{quote(name, safe='')}"


def _safe(title: str) -> str:
    name = _FORBIDDEN.sub(" ", unicodedata.normalize("NFC", title))
    return " ".join(name.split()).strip(" .")


def _shortened(name: str, max_bytes: int) -> str:
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
