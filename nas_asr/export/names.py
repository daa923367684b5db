"""Room: export.names. What an exported file is called, on every system, and how a browser is told. Never a path.

Names stay within 140 bytes: encrypted shares of a NAS hold no longer ones (143).
"""

import re
import unicodedata
from datetime import date
from urllib.parse import quote

from nas_asr.core.safe_names import MAX_BYTES, safe_name, shortened


def file_name(day: date, title: str, suffix: str) -> str:
    """`2026-11-21_Title.srt`: the day it was recorded, the title as far as a file system takes it, the format's suffix."""
    tail = f".{suffix}"
    return stem(day, title, MAX_BYTES - len(tail)) + tail


def stem(day: date, title: str, max_bytes: int) -> str:
    """The same without suffix. The day before it keeps names such as CON, `=cmd` and `-rf` from meaning anything."""
    head = f"{day.isoformat()}_"
    return head + (shortened(safe_name(title), max_bytes - len(head)) or "recording")


def content_disposition(name: str, kind: str = "attachment") -> str:
    """The header's value: ASCII for old programs, `filename*` in UTF-8 (RFC 6266) for the others. kind: or `inline`."""
    stem, _, suffix = name.rpartition(".")
    plain = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode()
    plain = re.sub(r"[^A-Za-z0-9._ -]+", "", plain).strip(" ._-")
    plain = " ".join(plain.split()).replace("_ ", "_")
    if not re.search(r"[A-Za-z]", plain):
        plain = f"{stem[:10]}_recording" if re.fullmatch(r"\d{4}-\d\d-\d\d", stem[:10]) else "recording"
    return f"{kind}; filename=\"{plain}.{suffix}\"; filename*=UTF-8''{quote(name, safe='')}"
