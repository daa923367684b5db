"""Room: services.archive. Does the archive's runs: each due recording becomes a bag. The source on the share is only read.

Order of things, so that a kill at any byte leaves a whole bag or none: a bag is written under a name of its own and renamed when
every byte of it is on the disk; then the database learns of it. A bag that it never learned of is found at its place next time.
"""

import json
import logging
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from nas_asr import __version__
from nas_asr.archive.bag import PLAIN, BagWriter, Sealed, pieces_of
from nas_asr.archive.check import check_bag, facts_of
from nas_asr.archive.layout import numbered, open_root, partials, place_of, writing
from nas_asr.core.clock import iso
from nas_asr.core.errors import ArchiveUnavailable, NasAsrError, NotVisible, Unreadable
from nas_asr.core.ids import new_id
from nas_asr.export import FORMATS, ExportOptions, ExportSource
from nas_asr.media import open_no_follow
from nas_asr.services.archive_form import archive_part
from nas_asr.services.archive_nights import Night, end, hold, still_written
from nas_asr.services.archive_plan import Planned, plan
from nas_asr.services.archive_rules import rule_of
from nas_asr.services.audio import AudioPlace, locate
from nas_asr.services.base import House
from nas_asr.services.folders import overlap
from nas_asr.services.transcripts import transcript_of
from nas_asr.store.models import ArchiveBag, Folder, Recording, Team, TranscriptVersion

log = logging.getLogger(__name__)

_HOLD_EVERY_S = 20.0
_PIECE = 1 << 20
_SPARE_BYTES = 64 << 20
_STRANGE = timedelta(days=2)  # so long a half bag of somebody whom this house does not know is left alone
_MOST_IN_REPORT = 200


@dataclass
class Report:
    """What a run did. skipped: recording, title and sentence."""

    team: str
    archived: int = 0
    bytes: int = 0
    skipped: list[dict[str, str]] = field(default_factory=list)
    stayed: dict[str, int] = field(default_factory=dict)
    bags: list[str] = field(default_factory=list)
    failure: str = ""

    def plain(self) -> dict[str, Any]:
        """As the table keeps it."""
        return {
            "archived": self.archived, "bytes": self.bytes, "skipped": self.skipped[:_MOST_IN_REPORT],
            "skipped_count": len(self.skipped), "stayed": self.stayed,
        }  # fmt: skip


class Lease:
    """Our hold on a run, renewed while we work."""

    def __init__(self, house: House, night: Night) -> None:
        self._house, self._night = house, night
        self._held_at = time.monotonic()

    def beat(self) -> None:
        """Renew it when it is time to. ArchiveUnavailable where the run is another's by now."""
        if time.monotonic() - self._held_at >= _HOLD_EVERY_S:
            self.renew()

    def renew(self) -> None:
        """Renew it now."""
        hold(self._house, self._night)
        self._held_at = time.monotonic()


@dataclass(frozen=True, slots=True)
class _Form:
    """A recording as it goes into its bag. audio: None for a joined one, whose sound is in the bags of its parts."""

    recording: Recording
    newest: int
    source: ExportSource
    part: dict[str, Any]
    audio: AudioPlace | None
    facts: dict[str, str]


def do(house: House, night: Night) -> Report:
    """Do a claimed run. What is the matter with one recording skips it; what is the matter with the archive ends the run."""
    report = Report(night.team)
    lease = Lease(house, night)
    try:
        root = archive_root(house)
        _clear_leftovers(house, root, night)
        with house.db.read() as session:
            rule = rule_of(session, night.team_id)
            now = rule.at_once() if night.kind == "now" else rule
            wanted = plan(session, night.team_id, now, house.now())
        report.stayed = {stay.value: count for stay, count in wanted.counts.items()}
        for one in wanted.due if rule.on else ():
            _try(house, lease, root, (night, one, report))
    except ArchiveUnavailable as error:
        report.failure = f"{error.message} {error.remedy}".strip()
    end(house, night, report.plain(), report.failure)
    numbers = {"archived": report.archived, "skipped": len(report.skipped), "failed": bool(report.failure)}
    log.info("archive.run_ended", extra={"team": night.team, "kind": night.kind, **numbers})
    return report


