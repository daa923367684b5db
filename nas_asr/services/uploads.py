"""Room: services.uploads. A recording that comes over the page or the API: streamed to DATA/uploads, never into a share."""

import contextlib
import errno
import hashlib
import logging
import os
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from nas_asr import media
from nas_asr.core.access import Viewer
from nas_asr.core.errors import Conflict, Incomplete, Invalid, NasAsrError, StorageFull, TooLarge
from nas_asr.core.ids import new_id
from nas_asr.core.languages import check_language
from nas_asr.core.ports import MediaInfo
from nas_asr.services.arrivals import Arrival, add_recording, same_bytes
from nas_asr.services.base import Act, House, audit
from nas_asr.services.file_names import MAX_TITLE, shown_line, shown_name, title_of
from nas_asr.services.ingest import Probe
from nas_asr.services.recorded_at import Clues, recorded_at
from nas_asr.services.ringing import ring
from nas_asr.store.models import Recording
from nas_asr.store.scope import Scope

log = logging.getLogger(__name__)

LEFT_OVER = timedelta(days=1)
PART = ".part-"
_PIECE = 1 << 20
_SPARE_BYTES = 64 << 20  # the database must be able to say that the disk is full
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
Note = Callable[[Session, str], None]
_EXTENSION = re.compile(r"\.[A-Za-z0-9]{1,8}")


@dataclass(frozen=True, slots=True)
class UploadOrder:
    """What came with the audio. size_bytes: as announced by the sender, None where it was not."""

    team: str
    filename: str
    title: str = ""
    language: str = ""
    idempotency_key: str = ""
    size_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """The recording; existing: the team had these bytes already, or this key brought them before."""

    recording_id: str
    existing: bool


@dataclass(frozen=True, slots=True)
class Desk:
    """Who sends what, and where it goes: the team, its folder, the language, the name that people see."""

    viewer: Viewer
    order: UploadOrder
    team_id: str
    folder: Path
    language: str
    name: str

    @property
    def extension(self) -> str:
        """What the file is called by, for people who look into DATA; the content decides what it is."""
        suffix = Path(self.name).suffix
        return suffix.lower() if _EXTENSION.fullmatch(suffix) else ""


@dataclass(frozen=True, slots=True)
class WrittenPart:
    """What was written: where, its SHA-256 and how long it is."""

    path: Path
    sha256: str
    size: int


def accept_upload(
    house: House, viewer: Viewer, order: UploadOrder, stream: BinaryIO, *, probe: Probe = media.probe
) -> Accepted:
    """Keep the stream as a recording of the team and queue it.

    Raises NotVisible, NotPermitted, Invalid (title, language, key), TooLarge, StorageFull, Conflict (a key that was used
    for another file or team), and MediaError where it is no audio; then nothing is kept.
    """
    desk = open_desk(house, viewer, order)
    check_size(house, order.size_bytes or 0)
    with _written(house, desk, stream, order.size_bytes or 0) as part:
        return take(house, desk, part, probe=probe)


def take(
    house: House, desk: Desk, part: WrittenPart, *, probe: Probe = media.probe, note: Note = lambda _session, _id: None
) -> Accepted:
    """Make what was written a recording, or find that it is one already. note: what is written with a new one.

    A part that was taken has another name now; any other is the caller's to remove.
    """
    known = _known(house, desk, part.sha256)
    if known is not None:
        return known
    if part.size == 0:
        raise Incomplete("The file is empty.", "Choose another file.")
    found = probe(os.fsencode(part.path), os.fsencode(desk.folder))
    return _keep(house, desk, (part, found), note)


def clear_leftovers(house: House) -> int:
    """Remove what crashes left in DATA/uploads for more than a day: half uploads, and files that no recording has."""
    removed = 0
    for path in house.uploads.glob("*/*"):
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_mtime < (house.now() - LEFT_OVER).timestamp() and not _has_recording(house, path):
                path.unlink()
                removed += 1
    return removed


def _has_recording(house: House, path: Path) -> bool:
    if path.name.startswith(PART):
        return False
    with house.db.read() as session:
        return session.get(Recording, path.name.partition(".")[0]) is not None


def open_desk(house: House, viewer: Viewer, order: UploadOrder) -> Desk:
    """Where it goes; Conflict where the key was used for another team, before a byte is read."""
    if order.language:
        check_language(order.language)
    if len(order.title) > MAX_TITLE:
        raise Invalid("A title has 1 to 300 characters.", field="title")
    if len(order.idempotency_key) > 120:
        raise Invalid("An Idempotency-Key has at most 120 characters.", field="Idempotency-Key")
    with house.db.read() as session:
        team = Scope(session, viewer).ingest_team(order.team)
        name = shown_name(order.filename)
        folder = house.uploads.resolve() / team.id
        desk = Desk(viewer, order, team.id, folder, order.language or team.language, name)
        _of_the_key(session, desk)
        return desk


