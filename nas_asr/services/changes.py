"""Room: services.changes. What became different in a text since a reader opened it: an open page follows. Changes nothing.

Read from the steps in between, and of the segments only those that they touched: somebody who types saves every two seconds,
and everybody who has the page open asks then.
"""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from nas_asr.core.access import Viewer
from nas_asr.core.steps import Step, steps_in
from nas_asr.services.base import House
from nas_asr.services.edits import Edited
from nas_asr.services.sheet import Sheet
from nas_asr.services.version_texts import root_of, version_numbered
from nas_asr.store.models import Recording, TranscriptVersion, User
from nas_asr.store.scope import Scope

_MOST_VERSIONS = 200
_MOST_SEGMENTS = 500  # beyond it a page is loaded anew more quickly


@dataclass(frozen=True, slots=True)
class Changes:
    """From the version that was asked about to the one that readers see. since: None where one has to read it anew."""

    version: int
    author: str | None
    since: Edited | None


def changes_since(house: House, viewer: Viewer, recording_id: str, seen: int) -> Changes:
    """What a page that shows version `seen` has to do. NotVisible where the recording, or its transcript, is not there."""
    with house.db.read() as session:
        recording = Scope(session, viewer).recording(recording_id)
        now = version_numbered(session, recording.id, recording.version)
        author = session.scalar(select(User.name).where(User.id == (now.author_id or "")))
        steps = [] if now.number == seen else _steps_between(session, recording, now, seen)
        since = None if steps is None else _touched(session, now, steps)
        return Changes(now.number, author, since)


def told(house: House, viewer: Viewer, recording_id: str) -> str:
    """A short word that changes when readers see another version, or could; empty for what is not the viewer's."""
    with house.db.read() as session:
        shown = Scope(session, viewer).recordings().where(Recording.id == recording_id)
        number = session.scalar(shown.with_only_columns(Recording.version))
        newest = select(TranscriptVersion.number).where(TranscriptVersion.recording_id == recording_id)
        return f"{number}-{session.scalar(newest.order_by(TranscriptVersion.number.desc()).limit(1))}" if number else ""


def _steps_between(session: Session, recording: Recording, now: TranscriptVersion, seen: int) -> list[Step] | None:
    """What was done from the version that was seen to this one; None where this does not stand on that, or on too much since."""
    one = TranscriptVersion
    between = select(one).where(one.recording_id == recording.id, one.number > seen, one.number <= now.number)
    newest = between.with_only_columns(one.number, one.base, one.tally).order_by(one.number.desc())
    known = {number: (base, tally) for number, base, tally in session.execute(newest.limit(_MOST_VERSIONS))}
    way: list[int] = []
    places, at = 0, now.number
    while at in known and now.root not in (0, at):
        way.append(at)
        places += sum(known[at][1].values())
        at = known[at][0]
    if at != seen or places > _MOST_SEGMENTS:
        return None
    steps = session.scalars(between.with_only_columns(one.steps).where(one.number.in_(way)))
    return [step for some in steps for step in steps_in(some or [])]


def _touched(session: Session, now: TranscriptVersion, steps: list[Step]) -> Edited | None:
    changed = {one.id for step in steps for one in step.put} | {
        one for step in steps for one in (step.speaker or ("", ()))[1]
    }
    came = {one.id for step in steps for _, one in step.came}
    gone = {one for step in steps for one in step.gone}
    touched = list(changed | came | gone)
    if len(touched) > _MOST_SEGMENTS:
        return None
    sheet = Sheet(session, root_of(session, now))
    there = sheet.those(touched)
    here = {one.id for one in there}
    after = {one.id: sheet.preceding(one.id) for one in there if one.id in came}
    return Edited(now.number, there, [one for one in touched if one not in here], len(touched), after)
