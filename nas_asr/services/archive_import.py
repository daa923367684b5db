"""Room: services.archive_import. Brings bags back: the same ids, texts and audio. Adds what is missing, removes nothing."""

import contextlib
import errno
import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from nas_asr.archive.check import Checked, check_bag, pieces, read_small
from nas_asr.archive.layout import bags_below, sync_directory
from nas_asr.core.errors import BagBroken, Conflict, NasAsrError, NotVisible, StorageFull, Unreadable
from nas_asr.core.ids import new_id
from nas_asr.core.recording import UNDER_WAY, RunState
from nas_asr.core.safe_names import printable
from nas_asr.core.search_text import fold
from nas_asr.core.transcript import ItnMode
from nas_asr.export import from_json
from nas_asr.services.archive_form import Kept, read_archive_part
from nas_asr.services.base import Act, House, audit
from nas_asr.services.folders import check_itn
from nas_asr.services.teams import add_team
from nas_asr.services.version_texts import show, version_numbered
from nas_asr.services.wholes import number_parts, sha256_of
from nas_asr.store.models import ArchiveBag, Recording, Run, SegmentRow, Team, TranscriptVersion, User

_MOST_JSON = 1 << 28  # a day of speech has a tenth of it; reading it takes many times its size in memory
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@dataclass
class ImportReport:
    """What came of an import, in numbers of recordings; refused: bag and sentence."""

    added: int = 0
    completed: int = 0
    known: int = 0
    refused: list[tuple[str, str]] = field(default_factory=list)


def import_bags(house: House, path: Path, team: str = "") -> ImportReport:
    """Take in a bag, or every bag below a directory. team: a slug to put all into; empty: the bags' own, made where missing.

    Raises Unreadable where nothing is there, NotVisible where there is no such team. A bag that is not whole is refused.
    """
    bags = list(bags_below(path.absolute())) if path.is_dir() else []
    if not bags:
        raise Unreadable(
            f"There is no bag at {path}.", "Name a bag (it holds bagit.txt), or a directory with bags below it."
        )
    if team:
        with house.db.read() as session:
            if session.scalar(select(Team.id).where(Team.slug == team)) is None:
                raise NotVisible(f"There is no team called {team}.", "See `nas-asr team list`.")
    report = ImportReport()
    for bag in sorted(bags, key=_holds_no_audio):  # a joined recording comes after its parts
        try:
            _count(report, _import(house, bag, team))
        except StorageFull:
            raise
        except NasAsrError as error:
            report.refused.append((printable(str(bag)), f"{error.message} {error.remedy}".strip()))
    return report


def _count(report: ImportReport, came: str) -> None:
    setattr(report, came, getattr(report, came) + 1)


def _import(house: House, bag: Path, team: str) -> str:
    checked = check_bag(bag)
    if checked.troubles:
        raise BagBroken(f"The bag is not whole: {checked.troubles[0]}", "Take another copy of it.")
    content = read_small(bag / "data" / "transcript.json", _MOST_JSON)
    from_json(content)  # the part that other programs read is what it says, too
    kept = read_archive_part(content)
    audio = None if kept.parts else _audio_of(bag)
    slug = team or kept.team[0]
    with house.db.read() as session:
        come = _look(session, kept, slug)
    if come != "known":
        team_id = _team(house, slug, kept)
        raw_path = _keep_audio(house, audio, kept, team_id) if audio and come == "added" else b""
        come = _write(house, kept, (team_id, raw_path))
    _register(house, bag, kept, checked)
    return come


