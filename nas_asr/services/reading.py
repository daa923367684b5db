"""Room: services.reading. What a reader sees first of a transcript: a window of its segments, and what the whole is like.

A page of five hours opens with the window around the place it was asked for; the rest comes after. Never the whole text.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import Select, Text, case, cast, func
from sqlalchemy.orm import Session, defer

from nas_asr.core.access import Viewer
from nas_asr.core.find_text import find_terms, holds
from nas_asr.core.flags import SENTENCES
from nas_asr.core.transcript import CHANNELS_ALIKE, ItnMode, Milliseconds, Segment
from nas_asr.services.base import House
from nas_asr.services.segment_rows import segment_of
from nas_asr.services.transcripts import VersionView, find_version, version_view
from nas_asr.services.version_texts import rows_in, segments_in
from nas_asr.store.models import SegmentRow, TranscriptVersion
from nas_asr.store.scope import Scope

WINDOW = 150
_BEFORE = 40  # of them stand before the place that was asked for


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page opens. first: a segment's number, for paging without a script; else the words, else the time.

    version: None is the one that readers see.
    """

    version: int | None = None
    at_ms: Milliseconds = 0
    query: str = ""
    first: int | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """A version of a transcript, with the window of its segments that a page opens with.

    first: the window's first segment, counted from 0, of `total`. found: how many segments hold all words of the query;
    here: the id of that at which the page opens, empty without words.
    same: how often each hotword stands in (or, undone, is out of) the transcript; counted where the window has one.
    """

    version: VersionView
    itn: ItnMode
    channels_alike: bool
    segments: Sequence[Segment]
    first: int
    total: int
    speakers: Sequence[str]
    two_texts: bool
    doubtful: bool
    found: int = 0
    here: str = ""
    same: Counter[tuple[str, bool]] = field(default_factory=Counter)

    @property
    def after(self) -> int:
        """The number of the segment after the window."""
        return self.first + len(self.segments)


@dataclass(frozen=True, slots=True)
class _Hits:
    numbers: Sequence[int]
    opens_at: int


def read_window(house: House, viewer: Viewer, recording_id: str, place: Place) -> Reading:
    """The window around a place. NotVisible where there is no such version."""
    with house.db.read() as session:
        recording = Scope(session, viewer).recording(recording_id)
        version, author = find_version(session, viewer, recording, place.version or recording.version)
        rows = rows_in(session, version)
        if rows is None:
            return _made_anew(segments_in(session, version, words=False), version, version_view(version, author), place)
        total, differing, sure = _totals(session, rows)
        hits = _hits(session, rows, place)
        first = 0 if total <= WINDOW else min(_first(session, rows, place, hits), total - 1)
        segments = _segments(session, rows, first)
        flags = _flags(session, rows)
        return Reading(
            version=version_view(version, author), itn=ItnMode(version.itn),
            channels_alike=CHANNELS_ALIKE in flags, segments=segments, first=first, total=total,
            speakers=_speakers(session, rows), two_texts=differing, doubtful=sure or bool(flags & SENTENCES.keys()),
            found=len(hits.numbers), here=_here(segments, hits.opens_at - first) if hits.numbers else "",
            same=_same(session, rows) if any(s.replacements for s in segments) else Counter(),
        )  # fmt: skip


def _made_anew(segments: list[Segment], version: TranscriptVersion, view: VersionView, place: Place) -> Reading:
    """An edited version that nobody sees now has no rows: it is looked at rarely, and then as a whole."""
    terms = find_terms(place.query)
    hits = [one for one in segments if terms and (holds(one.text, terms) or holds(one.spoken, terms))]
    later = [one for one in hits if one.span.end_ms > place.at_ms]
    flags = {flag for one in segments for flag in one.flags}
    return Reading(
        version=view, itn=ItnMode(version.itn), channels_alike=CHANNELS_ALIKE in flags, segments=segments, first=0,
        total=len(segments), speakers=list(dict.fromkeys(one.speaker for one in segments if one.speaker)),
        two_texts=any(one.spoken != one.text for one in segments),
        doubtful=bool(flags & SENTENCES.keys()) or any(one.confidence is not None for one in segments),
        found=len(hits), here=(later or hits)[0].id if hits else "",
        same=Counter((made.hotword, made.undone) for one in segments for made in one.replacements),
    )  # fmt: skip


def _totals(session: Session, rows: Select[SegmentRow]) -> tuple[int, bool, bool]:
    """How many segments; whether any differs as spoken; whether any has a confidence."""
    differs = func.max(case((SegmentRow.spoken != SegmentRow.text, 1), else_=0))
    columns = rows.with_only_columns(func.count(SegmentRow.key), differs, func.count(SegmentRow.confidence))
    total, differing, sure = session.execute(columns.order_by(None)).one()
    return total, bool(differing), bool(sure)


def _hits(session: Session, rows: Select[SegmentRow], place: Place) -> _Hits:
    """The numbers of the segments that hold the words, and at which the page opens: the first from the asked time on."""
    terms = find_terms(place.query)
    if not terms:
        return _Hits((), 0)
    texts = session.execute(rows.with_only_columns(SegmentRow.end_ms, SegmentRow.text, SegmentRow.spoken))
    found = [
        (number, end_ms)
        for number, (end_ms, text, spoken) in enumerate(texts)
        if holds(text, terms) or (spoken != text and holds(spoken, terms))
    ]
    numbers = [number for number, _ in found]
    later = [number for number, end_ms in found if end_ms > place.at_ms]
    return _Hits(numbers, (later or numbers or [0])[0])


def _here(segments: Sequence[Segment], number: int) -> str:
    return segments[number].id if 0 <= number < len(segments) else ""


def _first(session: Session, rows: Select[SegmentRow], place: Place, hits: _Hits) -> int:
    if place.first is not None:
        return max(0, place.first)
    if hits.numbers and not place.at_ms:
        return max(0, hits.opens_at - _BEFORE)
    begun = rows.where(SegmentRow.start_ms <= place.at_ms).with_only_columns(func.count(SegmentRow.key))
    passed = session.scalar(begun.order_by(None)) or 0
    return max(0, passed - 1 - _BEFORE)


def _segments(session: Session, rows: Select[SegmentRow], first: int) -> list[Segment]:
    statement = rows.offset(first).limit(WINDOW).options(defer(SegmentRow.words))
    return [segment_of(row, words=False) for row in session.scalars(statement)]


def _flags(session: Session, rows: Select[SegmentRow]) -> set[str]:
    flagged = rows.where(cast(SegmentRow.flags, Text) != "[]").with_only_columns(SegmentRow.flags)
    return {flag for flags in session.scalars(flagged) for flag in flags}


def _speakers(session: Session, rows: Select[SegmentRow]) -> list[str]:
    """In the order in which they first speak."""
    named = (
        rows.where(SegmentRow.speaker.is_not(None)).with_only_columns(SegmentRow.speaker).group_by(SegmentRow.speaker)
    )
    in_order = named.order_by(None).order_by(func.min(SegmentRow.position))
    return [name for name in session.scalars(in_order) if name]


def _same(session: Session, rows: Select[SegmentRow]) -> Counter[tuple[str, bool]]:
    """How often each hotword took a place, or was undone."""
    made_in = session.scalars(
        rows.where(SegmentRow.replacements.is_not(None)).with_only_columns(SegmentRow.replacements)
    )
    return Counter((hotword, undone) for made in made_in for *_, hotword, undone in made or ())
