"""Room: services.parts. Files of one split recording: offered as one, joined by a person, taken apart again. Never by itself.

What belongs together is core.splits' to say; here are the few rows that it has to look at.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import PurePosixPath

from sqlalchemy import Select, exists, select
from sqlalchemy.orm import Session, aliased

from nas_asr.core.access import Action, Viewer
from nas_asr.core.errors import Conflict, Invalid
from nas_asr.core.ids import new_id
from nas_asr.core.recording import Presence, RunState
from nas_asr.core.splits import PartName, SplitFile, part_name, run_of
from nas_asr.core.transcript import Milliseconds
from nas_asr.services.base import Act, House, audit
from nas_asr.services.file_names import MAX_TITLE
from nas_asr.services.recorded_at import moment_of
from nas_asr.services.recordings import RecordingView
from nas_asr.services.wholes import bring_up_to_date, hold_whole, number_parts, parts_of, sha256_of
from nas_asr.store.database import alone
from nas_asr.store.models import LedgerLine, Recording
from nas_asr.store.scope import Scope

MOST_PARTS = 100
_NEAR = timedelta(days=2)  # no recorder is left on for longer
_MOST_NAMES = 5  # of one page of the library
_FOLLOWING = 10


@dataclass(frozen=True, slots=True)
class OfferedFile:
    """A recording that may be a part."""

    id: str
    title: str
    path: str
    recorded_at: datetime
    duration_ms: Milliseconds


@dataclass(frozen=True, slots=True)
class Offer:
    """Files that look like one recording, in order. whole: the joined recording that they seem to continue, else None."""

    title: str
    parts: tuple[OfferedFile, ...]
    duration_ms: Milliseconds
    may_join: bool
    whole: str | None = None

    @property
    def about(self) -> str:
        """The recording to which an answer is sent."""
        return self.whole or self.parts[0].id


def offer_of(house: House, viewer: Viewer, recording_id: str) -> Offer | None:
    """What a recording seems to be a part of, or what seems to continue it; None where nothing does."""
    with house.db.read() as session:
        return _offer(session, viewer, Scope(session, viewer).recording(recording_id))


def offers_among(house: House, viewer: Viewer, shown: Iterable[RecordingView]) -> list[Offer]:
    """The offers about a page of the library. A page without a name that could be a part's asks the database nothing."""
    asked: dict[tuple[str, str | None, str, str], str] = {}
    for view in shown:
        name = None if view.parts else part_name(view.path)
        if name is not None and name.number is not None:
            asked.setdefault((view.team_id, view.folder_id, name.directory, name.stem), view.id)
    offers: dict[str, Offer] = {}
    with house.db.read() as session:
        for recording_id in list(asked.values())[:_MOST_NAMES]:
            offer = _offer(session, viewer, Scope(session, viewer).recording(recording_id))
            if offer is not None:
                offers[offer.about] = offer
    return list(offers.values())


def following(house: House, viewer: Viewer, recording_id: str) -> Sequence[OfferedFile]:
    """What a person may join to a recording by hand: the next ones of its folder by time. Empty for who may not."""
    with house.db.read() as session:
        recording = Scope(session, viewer).recording(recording_id)
        if recording.whole_id is not None or not viewer.may(recording.team_id, Action.WRITE):
            return ()
        part = aliased(Recording)
        later = _beside(session, viewer, recording).where(
            Recording.recorded_at >= recording.recorded_at,
            Recording.id != recording.id,
            Recording.whole_id.is_(None),
            ~exists().where(part.whole_id == Recording.id),
        )
        rows = session.scalars(later.order_by(Recording.recorded_at, Recording.path, Recording.id).limit(_FOLLOWING))
        return tuple(_file(row) for row in rows)