def _known(house: House, desk: Desk, sha256: str) -> Accepted | None:
    """The recording that these bytes are already; Conflict where their key stands for other bytes."""
    with house.db.read() as session:
        found = _of_the_key(session, desk)
        if found is not None and found.sha256 != sha256:
            raise Conflict("This key was used for another file.", "Use a new Idempotency-Key for each file.")
        found = found or same_bytes(session, desk.team_id, sha256)
        return None if found is None else Accepted(found.id, existing=True)


def _of_the_key(session: Session, desk: Desk) -> Recording | None:
    key = desk.order.idempotency_key
    if not key:
        return None
    same_key = (Recording.author_id == desk.viewer.user_id, Recording.idempotency_key == key)
    found = session.scalar(select(Recording).where(*same_key))
    if found is not None and found.team_id != desk.team_id:
        raise Conflict("This Idempotency-Key was used for an upload to another team.", "Use a new key.")
    return found


def check_size(house: House, size: int) -> None:
    if size > house.options.max_upload_mb << 20:
        raise TooLarge(
            f"The upload is larger than {house.options.max_upload_mb} MiB.",
            "Put it into the team's folder, or ask an admin to raise NAS_ASR_MAX_UPLOAD_MB.",
        )


@contextlib.contextmanager
def _written(house: House, desk: Desk, stream: BinaryIO, announced: int) -> Iterator[WrittenPart]:
    """The stream on disk under a name of its own, gone at the end unless it was renamed."""
    path = desk.folder / f"{PART}{new_id()}"
    try:
        desk.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        check_space(desk.folder, announced)
        yield _write(house, path, stream)
    except OSError as error:
        if error.errno in FULL:
            raise full() from error
        raise
    finally:
        path.unlink(missing_ok=True)


def _write(house: House, path: Path, stream: BinaryIO) -> WrittenPart:
    digest, size = hashlib.sha256(), 0
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb", buffering=0) as file:
        while piece := stream.read(_PIECE):
            size += len(piece)
            check_size(house, size)
            if size % (64 * _PIECE) < _PIECE:
                check_space(path.parent, 0)
            digest.update(piece)
            rest = memoryview(piece)
            while rest:
                rest = rest[file.write(rest) :]
        os.fsync(file.fileno())
    return WrittenPart(path, digest.hexdigest(), size)


def check_space(folder: Path, wanted: int) -> None:
    if shutil.disk_usage(folder).free < wanted + _SPARE_BYTES:
        raise full()


def full() -> StorageFull:
    return StorageFull(
        "The disk that keeps uploads is full.", "Free some space under DATA and upload again; nothing was kept."
    )


def _keep(house: House, desk: Desk, what: tuple[WrittenPart, MediaInfo], note: Note) -> Accepted:
    part, found = what
    home = desk.folder / (new_id() + desk.extension)
    # Renamed before the commit: a row never names a file that is not there. A crash in between leaves a file without a
    # row, which clear_leftovers removes.
    part.path.rename(home)
    sync(desk.folder)
    try:
        with house.db.write() as session:
            recording, run = add_recording(session, house, _arrival(house, desk, part, home, found))
            audit(session, house, desk.viewer, Act("recording.uploaded", recording.id, desk.team_id))
            note(session, recording.id)
    except IntegrityError:  # the same bytes or the same key came twice at once
        home.unlink()
        return _winner(house, desk, part)
    except NasAsrError:
        home.unlink()
        raise
    log.info("recording.queued", extra={"recording": recording.id, "run": run.id})
    ring(house, run)
    return Accepted(recording.id, existing=False)


def _arrival(house: House, desk: Desk, part: WrittenPart, home: Path, found: MediaInfo) -> Arrival:
    clues = Clues(found.recorded_at, title_of(desk.name), None, house.options.timezone, house.now())
    moment, source = recorded_at(clues, otherwise="upload")
    return Arrival(
        recording_id=home.name.partition(".")[0], team_id=desk.team_id, folder_id=None,
        raw_path=os.fsencode(home.relative_to(house.uploads.resolve())), path=desk.name,
        title=shown_line(desk.order.title) or title_of(desk.name), size_bytes=part.size, sha256=part.sha256,
        media=found, language=desk.language, recorded_at=moment, recorded_from=source,
        author_id=desk.viewer.user_id, idempotency_key=desk.order.idempotency_key or None,
    )  # fmt: skip


def _winner(house: House, desk: Desk, part: WrittenPart) -> Accepted:
    known = _known(house, desk, part.sha256)
    if known is None:
        raise Conflict("The same upload came twice at once, and neither was kept.", "Upload it again.")
    return known


def sync(folder: Path) -> None:
    """Make a name last through a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
