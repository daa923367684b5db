"""Room: core.steps. The operations log of a transcript: what each edit changed, and any version made anew from it. Pure.

A step holds what came of an edit, never how: a text that was read once reads the same in every later nas_asr.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from typing import Any

from nas_asr.core.edits import LONGEST_SPEAKER, EditOp
from nas_asr.core.replacements import Replacement
from nas_asr.core.transcript import Milliseconds, Segment, Span, Word

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class NotCarried:
    """An edit that could not be carried over to a newer text: what the machine had written, the person, and the newer one.

    op: a text, a split or a merge; the texts of these two have a line where a border is.
    """

    start_ms: Milliseconds
    was: str
    mine: str
    now: str
    op: EditOp = EditOp.TEXT


@dataclass(frozen=True, slots=True)
class Step:
    """One edit. put: segments as they are after it; came: new ones, each with the id of the one before it; gone: ids.

    speaker: a name for many segments (None takes it away), and which. places: how many it changed, for people.
    """

    op: str
    put: tuple[Segment, ...] = ()
    came: tuple[tuple[str, Segment], ...] = ()
    gone: tuple[str, ...] = ()
    speaker: tuple[str | None, tuple[str, ...]] | None = None
    left: tuple[NotCarried, ...] = ()
    places: int = 1

    @property
    def empty(self) -> bool:
        """Whether nothing was changed."""
        return not (self.put or self.came or self.gone or self.left or (self.speaker and self.speaker[1]))


def steps_out(steps: Iterable[Step]) -> list[dict[str, Any]]:
    """Ready for JSON."""
    return [_step_out(step) for step in steps]


def steps_in(given: Any) -> list[Step]:
    """What steps_out wrote. Raises ValueError where it is something else."""
    try:
        return [_step_in(one) for one in _a(list, given)]
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("no steps of a transcript") from error


def replayed(segments: Iterable[Segment], steps: Iterable[Step]) -> list[Segment]:
    """The text after the steps. Raises ValueError where one speaks of a segment that is not there."""
    text = _Text(segments)
    try:
        for step in steps:
            text.take(step)
    except KeyError as error:
        raise ValueError("a step of a segment that is not there") from error
    return text.whole()


def way_to(known: Mapping[int, tuple[int, Any]], number: int) -> list[Any]:
    """What each version adds, from the one after the root to this one. known: the base of each, and what it adds."""
    way = []
    while number in known:
        base, added = known[number]
        if base >= number:
            raise ValueError("a version that stands on a later one")
        way.append(added)
        number = base
    return way[::-1]


class _Text:
    """Segments in a chain, so that one that comes between two others costs the same wherever that is."""

    def __init__(self, segments: Iterable[Segment]) -> None:
        self._segments: dict[str, Segment] = {}
        self._next: dict[str, str] = {"": ""}
        self._previous: dict[str, str] = {"": ""}
        for segment in segments:
            self._insert(self._previous[""], segment)

    def take(self, step: Step) -> None:
        for segment in step.put:
            self._segments[self._there(segment.id)] = segment
        for after, segment in step.came:
            self._insert(self._there(after), segment)
        for gone in step.gone:
            self._remove(self._there(gone))
        if step.speaker is not None:
            name, ids = step.speaker
            for one in ids:
                self._segments[one] = replace(self._segments[one], speaker=name)

    def whole(self) -> list[Segment]:
        found = []
        at = self._next[""]
        while at:
            found.append(self._segments[at])
            at = self._next[at]
        return found

    def _there(self, segment_id: str) -> str:
        return self._segments[segment_id].id

    def _insert(self, after: str, segment: Segment) -> None:
        if segment.id in self._segments or not segment.id:
            raise ValueError("the same segment twice")
        following = self._next[after]
        self._next[after] = self._previous[following] = segment.id
        self._next[segment.id], self._previous[segment.id] = following, after
        self._segments[segment.id] = segment

    def _remove(self, gone: str) -> None:
        before, following = self._previous.pop(gone), self._next.pop(gone)
        self._next[before], self._previous[following] = following, before
        del self._segments[gone]


def _step_out(step: Step) -> dict[str, Any]:
    parts: dict[str, Any] = {
        "put": [_segment_out(segment) for segment in step.put],
        "came": [[after, _segment_out(segment)] for after, segment in step.came],
        "gone": list(step.gone),
        "speaker": [step.speaker[0], list(step.speaker[1])] if step.speaker else None,
        "left": [[one.start_ms, one.was, one.mine, one.now, one.op.value] for one in step.left],
        "places": step.places if step.places != 1 else None,
    }
    return {"op": step.op} | {name: part for name, part in parts.items() if part}


def _step_in(given: Mapping[str, Any]) -> Step:
    speaker = given.get("speaker")
    return Step(
        op=_text(given["op"]),
        put=tuple(_segment_in(one) for one in given.get("put", ())),
        came=tuple((_text(after), _segment_in(one)) for after, one in given.get("came", ())),
        gone=tuple(_text(one) for one in given.get("gone", ())),
        speaker=None if speaker is None else (_speaker(speaker[0]), tuple(_text(one) for one in speaker[1])),
        left=tuple(
            NotCarried(_a(int, start), _text(was), _text(mine), _text(now), *(EditOp(_text(one)) for one in op))
            for start, was, mine, now, *op in given.get("left", ())
        ),
        places=_a(int, given.get("places", 1)),
    )


def _segment_out(segment: Segment) -> dict[str, Any]:
    """What is empty or as usual is left out: somebody who types is saved every two seconds."""
    parts: dict[str, Any] = {
        "spoken": segment.spoken if segment.spoken != segment.text else None,
        "speaker": segment.speaker,
        "confidence": segment.confidence,
        "flags": list(segment.flags),
        "words": [[word.text, word.start_ms, word.end_ms] for word in segment.words],
        "replacements": [list(astuple(made)) for made in segment.replacements],
    }
    span = {"start_ms": segment.span.start_ms, "end_ms": segment.span.end_ms}
    kept = {name: part for name, part in parts.items() if part is not None and part != []}
    return {"id": segment.id, **span, "text": segment.text, **kept}


def _segment_in(given: Mapping[str, Any]) -> Segment:
    start, end, text = _a(int, given["start_ms"]), _a(int, given["end_ms"]), _text(given["text"])
    if not 0 <= start <= end < 2**53:
        raise ValueError("times that do not follow each other")
    confidence = given.get("confidence")
    return Segment(
        id=_text(given["id"]),
        span=Span(start, end),
        text=text,
        spoken=_text(given.get("spoken", text)),
        speaker=_speaker(given.get("speaker")),
        confidence=None if confidence is None else float(confidence),
        words=tuple(Word(_text(word), _a(int, begin), _a(int, stop)) for word, begin, stop in given.get("words", ())),
        flags=tuple(_text(flag) for flag in given.get("flags", ())),
        replacements=tuple(_replacement(made, len(text)) for made in given.get("replacements", ())),
    )


def _replacement(given: Sequence[Any], length: int) -> Replacement:
    start, end, was, hotword, undone = given
    if not 0 <= _a(int, start) <= _a(int, end) <= length:
        raise ValueError("a place outside of the text")
    return Replacement(start, end, _text(was), _text(hotword), _a(bool, undone))


def _speaker(given: Any) -> str | None:
    if given is not None and len(_text(given)) > LONGEST_SPEAKER:
        raise ValueError("a name that no column holds")
    return None if given is None else str(given)


def _text(given: Any) -> str:
    text = str(_a(str, given))
    if _UNSTORABLE.search(text):
        raise ValueError("a text that no column holds")
    return text


def _a(kind: type, given: Any) -> Any:
    if type(given) is not kind:
        raise ValueError(f"{given!r} is no {kind.__name__}")
    return given
