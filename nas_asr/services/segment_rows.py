"""Room: services.segment_rows. A segment as a row and back, the one place that knows both. Never decides which version."""

from collections.abc import Sequence
from dataclasses import astuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from nas_asr.core.replacements import Replacement
from nas_asr.core.transcript import Segment, Span, Word
from nas_asr.store import search
from nas_asr.store.models import SegmentRow, TranscriptVersion


def row_of(version: TranscriptVersion, position: int, segment: Segment) -> SegmentRow:
    """A segment of a version, ready for the session."""
    return SegmentRow(
        id=segment.id, version_id=version.id, recording_id=version.recording_id, team_id=version.team_id,
        position=position, start_ms=segment.span.start_ms, end_ms=segment.span.end_ms, speaker=segment.speaker,
        text=segment.text, spoken=segment.spoken, confidence=segment.confidence, flags=list(segment.flags),
        words=[[word.text, word.start_ms, word.end_ms] for word in segment.words],
        replacements=[list(astuple(made)) for made in segment.replacements],
    )  # fmt: skip


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


def rows_of(session: Session, version: TranscriptVersion) -> Sequence[SegmentRow]:
    """A version's segments in their order."""
    statement = select(SegmentRow).where(SegmentRow.version_id == version.id).order_by(SegmentRow.position)
    return session.scalars(statement).all()


def show_rows(session: Session, old: Sequence[SegmentRow], new: Sequence[SegmentRow]) -> None:
    """Search finds what readers see: one version's words leave the index, the other's come in."""
    search.forget(session, old)
    search.add(session, new)
