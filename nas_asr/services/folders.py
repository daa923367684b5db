"""Room: services.folders. The watched folders of teams: add, list, remove. Never writes into one, never scans one."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from nas_asr.core.access import Action, Viewer
from nas_asr.core.errors import Conflict, Invalid, NotPermitted, NotVisible
from nas_asr.core.ids import new_id
from nas_asr.core.languages import check_language
from nas_asr.core.recording import LedgerState, Presence
from nas_asr.core.transcript import ItnMode
from nas_asr.services.base import Act, House, audit
from nas_asr.services.file_names import shown_line
from nas_asr.services.folder_watch import WatchView, watch_of, watcher_lives
from nas_asr.services.presence import left_behind, told_missing
from nas_asr.services.recorded_at import in_site_zone
from nas_asr.store.models import Folder, LedgerLine, Team
from nas_asr.store.scope import Scope

ASK = "ask"


@dataclass(frozen=True, slots=True)
class FolderOrder:
    """What to watch. path: absolute, empty for the team's default one. since: all, now, an ISO date or time, or ask.

    ask: nothing that is there already is taken before somebody has chosen (services.first_look); an empty folder asks not.
    itn: who writes figures, an ItnMode. apart: each channel of a recording is a speaker of its own.
    """

    team: str
    path: str | Path = ""
    name: str = ""
    language: str = "auto"
    since: str = "all"
    itn: str = ItnMode.RULES
    apart: bool = False


@dataclass(frozen=True, slots=True)
class FolderView:
    """A watched folder as pages and the API show it (CONTRACT, GET /folders).

    files: by ledger state, without the missing ones; unseen: those among them that the last looks did not see. missing: not
    seen by the looks of a whole day (services.presence). watch: how the watch over it goes.
    """

    id: str
    team: str
    team_name: str
    path: str
    name: str
    language: str
    engine: str
    itn: str
    apart: bool
    since: datetime | None
    awaiting_choice: bool
    online: bool
    offline_reason: str
    last_scan_at: datetime | None
    scan_ms: int
    files_seen: int
    files: Mapping[LedgerState, int]
    missing: int
    unseen: int
    marker: str
    mount: str
    note: str
    watch: WatchView


@dataclass(frozen=True, slots=True)
class Watched:
    """What the watcher needs of a folder. looked: whether it was ever looked through; device, inode: its root then.

    awaiting_choice: what the first look finds is not taken before somebody has chosen.
    """

    id: str
    path: str
    marker: str
    since: datetime | None
    awaiting_choice: bool
    looked: bool
    device: int | None
    inode: int | None


def default_folder(house: House, slug: str) -> Path:
    """Where a team's first folder lies unless somebody says otherwise: DATA/recordings/SLUG."""
    return house.options.data.absolute() / "recordings" / slug


def add_folder(house: House, viewer: Viewer | None, order: FolderOrder) -> FolderView:
    """Watch a folder from now on; viewer None is the command line.

    Raises Invalid for what cannot be watched, Conflict for what overlaps with another folder, NotPermitted where a manager
    chooses a path: whoever chooses paths can read every directory of this machine, so that is for admins.
    """
    check_language(order.language)
    check_itn(order.itn)
    since = None if order.since == ASK else since_of(house, order.since)
    with house.db.write() as session:
        team = _team(session, viewer, order.team)
        if order.path and viewer is not None and not viewer.runs_the_house:
            raise NotPermitted(
                "Only an admin may choose a path of this machine, because whoever does can read what lies there.",
                "Leave the path empty for the team's own folder, or ask an admin.",
            )
        folder = add_row(session, house, team, order)
        folder.since, folder.awaiting_choice = since, order.since == ASK and _holds_something(folder.path)
        audit(session, house, viewer, Act("folder.added", folder.name, team.id, detail={"path": folder.path}))
        return _views(session, house, [(folder, team)])[0]


