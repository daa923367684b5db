"""Room: services.audio. Where a recording's audio lies now. Looks the file up, never opens it, never writes."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from nas_asr.core.errors import Unreadable, Vanished
from nas_asr.core.recording import LedgerState, Presence
from nas_asr.services.base import House
from nas_asr.services.sightings import Stat, newest_lines
from nas_asr.store.models import Folder, LedgerLine, Recording

_OF_THE_RECORDING = (LedgerState.INGESTED, LedgerState.DUPLICATE)


@dataclass(frozen=True, slots=True)
class AudioPlace:
    """An absolute path as the file system has it, and the root below which it must lie without symbolic links."""

    root: bytes
    path: bytes


@dataclass(frozen=True, slots=True)
class _Copy:
    """A place that should have the bytes, and what the file looked like when they were read; None for uploads."""

    place: AudioPlace
    stat: Stat | None = None


def locate(house: House, session: Session, recording: Recording, *, as_taken: bool = False) -> AudioPlace:
    """The recording's file, or another copy of the same bytes that the team's folders still have.

    as_taken: only a file that looks as it did when its bytes were read, for what is made of it will stay. Without, one of
    the same size will do: it may have been touched a moment ago.

    Raises Unreadable with a sentence that names the file and its folder where no copy is left or no share answers;
    Vanished where the watcher, too, has seen that it is gone.
    """
    for copy in _copies(house, session, recording):
        found = _stat(copy.place)
        holds = found is not None and found.size == recording.size_bytes
        if holds and (not as_taken or copy.stat in (None, found)):
            return copy.place
    raise _gone(session, recording)


def is_overwritten(house: House, session: Session, recording: Recording) -> bool:
    """Whether something else lies in a place of the recording's than what was taken from there.

    Then nobody knows which of the two was read. A file that is gone was read by who had opened it.
    """
    stats = ((copy.stat, _stat(copy.place)) for copy in _copies(house, session, recording))
    return any(None not in (taken, now) and taken != now for taken, now in stats)


def _copies(house: House, session: Session, recording: Recording) -> Iterator[_Copy]:
    if recording.folder_id is None:
        yield _Copy(_below(os.fsencode(house.uploads.resolve()), recording.raw_path))
    elif (folder := session.get(Folder, recording.folder_id)) is not None:
        line = newest_lines(session, folder.id, [recording.raw_path]).get(recording.raw_path)
        if line is None or line.sha256 in ("", recording.sha256):  # else the name stands for other bytes by now
            yield _Copy(
                _below(os.fsencode(folder.path), recording.raw_path),
                _looks(line) if line is not None and line.sha256 else None,
            )
    others = session.execute(
        select(Folder.path, LedgerLine)
        .join(Folder, Folder.id == LedgerLine.folder_id)
        .where(
            LedgerLine.recording_id == recording.id,
            LedgerLine.state.in_(_OF_THE_RECORDING),
            Folder.team_id == recording.team_id,
        )
        .order_by(LedgerLine.first_seen_at, LedgerLine.id)
    )
    for path, line in others:
        yield _Copy(_below(os.fsencode(path), line.raw_path), _looks(line))


def _looks(line: LedgerLine) -> Stat:
    return Stat(line.size_bytes, line.mtime_ns, line.inode)


def _below(root: bytes, raw_path: bytes) -> AudioPlace:
    return AudioPlace(root, os.path.join(root, raw_path))  # noqa: PTH118 (bytes)


def _stat(place: AudioPlace) -> Stat | None:
    """What the regular file there looks like now; None where there is none, or no share answers."""
    try:
        found = os.lstat(place.path)
    except (OSError, ValueError):
        return None
    return Stat.of(found) if stat.S_ISREG(found.st_mode) else None


def _gone(session: Session, recording: Recording) -> Unreadable:
    if recording.folder_id is None:
        return Unreadable(
            f"The uploaded file of “{recording.title}” is no longer on this machine's disk.",
            "Restore DATA/uploads from a backup, or upload the recording again.",
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
