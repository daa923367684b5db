"""Room: services.segment_rows. A segment as a row and back, the one place that knows both. Never decides which version."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from nas_asr.core.replacements import Replacement
from nas_asr.core.transcript import Segment, Span, Word
from nas_asr.store.models import Layer, SegmentRow, TranscriptVersion
from nas_asr.store.seen import is_seen


def row_of(version: TranscriptVersion, position: int, segment: Segment) -> SegmentRow:
    """A segment of a version, ready for the session."""
    return SegmentRow(
        id=segment.id, version_id=version.id, recording_id=version.recording_id, team_id=version.team_id,
        position=position, sub=0, layer=Layer.OWN, **columns_of(segment),
    )  # fmt: skip


def add_rows(session: Session, rows: Iterable[SegmentRow]) -> None:
    """Write new rows, thousands as quickly as they go. On SQLite that is a statement for all only where their keys are known.

    Nobody else writes there meanwhile, so that the next keys are ours; PostgreSQL tells them by itself.
    """
    new = list(rows)
    session.flush()
    if len(new) > 1 and session.connection().dialect.name == "sqlite":
        last = session.scalar(select(func.max(SegmentRow.key))) or 0
        for key, row in enumerate(new, last + 1):
            row.key = key
    session.add_all(new)
    session.flush()


def columns_of(segment: Segment) -> Mapping[str, Any]:
    """What a row holds of the segment itself."""
    return {
        "start_ms": segment.span.start_ms,
        "end_ms": segment.span.end_ms,
        "speaker": segment.speaker,
        "text": segment.text,
        "spoken": segment.spoken,
        "confidence": segment.confidence,
        "flags": list(segment.flags),
        "words": [[word.text, word.start_ms, word.end_ms] for word in segment.words],
        "replacements": [list(astuple(made)) for made in segment.replacements],
    }


def segment_of(row: SegmentRow, *, words: bool = True) -> Segment:
    """The segment that a row holds; its words only where they are wanted, for they are most of the bytes."""
    return Segment(
        id=row.id,
        span=Span(row.start_ms, row.end_ms),
        text=row.text,
        spoken=row.spoken,
        speaker=row.speaker,
        confidence=row.confidence,
        words=tuple(Word(text, start, end) for text, start, end in row.words) if words else (),
        flags=tuple(row.flags),
        replacements=tuple(Replacement(*made) for made in row.replacements or ()),
    )


def segments_of(rows: Iterable[SegmentRow]) -> list[Segment]:
    """The same for many."""
    return [segment_of(row) for row in rows]


def own_rows(session: Session, version: TranscriptVersion) -> Sequence[SegmentRow]:
    """The segments that a version itself keeps, in their order."""
    return session.scalars(rows_kept_by(version)).all()


def rows_kept_by(version: TranscriptVersion) -> Select[SegmentRow]:
    """The same for a query."""
    ours = select(SegmentRow).where(SegmentRow.version_id == version.id, SegmentRow.layer == Layer.OWN)
    return ours.order_by(SegmentRow.position)


def seen_rows(root: TranscriptVersion) -> Select[SegmentRow]:
    """What readers see of a version that keeps its segments: its own, or what stands over them, in order."""
    ours = select(SegmentRow).where(SegmentRow.version_id == root.id, is_seen())
    return ours.order_by(SegmentRow.position, SegmentRow.sub)
