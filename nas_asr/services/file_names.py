"""Room: services.file_names. A file's name for people: how it is shown, which title it gives. Never opens a file."""

import unicodedata
from pathlib import PurePosixPath

from nas_asr.core.search_text import unpiled

MAX_TITLE = 300

# Control characters, and those that turn the direction of writing around.
_CODES = (*range(0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A))
_UNSHOWABLE = dict.fromkeys(_CODES, "\ufffd")


def shown_path(raw: bytes) -> str:
    """A raw path for people: NFC (macOS writes NFD over SMB), U+FFFD for what is no UTF-8 or would garble a line."""
    return unicodedata.normalize("NFC", unpiled(raw.decode("utf-8", "replace"))).translate(_UNSHOWABLE)


def shown_name(name: str) -> str:
    """The last part of a name that a browser sent, which may be a whole path of another system."""
    last = name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    return shown_path(last.encode("utf-8", "surrogateescape"))


def shown_line(text: str) -> str:
    """What a person typed as a title or a name: one line, without what would garble it on a page or in a terminal."""
    return " ".join(unpiled(text).split()).translate(_UNSHOWABLE)


def title_of(path: str) -> str:
    """The title that a shown path gives: its last part without the extension, as long as a title may be."""
    name = PurePosixPath(path).name
    stem = PurePosixPath(name).stem.strip()
    return (stem or name or "recording")[:MAX_TITLE]
