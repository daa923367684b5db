"""Room: store.seen. Which rows of segments readers see: an edited version stands as rows over those of its root. Changes none."""

from sqlalchemy import ColumnElement, and_, case, exists, or_, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from nas_asr.store.models import Layer, Recording, SegmentRow, TranscriptVersion


def is_seen() -> ColumnElement[bool]:
    """Whether a row is there for readers of its root or of what stands over it: it is not gone, and nothing hides it."""
    over = aliased(SegmentRow)
    same = (over.version_id == SegmentRow.version_id) & (over.id == SegmentRow.id)
    hidden = exists().where(same, over.layer != Layer.OWN)
    return and_(SegmentRow.layer != Layer.GONE, or_(SegmentRow.layer == Layer.OVER, ~hidden))


def is_shown(version_id: ColumnElement[str] | InstrumentedAttribute[str]) -> ColumnElement[bool]:
    """Whether readers have the rows of this version before them now: it is what they see, or that stands on it."""
    root, read, shown = aliased(TranscriptVersion), aliased(TranscriptVersion), aliased(Recording)
    number = case((read.root > 0, read.root), else_=read.number)
    return (
        select(root.id)
        .join(shown, shown.id == root.recording_id)
        .join(read, (read.recording_id == shown.id) & (read.number == shown.version))
        .where(root.id == version_id, root.number == number)
        .exists()
    )
