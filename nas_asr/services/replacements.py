"""Room: services.replacements. What a hotword replaced is put back, or replaced again. The machine's version never changes."""

from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from nas_asr.core.access import Action, Viewer
from nas_asr.core.errors import Conflict, NotVisible
from nas_asr.core.ids import new_id
from nas_asr.core.replacements import turned
from nas_asr.core.transcript import Segment, VersionKind
from nas_asr.services.base import Act, House, audit
from nas_asr.services.segment_rows import row_of, rows_of, segment_of, show_rows
from nas_asr.services.wholes import follow
from nas_asr.store.models import TranscriptVersion
from nas_asr.store.scope import Scope


@dataclass(frozen=True, slots=True)
class Turn:
    """Which replacement of the version that readers see: its segment and its place in that segment's list, from 0.

    everywhere: all replacements by the same hotword that stand as this one does. version: what the person looked at.
    """

    segment: str
    index: int
    version: int
    everywhere: bool = False


def turn_replacement(house: House, viewer: Viewer, recording_id: str, turn: Turn) -> int:
    """Put back what a hotword replaced, or replace it again. Returns the number of the new version (decision 21).

    Conflict where another version is shown by now, NotVisible where there is no such replacement.
    """
    with house.db.write() as session:
        recording = Scope(session, viewer).recording(recording_id, Action.WRITE)
        session.refresh(recording, with_for_update=True)
        if recording.version != turn.version:
            raise Conflict(
                f"This transcript has changed meanwhile: it is at version {recording.version}.",
                "Reload the page and try again.",
            )
        shown = Scope(session, viewer).versions(recording).where(TranscriptVersion.number == recording.version)
        base = session.scalar(shown)
        if base is None:
            raise _none()
        old = rows_of(session, base)
        segments = _turned([segment_of(row) for row in old], turn)
        version = _next_version(session, house, viewer, base)
        rows = [row_of(version, position, segment) for position, segment in enumerate(segments)]
        session.add_all(rows)
        session.flush()
        show_rows(session, old, rows)
        recording.version, recording.changed_at = version.number, house.now()
        follow(session, recording, house.now(), text=True)
        audit(session, house, viewer, Act("hotword.turned", recording.id, recording.team_id))
        return version.number


def _turned(segments: list[Segment], turn: Turn) -> list[Segment]:
    chosen = next((segment for segment in segments if segment.id == turn.segment), None)
    if chosen is None or not 0 <= turn.index < len(chosen.replacements):
        raise _none()
    model = chosen.replacements[turn.index]
    if not turn.everywhere:
        return [_with_turned(segment, turn.index) if segment is chosen else segment for segment in segments]
    for place, segment in enumerate(segments):
        for index, made in enumerate(segment.replacements):
            if (made.hotword, made.undone) == (model.hotword, model.undone):
                segments[place] = _with_turned(segments[place], index)
    return segments


def _with_turned(segment: Segment, index: int) -> Segment:
    text, made = turned(segment.text, segment.replacements, index)
    return replace(segment, text=text, replacements=made)


def _next_version(session: Session, house: House, viewer: Viewer, base: TranscriptVersion) -> TranscriptVersion:
    newest = session.scalar(
        select(TranscriptVersion.number)
        .where(TranscriptVersion.recording_id == base.recording_id)
        .order_by(TranscriptVersion.number.desc())
        .limit(1)
    )
    version = TranscriptVersion(
        id=new_id(), recording_id=base.recording_id, team_id=base.team_id, number=(newest or 0) + 1,
        kind=VersionKind.EDITED, base=base.number, author_id=viewer.user_id, created_at=house.now(),
        language=base.language, engine=base.engine, model=base.model, revision=base.revision, device=base.device,
        hotwords_version=base.hotwords_version, duration_ms=base.duration_ms, speech_ms=base.speech_ms,
        elapsed_ms=base.elapsed_ms, itn=base.itn,
    )  # fmt: skip
    session.add(version)
    session.flush()
    return version


def _none() -> NotVisible:
    return NotVisible("There is no such replacement in this transcript.", "Reload the page.")
