"""Room: services.storage. What lies where and how much room it takes, for admins. Counts and measures; frees nothing."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from shutil import disk_usage

from sqlalchemy import case, func, select, text
from sqlalchemy.orm import Session

from nas_asr.core.access import Viewer
from nas_asr.services.base import House
from nas_asr.store.models import ArchiveBag, Recording, Team
from nas_asr.store.scope import Scope

_MOST_FILES = 20_000  # looked at in one directory; beyond, the page says "at least"
_PLACES = ("uploads", "archive", "models", "cache", "logs")


@dataclass(frozen=True, slots=True)
class PlaceView:
    """A directory below DATA and what lies in it, in bytes. whole: False where there was more than we looked at."""

    name: str
    size_bytes: int
    files: int
    whole: bool


@dataclass(frozen=True, slots=True)
class TeamRoom:
    """What a team has, in bytes. in_folders lies on its shares, not with us; trash is part of uploads."""

    slug: str
    name: str
    recordings: int
    duration_ms: int
    in_folders: int
    uploads: int
    trash: int
    archive: int


@dataclass(frozen=True, slots=True)
class StorageView:
    """The disk that holds DATA, the database, the directories and the teams. In bytes."""

    data: str
    disk_bytes: int
    free_bytes: int
    database: str
    database_bytes: int
    places: Sequence[PlaceView]
    teams: Sequence[TeamRoom]


def storage(house: House, viewer: Viewer) -> StorageView:
    """Everything that takes room; admins only."""
    with house.db.read() as session:
        Scope(session, viewer).require_admin()
        teams, size = _teams(session), _database_bytes(session, house)
    data = house.options.data.absolute()
    disk = disk_usage(data)
    places = [_place(name, data / name) for name in _PLACES if (data / name).is_dir()]
    return StorageView(str(data), disk.total, disk.free, house.db.kind, size, places, teams)


def _teams(session: Session) -> list[TeamRoom]:
    on_share = case((Recording.folder_id.is_not(None), Recording.size_bytes), else_=0)
    ours = case((Recording.folder_id.is_(None), Recording.size_bytes), else_=0)
    thrown = case((Recording.trashed_at.is_not(None), ours), else_=0)
    sums = {
        row[0]: row[1:]
        for row in session.execute(
            select(
                Recording.team_id, func.count(), func.sum(Recording.duration_ms), func.sum(on_share), func.sum(ours),
                func.sum(thrown),
            )
            .where(Recording.id.not_in(select(Recording.whole_id).where(Recording.whole_id.is_not(None))))
            .group_by(Recording.team_id)
        )
    }  # fmt: skip
    archived = select(ArchiveBag.team_id, func.sum(ArchiveBag.size_bytes)).group_by(ArchiveBag.team_id)
    bags: Mapping[str, int] = {team: size for team, size in session.execute(archived)}
    found = []
    for team in session.scalars(select(Team).order_by(Team.name, Team.id)):
        count, duration, shares, uploads, trash = (int(number) for number in sums.get(team.id, (0, 0, 0, 0, 0)))
        found.append(TeamRoom(team.slug, team.name, count, duration, shares, uploads, trash, int(bags.get(team.id, 0))))
    return found


def _database_bytes(session: Session, house: House) -> int:
    """What the database takes on its disk, with what SQLite has not yet written back."""
    if not house.db.is_sqlite:
        return int(session.scalar(text("SELECT pg_database_size(current_database())")) or 0)
    path = Path(house.db.engine.url.database or "")
    return sum(one.stat().st_size for one in (path, Path(f"{path}-wal")) if one.is_file())


def _place(name: str, path: Path) -> PlaceView:
    size = files = 0
    waiting = [path]
    while waiting and files < _MOST_FILES:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(Path(entry.path))
                    elif entry.is_file(follow_symlinks=False):
                        size += entry.stat(follow_symlinks=False).st_size
                        files += 1
        except OSError:  # taken away while we looked
            continue
    return PlaceView(name, size, files, not waiting)
