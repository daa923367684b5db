"""Room: services.audio. Where a recording's audio lies now. Looks the file up, never opens it, never writes."""

import os
import socket
import stat
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from nas_asr.core.errors import Unreadable, Vanished
from nas_asr.core.recording import LedgerState, Presence
from nas_asr.services.base import House
from nas_asr.store.models import Folder, LedgerLine, Recording

_OF_THE_RECORDING = (LedgerState.INGESTED, LedgerState.DUPLICATE)


@dataclass(frozen=True, slots=True)
class AudioPlace:
    """An absolute path as the file system has it, and the root below which it must lie without symbolic links."""

    root: bytes
    path: bytes


def locate(house: House, session: Session, recording: Recording) -> AudioPlace:
    """The recording's file, or another copy of the same bytes that the team's folders still have.

    Raises Unreadable with a sentence that names the file and its folder where no copy is left or no share answers;
    Vanished where the watcher, too, has seen that it is gone.
    """
    for place in _places(house, session, recording):
        if _holds(place, recording.size_bytes):
            return place
    raise _gone(session, recording)


def _places(house: House, session: Session, recording: Recording) -> Iterator[AudioPlace]:
    if recording.folder_id is None:
        yield _below(os.fsencode(house.uploads.resolve()), recording.raw_path)
    elif (folder := session.get(Folder, recording.folder_id)) is not None:
        yield _below(os.fsencode(folder.path), recording.raw_path)
    others = session.execute(
        select(Folder.path, LedgerLine.raw_path)
        .join(Folder, Folder.id == LedgerLine.folder_id)
        .where(
            LedgerLine.recording_id == recording.id,
            LedgerLine.state.in_(_OF_THE_RECORDING),
            Folder.team_id == recording.team_id,
        )
        .order_by(LedgerLine.first_seen_at, LedgerLine.id)
    )
    for path, raw_path in others:
        yield _below(os.fsencode(path), raw_path)


def _below(root: bytes, raw_path: bytes) -> AudioPlace:
    return AudioPlace(root, os.path.join(root, raw_path))  # noqa: PTH118 (bytes)


def _holds(place: AudioPlace, size_bytes: int) -> bool:
    """Whether a file of that size lies there: one that was written over is another recording's."""
    try:
        found = os.lstat(place.path)
        return stat.S_ISREG(found.st_mode) and found.st_size == size_bytes
    except (OSError, ValueError):
        return False


def _gone(session: Session, recording: Recording) -> Unreadable:
    if recording.folder_id is None:
        return Unreadable(
            f"The uploaded file of “{recording.title}” is not on the disk of {socket.gethostname()}.",
            "Run a worker where DATA/uploads lies; if it is gone from there, restore it from a backup or upload it again.",
        )
    folder = session.get(Folder, recording.folder_id)
    name = folder.name if folder else ""
    if folder is None or not os.path.isdir(os.fsencode(folder.path)):  # noqa: PTH112 (bytes)
        return Unreadable(
            f"The folder “{name}” with the file “{recording.path}” cannot be reached.",
            "See whether the share is mounted and may be read, then try again.",
        )
    if _was_seen_to_go(session, recording):
        return Vanished(
            f"The file “{recording.path}” is no longer in the folder “{name}”.", "Put it back, then try again."
        )
    return Unreadable(
        f"The file “{recording.path}” is no longer in the folder “{name}”, or may not be read there.",
        "Put it back or let nas_asr read it, then try again.",
    )


def _was_seen_to_go(session: Session, recording: Recording) -> bool:
    """Whether the ledger misses every file of the recording, and every folder that had one answers."""
    seen = session.execute(
        select(LedgerLine.presence, Folder.online)
        .join(Folder, Folder.id == LedgerLine.folder_id)
        .where(LedgerLine.recording_id == recording.id, Folder.team_id == recording.team_id)
    ).all()
    return bool(seen) and all(presence == Presence.MISSING and online for presence, online in seen)
