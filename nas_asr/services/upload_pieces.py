"""Room: services.upload_pieces. Uploads that come in pieces and go on after any break: begin, add, look, give up. No HTTP.

What the row says of an upload is on the disk for good, piece by piece; a crash costs what came after that. The last bytes
are entered together with the recording, so that an upload that is whole is always a recording, whenever the power goes.
"""

import contextlib
import fcntl
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from sqlalchemy import case, func, select, update
from sqlalchemy.orm import Session

from nas_asr import media
from nas_asr.core.access import Viewer
from nas_asr.core.errors import Conflict, Incomplete, Invalid, MediaError, NotVisible
from nas_asr.core.ids import new_id
from nas_asr.services.base import House
from nas_asr.services.ingest import Probe
from nas_asr.services.uploads import (
    FULL,
    LEFT_OVER,
    PART,
    Accepted,
    Desk,
    UploadOrder,
    WrittenPart,
    check_size,
    check_space,
    full,
    open_desk,
    sync,
    take,
)
from nas_asr.store.models import Team, Upload
from nas_asr.store.scope import Scope

STEP = 2 << 20  # is written, synced and entered at once; a thread holds so much in memory
_MOST_UNFINISHED = 200


class Stream(Protocol):
    """What comes from a network: fewer bytes than asked for, or none, where the connection is lost."""

    def read(self, size: int, /) -> bytes:
        """So many at most."""
        ...


@dataclass(frozen=True, slots=True)
class UploadView:
    """An upload on its way. recording_id: what became of it; existing: the team had these bytes already."""

    id: str
    team: str
    filename: str
    size_bytes: int
    offset_bytes: int
    recording_id: str | None
    existing: bool
    expires_at: datetime


def begin(house: House, viewer: Viewer, order: UploadOrder) -> UploadView:
    """Announce a file. Raises what accept_upload does before it reads: a team, a size or a disk that does not fit."""
    desk = open_desk(house, viewer, order)
    if not order.size_bytes:
        raise Incomplete("The file is empty.", "Choose another file.")
    check_size(house, order.size_bytes)
    desk.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with house.db.write() as session:
        broken = Upload.recording_id.is_(None)
        mine = session.scalars(Scope(session, viewer).uploads().where(broken).limit(_MOST_UNFINISHED)).all()
        if len(mine) == _MOST_UNFINISHED:
            raise Conflict("You have too many unfinished uploads.", "Finish or remove some of them first.")
        check_space(desk.folder, _spoken_for(session, viewer) + order.size_bytes)
        row = Upload(
            id=new_id(), team_id=desk.team_id, user_id=viewer.user_id, filename=desk.name, title=order.title,
            language=order.language, size_bytes=order.size_bytes, offset_bytes=0, existing=False,
            created_at=house.now(), changed_at=house.now(),
        )  # fmt: skip
        session.add(row)
    return _view(row, order.team)


def _spoken_for(session: Session, viewer: Viewer) -> int:
    """Bytes that unfinished uploads still need: one's own all of them, others' as many as they have brought, and a step.

    Whoever announces terabytes and sends nothing must not keep everybody else from uploading.
    """
    rest = Upload.size_bytes - Upload.offset_bytes
    believed = Upload.offset_bytes + STEP
    needed = case((Upload.user_id == viewer.user_id, rest), (rest < believed, rest), else_=believed)
    return int(session.scalar(select(func.sum(needed)).where(Upload.recording_id.is_(None))) or 0)


def upload_of(house: House, viewer: Viewer, upload_id: str) -> UploadView:
    """How far it is. NotVisible for anybody else's."""
    with house.db.read() as session:
        return _view(*_row(session, viewer, upload_id))


def unfinished(house: House, viewer: Viewer) -> Sequence[UploadView]:
    """The viewer's own that broke off, or are at it just now; the latest first."""
    with house.db.read() as session:
        mine = Scope(session, viewer).uploads().where(Upload.recording_id.is_(None), Upload.offset_bytes > 0)
        rows = session.execute(mine.add_columns(Team.slug).join(Team, Team.id == Upload.team_id))
        views = [_view(row, slug) for row, slug in rows]
    return sorted(views, key=lambda view: view.expires_at, reverse=True)


def add_piece(
    house: House, viewer: Viewer, place: tuple[str, int], stream: Stream, *, probe: Probe = media.probe
) -> UploadView:
    """Append what the stream brings to an upload that stands at this offset; place: its id and the offset.

    Conflict where it stands elsewhere, or somebody writes to it just now. The last piece makes it a recording; where it is
    none (MediaError), the upload is gone.
    """
    upload_id, offset = place
    view = upload_of(house, viewer, upload_id)
    if view.offset_bytes != offset:
        raise _stands_elsewhere(view.offset_bytes)
    while piece := _piece(stream, view.size_bytes - view.offset_bytes):
        view = _append(house, viewer, view, piece, probe)
    return view


def give_up(house: House, viewer: Viewer, upload_id: str) -> None:
    """Remove an upload with all that came of it; a recording that it became stays."""
    with house.db.write() as session:
        row, _ = _row(session, viewer, upload_id)
        path = _path(house, row.team_id, row.id)
        session.delete(row)
    path.unlink(missing_ok=True)


