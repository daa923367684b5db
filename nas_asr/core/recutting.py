"""Room: core.recutting. A person's splits and merges, made again in another machine's text of the same sound. Pure.

A cut comes between the same words as before; where neither of the two is heard any more, at the word or sign nearest in time.
What was merged joins the newer segments that lie in its time, as long as nobody else speaks between them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from nas_asr.core.difference import matcher, units
from nas_asr.core.edits import LONGEST_TEXT, EditOp, joined, merged, split
from nas_asr.core.merging import place_in
from nas_asr.core.search_text import fold, tokens
from nas_asr.core.steps import NotCarried
from nas_asr.core.transcript import Milliseconds, Segment, Span

_BESIDE_MS = 3000  # two machines put the same word into the same few seconds
CUT = " | "


@dataclass(frozen=True, slots=True)
class Recut:
    """Segments in their order; how many cuts or merges were made again; those that were not."""

    segments: list[Segment]
    places: int
    left: list[NotCarried]


def cut_again(
    base: Sequence[Segment], mine: Sequence[Segment], theirs: Sequence[Segment], new_id: Callable[[], str]
) -> Recut:
    """Theirs, cut where mine was cut and base was not."""
    known = {one.id for one in base}
    borders = [(before, after) for before, after in pairwise(mine) if after.id not in known]
    found = Recut(list(theirs), 0, [])
    for before, after in borders:
        found = _cut(found, mine, (before, after), new_id)
    return found


def join_again(base: Sequence[Segment], mine: Sequence[Segment], theirs: Sequence[Segment]) -> Recut:
    """Theirs, with those as one that lie in what mine has as one and base had as several."""
    here = {one.id for one in mine}
    gone: dict[str, list[Segment]] = {}
    holders = {one.id: one for one in mine}
    for one in base:
        if one.id not in here and (holder := _holder(one, mine)) is not None:
            gone.setdefault(holder.id, []).append(one)
    found = Recut(list(theirs), 0, [])
    for holder_id, parts in gone.items():
        found = _join(found, holders[holder_id], parts)
    return found


def _cut(so_far: Recut, mine: Sequence[Segment], border: tuple[Segment, Segment], new_id: Callable[[], str]) -> Recut:
    before, after = border
    place = _place(so_far.segments, mine, border)
    if place is None:
        both = Span(before.span.start_ms, max(before.span.end_ms, after.span.end_ms))
        now = CUT.join(one.text for one in so_far.segments if _shared(one.span, both))
        cut = before.text + CUT + after.text
        lost = NotCarried(after.span.start_ms, joined(before.text, after.text), cut, now, EditOp.SPLIT)
        return Recut(so_far.segments, so_far.places, [*so_far.left, lost])
    number, unit = place
    segment = so_far.segments[number]
    if unit in (0, len(units(segment.text))):  # the newer text has a border there already
        return so_far
    inside = segment.span.start_ms < after.span.start_ms < segment.span.end_ms
    at = sum(len(word + blank) for word, blank in units(segment.text)[:unit])
    parts = split(segment, at, after.span.start_ms if inside else None, new_id())
    return Recut([*so_far.segments[:number], *parts, *so_far.segments[number + 1 :]], so_far.places + 1, so_far.left)


def _place(
    theirs: Sequence[Segment], mine: Sequence[Segment], border: tuple[Segment, Segment]
) -> tuple[int, int] | None:
    """In which newer segment, and before which of its words, this border of mine lies. None: nobody speaks there any more."""
    moment = border[1].span.start_ms
    return _by_words(theirs, mine, border[1], moment) or _by_time(theirs, moment)


def _by_words(
    theirs: Sequence[Segment], mine: Sequence[Segment], after: Segment, moment: Milliseconds
) -> tuple[int, int] | None:
    ours = [(fold(word), one.id) for one in mine for word, _ in units(one.text)]
    flat = [
        (fold(word), number, at) for number, one in enumerate(theirs) for at, (word, _) in enumerate(units(one.text))
    ]
    first = next((at for at, (_, held) in enumerate(ours) if held == after.id), None)
    if first is None:
        return None
    same: dict[int, int] = {}
    for a, b, size in matcher([word for word, _ in ours], [word for word, _, _ in flat]).get_matching_blocks():
        same |= {a + step: b + step for step in range(size)}
    if first in same:
        _, number, at = flat[same[first]]
    elif first - 1 in same:
        _, number, at = flat[same[first - 1]]
        at += 1
    else:
        return None
    span = theirs[number].span
    return (number, at) if span.start_ms - _BESIDE_MS <= moment <= span.end_ms + _BESIDE_MS else None


def _by_time(theirs: Sequence[Segment], moment: Milliseconds) -> tuple[int, int] | None:
    for number, one in enumerate(theirs):
        said = units(one.text)
        if one.span.start_ms < moment < one.span.end_ms and len(said) > 1:
            return number, min(max(_nearest(one, moment), 1), len(said) - 1)
        if number and one.span.start_ms >= moment:
            return number, 0
    return None


def _nearest(segment: Segment, moment: Milliseconds) -> int:
    """Before which word of its text: by the times of words where they are known, else by the share of time."""
    said = [fold(word) for word, _ in units(segment.text)]
    if not segment.words:
        return round(len(said) * (moment - segment.span.start_ms) / segment.span.length_ms)
    heard = min(range(len(segment.words)), key=lambda at: abs(segment.words[at].start_ms - moment))
    spelled = [[fold(one) for one in tokens(word.text)] for word in segment.words]
    before = sum(len(one) for one in spelled[:heard])
    return place_in([one for each in spelled for one in each], said, before)


def _holder(gone: Segment, mine: Sequence[Segment]) -> Segment | None:
    """What this segment was merged into; None where a cut was made at the very same place again."""
    if any(one.span.start_ms == gone.span.start_ms and one.speaker == gone.speaker for one in mine):
        return None
    around = [one for one in mine if one.span.start_ms < gone.span.start_ms < one.span.end_ms]
    return max(around, key=lambda one: _shared(one.span, gone.span), default=None)


def _join(so_far: Recut, holder: Segment, parts: Sequence[Segment]) -> Recut:
    theirs = so_far.segments
    inside = [at for at, one in enumerate(theirs) if 2 * _shared(one.span, holder.span) > one.span.length_ms]
    if len(inside) == 1:  # the newer text has it as one already
        return so_far
    whole = theirs[inside[0]] if inside else None
    if whole is not None and inside[-1] - inside[0] == len(inside) - 1:
        rest = [theirs[at] for at in inside[1:]]
        for one in rest:
            whole = merged(whole, one) if whole is not None and one.speaker == whole.speaker else None
    else:
        whole = None
    if whole is None or len(whole.text) > LONGEST_TEXT:
        texts = CUT.join(theirs[at].text for at in inside)
        lost = NotCarried(holder.span.start_ms, CUT.join(one.text for one in parts), holder.text, texts, EditOp.MERGE)
        return Recut(theirs, so_far.places, [*so_far.left, lost])
    fewer = [*theirs[: inside[0]], whole, *theirs[inside[-1] + 1 :]]
    return Recut(fewer, so_far.places + len(inside) - 1, so_far.left)


def _shared(one: Span, other: Span) -> Milliseconds:
    return max(0, min(one.end_ms, other.end_ms) - max(one.start_ms, other.start_ms))
