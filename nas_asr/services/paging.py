"""Room: services.paging. Pages by key, not by offset, and the opaque cursors between them. Knows no table."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from nas_asr.core.errors import Invalid

T = TypeVar("T")
MAX_LIMIT = 200
_BIGGEST = 1 << 63


@dataclass(frozen=True, slots=True)
class PageOrder:
    """How many items, and after which; cursor is what the page before gave as `next`."""

    limit: int = 50
    cursor: str = ""

    def __post_init__(self) -> None:
        if not 1 <= self.limit <= MAX_LIMIT:
            raise Invalid(f"limit must be between 1 and {MAX_LIMIT}.", field="limit")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Items in order, and the cursor of the next page or None."""

    items: Sequence[T]
    next: str | None = None


def write_cursor(*key: str | int | datetime) -> str:
    """The key of the last item of a page as an opaque word."""
    plain = [part.isoformat() if isinstance(part, datetime) else part for part in key]
    return base64.urlsafe_b64encode(json.dumps(plain).encode()).decode().rstrip("=")


def read_cursor(cursor: str, *kinds: type) -> tuple[Any, ...] | None:
    """The key in a cursor, None for an empty one; Invalid where it was not made by write_cursor for these kinds."""
    if not cursor:
        return None
    try:
        key = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(key, list) or len(key) != len(kinds):
            raise ValueError("another list's cursor")
        return tuple(_part(part, kind) for part, kind in zip(key, kinds, strict=True))
    except (ValueError, OverflowError, RecursionError) as error:
        raise Invalid(
            "This cursor was not made by this list.", "Start again without a cursor.", field="cursor"
        ) from error


def _part(part: object, kind: type) -> object:
    """A part of a key, checked: anybody can make up a cursor, and not everything in JSON can be asked of a database."""
    if kind is datetime and isinstance(part, str):
        moment = datetime.fromisoformat(part)
        if moment.tzinfo is None:
            raise ValueError("a time without a zone")
        return moment.astimezone(UTC)
    if type(part) is not kind:
        raise ValueError("of another kind")
    if isinstance(part, int) and not -_BIGGEST <= part < _BIGGEST:
        raise ValueError("larger than any key")
    if isinstance(part, str) and "\0" in part:
        raise ValueError("no text of a row")
    if isinstance(part, str):
        part.encode()  # half a character is no text of a row either
    return part
