"""Room: services.audio. Where a recording's audio lies now. Looks the file up, never opens it, never writes.

Size alone does not tell one recording from the next: recorders write files of one length, and names are swapped. So the
newest line of the ledger at a path must be the recording's own, and who reads the file compares what the line remembers
(media.decode, the archive), for the watcher may not have seen yet what happened a moment ago.
"""

import os
import socket
import stat
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Select, exists, select
from sqlalchemy.orm import Session, aliased

from nas_asr.core.errors import Unreadable, Vanished
from nas_asr.core.ports import Fingerprint
from nas_asr.core.recording import LedgerState, Presence
from nas_asr.services.base import House
from nas_asr.services.sightings import Stat, newest_lines
from nas_asr.store.models import Folder, LedgerLine, Recording

_OF_THE_RECORDING = (LedgerState.INGESTED, LedgerState.DUPLICATE)


@dataclass(frozen=True, slots=True)
class AudioPlace:
    """An absolute path as the file system has it, and the root below which it must lie without symbolic links.

    content: what must lie there; None below DATA, where nobody else writes.
    """

    root: bytes
    path: bytes
    content: Fingerprint | None = None


def locate(house: House, session: Session, recording: Recording) -> AudioPlace:
    """The recording's file, or another copy of the same bytes that the team's folders still have.

    Raises Unreadable with a sentence that names the file and its folder where no copy is left or no share answers;
    Vanished where the watcher, too, has seen that it is gone.
    """
    for place, watched in _places(house, session, recording):
        if _holds(place, recording.size_bytes, watched):
            return place
    raise _gone(session, recording)


def _places(house: House, session: Session, recording: Recording) -> Iterator[tuple[AudioPlace, bool]]:
    """Where it may lie, its own place first, and whether somebody watches over that."""
    if recording.folder_id is None:
        yield _below(os.fsencode(house.uploads.resolve()), recording.raw_path, None), True
        return
    own = (recording.folder_id, recording.raw_path)
    known = session.execute(_lines(recording)).all()
    for folder, line in sorted(known, key=lambda row: (row[1].folder_id, row[1].raw_path) != own):
        content = Fingerprint(recording.sha256, recording.size_bytes, line.mtime_ns, line.inode)
        yield _below(os.fsencode(folder.path), line.raw_path, content), folder.removed_at is None
    home = session.get(Folder, recording.folder_id)
    there = None if home is None else newest_lines(session, home.id, [recording.raw_path]).get(recording.raw_path)
    if home is not None and (there is None or not there.sha256):  # nobody has looked yet what lies there: who listens will
        content = Fingerprint(recording.sha256, recording.size_bytes, 0, 0)
        yield _below(os.fsencode(home.path), recording.raw_path, content), home.removed_at is None


def _lines(recording: Recording) -> Select[Folder, LedgerLine]:
    """The ledger's lines of the recording; not those of paths where other bytes lie by now."""
    newer = aliased(LedgerLine)
    written_over = exists().where(
        newer.folder_id == LedgerLine.folder_id,
        newer.raw_path == LedgerLine.raw_path,
        newer.generation > LedgerLine.generation,
    )
    return (
        select(Folder, LedgerLine)
        .join(Folder, Folder.id == LedgerLine.folder_id)
        .where(
            LedgerLine.recording_id == recording.id,
            LedgerLine.state.in_(_OF_THE_RECORDING),
            Folder.team_id == recording.team_id,
            ~written_over,
        )
        .order_by(LedgerLine.first_seen_at, LedgerLine.id)
    )


def _below(root: bytes, raw_path: bytes, content: Fingerprint | None) -> AudioPlace:
    return AudioPlace(root, os.path.join(root, raw_path), content)  # noqa: PTH118 (bytes)


def _holds(place: AudioPlace, size_bytes: int, watched: bool) -> bool:
    """Whether a file of that size lies there.

    Where nobody watches any more, for its folder was removed and may be another team's by now, it must look as it did then.
    """
    try:
        found = os.lstat(place.path)
    except (OSError, ValueError):
        return False
    if not stat.S_ISREG(found.st_mode) or found.st_size != size_bytes:
        return False
    seen = place.content
    return watched or seen is None or Stat.of(found) == (seen.size, seen.mtime_ns, seen.inode)


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
    if was_seen_to_go(session, recording):
        return Vanished(
            f"The file “{recording.path}” is no longer in the folder “{name}”.", "Put it back, then try again."
        )
    return Unreadable(
        f"The file “{recording.path}” is no longer in the folder “{name}”, or may not be read there.",
        "Put it back or let nas_asr read it, then try again.",
    )


def was_seen_to_go(session: Session, recording: Recording) -> bool:
    """Whether the ledger misses every file of the recording, and every folder that had one answers."""
    seen = session.execute(
        select(LedgerLine.presence, Folder.online)
        .join(Folder, Folder.id == LedgerLine.folder_id)
        .where(LedgerLine.recording_id == recording.id, Folder.team_id == recording.team_id)
    ).all()
    return bool(seen) and all(presence == Presence.MISSING and online for presence, online in seen)
