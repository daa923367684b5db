"""Room: services.listing. The library as a list: narrowed, in an order, page by page, counted. Never one of them, never text.

Each team is asked by itself and the answers are merged: then a page costs as much as it shows, however much the others have.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from nas_asr.core.access import Action, Viewer
from nas_asr.core.recording import UNDER_WAY, RunState
from nas_asr.core.titles import folded
from nas_asr.core.transcript import Origin
from nas_asr.services.base import House
from nas_asr.services.paging import Page, PageOrder, read_cursor, write_cursor
from nas_asr.services.people_named import has_uploaded, of_person
from nas_asr.services.recordings import RecordingView, views_of
from nas_asr.store.models import Recording, Run, Team, TranscriptVersion
from nas_asr.store.scope import Scope

_AT_ONCE = 12  # texts of a team may be edited at the same time without a list being read anew for each correction


class Sort(StrEnum):
    """In which order; a minus means the latest, the longest or the last of the alphabet first."""

    NEWEST = "-recorded"
    OLDEST = "recorded"
    LAST_ADDED = "-added"
    FIRST_ADDED = "added"
    LONGEST = "-length"
    SHORTEST = "length"
    TITLE = "title"
    TITLE_BACK = "-title"

    @property
    def falls(self) -> bool:
        """Whether the largest comes first."""
        return self.startswith("-")


_COLUMNS: Mapping[str, tuple[InstrumentedAttribute[Any], type]] = {
    "recorded": (Recording.recorded_at, datetime),
    "added": (Recording.ingested_at, datetime),
    "length": (Recording.duration_ms, int),
    "title": (Recording.title_key, str),
}


@dataclass(frozen=True, slots=True)
class RecordingFilter:
    """Which recordings; empty fields do not narrow. q is looked for in titles and paths.

    drafts: only what `auto` gave to the built-in engine. min_ms, max_ms: as long as the first, shorter than the second.
    person: the name of who uploaded it or of somebody who speaks in it, whole, in whatever case.
    """

    team: str = ""
    folder: str = ""
    state: RunState | None = None
    q: str = ""
    since: datetime | None = None
    until: datetime | None = None
    drafts: bool = False
    language: str = ""
    person: str = ""
    min_ms: int | None = None
    max_ms: int | None = None


_EVERYTHING = RecordingFilter()
_EVER = datetime(1, 1, 1, tzinfo=UTC)


def list_recordings(
    house: House, viewer: Viewer, wanted: RecordingFilter, page: PageOrder, sort: Sort = Sort.NEWEST
) -> Page[RecordingView]:
    """Recordings of the viewer's teams, in this order; the newest first by when they were recorded, unless said otherwise."""
    column, kind = _COLUMNS[sort.lstrip("-")]
    after = read_cursor(page.cursor, kind, str)
    with house.db.read() as session:
        found: list[tuple[Any, str]] = []
        for ours in _by_team(session, viewer, wanted, column):
            statement = ours.with_only_columns(column, Recording.id)
            if after is not None:
                key = tuple_(column, Recording.id)
                statement = statement.where(key < tuple_(*after) if sort.falls else key > tuple_(*after))
            order = (column.desc(), Recording.id.desc()) if sort.falls else (column, Recording.id)
            found += [(row[0], row[1]) for row in session.execute(statement.order_by(*order).limit(page.limit + 1))]
        found = sorted(found, reverse=sort.falls)[: page.limit + 1]
        shown = found[: page.limit]
        views = views_of(session, viewer, [recording_id for _, recording_id in shown])
    return Page(views, write_cursor(*shown[-1]) if len(found) > page.limit else None)


def browse(
    house: House, viewer: Viewer, wanted: RecordingFilter, page: PageOrder, sort: Sort = Sort.NEWEST
) -> tuple[Page[RecordingView], Mapping[RunState, int]]:
    """A page, and how many pass the filter in each state, whichever state it asks for."""
    shown = list_recordings(house, viewer, wanted, page, sort)
    if shown.next is None and not page.cursor and wanted.state is None:  # then these are all
        return shown, _tally([view.state for view in shown.items])
    return shown, counts(house, viewer, wanted)


def _tally(states: Sequence[RunState]) -> Mapping[RunState, int]:
    found = Counter(states)
    return {state: found[state] for state in RunState}


def under_way(house: House, viewer: Viewer, limit: int) -> list[RecordingView]:
    """What has no transcript yet and will have: at work, then in the queue's order, then what waits for the model.

    The longest in the queue first; of what waits for the model the newest first, for that may wait long.
    """
    claimable = case((Run.waiting_for.is_(None), Run.created_at))
    order = (
        Recording.state == RunState.QUEUED, Run.waiting_for.is_not(None), Run.priority.desc(), claimable,
        Run.created_at.desc(), Run.id,
    )  # fmt: skip
    with house.db.read() as session:
        listed = _listed(session, viewer).where(Recording.state.in_(UNDER_WAY))
        wanted = listed.outerjoin(Run, Run.id == Recording.run_id).with_only_columns(Recording.id)
        return views_of(session, viewer, session.scalars(wanted.order_by(*order).limit(limit)).all())


