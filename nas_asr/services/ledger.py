"""Room: services.ledger. Every file that was ever seen in a watched folder, and why it is in its state. Reads only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Select, and_, func, not_, select, tuple_
from sqlalchemy.orm import Session

from nas_asr.core.access import Viewer
from nas_asr.core.errors import NotVisible
from nas_asr.core.recording import LedgerState, Presence
from nas_asr.services.base import House
from nas_asr.services.ledger_asks import retry_of
from nas_asr.services.paging import Page, PageOrder, read_cursor, write_cursor
from nas_asr.services.presence import folders_of, left_behind, told, told_missing
from nas_asr.services.recorded_at import moment_of
from nas_asr.store.models import Folder, LedgerLine, Recording, Team
from nas_asr.store.scope import Scope

_MOST_OTHERS = 50


@dataclass(frozen=True, slots=True)
class LedgerFilter:
    """Which lines; empty fields do not narrow. folder: its id; team: its slug; q: looked for in paths.

    presence: as people are told (services.presence); unseen: only those that are not seen, but not missing yet.
    without_ignored: what is not taken by its name is most of some shares.
    """

    folder: str = ""
    team: str = ""
    state: LedgerState | None = None
    presence: Presence | None = None
    q: str = ""
    unseen: bool = False
    without_ignored: bool = False


@dataclass(frozen=True, slots=True)
class LedgerView:
    """A line as pages and the API show it (CONTRACT, GET /ledger).

    presence: as people are told: missing after a day of looks, missing_since at once. left: the file is gone, and nobody
    misses it (services.presence). rule: the name of the rule of what is ignored. duplicate_of: the recording that was here
    first. readable: whether the viewer may open recording_id. looked_at: the last good look through its folder; online:
    whether that folder is.
    """

    id: str
    team: str
    folder_id: str
    folder: str
    path: str
    generation: int
    size_bytes: int
    mtime: datetime | None
    first_seen: datetime
    changed_at: datetime
    state: LedgerState
    presence: Presence
    missing_since: datetime | None
    reason_code: str
    reason: str
    rule: str
    next_look: datetime | None
    recording_id: str | None
    duplicate_of: str | None
    looked_at: datetime | None
    online: bool
    retry: str
    readable: bool = False
    left: bool = False


@dataclass(frozen=True, slots=True)
class LineView:
    """One line with everything that is known. generations: other contents of the same name, the newest first.

    places: where the team's folders have the same recording, too.
    """

    line: LedgerView
    inode: int
    sha256: str
    duration_ms: int | None
    generations: Sequence[LedgerView]
    places: Sequence[LedgerView]


def list_ledger(house: House, viewer: Viewer | None, wanted: LedgerFilter, page: PageOrder) -> Page[LedgerView]:
    """Lines of the folders of the viewer's teams, newest first by when they were first seen; of all for an admin and None."""
    with house.db.read() as session:
        statement = filtered(session, viewer, wanted)
        after = read_cursor(page.cursor, datetime, str)
        if after is not None:
            key = tuple_(*after)
            statement = statement.where(tuple_(LedgerLine.first_seen_at, LedgerLine.id) < key)
        newest_first = statement.order_by(LedgerLine.first_seen_at.desc(), LedgerLine.id.desc())
        views = _views(session, viewer, newest_first.limit(page.limit + 1))
    shown = views[: page.limit]
    more = len(views) > page.limit
    return Page(shown, write_cursor(shown[-1].first_seen, shown[-1].id) if more else None)


def count_ledger(house: House, viewer: Viewer, wanted: LedgerFilter) -> Mapping[LedgerState, int]:
    """How many of these lines are in each state, whichever state is asked for."""
    every_state = replace(wanted, state=None, without_ignored=False)
    with house.db.read() as session:
        lines = filtered(session, viewer, every_state).with_only_columns(LedgerLine.state).subquery()
        counted = session.execute(select(lines.c.state, func.count()).group_by(lines.c.state))
        found: dict[LedgerState, int] = {state: count for state, count in counted}
    return {state: found.get(state, 0) for state in LedgerState}


def line_view(house: House, viewer: Viewer | None, line_id: str) -> LedgerView:
    """One line as the list shows it. NotVisible where it is not there for the viewer."""
    with house.db.read() as session:
        return _one(session, viewer, line_id)