def _look(session: Session, kept: Kept, slug: str) -> str:
    """What there is to do: added, completed (newer versions) or known. Conflict where it cannot be taken in."""
    recording = session.get(Recording, kept.recording["id"])
    if recording is None:
        same = (
            select(Recording.id)
            .join(Team, Team.id == Recording.team_id)
            .where(Team.slug == slug, Recording.sha256 == kept.recording["sha256"], Recording.trashed_at.is_(None))
        )
        if session.scalar(same) is not None:
            raise Conflict(
                f"Team {slug} has this audio already, as another recording.",
                "Put one into the trash, or use another team.",
            )
        _missing(session, Run, kept)
        _missing(session, TranscriptVersion, kept)
        _parts(session, kept, slug)
        return "added"
    if recording.sha256 != kept.recording["sha256"]:
        raise _another_ones()
    if session.get_one(Team, recording.team_id).slug != slug:
        raise Conflict("This recording is here already, in another team.", "Leave it there; a recording has one team.")
    if recording.trashed_at is not None:
        raise Conflict("This recording is in the trash here.", "Take it out of the trash instead.")
    _missing(session, Run, kept)
    return "completed" if _missing(session, TranscriptVersion, kept) else "known"


def _parts(session: Session, kept: Kept, slug: str) -> list[Recording]:
    """What a joined recording consists of, in order. Conflict where that is not here, or joined to something else."""
    theirs = select(Recording).join(Team, Team.id == Recording.team_id).where(
        Team.slug == slug, Recording.id.in_(kept.parts), Recording.trashed_at.is_(None), Recording.whole_id.is_(None)
    )  # fmt: skip
    found = {row.id: row for row in session.scalars(theirs)}
    if set(found) != set(kept.parts):
        raise Conflict(
            "The bag holds the joined text of several files that are not all here.",
            "Import the bags of its parts first.",
        )
    parts = [found[part] for part in kept.parts]
    if parts and sha256_of(parts) != kept.recording["sha256"]:
        raise _another_ones()
    return parts


def _team(house: House, slug: str, kept: Kept) -> str:
    with house.db.write() as session:
        found = session.scalar(select(Team.id).where(Team.slug == slug))
        if found is not None:
            return found
        made = add_team(session, house, slug, kept.team[1])
        audit(session, house, None, Act("team.created", subject=slug, team_id=made.id))
        return made.id


def _holds_no_audio(bag: Path) -> bool:
    return not any((bag / "data").glob("audio.*"))


def _audio_of(bag: Path) -> Path:
    found = [path for path in sorted((bag / "data").iterdir()) if path.stem == "audio"]
    if len(found) != 1:
        raise BagBroken("The bag holds no audio.", "Take another copy of it.")
    return found[0]


def _keep_audio(house: House, audio: Path, kept: Kept, team_id: str) -> bytes:
    """The audio among the uploads, as uploads are kept. Returns its path below them."""
    name = f"{kept.recording['id']}{audio.suffix}"
    folder = house.uploads.absolute() / team_id
    part = folder / f".part-{new_id()}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            digest = hashlib.sha256()
            for piece in pieces(audio):
                digest.update(piece)
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        # A bag that names another sound's checksum would have that one taken for a duplicate, and never let in
        if (digest.hexdigest(), part.stat().st_size) != (kept.recording["sha256"], kept.recording["size_bytes"]):
            raise BagBroken("The audio in the bag is not the recording's.", "Take another copy of it.")
        part.replace(folder / name)
        sync_directory(folder)
    except OSError as error:
        if error.errno in _FULL:
            raise StorageFull(
                "The disk that keeps uploads is full.", "Free some space under DATA and import again."
            ) from error
        raise Unreadable(f"The audio could not be copied: {error.strerror or error}.", "Import again.") from error
    finally:
        part.unlink(missing_ok=True)
    return f"{team_id}/{name}".encode()


def _write(house: House, kept: Kept, where: tuple[str, bytes]) -> str:
    team_id, raw_path = where
    try:
        with house.db.write() as session:
            recording = session.get(Recording, kept.recording["id"], with_for_update=True)
            come = "added" if recording is None else "completed"
            if recording is None:
                parts = _parts(session, kept, session.get_one(Team, team_id).slug)
                recording = _new_recording(session, kept, team_id, raw_path)
                number_parts(recording, parts)
            _add_rows(session, kept, recording)
            recording.changed_at = house.now()
            audit(session, house, None, Act("recording.imported", recording.id, team_id))
            return come
    except IntegrityError as error:
        raise _another_ones() from error


