"""Room: store.places. Numbers in the order in which search shows things: newest recording first, then by time. Pure arithmetic.

A recording's place is its second, counted back from the newest that fits, and one of the slots of that second; a segment's is its
recording's and, within that, about its start. So "newest first" and "between two dates" are ranges of one number.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import chain
from zlib import crc32

_LAST_SECOND = (1 << 32) - 64  # in 2106; what is before 1970 or after that stands at the end or at the beginning
_SLOTS = 1 << 10  # recordings of the same second; a thousand more go to the seconds before
_MORE_SECONDS = 30
_SEGMENTS = 1 << 21  # of one recording
_STEP = 7  # bits of a start in ms: 128 ms, so that three days fit in order
LAST = (1 << 63) - 1


def wanted_place(recorded_at: datetime, recording_id: str) -> int:
    """Where a recording of that second wants to stand; ids are random, so two seldom want the same."""
    return _back(recorded_at) * _SLOTS + crc32(recording_id.encode()) % _SLOTS


def recording_places(recorded_at: datetime) -> Iterator[range]:
    """The places of that second, and of each before it, for as many recordings as one second may ever have."""
    first = _back(recorded_at) * _SLOTS
    return (range(first + n * _SLOTS, first + (n + 1) * _SLOTS) for n in range(_MORE_SECONDS))


def fits(place: int, recorded_at: datetime) -> bool:
    """Whether a recording's place is one of its second."""
    return 0 <= place // _SLOTS - _back(recorded_at) < _MORE_SECONDS


def free_place(wanted: int, places: range, taken: Collection[int]) -> int | None:
    """The first free one of the places from the wanted one on, or before it."""
    start = wanted if wanted in places else places.start
    return next((one for one in chain(range(start, places.stop), places) if one not in taken), None)


def span(since: datetime | None, until: datetime | None) -> tuple[int, int]:
    """The places of recordings of a time: beyond the first, below the second. A few of just before may be among them."""
    newest = -1 if until is None else _back(until) * _SLOTS - 1
    oldest = (_LAST_SECOND + _MORE_SECONDS) * _SLOTS if since is None else (_back(since) + _MORE_SECONDS) * _SLOTS
    return newest, oldest


def span_of_segments(between: tuple[int, int]) -> tuple[int, int]:
    """The same for places of segments."""
    return (between[0] + 1) * _SEGMENTS - 1, between[1] * _SEGMENTS


def segments_of(place: int) -> tuple[int, int]:
    """The first and the last place that a recording's segments can have."""
    return place * _SEGMENTS, (place + 1) * _SEGMENTS - 1


def recording_of(segment_place: int) -> int:
    """The place of the recording of a segment's place."""
    return segment_place // _SEGMENTS


def segment_places(place: int, starts: Sequence[int], taken: Collection[int]) -> Iterable[int]:
    """A place for each start (ms, in order), in the same order, none of them taken."""
    first, last = segments_of(place)
    before = first - 1
    for number, start in enumerate(starts):
        own = min(max(first + (max(start, 0) >> _STEP), before + 1), last - (len(starts) - 1 - number))
        if own in taken:
            ways = chain(range(own, last + 1), range(own, first - 1, -1))
            own = next(one for one in ways if one not in taken)
        before = max(before, own)
        yield own


def _back(moment: datetime) -> int:
    return _LAST_SECOND - min(max(int(moment.timestamp()), 0), _LAST_SECOND)