def add_row(session: Session, house: House, team: Team, order: FolderOrder) -> Folder:
    """The row of a new folder, checked, in the caller's transaction. Makes the directory only where it is the default."""
    if order.path:
        path = _existing(str(order.path))
    else:
        path = default_folder(house, team.slug)
        if path.is_symlink():  # whoever can write beside it must not choose in its place what is read
            raise Invalid(
                f"{path} is a symbolic link.", "Ask an admin to add the folder that it leads to.", field="path"
            )
        path.mkdir(parents=True, exist_ok=True)
        path = path.resolve()
    _refuseoverlap(session, house, path)
    folder = Folder(
        id=new_id(), team_id=team.id, path=str(path), name=shown_line(order.name)[:120] or path.name or str(path),
        language=order.language, itn=order.itn, apart=order.apart, created_at=house.now(),
    )  # fmt: skip
    session.add(folder)
    session.flush()
    return folder


def list_folders(house: House, viewer: Viewer | None) -> list[FolderView]:
    """Folders of the viewer's teams; an admin and the command line see all."""
    every = select(Folder).where(Folder.removed_at.is_(None)).order_by(Folder.name)
    with house.db.read() as session:
        statement = Scope(session, viewer).folders() if viewer else every
        rows = session.execute(statement.add_columns(Team).join(Team, Team.id == Folder.team_id))
        return _views(session, house, list(rows))


def folder_names(house: House, viewer: Viewer) -> dict[str, str]:
    """The folders of the viewer's own teams by their ids, in the order of their names. Counts no files."""
    with house.db.read() as session:
        mine = Scope(session, viewer).folders().where(Folder.team_id.in_(viewer.roles))
        return {folder.id: folder.name for folder in session.scalars(mine)}


def remove_folder(house: House, viewer: Viewer | None, folder_id: str) -> None:
    """No longer watch a folder. Its files, its recordings and their transcripts stay."""
    with house.db.write() as session:
        folder = folder_to_change(session, viewer, folder_id)
        folder.removed_at = house.now()
        audit(session, house, viewer, Act("folder.removed", folder.name, folder.team_id, detail={"path": folder.path}))


def folder_to_change(session: Session, viewer: Viewer | None, folder_id: str) -> Folder:
    """A watched folder, for somebody who may change it; viewer None is the command line. Raises NotVisible, NotPermitted."""
    if viewer is not None:
        return Scope(session, viewer).folder(folder_id, Action.MANAGE)
    found = session.get(Folder, folder_id)
    if found is None or found.removed_at is not None:
        raise NotVisible(f"There is no folder {folder_id}.", "See `nas-asr folder list`.")
    return found


def check_itn(mode: str) -> ItnMode:
    """The mode of that name, or Invalid that lists the ones there are."""
    try:
        return ItnMode(mode)
    except ValueError as error:
        names = ", ".join(ItnMode)
        raise Invalid(f"“{mode}” is no way to write figures.", f"Use one of: {names}.", field="itn") from error


def watched(house: House) -> list[Watched]:
    """Every folder that is to be watched."""
    with house.db.read() as session:
        rows = session.scalars(select(Folder).where(Folder.removed_at.is_(None)).order_by(Folder.created_at, Folder.id))
        return [
            Watched(
                r.id, r.path, r.marker, r.since, r.awaiting_choice, r.last_scan_at is not None, r.root_device, r.root_inode
            )
            for r in rows
        ]  # fmt: skip


def _team(session: Session, viewer: Viewer | None, slug: str) -> Team:
    if viewer is not None:
        return Scope(session, viewer).team(slug, Action.MANAGE)
    team = session.scalar(select(Team).where(Team.slug == slug))
    if team is None:
        raise NotVisible(f"There is no team called {slug}.", "See `nas-asr team list`.")
    return team


