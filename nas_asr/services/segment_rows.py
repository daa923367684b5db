"""Room: services.segment_rows. A segment as a row and back, the one place that knows both. Never decides which version."""

from dataclasses import astuple

from nas_asr.core.replacements import Replacement
from nas_asr.core.transcript import Segment, Span, Word
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


def segment_of(row: SegmentRow) -> Segment:
    """The segment that a row holds."""
    return Segment(
        id=row.id,
        span=Span(row.start_ms, row.end_ms),
        text=row.text,
        spoken=row.spoken,
        speaker=row.speaker,
        confidence=row.confidence,
        words=tuple(Word(text, start, end) for text, start, end in row.words),
        flags=tuple(row.flags),
        replacements=tuple(Replacement(*made) for made in row.replacements or ()),
    )
