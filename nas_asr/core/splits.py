"""Room: core.splits. Which files are parts of one recording that a recorder split, and their joined time line. Pure.

Recorders begin a new file by size or by time. Names alone prove nothing (interview_1, interview_2), so the times have to agree,
too. Whoever is not sure says nothing: an offer that is missing costs a person two clicks, a wrong one costs trust.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import PurePosixPath

from nas_asr.core.transcript import Milliseconds, Segment, Word

_CLOCKS = frozenset({"container", "name", "mtime"})  # what says when a file was recorded and is no guess of ours
_MARKED = re.compile(
    r"(?P<stem>(?:.*[^-_. ])?)[-_. ]*(?:(?<![a-z])(?:part|pt|p)[-_. ]?(?P<a>\d{1,4})|第(?P<b>\d{1,3})(?:部分|段))",
    re.IGNORECASE,
)
_PLAIN = re.compile(r"(?P<stem>.*?)[-_.](?P<a>\d{1,3}|00\d\d)")
# 2025-01-02 and 09-00-01 end in a number that counts days or seconds.
_A_DATE = re.compile(r"(?<!\d)\d{4}(?P<s>[-_. ])\d{1,2}(?P=s)\d{1,2}")
_A_TIME = re.compile(r"(?<!\d)\d{1,2}(?P<s>[-_. ])\d{2}(?P=s)\d{2}")

_SLACK = timedelta(seconds=3)  # the clocks of FAT count in steps of two seconds
_MOST_SLACK = timedelta(seconds=10)
_DRIFT = 1000  # a recorder's clock is off by a thousandth at most
_ALIKE = 200  # full parts have the same size, to a two-hundredth
_A_LIMIT_MS = 5 * 60_000  # recorders split after 5, 10, 15, 30, 60 ... minutes
_NEAR_LIMIT_MS = 3_000
_SIZE_LIMITS = (1 << 29, 1 << 30, 1 << 31, 1 << 32, 10**9, 2 * 10**9, 4 * 10**9)
_BELOW_LIMIT = 50


@dataclass(frozen=True, slots=True)
class PartName:
    """A name that may be a part's: what all parts have in common, and the number; None where the name has no number."""

    directory: str
    stem: str
    suffix: str
    number: int | None


@dataclass(frozen=True, slots=True)
class SplitFile:
    """What is known of a file. written_at: when the share says it was last written, None where nobody knows."""

    id: str
    path: str
    size_bytes: int
    duration_ms: Milliseconds
    form: tuple[str, str, int, int]  # container, codec, sample rate, channels
    recorded_at: datetime
    recorded_from: str
    written_at: datetime | None = None


def part_name(path: str) -> PartName | None:
    """What the name of a file says; None where its number counts days or seconds, or there is nothing but a number."""
    file = PurePosixPath(path)
    stem, suffix, directory = file.stem, file.suffix.lower(), str(file.parent)
    found = _MARKED.fullmatch(stem)
    if found is None and not _A_DATE.search(stem[-10:]) and not _ends_in_time(stem):
        found = _PLAIN.fullmatch(stem)
    if found is None:
        return PartName(directory, stem, suffix, None) if stem else None
    given = found.groupdict()
    if not found["stem"]:
        return None
    return PartName(directory, found["stem"], suffix, int(given["a"] or given.get("b") or 0))


def _ends_in_time(stem: str) -> bool:
    return any(found.end() == len(stem) for found in _A_TIME.finditer(stem))


def numbered(files: Iterable[SplitFile], stem: PartName) -> Mapping[int, SplitFile]:
    """Those of the files whose names belong together, by number. The one without a number comes before the first of them.

    Two files with one number are none of them: nobody knows which is meant.
    """
    by_number: dict[int, list[SplitFile]] = {}
    bare = []
    for file in files:
        name = part_name(file.path)
        if name is None or (name.directory, name.suffix) != (stem.directory, stem.suffix) or name.stem != stem.stem:
            continue
        if name.number is None:
            bare.append(file)
        else:
            by_number.setdefault(name.number, []).append(file)
    if bare and by_number and (first := min(by_number)) in (1, 2):
        by_number[first - 1] = bare
    return {number: found[0] for number, found in sorted(by_number.items()) if len(found) == 1}