def since_of(house: House, text: str) -> datetime | None:
    """The moment that all, now or a date stands for; None for all. Raises Invalid."""
    if text in ("", "all"):
        return None
    if text == "now":
        return house.now()
    try:
        moment = datetime.fromisoformat(text)
        # UTC already here, because in the first and the last year there are moments whose UTC is in no year at all
        return (moment if moment.tzinfo else in_site_zone(moment, house.options.timezone)).astimezone(UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise Invalid(
            f"“{text}” is not a date.", "Use all, now, or a date such as 2026-01-31.", field="since"
        ) from error


def _existing(text: str) -> Path:
    path = Path(text)
    if "\0" in text or not path.is_absolute():
        raise Invalid("A folder's path must be absolute.", "Such as: /srv/share/meetings", field="path")
    try:
        real = path.resolve(strict=True)
        str(real).encode()
        with os.scandir(real) as entries:
            next(entries, None)
    except UnicodeEncodeError as error:
        raise Invalid("The folder's path is not UTF-8.", "Give the folder another name.", field="path") from error
    except OSError as error:
        raise _unusable(text, error) from error
    return real


def _holds_something(path: str) -> bool:
    """Whether there is anything to ask about. What is dropped into an empty folder a moment later is new."""
    with os.scandir(path) as entries:
        return next(entries, None) is not None


def _unusable(text: str, error: OSError) -> Invalid:
    if isinstance(error, FileNotFoundError):
        return Invalid(f"There is no folder {text}.", "Make it, or mount the share first.", field="path")
    if isinstance(error, NotADirectoryError):
        return Invalid(f"{text} is not a folder.", "Name the folder that holds the recordings.", field="path")
    why = f"{text} cannot be read by user number {os.geteuid()}: {error.strerror}."
    return Invalid(why, "Let the account that nas_asr runs as read the folder.", field="path")


def _refuseoverlap(session: Session, house: House, path: Path) -> None:
    """A file in two folders would belong to two teams; a folder that we write into would feed itself."""
    for other in session.scalars(select(Folder.path).where(Folder.removed_at.is_(None))):
        if Path(other) == path:
            raise Conflict(f"{path} is already watched.", "See the list of folders.")
        if overlap(Path(other), path):
            raise Conflict(f"{path} overlaps with the watched folder {other}.", "Choose folders that lie side by side.")
    ours = house.options.data.resolve()
    if overlap(ours, path) and ours / "recordings" not in path.parents:
        raise Invalid(
            f"{path} overlaps with {ours}, where nas_asr keeps its own files.",
            f"Choose another folder, or one below {ours / 'recordings'}.",
            field="path",
        )
    archive = house.options.archive.resolve()
    if overlap(archive, path):
        raise Invalid(f"{path} overlaps with the archive {archive}.", "Choose another folder.", field="path")


def overlap(one: Path, other: Path) -> bool:
    """Whether one is the other, or lies in it."""
    return one == other or one in other.parents or other in one.parents


def _views(session: Session, house: House, rows: list[tuple[Folder, Team]]) -> list[FolderView]:
    tallies = {folder.id: _Tally() for folder, _ in rows}
    missing = func.sum(case((told_missing([folder for folder, _ in rows]), 1), else_=0))
    gone = func.sum(case((LedgerLine.presence == Presence.MISSING, 1), else_=0))
    left = func.sum(case((left_behind(), 1), else_=0))
    counted = session.execute(
        select(LedgerLine.folder_id, LedgerLine.state, func.count() - left, missing, gone - left)
        .where(LedgerLine.folder_id.in_(list(tallies)))
        .group_by(LedgerLine.folder_id, LedgerLine.state)
    )
    for folder_id, state, every, is_missing, is_gone in counted:
        tally = tallies[folder_id]
        tally.files[state] = every - is_missing
        tally.missing += is_missing
        tally.unseen += is_gone - is_missing
    lives = watcher_lives(session, house)
    return [_view(folder, team, tallies[folder.id], watch_of(house, folder, lives)) for folder, team in rows]


@dataclass(slots=True)
class _Tally:
    files: dict[LedgerState, int] = field(default_factory=lambda: dict.fromkeys(LedgerState, 0))
    missing: int = 0
    unseen: int = 0


def _view(folder: Folder, team: Team, tally: _Tally, watch: WatchView) -> FolderView:
    return FolderView(
        id=folder.id, team=team.slug, team_name=team.name, path=folder.path, name=folder.name,
        language=folder.language, engine=folder.engine, itn=folder.itn, apart=folder.apart, since=folder.since,
        awaiting_choice=folder.awaiting_choice,
        online=folder.online, offline_reason=folder.offline_reason, last_scan_at=folder.last_scan_at, scan_ms=folder.scan_ms,
        files_seen=folder.files_seen, files=tally.files, missing=tally.missing, unseen=tally.unseen, marker=folder.marker,
        mount=folder.mount, note=folder.note, watch=watch,
    )  # fmt: skip
