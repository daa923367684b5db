"""Room: services.replacements. What a hotword replaced is put back, or replaced again. The machine's version never changes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from nas_asr.core.access import Action, Viewer
from nas_asr.core.errors import Conflict, NotVisible
from nas_asr.core.replacements import turned
from nas_asr.core.steps import Step
from nas_asr.core.transcript import Origin, Segment
from nas_asr.services.base import Act, House, audit
from nas_asr.services.edits import write_version
from nas_asr.services.sheet import Sheet
from nas_asr.services.version_texts import root_of, segments_in, version_numbered
from nas_asr.services.wholes import follow
from nas_asr.store.scope import Scope

_OP = "hotword"


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
        if not recording.version:
            raise _none()
        base = version_numbered(session, recording.id, recording.version)
        sheet = Sheet(session, root_of(session, base))
        changed = _turned(segments_in(session, base) if turn.everywhere else _one(sheet, turn), turn)
        sheet.put(changed)
        sheet.close()
        step = Step(_OP, put=tuple(changed), places=len(changed))
        version = write_version(session, house, viewer, base, (Origin.HOTWORD, [step]))
        recording.version, recording.changed_at = version.number, version.created_at
        follow(session, recording, house.now(), text=True)
        audit(session, house, viewer, Act("hotword.turned", recording.id, recording.team_id))
        return version.number


def _one(sheet: Sheet, turn: Turn) -> list[Segment]:
    found = sheet.find(turn.segment)
    return [] if found is None else [found]


def _turned(segments: Sequence[Segment], turn: Turn) -> list[Segment]:
    """The segments that change, as they are then."""
    chosen = next((segment for segment in segments if segment.id == turn.segment), None)
    if chosen is None or not 0 <= turn.index < len(chosen.replacements):
        raise _none()
    model = chosen.replacements[turn.index]
    if not turn.everywhere:
        return [_with_turned(chosen, turn.index)]
    changed: dict[str, Segment] = {}
    for segment in segments:
        for index, made in enumerate(segment.replacements):
            if (made.hotword, made.undone) == (model.hotword, model.undone):
                changed[segment.id] = _with_turned(changed.get(segment.id, segment), index)
    return list(changed.values())


def _with_turned(segment: Segment, index: int) -> Segment:
    text, made = turned(segment.text, segment.replacements, index)
    return replace(segment, text=text, replacements=made)


def _none() -> NotVisible:
    return NotVisible("There is no such replacement in this transcript.", "Reload the page.")
