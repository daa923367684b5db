"""Room: services.edits. What people change in a transcript: all edits of one call or none, as a new version (decision 47).

Two people who start from the same version: the first is taken, the second is told what changed. Never touches a machine's text.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from nas_asr.core.access import Action, Viewer
from nas_asr.core.edits import Edit
from nas_asr.core.errors import Conflict, Invalid, NotVisible
from nas_asr.core.ids import new_id
from nas_asr.core.steps import Step, steps_out
from nas_asr.core.transcript import Origin, Segment, VersionKind
from nas_asr.services.base import Act, House, audit
from nas_asr.services.edit_steps import apply_all
from nas_asr.services.sheet import Sheet
from nas_asr.services.sittings import goes_on
from nas_asr.services.version_texts import next_number, root_of, segments_in, version_numbered
from nas_asr.services.wholes import follow
from nas_asr.store.models import Recording, TranscriptVersion, User
from nas_asr.store.scope import Scope

MOST_EDITS = 500


@dataclass(frozen=True, slots=True)
class Edited:
    """What came of edits. changed: in order, as they are now; after: of those that came, the segment before each."""

    version: int
    changed: Sequence[Segment]
    removed: Sequence[str]
    count: int = 0
    after: Mapping[str, str] = field(default_factory=dict)


class EditConflict(Conflict):
    """Somebody was quicker. since: what changed from the version that the writer saw to the one that readers see."""

    def __init__(self, author: str | None, since: Edited) -> None:
        super().__init__(
            f"{author} changed this transcript meanwhile: it is at version {since.version}."
            if author
            else f"This transcript changed meanwhile: it is at version {since.version}.",
            "Look at what changed, and make your change again.",
        )
        self.author = author
        self.since = since


class _Stale(Exception):
    """Another version is seen by now."""


def edit_transcript(house: House, viewer: Viewer, recording_id: str, seen: int, edits: Sequence[Edit]) -> Edited:
    """All these edits, in their order, as a new version; none where one of them cannot be. seen: the version they start from.

    Raises EditConflict, Invalid (it names the edit), NotVisible, NotPermitted. Edits that change nothing make no version.
    """
    if not 1 <= len(edits) <= MOST_EDITS:
        raise Invalid(f"Send 1 to {MOST_EDITS} edits at a time.", field="edits")
    try:
        with house.db.write() as session:
            recording = Scope(session, viewer).recording(recording_id, Action.WRITE)
            session.refresh(recording, with_for_update=True)
            if recording.version != seen or not seen:
                raise _Stale
            _check_no_part(session, recording)
            return _edited(session, house, viewer, recording, edits)
    except _Stale:
        raise _conflict(house, viewer, recording_id, seen) from None


def write_version(
    session: Session, house: House, viewer: Viewer, base: TranscriptVersion, made: tuple[Origin, Sequence[Step]]
) -> TranscriptVersion:
    """A person's version on top of another one, with the steps between the two. Does not show it."""
    origin, steps = made
    tally: Counter[str] = Counter()
    for step in steps:
        tally[step.op] += step.places
    version = TranscriptVersion(
        id=new_id(), recording_id=base.recording_id, team_id=base.team_id,
        number=next_number(session, base.recording_id), kind=VersionKind.EDITED, origin=origin, base=base.number,
        root=base.root or base.number, steps=steps_out(steps), tally=dict(tally), author_id=viewer.user_id,
        created_at=house.now(), language=base.language, engine=base.engine, model=base.model, revision=base.revision,
        device=base.device, hotwords_version=base.hotwords_version, itn=base.itn, duration_ms=base.duration_ms,
        speech_ms=base.speech_ms, elapsed_ms=base.elapsed_ms,
    )  # fmt: skip
    session.add(version)
    session.flush()
    return version


def _edited(session: Session, house: House, viewer: Viewer, recording: Recording, edits: Sequence[Edit]) -> Edited:
    base = version_numbered(session, recording.id, recording.version)
    sheet = Sheet(session, root_of(session, base))
    steps = apply_all(sheet, edits)
    if not steps:
        return Edited(base.number, (), ())
    sheet.close()
    version = write_version(session, house, viewer, base, (Origin.EDIT, steps))
    recording.version, recording.changed_at = version.number, version.created_at
    follow(session, recording, house.now(), text=True)
    if not goes_on(base, version):
        audit(session, house, viewer, Act("transcript.edited", recording.id, recording.team_id))
    return _answer(sheet, version.number, sum(step.places for step in steps))


def _answer(sheet: Sheet, number: int, count: int) -> Edited:
    changed = sheet.changed()
    after = {one.id: sheet.preceding(one.id) for one in changed if sheet.before[one.id] is None}
    return Edited(number, changed, sheet.removed(), count, after)


def _check_no_part(session: Session, recording: Recording) -> None:
    """A part is read and found in its whole; each correction in it would write the whole's text anew."""
    whole = session.get(Recording, recording.whole_id or "")
    if whole is not None and whole.version:
        raise Conflict("This file is a part of a joined recording, where its text is read.", "Make the change there.")


def _conflict(house: House, viewer: Viewer, recording_id: str, seen: int) -> Exception:
    """What the one who came second has to know; read anew, so that nobody waits for it."""
    with house.db.read() as session:
        recording = Scope(session, viewer).recording(recording_id)
        if not recording.version:
            return Conflict("There is no transcript yet that could be changed.", "Wait until it is transcribed.")
        now = version_numbered(session, recording.id, recording.version)
        author = session.scalar(select(User.name).where(User.id == (now.author_id or "")))
        after = segments_in(session, now)
        try:
            before = segments_in(session, version_numbered(session, recording.id, seen))
        except NotVisible:
            before = []
    return EditConflict(author, changes_between(before, after, now.number))


def changes_between(before: Sequence[Segment], after: Sequence[Segment], number: int) -> Edited:
    """What has to be done to a text to make another one of it, which has this number."""
    was = {segment.id: segment for segment in before}
    here = {segment.id for segment in after}
    changed = [segment for segment in after if was.get(segment.id) != segment]
    previous = dict(zip((segment.id for segment in after[1:]), (segment.id for segment in after), strict=False))
    came = {segment.id: previous.get(segment.id, "") for segment in changed if segment.id not in was}
    return Edited(number, changed, [one for one in was if one not in here], len(changed), came)
