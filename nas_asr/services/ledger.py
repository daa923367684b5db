"""Room: services.ledger. Every file that was ever seen in a watched folder, and why it is in its state. Reads only."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select, tuple_

from nas_asr.core.access import Viewer
from nas_asr.core.recording import LedgerState, Presence
from nas_asr.services.base import House
from nas_asr.services.paging import Page, PageOrder, read_cursor, write_cursor
from nas_asr.services.recorded_at import moment_of
from nas_asr.store.models import Folder, LedgerLine, Team
from nas_asr.store.scope import Scope


@dataclass(frozen=True, slots=True)
class LedgerFilter:
    """Which lines; empty fields do not narrow. folder: its id; team: its slug; q: looked for in paths."""

    folder: str = ""
    team: str = ""
    state: LedgerState | None = None
    presence: Presence | None = None
    q: str = ""


@dataclass(frozen=True, slots=True)
class LedgerView:
    """A line as pages and the API show it (CONTRACT, GET /ledger)."""

    id: str
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
    reason_code: str
    reason: str
    next_look: datetime | None
    recording_id: str | None


def list_ledger(house: House, viewer: Viewer, wanted: LedgerFilter, page: PageOrder) -> Page[LedgerView]:
    """Lines of the folders of the viewer's teams (an admin: of all), newest first by when they were first seen."""
    with house.db.read() as session:
        statement = _filtered(Scope(session, viewer).ledger(), wanted)
        after = read_cursor(page.cursor, datetime, str)
        if after is not None:
            key = tuple_(*after)
            statement = statement.where(tuple_(LedgerLine.first_seen_at, LedgerLine.id) < key)
        newest_first = statement.order_by(LedgerLine.first_seen_at.desc(), LedgerLine.id.desc())
        rows = session.execute(newest_first.limit(page.limit + 1))
        views = [_view(line, folder) for line, folder in rows]
    shown = views[: page.limit]
    more = len(views) > page.limit
    return Page(shown, write_cursor(shown[-1].first_seen, shown[-1].id) if more else None)


def count_ledger(house: House, viewer: Viewer, wanted: LedgerFilter) -> Mapping[LedgerState, int]:
    """How many of these lines are in each state."""
    with house.db.read() as session:
        lines = _filtered(Scope(session, viewer).ledger(), wanted).with_only_columns(LedgerLine.state).subquery()
        counted = session.execute(select(lines.c.state, func.count()).group_by(lines.c.state))
        found: dict[LedgerState, int] = {state: count for state, count in counted}
    return {state: found.get(state, 0) for state in LedgerState}


def _filtered(statement: Select[LedgerLine, Folder], wanted: LedgerFilter) -> Select[LedgerLine, Folder]:
    if wanted.folder:
        statement = statement.where(LedgerLine.folder_id == wanted.folder)
    if wanted.team:
        statement = statement.where(Folder.team_id.in_(select(Team.id).where(Team.slug == wanted.team)))
    if wanted.state is not None:
        statement = statement.where(LedgerLine.state == wanted.state)
    if wanted.presence is not None:
        statement = statement.where(LedgerLine.presence == wanted.presence)
    for word in wanted.q.split()[:8]:
        statement = statement.where(LedgerLine.path.icontains(word, autoescape=True))
    return statement


def _view(line: LedgerLine, folder: Folder) -> LedgerView:
    return LedgerView(
        id=line.id, folder_id=folder.id, folder=folder.name, path=line.path, generation=line.generation,
        size_bytes=line.size_bytes, mtime=moment_of(line.mtime_ns), first_seen=line.first_seen_at,
        changed_at=line.changed_at, state=line.state, presence=line.presence, reason_code=line.reason_code,
        reason=line.reason, next_look=line.next_look_at, recording_id=line.recording_id,
    )  # fmt: skip
