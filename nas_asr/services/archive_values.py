"""Room: services.archive_values. From a bag's JSON back to columns, each value weighed. Never trusts, never stores.

A bag may come from anywhere: what would end a page, another house's database or an id of somebody else's is refused here.
"""

import base64
import math
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, Enum, Float, Integer, LargeBinary, String, inspect

from nas_asr.core.steps import steps_in
from nas_asr.store.models import Base, UtcDateTime

_ID = re.compile(r"[a-z0-9]{1,32}")
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")  # PostgreSQL stores no zero byte, nobody half a character
# Of one item of a list that a column keeps as JSON, or of the list itself where there is one type.
# `steps` are core.steps' own to weigh, `tally` is numbers by name.
_SHAPES: Mapping[str, tuple[type, ...]] = {
    "flags": (str,),
    "words": (str, int, int),
    "replacements": (int, int, str, str, bool),
}


def row_in(kind: type[Base], given: Mapping[str, Any], not_kept: Iterable[str]) -> dict[str, Any]:
    """The columns of a row. One that the bag does not have gets its default; one that this version does not know is left out.

    Raises ValueError or TypeError where a value is no value of its column.
    """
    columns = {one.key: one.columns[0] for one in inspect(kind).column_attrs if one.key not in set(not_kept)}
    row = {name: _value(name, column, given[name]) for name, column in columns.items() if name in given}
    return row | {name: _default(name, column) for name, column in columns.items() if name not in given}


def check_segment(row: Mapping[str, Any]) -> None:
    """A segment whose times and places fit. Raises ValueError."""
    _in_order(0, row["start_ms"], row["end_ms"])
    end = 0
    for start, stop, *_ in row["replacements"] or ():
        _in_order(end, start, stop, len(row["text"]))
        end = stop


def _in_order(*numbers: int) -> None:
    if list(numbers) != sorted(numbers):
        raise ValueError("times or places that do not follow each other")


def _default(name: str, column: Any) -> Any:
    if column.default is not None and column.default.is_scalar:
        return column.default.arg
    if column.default is not None:
        return column.default.arg(None)
    if not column.nullable:
        raise ValueError(f"{name} is missing")
    return None


def _value(name: str, column: Any, value: Any) -> Any:
    kind = column.type
    if value is None and column.nullable:
        return None
    if (name == "id" or name.endswith("_id")) and not _ID.fullmatch(_a(str, value)):
        raise ValueError(f"{name} is no id")  # ids become names of files
    if isinstance(kind, UtcDateTime):
        return _moment(_a(str, value))
    if isinstance(kind, LargeBinary):
        return base64.b64decode(_a(str, value), validate=True)
    if isinstance(kind, Enum):
        return kind.enum_class(_a(str, value))  # type: ignore[misc]  # all of ours have a class
    return _of_json(name, value) if isinstance(kind, JSON) else _of_plain(kind, value)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None or not 1 < moment.year < 9999:  # a year off either end has no time in another zone
        raise ValueError("no time, or one without a zone")
    return moment.astimezone(UTC)


def _of_json(name: str, value: Any) -> Any:
    if name == "steps":
        steps_in(value)
        return value
    if name == "tally":
        return {storable(key, 16): _a(int, count) for key, count in _a(dict, value).items()}
    return _listed(name, value)


def _listed(name: str, value: Any) -> list[Any]:
    shape = _SHAPES[name]
    for item in _a(list, value):
        one = [item] if len(shape) == 1 else _a(list, item)
        for kind, part in zip(shape, one, strict=True):
            storable(part) if kind is str else _a(kind, part)
    return list(value)


def _of_plain(kind: Any, value: Any) -> Any:
    if isinstance(kind, Boolean):
        return _a(bool, value)
    if isinstance(kind, Integer):
        bits = 63 if isinstance(kind, BigInteger) else 31
        if not -(2**bits) <= _a(int, value) < 2**bits:
            raise ValueError("a number that no column holds")
        return value
    if isinstance(kind, Float):
        if not math.isfinite(float(value)):
            raise ValueError("a number that is none")
        return float(value)
    return storable(value, kind.length if isinstance(kind, String) else None)


def storable(value: Any, longest: int | None = None) -> str:
    """A text that every database stores. Raises ValueError."""
    text = str(_a(str, value))
    if _UNSTORABLE.search(text) or (longest is not None and len(text) > longest):
        raise ValueError("a text that no column holds")
    return text


def _a(kind: type, value: Any) -> Any:
    if type(value) is not kind:
        raise ValueError(f"{value!r} is no {kind.__name__}")
    return value