def archive_root(house: House) -> Path:
    """The root, as an absolute path, seen to be there. ArchiveUnavailable where it is not."""
    root = house.options.archive.absolute()
    with house.db.read() as session:
        watched = session.scalars(select(Folder.path).where(Folder.removed_at.is_(None))).all()
        used = session.scalar(select(ArchiveBag.id).where(ArchiveBag.root == str(root)).limit(1)) is not None
    for path in watched:  # whichever lies in the other: a team's bags could come to lie in its own folder
        if overlap(root.resolve(), Path(path).resolve()):
            raise ArchiveUnavailable(
                f"The archive's root {root} overlaps with the watched folder {path}, where nothing is ever written.",
                "Choose another place with NAS_ASR_ARCHIVE_ROOT.",
            )
    open_root(root, make=root == (house.options.data / "archive").absolute() and not used, used_before=used)
    return root


def _try(house: House, lease: Lease, root: Path, todo: tuple[Night, Planned, Report]) -> None:
    night, one, report = todo
    try:
        sealed = _archive(house, lease, root, (night, one))
    except ArchiveUnavailable:
        raise
    except NasAsrError as error:
        reason = f"{error.message} {error.remedy}".strip()
        report.skipped.append({"recording": one.id, "title": one.title, "reason": reason})
        log.warning("archive.recording_skipped", extra={"recording": one.id, "code": error.code})
        return
    report.archived += 1
    report.bytes += sealed.size_bytes
    report.bags.append(str(sealed.path))
    log.info("archive.bag_written", extra={"recording": one.id, "bytes": sealed.size_bytes})


def _archive(house: House, lease: Lease, root: Path, todo: tuple[Night, Planned]) -> Sealed:
    night, one = todo
    lease.renew()
    form = _form(house, one.id)
    place = place_of(night.team, form.source.recorded_at.date(), form.recording.title)
    sealed = _left_by_a_crash(house, lease, (root, place, form.facts)) or _write(
        lease, BagWriter(root, f"{night.run_id}-{night.fence}", one.id), form, place
    )
    _note(house, night, (root, form, sealed))
    return sealed


def _form(house: House, recording_id: str) -> _Form:
    with house.db.read() as session:
        recording = session.get(Recording, recording_id)
        if recording is None or recording.trashed_at is not None:
            raise NotVisible("The recording is in the trash by now.")
        versions = select(TranscriptVersion).where(TranscriptVersion.recording_id == recording.id)
        shown = session.scalars(versions.where(TranscriptVersion.number == recording.version)).one()
        newest = session.scalars(versions.order_by(TranscriptVersion.number.desc()).limit(1)).one()
        source = _source(session, house, recording, shown)
        facts = {
            "Source-Organization": session.get_one(Team, recording.team_id).name,
            "External-Identifier": f"{recording.id}/{newest.number}",
            "External-Description": recording.title,
            "Recorded-At": iso(recording.recorded_at),
            "Changed-At": recording.changed_at.isoformat(),
            "Bagging-Date": house.now().date().isoformat(),
            "Bag-Software-Agent": f"nas_asr {__version__}",
        }
        part = archive_part(session, recording)
        audio = None if "parts" in part else locate(house, session, recording)
        return _Form(recording, newest.number, source, part, audio, facts)


def _source(session: Session, house: House, recording: Recording, version: TranscriptVersion) -> ExportSource:
    return ExportSource(
        transcript=transcript_of(session, version), id=recording.id, title=recording.title,
        team=session.get_one(Team, recording.team_id).slug, recorded_at=_local(house, recording.recorded_at),
        duration_ms=recording.duration_ms, sha256=recording.sha256, version=version.number,
        language=recording.language, path=recording.path, hotwords_version=version.hotwords_version,
    )  # fmt: skip


def _local(house: House, moment: datetime) -> datetime:
    zone = house.options.timezone
    return moment.astimezone(ZoneInfo(zone) if zone else None)