def run_of(files: Iterable[SplitFile], stem: PartName) -> Sequence[SplitFile]:
    """The parts of one recording among the files, from the first one on and without a hole; empty where there are not two."""
    found = numbered(files, stem)
    for first in (0, 1):  # recorders begin there; REC_0341 and REC_0342 are two meetings
        row: list[SplitFile] = []
        while (following := found.get(first + len(row))) is not None and (not row or following.form == row[0].form):
            row.append(following)
        for agree in (_one_after_another, _written_one_after_another, _split_at_a_limit):
            if len(parts := agree(row)) > 1:
                return parts
    return ()


def _one_after_another(row: Sequence[SplitFile]) -> Sequence[SplitFile]:
    """Each begins where the one before it ended; or, where the clock tells the end of a file, each ends one length later."""
    starts = _while_true(row, lambda a, b: _fits(b.recorded_at - a.recorded_at, a) and _one_clock(a, b))
    ends = _while_true(row, lambda a, b: _fits(b.recorded_at - a.recorded_at, b) and _one_clock(a, b, "name"))
    return max(starts, ends, key=len)


def _written_one_after_another(row: Sequence[SplitFile]) -> Sequence[SplitFile]:
    """The share says that each was finished one length after the one before, and nothing says otherwise."""
    return _while_true(
        row,
        lambda a, b: bool(
            a.written_at and b.written_at and _fits(b.written_at - a.written_at, b)
            and (a.recorded_at == b.recorded_at or not _one_clock(a, b))
        ),
    )  # fmt: skip


def _split_at_a_limit(row: Sequence[SplitFile]) -> Sequence[SplitFile]:
    """All have the time at which the first began, and are as large as the recorder lets a file be, but for the last."""
    same = _while_true(row, lambda a, b: _one_clock(a, b, "mtime") and a.recorded_at == b.recorded_at)
    if len(same) < 2:
        return ()
    full = _while_true(same, _as_large)
    parts = same[: len(full) + 1]
    if parts[-1].size_bytes >= parts[0].size_bytes or _as_large(parts[0], parts[-1]):
        return ()  # two microphones begin at once, too, and end at once
    return parts if len(full) > 1 or _is_full(parts[0]) else ()


def _while_true(row: Sequence[SplitFile], agree: Callable[[SplitFile, SplitFile], bool]) -> Sequence[SplitFile]:
    """The files from the first one on of which each two neighbours agree."""
    count = 1
    for a, b in pairwise(row):
        if not agree(a, b):
            break
        count += 1
    return row[:count]


def _one_clock(a: SplitFile, b: SplitFile, but: str = "") -> bool:
    return a.recorded_from == b.recorded_from and a.recorded_from in _CLOCKS - {but}


def _fits(apart: timedelta, file: SplitFile) -> bool:
    length = timedelta(milliseconds=file.duration_ms)
    return length > _SLACK and abs(apart - length) <= min(_SLACK + length / _DRIFT, _MOST_SLACK)


def _as_large(a: SplitFile, b: SplitFile) -> bool:
    return abs(a.size_bytes - b.size_bytes) * _ALIKE <= a.size_bytes


def _is_full(file: SplitFile) -> bool:
    """Whether a recorder would have begun a new file here."""
    over = file.duration_ms % _A_LIMIT_MS
    by_time = file.duration_ms >= _A_LIMIT_MS - _NEAR_LIMIT_MS and min(over, _A_LIMIT_MS - over) <= _NEAR_LIMIT_MS
    by_size = any(0 <= limit - file.size_bytes <= limit // _BELOW_LIMIT for limit in _SIZE_LIMITS)
    return by_time or by_size


def starts_of(durations: Iterable[Milliseconds]) -> list[Milliseconds]:
    """Where each part begins on the joined time line."""
    starts, at = [], 0
    for duration in durations:
        starts.append(at)
        at += duration
    return starts


def shifted(segment: Segment, by: Milliseconds) -> Segment:
    """The same segment later on the time line."""
    span = replace(segment.span, start_ms=segment.span.start_ms + by, end_ms=segment.span.end_ms + by)
    words = tuple(Word(word.text, word.start_ms + by, word.end_ms + by) for word in segment.words)
    return replace(segment, span=span, words=words)