def _another_ones() -> Conflict:
    return Conflict("A part of this recording is here already, under another one.", "Look at the bag by hand.")


def _new_recording(session: Session, kept: Kept, team_id: str, raw_path: bytes) -> Recording:
    given = {**kept.recording, "author_id": _person(session, kept, kept.recording.get("author_id"))}
    given |= {"team_id": team_id, "folder_id": None, "raw_path": raw_path, "trashed_at": None, "state": RunState.DONE}
    given |= {"version": 0, "whole_id": None, "part_number": 0, "part_start_ms": 0}
    recording = Recording(**given)
    session.add(recording)
    session.flush()
    return recording


def _add_rows(session: Session, kept: Kept, recording: Recording) -> None:
    whose = {"recording_id": recording.id, "team_id": recording.team_id}
    for row in _missing(session, Run, kept):
        asked = _person(session, kept, row.get("requested_by"))
        state = RunState.STOPPED if row["state"] in UNDER_WAY else row["state"]
        session.add(Run(**{**row, **whose, "requested_by": asked, "state": state, "lease_until": None}))
    session.flush()
    missing = {row["id"] for row in _missing(session, TranscriptVersion, kept)}
    for row, segments in kept.versions:
        if row["id"] in missing:
            check_itn(row.get("itn", ItnMode.RULES))
            author = _person(session, kept, row.get("author_id"))
            session.add(TranscriptVersion(**{**row, **whose, "author_id": author}))
            session.flush()
            session.add_all(SegmentRow(**{**one, **whose, "version_id": row["id"]}) for one in segments)
    session.flush()
    if kept.recording["version"] > recording.version:
        _show(session, recording, kept)


def _show(session: Session, recording: Recording, kept: Kept) -> None:
    """Let readers see the bag's version: only that one's words are found."""
    show(session, recording, version_numbered(session, recording.id, kept.recording["version"]))
    for name in ("title", "language", "done_at", "run_id", "draft"):
        setattr(recording, name, kept.recording[name])
    recording.state = RunState.DONE


def _missing(session: Session, kind: type[Run] | type[TranscriptVersion], kept: Kept) -> list[dict[str, Any]]:
    """The bag's runs or versions that are not here yet. Conflict where an id is here, but another recording's."""
    rows = kept.runs if kind is Run else [row for row, _ in kept.versions]
    found = select(kind.id, kind.recording_id).where(kind.id.in_([row["id"] for row in rows]))
    here = {row_id: recording_id for row_id, recording_id in session.execute(found)}
    if set(here.values()) - {kept.recording["id"]}:
        raise _another_ones()
    return [row for row in rows if row["id"] not in here]


def _person(session: Session, kept: Kept, user_id: str | None) -> str | None:
    """Somebody of the same name here; nobody where there is none, for an id says nothing in another house."""
    name = kept.people.get(user_id or "")
    return session.scalar(select(User.id).where(User.name_key == fold(name))) if name else None


def _register(house: House, bag: Path, kept: Kept, checked: Checked) -> None:
    """A bag that lies in our own archive is known from now on, so that its recording is not archived once more."""
    root = house.options.archive.absolute()
    if not bag.is_relative_to(root):
        return
    path = str(bag.relative_to(root))
    with contextlib.suppress(IntegrityError), house.db.write() as session:
        recording = session.get_one(Recording, kept.recording["id"])
        if session.scalar(select(ArchiveBag.id).where(ArchiveBag.root == str(root), ArchiveBag.path == path)) is None:
            session.add(
                ArchiveBag(
                    id=new_id(), recording_id=recording.id, team_id=recording.team_id, version=kept.newest, root=str(root),
                    path=path, seal=checked.seal, size_bytes=checked.size_bytes, archived_at=house.now(),
                )
            )  # fmt: skip
            recording.archived_at = house.now()
            recording.archived_version = max(recording.archived_version, kept.newest)
