"""Room: services.listening. Opens a recording's sound for somebody who may hear it. Follows no link, changes nothing."""

import os
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from nas_asr.core.access import Viewer
from nas_asr.core.errors import Invalid, NotVisible, Unreadable
from nas_asr.media import open_no_follow
from nas_asr.services.audio import AudioPlace, locate
from nas_asr.services.base import House
from nas_asr.services.wholes import parts_of
from nas_asr.store.models import Recording
from nas_asr.store.scope import Scope


class AudioGone(NotVisible):
    """The recording is there, but its file is not, or is another one by now."""

    code = "audio_gone"


@dataclass(frozen=True, slots=True)
class Sound:
    """An open file; whoever gets it closes the descriptor. mark: changes whenever the bytes could have."""

    descriptor: int
    size_bytes: int
    mtime_ns: int
    mark: str
    container: str
    title: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class FoundSound:
    """A recording's file where it lies now, not open yet."""

    place: AudioPlace
    team_id: str
    path: str
    sha256: str
    size_bytes: int
    container: str
    title: str
    recorded_at: datetime


def find_sound(house: House, viewer: Viewer, recording_id: str, part: int | None = None) -> FoundSound:
    """Where the sound of a recording lies, or of one part of a joined one, from 1 on.

    NotVisible where the recording is not theirs, Invalid where it has no such part, AudioGone where the file is not there.
    """
    with house.db.read() as session:
        recording = _part(session, Scope(session, viewer).recording(recording_id), part)
        try:
            place = locate(house, session, recording)
        except Unreadable as error:
            raise AudioGone(error.message, error.remedy) from error
        return FoundSound(
            place, recording.team_id, recording.path, recording.sha256, recording.size_bytes, recording.container,
            recording.title, recording.recorded_at,
        )  # fmt: skip


def may_hear(house: House, viewer: Viewer, recording_id: str) -> bool:
    """Whether a recording that they listen to already is still within their reach, and not in the trash."""
    with house.db.read() as session:
        mine = Scope(session, viewer).recordings().where(Recording.id == recording_id)
        return session.scalar(mine.with_only_columns(Recording.id)) is not None


def open_sound(house: House, viewer: Viewer, recording_id: str, part: int | None = None) -> Sound:
    """The sound of a recording, as it was recorded. Raises as find_sound does."""
    found = find_sound(house, viewer, recording_id, part)
    try:
        descriptor = open_no_follow(found.place.path, found.place.root)
    except Unreadable as error:
        raise AudioGone(error.message, error.remedy) from error
    seen = os.fstat(descriptor)
    if seen.st_size != found.size_bytes:
        os.close(descriptor)
        # A recorder that begins again at REC001.WAV must not put another meeting's sound under this one's text
        raise AudioGone(
            f"The file “{found.path}” was replaced by another one since it was transcribed.",
            "The new one is transcribed as a recording of its own.",
        )
    mark = f"{found.sha256[:32]}-{seen.st_mtime_ns:x}"
    return Sound(
        descriptor, seen.st_size, seen.st_mtime_ns, mark, found.container, found.title, found.recorded_at
    )  # fmt: skip


def _part(session: Session, recording: Recording, number: int | None) -> Recording:
    parts = [one.recording for one in parts_of(session, [recording.id]).get(recording.id, ())] or [recording]
    if number is None and len(parts) == 1:
        return recording
    if number is None or not 1 <= number <= len(parts):
        raise Invalid(f"This recording has {len(parts)} files.", "Ask for one of them with `part`.", field="part")
    return parts[number - 1]
