"""Room: core.carrying. A person's edits of one machine's text, made again in another machine's text of the same sound. Pure.

Three texts are laid side by side by their times. Where the newer text says what the older one said, the person's words take
its place; where it says something else there, nobody knows whose it should be: that edit is listed, and the newer text stands.
Splits and merges follow (core.recutting), and names last, so that each half of a segment gets its own.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from nas_asr.core.difference import aligned, units
from nas_asr.core.edits import joined, with_text
from nas_asr.core.ids import new_id
from nas_asr.core.merging import Region, Unit, put_in, regions, written
from nas_asr.core.recutting import cut_again, join_again
from nas_asr.core.steps import NotCarried
from nas_asr.core.transcript import Segment, Span


@dataclass(frozen=True, slots=True)
class Carried:
    """changed: segments of the newer text with edits in them; places: how many were carried; left: those that were not.

    came: halves of what was split, each with the id of the segment before it; gone: ids of those that were merged into another.
    """

    changed: tuple[Segment, ...]
    places: int
    left: tuple[NotCarried, ...]
    came: tuple[tuple[str, Segment], ...] = ()
    gone: tuple[str, ...] = ()


def carried(base: Sequence[Segment], mine: Sequence[Segment], theirs: Sequence[Segment]) -> Carried:
    """Edits that made mine out of base, in theirs."""
    pieces: dict[str, list[Segment]] = {one.id: [] for one in theirs}  # what each newer segment became
    left: list[NotCarried] = []
    places = 0
    for was, now, newer in aligned(base, mine, theirs):
        count, texts, not_here = _of_passage(was, now, newer)
        cut = cut_again(was, now, [with_text(one, text) for one, text in zip(newer, texts, strict=True)], new_id)
        named = [replace(one, speaker=_speaker(one, was, now)) for one in cut.segments]
        renamed = sum(one.speaker != before.speaker for one, before in zip(named, cut.segments, strict=True))
        whole = join_again(was, now, named)
        left += [*not_here, *cut.left, *whole.left]
        places += count + cut.places + renamed + whole.places
        under = ""
        for one in whole.segments:
            under = one.id if one.id in pieces else under
            pieces[under].append(one)
    return _between(theirs, [one for each in pieces.values() for one in each], (places, left))


def _between(theirs: Sequence[Segment], now: Sequence[Segment], told: tuple[int, list[NotCarried]]) -> Carried:
    """What makes this text out of theirs."""
    was = {one.id: one for one in theirs}
    here = {one.id for one in now}
    before = ["", *(one.id for one in now)]
    return Carried(
        changed=tuple(one for one in now if was.get(one.id, one) != one),
        places=told[0], left=tuple(told[1]),
        came=tuple((after, one) for after, one in zip(before, now, strict=False) if one.id not in was),
        gone=tuple(one for one in was if one not in here),
    )  # fmt: skip


def _of_passage(
    base: Sequence[Segment], mine: Sequence[Segment], theirs: Sequence[Segment]
) -> tuple[int, list[str], list[NotCarried]]:
    """How many edits were carried, the text of each newer segment, and what could not be."""
    texts = [segment.text for segment in theirs]
    was, now = _text(base), _text(mine)
    if was == now:
        return 0, texts, []
    start = min(segment.span.start_ms for segment in (*base, *mine))
    if not theirs:
        return 0, [], [NotCarried(start, was, now, "")]
    old, ours, newer = units(was), units(now), [units(text) for text in texts]
    flat = [unit for one in newer for unit in one]
    found = regions(*([word for word, _ in side] for side in (old, ours, flat)))
    taken = [region for region in found if not region.clash]
    starts = [segment.span.start_ms for segment, one in zip(theirs, newer, strict=True) for _ in one]
    left = [_not_carried(region, (old, ours, flat), starts or [start]) for region in found if region.clash]
    slots = put_in(flat, ours, taken)
    return len(taken), list(_shared_out(slots, newer)), left


def _shared_out(slots: Sequence[Sequence[Unit]], newer: Sequence[Sequence[Unit]]) -> Iterator[str]:
    """The changed words back into the segments in whose places they stand; what comes before all into the first."""
    begin = 0
    for one in newer:
        end = begin + len(one) + (begin == 0)
        yield written(unit for slot in slots[begin:end] for unit in slot)
        begin = end


def _not_carried(region: Region, sides: tuple[list[Unit], ...], starts: Sequence[int]) -> NotCarried:
    ranges = (region.base, region.ours, region.theirs)
    was, mine, now = (written(side[slice(*one)]) for side, one in zip(sides, ranges, strict=True))
    return NotCarried(starts[min(region.theirs[0], len(starts) - 1)], was, mine, now)


def _speaker(segment: Segment, base: Sequence[Segment], mine: Sequence[Segment]) -> str | None:
    """Who a person says speaks at that time, where they said so; else whom the machine heard."""
    was, now = _beside(segment.span, base), _beside(segment.span, mine)
    if was is None or now is None or was.speaker == now.speaker:
        return segment.speaker
    return now.speaker


def _beside(span: Span, segments: Sequence[Segment]) -> Segment | None:
    """The segment that shares most of this time."""
    shared = {one.id: min(span.end_ms, one.span.end_ms) - max(span.start_ms, one.span.start_ms) for one in segments}
    return max(segments, key=lambda one: shared[one.id], default=None)


def _text(segments: Sequence[Segment]) -> str:
    whole = ""
    for segment in segments:
        whole = joined(whole, segment.text)
    return whole