def _write(lease: Lease, bag: BagWriter, form: _Form, place: Path) -> Sealed:
    with writing(bag.root):
        free = shutil.disk_usage(bag.root).free
    if free < (form.recording.size_bytes if form.audio else 0) + _SPARE_BYTES:
        raise ArchiveUnavailable(
            f"The disk of the archive {bag.root} is full.", "Free some space; nothing half was left there."
        )
    try:
        bag.begin()
        if form.audio is not None:
            found = bag.add(f"audio{_suffix(form.recording)}", _audio(form, form.audio, lease))
            if found != form.recording.sha256:
                raise _changed(form.recording)
        document = json.loads(FORMATS["json"].write(form.source, ExportOptions())) | {"archive": form.part}
        content = (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode("utf-8", "replace")
        bag.add("transcript.json", pieces_of(content))
        for name in ("txt", "srt"):
            bag.add(f"transcript.{name}", pieces_of(FORMATS[name].write(form.source, ExportOptions())))
        lease.renew()  # whoever lost the run meanwhile must not put a second bag beside its successor's
        return bag.seal(form.facts, place)
    finally:
        bag.discard()


def _audio(form: _Form, place: AudioPlace, lease: Lease) -> Iterator[bytes]:
    descriptor = open_no_follow(place.path, place.root)
    try:
        if os.fstat(descriptor).st_size != form.recording.size_bytes:
            raise _changed(form.recording)
        left = form.recording.size_bytes + 1  # one more byte shows a file that grew
        while left and (piece := _read(descriptor, min(_PIECE, left), form.recording.size_bytes + 1 - left)):
            left -= len(piece)
            yield piece
            lease.beat()
    finally:
        os.close(descriptor)


def _read(descriptor: int, size: int, at: int) -> bytes:
    try:
        return os.pread(descriptor, size, at)
    except OSError as error:
        raise Unreadable(
            f"The share could not give us the file: {error.strerror or error}.", "It is tried again the next night."
        ) from error


def _changed(recording: Recording) -> Unreadable:
    return Unreadable(
        f"The file “{recording.path}” was changed since it was transcribed.",
        "It is not archived under a text that is another one's; the new file becomes a recording of its own.",
    )


def _suffix(recording: Recording) -> str:
    suffix = Path(recording.path).suffix.lower()
    return suffix if PLAIN.fullmatch(f"audio{suffix}") and 1 < len(suffix) <= 9 else ".bin"


def _left_by_a_crash(house: House, lease: Lease, wanted: tuple[Path, Path, dict[str, str]]) -> Sealed | None:
    """The bag of exactly this state, which somebody wrote before the database could learn of it."""
    root, place, facts = wanted
    marks = ("External-Identifier", "Changed-At")
    for path in numbered(place):
        if not os.path.lexists(root / path):  # noqa: PTH110 (links count)
            return None
        found = facts_of(root / path)
        if any(found.get(mark) != facts[mark] for mark in marks) or _is_known(house, root, path):
            continue
        checked = check_bag(root / path, lease.beat)
        if not checked.troubles:
            return Sealed(path, checked.size_bytes, checked.seal)
    return None


def _is_known(house: House, root: Path, path: Path) -> bool:
    with house.db.read() as session:
        known = select(ArchiveBag.id).where(ArchiveBag.root == str(root), ArchiveBag.path == str(path))
        return session.scalar(known) is not None


def _note(house: House, night: Night, done: tuple[Path, _Form, Sealed]) -> None:
    root, form, sealed = done
    now = house.now()
    with house.db.write() as session:
        recording = session.get(Recording, form.recording.id, with_for_update=True)
        known = select(ArchiveBag.id).where(ArchiveBag.root == str(root), ArchiveBag.path == str(sealed.path))
        if recording is None or session.scalar(known) is not None:
            return
        session.add(
            ArchiveBag(
                id=new_id(), recording_id=recording.id, team_id=night.team_id, version=form.newest, root=str(root),
                path=str(sealed.path), seal=sealed.seal, size_bytes=sealed.size_bytes, archived_at=now,
            )
        )  # fmt: skip
        recording.archived_at = now
        recording.archived_version = max(recording.archived_version, form.newest)


def _clear_leftovers(house: House, root: Path, night: Night) -> None:
    alive, known = still_written(house)
    for path, who in partials(root):
        run_id = who.rpartition("-")[0]
        ours = run_id in known and (run_id not in alive or run_id == night.run_id)
        if ours or (run_id not in known and _is_old(house, path)):
            shutil.rmtree(path, ignore_errors=True)


def _is_old(house: House, path: Path) -> bool:
    try:
        return path.stat().st_mtime < (house.now() - _STRANGE).timestamp()
    except OSError:
        return False
