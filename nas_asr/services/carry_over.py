"""Room: services.carry_over. What a person changed, made again in a newer text by the machine. Drops nothing silently."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from nas_asr.core.access import Action, Viewer
from nas_asr.core.carrying import carried
from nas_asr.core.errors import Conflict
from nas_asr.core.steps import NotCarried, Step, steps_in
from nas_asr.core.transcript import Origin, VersionKind
from nas_asr.services.base import Act, House, audit
from nas_asr.services.edits import write_version
from nas_asr.services.version_texts import machine_of, segments_in, show, version_numbered
from nas_asr.services.wholes import follow
from nas_asr.store.models import TranscriptVersion
from nas_asr.store.scope import Scope

_OP = "carry"


@dataclass(frozen=True, slots=True)
class CarryView:
    """What came of it. places: edits that stand in the newer text now; left: those that a person has to look at."""

    version: int
    places: int
    left: Sequence[NotCarried]


def carry_edits(house: House, viewer: Viewer, recording_id: str, onto: int | None = None) -> CarryView:
    """Make the edits of the version that readers see again, on a newer version by the machine: a new version, seen from now on.

    onto: its number, None for the machine's newest. Conflict where nobody edited, or it is the same text already.
    """
    with house.db.write() as session:
        recording = Scope(session, viewer).recording(recording_id, Action.WRITE)
        session.refresh(recording, with_for_update=True)
        machine = select(TranscriptVersion.number).where(
            TranscriptVersion.recording_id == recording.id, TranscriptVersion.kind == VersionKind.MACHINE
        )
        newest = session.scalar(machine.order_by(TranscriptVersion.number.desc()).limit(1))
        target = version_numbered(session, recording.id, onto if onto is not None else newest or 0)
        mine = version_numbered(session, recording.id, recording.version)
        base = machine_of(session, mine)
        if mine.kind != VersionKind.EDITED or target.kind != VersionKind.MACHINE or base.number == target.number:
            raise Conflict("There are no edits to carry over to this version.", "Reload the page.")
        came = carried(*(segments_in(session, one) for one in (base, mine, target)))
        step = Step(
            _OP, put=came.changed, came=came.came, gone=came.gone, places=came.places, left=came.left
        )  # fmt: skip
        version = write_version(session, house, viewer, target, (Origin.CARRY, [step]))
        show(session, recording, version)
        recording.changed_at = house.now()
        follow(session, recording, house.now(), text=True)
        detail = {"from": str(mine.number), "version": str(target.number)}
        audit(session, house, viewer, Act("version.carried", recording.id, recording.team_id, detail=detail))
        return CarryView(version.number, came.places, came.left)


def not_carried(house: House, viewer: Viewer, recording_id: str, number: int) -> Sequence[NotCarried]:
    """What a version could not take over when it was made; empty for any other."""
    with house.db.read() as session:
        recording = Scope(session, viewer).recording(recording_id)
        version = version_numbered(session, recording.id, number)
        if version.origin != Origin.CARRY:
            return ()
        return [one for step in steps_in(version.steps or []) for one in step.left]