def line_in_full(house: House, viewer: Viewer, line_id: str) -> LineView:
    """Everything about one line. NotVisible where it is not there for the viewer."""
    with house.db.read() as session:
        view, line = _one(session, viewer, line_id), session.get_one(LedgerLine, line_id)
        newest_first = (LedgerLine.generation.desc(), LedgerLine.id)
        others = lines_of(session, viewer).where(LedgerLine.id != line.id).order_by(*newest_first).limit(_MOST_OTHERS)
        same_name = others.where(LedgerLine.folder_id == line.folder_id, LedgerLine.raw_path == line.raw_path)
        places: Sequence[LedgerView] = ()
        if line.recording_id:  # of one team, as every recording is
            places = _views(session, viewer, others.where(LedgerLine.recording_id == line.recording_id))
        generations = _views(session, viewer, same_name)
        return LineView(view, line.inode, line.sha256, line.duration_ms, generations, places)


def _one(session: Session, viewer: Viewer | None, line_id: str) -> LedgerView:
    found = _views(session, viewer, lines_of(session, viewer).where(LedgerLine.id == line_id))
    if not found:
        raise NotVisible("There is nothing here under this address for you.")
    return found[0]


def lines_of(session: Session, viewer: Viewer | None) -> Select[LedgerLine, Folder]:
    """Lines that somebody may see, with their folders; all for the command line."""
    if viewer is not None:
        return Scope(session, viewer).ledger()
    return select(LedgerLine, Folder).join(Folder, Folder.id == LedgerLine.folder_id).where(Folder.removed_at.is_(None))


def filtered(session: Session, viewer: Viewer | None, wanted: LedgerFilter) -> Select[LedgerLine, Folder]:
    """The lines of a filter."""
    statement = lines_of(session, viewer)
    if wanted.folder:
        statement = statement.where(LedgerLine.folder_id == wanted.folder)
    if wanted.team:
        statement = statement.where(Folder.team_id.in_(select(Team.id).where(Team.slug == wanted.team)))
    if wanted.state is not None:
        statement = statement.where(LedgerLine.state == wanted.state)
    elif wanted.without_ignored:
        statement = statement.where(LedgerLine.state != LedgerState.IGNORED)
    if wanted.presence is not None or wanted.unseen:
        missing = told_missing(folders_of(session, viewer))
        there = and_(not_(missing), not_(left_behind()))
        statement = statement.where(missing if wanted.presence == Presence.MISSING else there)
    if wanted.unseen:
        statement = statement.where(LedgerLine.presence == Presence.MISSING)
    for word in wanted.q.split()[:8]:
        statement = statement.where(LedgerLine.path.icontains(word, autoescape=True))
    return statement


def _views(session: Session, viewer: Viewer | None, statement: Select[LedgerLine, Folder]) -> list[LedgerView]:
    with_team = statement.add_columns(Team.slug, left_behind()).join(Team, Team.id == Folder.team_id)
    rows = session.execute(with_team).all()
    named = [line.recording_id for line, *_ in rows if line.recording_id]
    readable: set[str] = set()
    if viewer is not None and named:
        mine = Scope(session, viewer).recordings().with_only_columns(Recording.id)
        readable = set(session.scalars(mine.where(Recording.id.in_(named))))
    return [
        replace(
            _view(line, folder, slug), presence=Presence.MISSING if left else told(line, folder),
            readable=line.recording_id in readable, left=left,
        )
        for line, folder, slug, left in rows
    ]  # fmt: skip


def _view(line: LedgerLine, folder: Folder, team: str) -> LedgerView:
    return LedgerView(
        id=line.id, team=team, folder_id=folder.id, folder=folder.name, path=line.path, generation=line.generation,
        size_bytes=line.size_bytes, mtime=moment_of(line.mtime_ns), first_seen=line.first_seen_at,
        changed_at=line.changed_at, state=line.state, presence=line.presence, missing_since=line.missing_since,
        reason_code=line.reason_code, reason=line.reason,
        rule=line.reason_code if line.state == LedgerState.IGNORED else "", next_look=line.next_look_at,
        recording_id=line.recording_id, duplicate_of=line.recording_id if line.state == LedgerState.DUPLICATE else None,
        looked_at=folder.last_scan_at, online=folder.online, retry=retry_of(line) or "",
    )  # fmt: skip