def join(house: House, viewer: Viewer, recording_id: str, part_ids: Sequence[str]) -> str:
    """Make one recording of files in this order; its id. To one that is joined already, the files are added at its end."""
    with house.db.write() as session:
        base = Scope(session, viewer).recording(recording_id, Action.WRITE)
        before = [part.recording for part in parts_of(session, [base.id]).get(base.id, ())]
        if not before and base.id not in part_ids:
            raise Invalid("Name the recording itself among its parts.", field="parts")
        named = dict.fromkeys(part_ids)
        if not named or not 2 <= len(before) + len(named) <= MOST_PARTS:
            raise Invalid(f"A joined recording has 2 to {MOST_PARTS} files.", "Name each once.", field="parts")
        added = _held(session, viewer, base, named)
        parts = [*before, *added]
        for part in before:
            alone(session, part)
        if before:
            hold_whole(session, base, before)
        whole = base if before else _new_whole(session, house, parts)
        _number(house, whole, parts)
        bring_up_to_date(session, whole, house.now(), text=True)
        detail = {"files": str(len(added))}
        audit(session, house, viewer, Act("recording.joined", whole.id, whole.team_id, detail=detail))
        return whole.id


def unjoin(house: House, viewer: Viewer, recording_id: str) -> Sequence[str]:
    """The files are recordings of their own again, as they were; the joined one goes to the trash with what was changed in it."""
    with house.db.write() as session:
        whole = Scope(session, viewer).recording(recording_id, Action.WRITE)
        parts = [part.recording for part in parts_of(session, [whole.id]).get(whole.id, ())]
        if not parts:
            raise Conflict("This recording is not joined from several files.", "Reload the page.")
        for part in parts:
            alone(session, part)
        hold_whole(session, whole, parts)
        for part in parts:
            part.whole_id, part.part_number, part.part_start_ms = None, 0, 0
            part.kept_apart, part.changed_at = True, house.now()
        session.flush()
        whole.trashed_at = whole.changed_at = house.now()
        whole.trashed_by_id = viewer.user_id
        audit(session, house, viewer, Act("recording.unjoined", whole.id, whole.team_id))
        return [part.id for part in parts]


def keep_apart(house: House, viewer: Viewer, recording_id: str) -> None:
    """What is offered about a recording is not offered again; people may still join it by hand."""
    with house.db.write() as session:
        recording = Scope(session, viewer).recording(recording_id, Action.WRITE)
        offer = _offer(session, viewer, recording)
        ids = [file.id for file in offer.parts] if offer else [recording.id]
        for row in session.scalars(select(Recording).where(Recording.id.in_(ids)).order_by(Recording.id)):
            row.kept_apart, row.changed_at = True, house.now()
        audit(session, house, viewer, Act("recording.kept_apart", recording.id, recording.team_id))


# -- the offer --------------------------------------------------------------------------------------------------------


def _offer(session: Session, viewer: Viewer, recording: Recording) -> Offer | None:
    mine = parts_of(session, [recording.id]).get(recording.id, ())
    about = mine[0].recording if mine else recording
    name = part_name(about.path)
    if name is None or recording.whole_id is not None or recording.kept_apart:
        return None
    rows = {row.id: row for row in session.scalars(_candidates(session, viewer, about, name))}
    run = [rows[file.id] for file in run_of(_files(session, rows.values()), name)]
    whole_id = run[0].whole_id if run else None
    joined = [row for row in run if row.whole_id is not None]
    free = run[len(joined) :]
    if not free or (recording.id != whole_id if mine else recording not in free):
        return None
    if joined and not _is_all_of(session, whole_id or "", joined):
        return None
    return Offer(
        _title(run), tuple(_file(row) for row in free), sum(row.duration_ms for row in run),
        viewer.may(recording.team_id, Action.WRITE), whole_id,
    )  # fmt: skip


def _is_all_of(session: Session, whole_id: str, joined: Sequence[Recording]) -> bool:
    """Whether these are the parts of one whole, in its order: what else is joined there was a person's own choice."""
    return [part.recording.id for part in parts_of(session, [whole_id])[whole_id]] == [row.id for row in joined]


