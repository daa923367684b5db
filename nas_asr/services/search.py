"""Room: services.search. Words to segments: all words must match, quotes make phrases, newest recording first."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, tuple_
from sqlalchemy.orm import Session

from nas_asr.core.access import Action, Viewer
from nas_asr.core.search_text import highlights, parse_query
from nas_asr.services.base import House
from nas_asr.services.paging import Page, PageOrder, read_cursor, write_cursor
from nas_asr.store import search as index
from nas_asr.store.models import Recording, SegmentRow, Team
from nas_asr.store.scope import Scope


@dataclass(frozen=True, slots=True)
class SearchOrder:
    """What to look for, and where: a team's slug, recorded between two moments. Empty fields do not narrow."""

    q: str
    team: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """A segment in which all words were found. highlights: [start, end) in characters of text.

    Where only the spoken text matched (it said "two hundred" and 200 was written), text is the spoken one.
    """

    recording_id: str
    title: str
    team: str
    recorded_at: datetime
    segment_id: str
    start_ms: int
    text: str
    highlights: tuple[tuple[int, int], ...]


def search(house: House, viewer: Viewer, order: SearchOrder, page: PageOrder) -> Page[Hit]:
    """Segments of the viewer's teams, newest recording first, in order of time within one."""
    phrases = parse_query(order.q)
    teams = [team for team in viewer.roles if viewer.may(team, Action.READ)]
    if not phrases or not teams:
        return Page(())
    with house.db.read() as session:
        rows = _rows(session, viewer, order, page)
    more = len(rows) > page.limit
    hits = [_hit(segment, recording, team, phrases) for segment, recording, team in rows[: page.limit]]
    if not more:
        return Page(hits)
    segment, recording, _ = rows[page.limit - 1]
    return Page(hits, write_cursor(recording.recorded_at, recording.id, segment.start_ms, segment.key))


def _rows(
    session: Session, viewer: Viewer, order: SearchOrder, page: PageOrder
) -> list[tuple[SegmentRow, Recording, str]]:
    teams = [team for team in viewer.roles if viewer.may(team, Action.READ)]
    found = index.matching(session, parse_query(order.q), teams)
    statement = (
        Scope(session, viewer).segments().add_columns(Team.slug).join(Team, Team.id == Recording.team_id)
    ).where(SegmentRow.key.in_(found))
    if order.team:
        statement = statement.where(Team.slug == order.team)
    if order.since is not None:
        statement = statement.where(Recording.recorded_at >= order.since)
    if order.until is not None:
        statement = statement.where(Recording.recorded_at < order.until)
    after = read_cursor(page.cursor, datetime, str, int, int)
    if after is not None:
        older = tuple_(Recording.recorded_at, Recording.id) < tuple_(*after[:2])
        later = tuple_(SegmentRow.start_ms, SegmentRow.key) > tuple_(*after[2:])
        statement = statement.where(or_(older, (Recording.id == after[1]) & later))
    statement = statement.order_by(
        Recording.recorded_at.desc(), Recording.id.desc(), SegmentRow.start_ms, SegmentRow.key
    ).limit(page.limit + 1)
    return [(segment, recording, slug) for segment, recording, slug in session.execute(statement)]


def _hit(segment: SegmentRow, recording: Recording, team: str, phrases: list[tuple[str, ...]]) -> Hit:
    marks = highlights(segment.text, phrases)
    text = segment.text
    if not marks and segment.spoken != segment.text:
        text, marks = segment.spoken, highlights(segment.spoken, phrases)
    return Hit(
        recording_id=recording.id,
        title=recording.title,
        team=team,
        recorded_at=recording.recorded_at,
        segment_id=segment.id,
        start_ms=segment.start_ms,
        text=text,
        highlights=tuple(marks),
    )