def clear_abandoned(house: House) -> int:
    """Remove uploads to which nothing came for a day."""
    with house.db.write() as session:
        old = session.scalars(select(Upload).where(Upload.changed_at < house.now() - LEFT_OVER)).all()
        paths = [_path(house, row.team_id, row.id) for row in old]
        for row in old:
            session.delete(row)
    for path in paths:
        path.unlink(missing_ok=True)
    return len(paths)


def _piece(stream: Stream, room: int) -> bytes:
    """The next STEP bytes; fewer at the end. Invalid where more come than were announced."""
    piece = bytearray()
    while len(piece) < STEP and (read := stream.read(STEP - len(piece))):
        piece += read
    if len(piece) > room:
        raise Invalid("More bytes came than were announced.", "Begin this upload anew.", field="Upload-Length")
    return bytes(piece)


def _append(house: House, viewer: Viewer, view: UploadView, piece: bytes, probe: Probe) -> UploadView:
    desk = open_desk(house, viewer, UploadOrder(view.team, view.filename))  # roles as they are now
    path = _path(house, desk.team_id, view.id)
    with _alone(path) as file:
        with house.db.read() as session:
            row, _ = _row(session, viewer, view.id)
        if row.offset_bytes != view.offset_bytes:
            raise _stands_elsewhere(row.offset_bytes)
        if os.fstat(file).st_size < row.offset_bytes:  # the disk was restored, or somebody tidied up
            _enter(house, row, 0)
            raise _stands_elsewhere(0)
        _write(file, piece, row.offset_bytes)
        now_at = row.offset_bytes + len(piece)
        if now_at < row.size_bytes:
            _enter(house, row, now_at)
        else:
            os.ftruncate(file, row.size_bytes)
            order = UploadOrder(view.team, row.filename, row.title, row.language)
            _finish(house, open_desk(house, viewer, order), (row, path), probe)
    return upload_of(house, viewer, view.id)


def _write(file: int, piece: bytes, offset: int) -> None:
    rest = memoryview(piece)
    try:
        while rest:
            written = os.pwrite(file, rest, offset)
            rest, offset = rest[written:], offset + written
        os.fsync(file)
    except OSError as error:
        if error.errno in FULL:
            raise full() from error
        raise


def _finish(house: House, desk: Desk, what: tuple[Upload, Path], probe: Probe) -> None:
    """The whole file is there: what every upload goes through, then the row says what became of it."""
    row, path = what
    descriptor = os.open(path, os.O_RDONLY)
    try:
        part = WrittenPart(path, media.fingerprint(descriptor).sha256, row.size_bytes)
    finally:
        os.close(descriptor)

    def note(session: Session, recording_id: str) -> None:
        _done(session, house, row, Accepted(recording_id, existing=False))

    try:
        accepted = take(house, desk, part, probe=probe, note=note)
    except MediaError:
        with house.db.write() as session:
            session.delete(session.get_one(Upload, row.id))
        path.unlink(missing_ok=True)
        raise
    if accepted.existing:
        with house.db.write() as session:
            _done(session, house, row, accepted)
        path.unlink(missing_ok=True)


def _done(session: Session, house: House, row: Upload, accepted: Accepted) -> None:
    session.execute(
        update(Upload)
        .where(Upload.id == row.id)
        .values(
            offset_bytes=Upload.size_bytes, recording_id=accepted.recording_id, existing=accepted.existing,
            changed_at=house.now(),
        )
    )  # fmt: skip


def _enter(house: House, row: Upload, offset: int) -> None:
    """So much is on the disk for good, unless somebody else was quicker to say so."""
    with house.db.write() as session:
        moved = session.scalar(
            update(Upload)
            .where(Upload.id == row.id, Upload.offset_bytes == row.offset_bytes)
            .values(offset_bytes=offset, changed_at=house.now())
            .returning(Upload.id)
        )
    if moved is None:
        raise Conflict("This upload was removed or moved on meanwhile.", "Ask where it stands, and go on from there.")


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[int]:
    """The file, written to by nobody else; the lock goes with its process, however that ends."""
    new = not path.exists()
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Conflict("This upload is written to by another connection.", "Try again in a moment.") from error
        if new:
            sync(path.parent)
        yield file
    finally:
        os.close(file)


def _row(session: Session, viewer: Viewer, upload_id: str) -> tuple[Upload, str]:
    mine = Scope(session, viewer).uploads().where(Upload.id == upload_id)
    found = session.execute(mine.add_columns(Team.slug).join(Team, Team.id == Upload.team_id)).first()
    if found is None:
        raise NotVisible("There is nothing here under this address for you.")
    return found[0], found[1]


def _path(house: House, team_id: str, upload_id: str) -> Path:
    return house.uploads.resolve() / team_id / f"{PART}{upload_id}"


def _view(row: Upload, team: str) -> UploadView:
    return UploadView(
        id=row.id, team=team, filename=row.filename, size_bytes=row.size_bytes, offset_bytes=row.offset_bytes,
        recording_id=row.recording_id, existing=row.existing, expires_at=row.changed_at + LEFT_OVER,
    )  # fmt: skip


def _stands_elsewhere(offset: int) -> Conflict:
    return Conflict(f"This upload stands at byte {offset}.", "Ask where it stands (HEAD), and go on from there.")