def _beside(session: Session, viewer: Viewer, recording: Recording) -> Select[Recording]:
    """Recordings of the same folder, about that time."""
    near = (recording.recorded_at - _NEAR, recording.recorded_at + _NEAR)
    return (
        Scope(session, viewer)
        .recordings()
        .where(
            Recording.team_id == recording.team_id,
            Recording.folder_id.is_not_distinct_from(recording.folder_id),
            Recording.recorded_at.between(*near),
        )
    )


def _candidates(session: Session, viewer: Viewer, about: Recording, name: PartName) -> Select[Recording]:
    begins = name.stem if name.directory == "." else f"{name.directory}/{name.stem}"
    alike = Recording.path.startswith(begins, autoescape=True)
    return _beside(session, viewer, about).where(alike, Recording.kept_apart.is_(False)).limit(2 * MOST_PARTS)


def _files(session: Session, rows: Iterable[Recording]) -> list[SplitFile]:
    rows = list(rows)
    if len(rows) < 2:
        return []
    lines = select(LedgerLine.recording_id, LedgerLine.raw_path, LedgerLine.mtime_ns).where(
        LedgerLine.recording_id.in_([row.id for row in rows]), LedgerLine.presence == Presence.PRESENT
    )
    written = {(recording, raw): mtime for recording, raw, mtime in session.execute(lines)}
    return [
        SplitFile(
            row.id, row.path, row.size_bytes, row.duration_ms,
            (row.container, row.codec, row.sample_rate, row.channels), row.recorded_at, row.recorded_from,
            moment_of(written.get((row.id, row.raw_path))),
        )
        for row in rows
    ]  # fmt: skip


def _file(row: Recording) -> OfferedFile:
    return OfferedFile(row.id, row.title, row.path, row.recorded_at, row.duration_ms)


# -- joining ----------------------------------------------------------------------------------------------------------


def _held(session: Session, viewer: Viewer, base: Recording, ids: Iterable[str]) -> list[Recording]:
    """The files that are to be joined, nobody else's until the commit; in the order of the ids."""
    rows = [Scope(session, viewer).recording(one, Action.WRITE) for one in ids]
    for row in sorted(rows, key=lambda row: row.id):
        if row.team_id != base.team_id:
            raise Invalid("Only recordings of one team can be joined.", field="parts")
        alone(session, row)
        _check_free(session, row)
    return rows


def _check_free(session: Session, row: Recording) -> None:
    if row.whole_id is not None or row.trashed_at is not None or parts_of(session, [row.id]):
        raise Conflict(f"“{row.title}” is joined already, or in the trash.", "Reload the page.")


def _new_whole(session: Session, house: House, parts: Sequence[Recording]) -> Recording:
    """It has no file of its own, so its path only says which files it has."""
    first = parts[0]
    whole = Recording(
        id=new_id(), team_id=first.team_id, folder_id=first.folder_id, raw_path=b"", path="", title=_title(parts),
        size_bytes=0, sha256=new_id() * 2, container=first.container, codec=first.codec,
        sample_rate=first.sample_rate, channels=first.channels, language=first.language, recorded_at=first.recorded_at,
        recorded_from=first.recorded_from, ingested_at=max(part.ingested_at for part in parts),
        author_id=first.author_id, state=RunState.QUEUED, changed_at=house.now(),
    )  # fmt: skip
    session.add(whole)
    session.flush()
    return whole


def _number(house: House, whole: Recording, parts: Sequence[Recording]) -> None:
    """Give each part its place, and the whole what its parts say together."""
    number_parts(whole, parts)
    for part in parts:
        part.kept_apart, part.changed_at = False, house.now()
    whole.path = f"{parts[0].path} … {PurePosixPath(parts[-1].path).name}"
    whole.size_bytes = sum(part.size_bytes for part in parts)
    whole.sha256 = sha256_of(parts)


def _title(parts: Sequence[Recording]) -> str:
    """What the names have in common, where that is all of them but a number; else the first one's title."""
    names = {name.stem for part in parts if (name := part_name(part.path)) is not None}
    common = names.pop().rstrip(" -_.") if len(names) == 1 else ""
    return (common or parts[0].title)[:MAX_TITLE]
