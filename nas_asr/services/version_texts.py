"""Room: services.version_texts. The text of any version, and which one readers see. Never changes a version's text.

The machine's versions keep their segments. An edited one keeps its steps, and is made anew from them (decision 47); only of
the one that readers see there are rows as well, over those of the version it stands on, so that it is read and found fast.
"""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Select, delete, select
from sqlalchemy.orm import Session, defer

from nas_asr.core.errors import NotVisible
from nas_asr.core.steps import Step, replayed, steps_in, way_to
from nas_asr.core.transcript import Segment, VersionKind
from nas_asr.services.segment_rows import (
    add_rows,
    columns_of,
    own_rows,
    row_of,
    rows_kept_by,
    seen_rows,
    segment_of,
    segments_of,
)
from nas_asr.store import search
from nas_asr.store.models import Layer, Recording, SegmentRow, TranscriptVersion


def version_numbered(session: Session, recording_id: str, number: int) -> TranscriptVersion:
    """A version of a recording that the caller may see. NotVisible where there is none."""
    found = session.scalar(
        select(TranscriptVersion).where(
            TranscriptVersion.recording_id == recording_id, TranscriptVersion.number == number
        )
    )
    if found is None:
        raise NotVisible("There is no such version of this transcript.", "Reload the page.")
    return found


def next_number(session: Session, recording_id: str) -> int:
    """The number of the next version."""
    newest = (
        select(TranscriptVersion.number)
        .where(TranscriptVersion.recording_id == recording_id)
        .order_by(TranscriptVersion.number.desc())
        .limit(1)
    )
    return (session.scalar(newest) or 0) + 1


def root_of(session: Session, version: TranscriptVersion) -> TranscriptVersion:
    """The version whose own segments a text is made from: itself, where it keeps them."""
    return version_numbered(session, version.recording_id, version.root) if version.root else version


def machine_of(session: Session, version: TranscriptVersion) -> TranscriptVersion:
    """The machine's version that a text goes back to."""
    while version.kind != VersionKind.MACHINE and (version.root or version.base):
        version = version_numbered(session, version.recording_id, version.root or version.base)
    return version


def segments_in(session: Session, version: TranscriptVersion, *, words: bool = True) -> list[Segment]:
    """A version's segments in their order; without the times of words where they are not wanted."""
    rows = rows_in(session, version)
    if rows is not None:
        return [
            segment_of(row, words=words)
            for row in session.scalars(rows if words else rows.options(defer(SegmentRow.words)))
        ]
    made = replayed(segments_of(own_rows(session, root_of(session, version))), _steps_to(session, version))
    return made if words else [replace(segment, words=()) for segment in made]


def rows_in(session: Session, version: TranscriptVersion) -> Select[SegmentRow] | None:
    """The rows of a version in their order; None for an edited one that readers do not see now, which has no rows."""
    if not version.root:
        return rows_kept_by(version)
    shown = select(Recording.version).where(Recording.id == version.recording_id)
    return seen_rows(root_of(session, version)) if session.scalar(shown) == version.number else None


def show(session: Session, recording: Recording, version: TranscriptVersion) -> None:
    """Let readers see this version: rows, index, and the recording's number. Nothing of it is lost that was seen before."""
    if recording.version == version.number:
        return
    was = _numbered(session, recording)
    # Of what goes, the index wants to know what was said, not when
    seen = None if was is None else seen_rows(root_of(session, was)).options(defer(SegmentRow.words))
    old = [] if seen is None else session.scalars(seen).all()
    session.flush()
    if was is not None and was.root:
        over = [row for row in old if row.layer == Layer.OVER]
        search.forget(session, over)  # while they are there: with a row goes what says where it stands in the index
        old = [row for row in old if row.layer == Layer.OWN]
        _clear(session, root_of(session, was))
    new = _lay(session, version)
    session.flush()
    kept = set(old) & set(new)  # the rows themselves: SQLite gives the key of one that is gone to the next
    search.forget(session, [row for row in old if row not in kept])
    search.add(session, [row for row in new if row not in kept])
    recording.version = version.number


def _numbered(session: Session, recording: Recording) -> TranscriptVersion | None:
    return version_numbered(session, recording.id, recording.version) if recording.version else None


def _clear(session: Session, root: TranscriptVersion) -> None:
    session.execute(delete(SegmentRow).where(SegmentRow.version_id == root.id, SegmentRow.layer != Layer.OWN))


def _lay(session: Session, version: TranscriptVersion) -> Sequence[SegmentRow]:
    """Rows for all that a version has: those of the one it stands on where they say the same, new ones over them elsewhere."""
    if not version.root:
        return own_rows(session, version)
    root = root_of(session, version)
    own = {row.id: row for row in own_rows(session, root)}
    texts = {row.id: segment_of(row) for row in own.values()}
    rows: list[SegmentRow] = []
    new: list[SegmentRow] = []
    position, sub = -1, 0
    for segment in replayed(texts.values(), _steps_to(session, version)):
        under = own.get(segment.id)
        position, sub = (under.position, 0) if under is not None else (position, sub + 1)
        if under is None or texts[segment.id] != segment:
            under = over_row(root, segment, (position, sub))
            new.append(under)
        rows.append(under)
    here = {row.id for row in rows}
    add_rows(session, [*new, *(gone_row(row) for row in own.values() if row.id not in here)])
    return rows


def over_row(root: TranscriptVersion, segment: Segment, place: tuple[int, int]) -> SegmentRow:
    """A segment that stands over a version's own, or beside them. place: its position and sub."""
    row = row_of(root, place[0], segment)
    row.sub, row.layer = place[1], Layer.OVER
    return row


def gone_row(under: SegmentRow) -> SegmentRow:
    """Stands over a version's own segment and says that it is not there any more."""
    empty = columns_of(Segment("", segment_of(under).span, "", ""))
    return SegmentRow(
        id=under.id, version_id=under.version_id, recording_id=under.recording_id, team_id=under.team_id,
        position=under.position, sub=0, layer=Layer.GONE, **empty,
    )  # fmt: skip


def _steps_to(session: Session, version: TranscriptVersion) -> list[Step]:
    """All steps from the version that keeps its segments to this one, in order."""
    rows = session.execute(
        select(TranscriptVersion.number, TranscriptVersion.base, TranscriptVersion.steps).where(
            TranscriptVersion.recording_id == version.recording_id,
            TranscriptVersion.root == version.root,
            TranscriptVersion.number <= version.number,
        )
    )
    known = {number: (base, steps) for number, base, steps in rows}
    return [step for steps in way_to(known, version.number) for step in steps_in(steps or [])]
