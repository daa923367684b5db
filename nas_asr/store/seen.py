"""Room: store.seen. Which rows of segments readers see: an edited version stands as rows over those of its root. Changes none.

The second names of the tables are made once: making them costs more than asking.
"""

from sqlalchemy import ColumnElement, and_, case, exists, or_, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from nas_asr.store.models import Layer, Recording, SegmentRow, TranscriptVersion

_OVER = aliased(SegmentRow)
_ROOT, _READ, _SHOWN = aliased(TranscriptVersion), aliased(TranscriptVersion), aliased(Recording)


def is_seen() -> ColumnElement[bool]:
    """Whether a row is there for readers of its root or of what stands over it: it is not gone, and nothing hides it."""
    same = (_OVER.version_id == SegmentRow.version_id) & (_OVER.id == SegmentRow.id)
    hidden = exists().where(same, _OVER.layer != Layer.OWN)
    return and_(SegmentRow.layer != Layer.GONE, or_(SegmentRow.layer == Layer.OVER, ~hidden))


def is_shown(version_id: ColumnElement[str] | InstrumentedAttribute[str]) -> ColumnElement[bool]:
    """Whether readers have the rows of this version before them now: it is what they see, or that stands on it."""
    number = case((_READ.root > 0, _READ.root), else_=_READ.number)
    return (
        select(_ROOT.id)
        .join(_SHOWN, _SHOWN.id == _ROOT.recording_id)
        .join(_READ, (_READ.recording_id == _SHOWN.id) & (_READ.number == _SHOWN.version))
        .where(_ROOT.id == version_id, _ROOT.number == number)
        .exists()
    )