def counts(house: House, viewer: Viewer, wanted: RecordingFilter = _EVERYTHING) -> Mapping[RunState, int]:
    """How many recordings of the viewer's teams that pass the filter are in each state, whichever state it asks for."""
    found = dict.fromkeys(RunState, 0)
    narrowed = replace(wanted, state=None, team="", person="") != _EVERYTHING or has_uploaded(
        house, viewer, wanted.person
    )
    # SQLite would go through the index of states, which lacks what narrows, and look up every row: so the other one is named
    # by what it begins with.
    state = func.coalesce(Recording.state, "") if narrowed else Recording.state
    if narrowed and wanted.since is None and wanted.min_ms is None:
        wanted = replace(wanted, since=_EVER)
    with house.db.read() as session:
        for ours in _by_team(session, viewer, replace(wanted, state=None)):
            per_state = ours.with_only_columns(state, func.count()).group_by(state)
            for name, count in session.execute(per_state):
                found[RunState(name)] += count
    return found


def passing(session: Session, viewer: Viewer, wanted: RecordingFilter, limit: int) -> Sequence[str]:
    """The ids of what passes a filter, so many at most, the newest first."""
    found: list[tuple[datetime, str]] = []
    for ours in _by_team(session, viewer, wanted, Recording.recorded_at):
        newest = ours.with_only_columns(Recording.recorded_at, Recording.id)
        newest = newest.order_by(Recording.recorded_at.desc(), Recording.id.desc()).limit(limit)
        found += [(row[0], row[1]) for row in session.execute(newest)]
    return [recording_id for _, recording_id in sorted(found, reverse=True)[:limit]]


@dataclass(frozen=True, slots=True)
class Pulse:
    """Two short words. lists changes whenever something changed that the viewer's library shows; texts with any edit, too."""

    lists: str
    texts: str


def pulse(house: House, viewer: Viewer) -> Pulse:
    """How it stands now. Walks through nothing.

    What was changed last is the end of an index. What is under way is few, and tells of changes, too, after a clock was set
    back. Somebody who types changes a recording every two seconds, and nothing that a list shows.
    """
    newest: list[datetime] = []
    edited: list[datetime] = []
    with house.db.read() as session:
        teams = Scope(session, viewer).content_teams()
        for team in teams:
            last = session.execute(_changed_last(team)).all()
            newest += [changed for changed, by_edit in last if changed != by_edit][:1]
            edited += [changed for changed, _ in last[:1]]
        busy = select(Run.state, func.count(), func.coalesce(func.sum(Run.progress), 0.0))
        busy = busy.where(Run.state.in_(UNDER_WAY), Run.team_id.in_(teams)).group_by(Run.state)
        told = sorted(f"{state}{count}:{progress:.3f}" for state, count, progress in session.execute(busy))
    return Pulse(f"{len(teams)}-{max(newest, default=None)}-{'-'.join(told)}", f"{max(edited, default=None)}")


def _changed_last(team: str) -> Select[datetime, datetime | None]:
    """When the last few of a team were changed, and when by an edit; both are the same where nothing but that was since."""
    last = select(Recording.id, Recording.version, Recording.changed_at).where(Recording.team_id == team)
    few = last.order_by(Recording.changed_at.desc()).limit(_AT_ONCE).subquery()  # before PostgreSQL joins all of them
    one = TranscriptVersion
    by_edit = (one.recording_id == few.c.id) & (one.number == few.c.version)
    by_edit &= one.origin.in_((Origin.EDIT, Origin.HOTWORD))
    return select(few.c.changed_at, one.created_at).outerjoin(one, by_edit).order_by(few.c.changed_at.desc())


_Ordered = InstrumentedAttribute[Any]


def _by_team(
    session: Session, viewer: Viewer, wanted: RecordingFilter, ordered: _Ordered | None = None
) -> list[Select[Recording]]:
    """What passes the filter, one statement for each of the viewer's teams that it asks for. ordered: by what, if at all."""
    teams = Scope(session, viewer).content_teams()
    if wanted.team:
        named = session.scalar(select(Team.id).where(Team.slug == wanted.team))
        teams = [team for team in teams if team == named]
    alone = [replace(viewer, roles={team: viewer.roles[team]}) for team in teams]
    narrow = [*_conditions(wanted), *_within(wanted, ordered)]
    found = [_listed(session, one).where(*narrow) for one in alone]
    return list(map(of_person(session, viewer, wanted.person), found)) if wanted.person else found


def _within(wanted: RecordingFilter, ordered: _Ordered | None) -> list[ColumnElement[bool]]:
    """The spans of time and length. SQLite would leave the order for the span of another column, and look up each row in it."""
    spans = ((Recording.recorded_at, wanted.since, wanted.until), (Recording.duration_ms, wanted.min_ms, wanted.max_ms))
    narrow: list[ColumnElement[bool]] = []
    for column, first, end in spans:
        here: Any = func.coalesce(column, column) if ordered is not None and ordered is not column else column
        narrow += [here >= first] if first is not None else []
        narrow += [here < end] if end is not None else []
    return narrow


def _listed(session: Session, viewer: Viewer) -> Select[Recording]:
    """What lists show: a part is reached through its whole."""
    return Scope(session, viewer).recordings(Action.READ).where(Recording.whole_id.is_(None))


def _conditions(wanted: RecordingFilter) -> list[ColumnElement[bool]]:
    row = Recording
    given: list[tuple[object, ColumnElement[bool]]] = [
        (wanted.folder, row.folder_id == wanted.folder),
        (wanted.state, row.state == wanted.state),
        (wanted.drafts, row.draft.is_(True)),
        (wanted.language, row.language == wanted.language),
    ]
    narrow = [condition for value, condition in given if value]
    for word in wanted.q.split()[:8]:
        narrow.append(row.name_key.contains(folded(word), autoescape=True))
    return narrow
