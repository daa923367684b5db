"""Room: services.search. Words to segments and recordings: all words must match, quotes make phrases, newest recording first."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from nas_asr.core.access import Action, Viewer
from nas_asr.core.search_text import highlights, parse_query
from nas_asr.services.base import House
from nas_asr.services.paging import Page, PageOrder, read_cursor, write_cursor
from nas_asr.store import places
from nas_asr.store import search as index
from nas_asr.store.models import Folder, Recording, RecordingPlace, SegmentPlace, SegmentRow, Team
from nas_asr.store.scope import Scope
from nas_asr.store.word_index import Ask, Phrase, WordIndex

MOST_COUNTED = 1000
_MOST_LOOKS = 20  # for hits among what is in the trash, or is found in its whole already
_MOST_AT_ONCE = 500  # places in one question
_MORE = 16  # of those, beside the items of a page


_Row = Any  # of a statement that names its columns


@dataclass(frozen=True, slots=True)
class SearchOrder:
    """What to look for, and where: a team's slug, a folder's id, who speaks, recorded between two moments.

    Empty fields do not narrow. speaker: words of a name, in their order.
    """

    q: str
    team: str = ""
    since: datetime | None = None
    until: datetime | None = None
    folder: str = ""
    speaker: str = ""


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
    speaker: str | None = None
    spoken: bool = False


@dataclass(frozen=True, slots=True)
class NamedHit:
    """A recording in whose title, file name, uploader or speakers all words were found. highlights: in the title."""

    recording_id: str
    title: str
    team: str
    recorded_at: datetime
    path: str
    highlights: tuple[tuple[int, int], ...]
    path_highlights: tuple[tuple[int, int], ...]
    people: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HitCount:
    """How many there are; more: there are others beyond these, which nobody counted."""

    number: int
    more: bool = False


@dataclass(frozen=True, slots=True)
class HitPage(Page[Hit]):
    """Hits; on a first page also how many there are."""

    count: HitCount | None = None


def search(house: House, viewer: Viewer, order: SearchOrder, page: PageOrder) -> HitPage:
    """Segments of the viewer's teams, newest recording first, in order of time within one. Counted on the first page."""
    after = read_cursor(page.cursor, int)
    with house.db.read() as session:
        look = _look(session, viewer, order)
        if look is None:
            return HitPage(())
        wanted = page.limit + 1 if after else MOST_COUNTED + 1
        found, more = look.first(index.SEGMENTS, after[0] if after else None, max(wanted, page.limit + 1))
        shown = found[: page.limit]
        hits = _hits(session, look, shown)
    count = None if after else HitCount(min(len(found), MOST_COUNTED), more or len(found) > MOST_COUNTED)
    following = write_cursor(shown[-1][0]) if shown and (more or len(found) > page.limit) else None
    return HitPage(hits, following, count)


def named(house: House, viewer: Viewer, order: SearchOrder, most: int) -> tuple[Sequence[NamedHit], HitCount]:
    """The newest recordings with these words in title, file name, uploader or speakers; a file of a joined one is that one."""
    with house.db.read() as session:
        look = _look(session, viewer, order)
        if look is None or not look.phrases:
            return (), HitCount(0)
        found, more = look.first(index.RECORDINGS, None, MOST_COUNTED + 1)
        whose = look.recordings(found[:most])
        names = select(RecordingPlace.recording_id, RecordingPlace.names)
        lines = dict(session.execute(names.where(RecordingPlace.recording_id.in_(list(whose)))).all())
        items = [_named(whose[one], look, lines.get(one, "")) for _, one in found[:most]]
    return items, HitCount(min(len(found), MOST_COUNTED), more or len(found) > MOST_COUNTED)


@dataclass(frozen=True, slots=True)
class FolderName:
    """A folder that a search can be narrowed to."""

    id: str
    name: str
    team: str


def folder_names(house: House, viewer: Viewer) -> list[FolderName]:
    """The folders of the teams whose recordings the viewer reads, by name."""
    ids = [team for team in viewer.roles if viewer.may(team, Action.READ)]
    with house.db.read() as session:
        folders = Scope(session, viewer).folders().where(Folder.team_id.in_(ids))
        rows = session.execute(
            folders.with_only_columns(Folder.id, Folder.name, Team.slug).join(Team, Team.id == Folder.team_id)
        )
        return [FolderName(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class _Look:
    """A search within a transaction: its phrases, and the teams it may look into."""

    session: Session
    viewer: Viewer
    order: SearchOrder
    phrases: tuple[Phrase, ...]
    teams: Mapping[str, str]
    numbers: tuple[int, ...]

    @property
    def asked(self) -> tuple[Phrase, ...]:
        """The phrases, and what stands for speaker and folder."""
        marks = [*index.speaker_marks([self.order.speaker])]
        if self.order.folder:
            marks.append(index.folder_mark(self.order.folder))
        return (*self.phrases, *marks)

    def first(self, words: WordIndex, after: int | None, wanted: int) -> tuple[list[tuple[int, str]], bool]:
        """The first places where everything matches with their recordings' ids, and whether there may be more.

        What the viewer may not see is passed over; in the index it stands for the day when it comes back from the trash.
        """
        of_segments = words is index.SEGMENTS
        between = places.span(self.order.since, self.order.until)
        newest, oldest = places.span_of_segments(between) if of_segments else between
        ask = Ask(self.asked, self.numbers, newest if after is None else max(newest, after), oldest)
        found: list[tuple[int, str]] = []
        seen: set[str] = set()
        for _ in range(_MOST_LOOKS):
            limit = wanted - len(found) + _MORE
            at = words.first(self.session, ask, limit)
            visible = self._visible(
                {places.recording_of(one) if of_segments else one for one in at}, wholes=not of_segments
            )
            for one in at:
                recording = visible.get(places.recording_of(one) if of_segments else one)
                if recording is not None and (of_segments or recording not in seen):
                    found.append((one, recording))
                    seen.add(recording)
            if len(at) < limit:
                return found, False
            if len(found) >= wanted:
                return found, True
            ask = replace(ask, after=at[-1])
        return found, True

    def _visible(self, at: set[int], *, wholes: bool) -> Mapping[int, str]:
        """The recordings of these places that the viewer may see and that pass the filters. wholes: instead of their parts."""
        found: dict[int, tuple[str, str | None]] = {}
        scope = Scope(self.session, self.viewer)
        seen = scope.recordings() if wholes else scope.searched()
        statement = seen.with_only_columns(RecordingPlace.place, Recording.id, Recording.whole_id).select_from(
            Recording
        )
        statement = statement.join(RecordingPlace, RecordingPlace.recording_id == Recording.id)
        if self.order.since is not None:
            statement = statement.where(Recording.recorded_at >= self.order.since)
        if self.order.until is not None:
            statement = statement.where(Recording.recorded_at < self.order.until)
        for some in _portions(sorted(at)):
            rows = self.session.execute(statement.where(RecordingPlace.place.in_(some)))
            found |= {place: (recording_id, whole_id) for place, recording_id, whole_id in rows}
        ids = {whole_id for _, whole_id in found.values() if wholes and whole_id}
        own = scope.recordings().with_only_columns(Recording.id).where(Recording.id.in_(ids))
        there = set(self.session.scalars(own)) if ids else set()
        return {place: whole if whole and whole in there else one for place, (one, whole) in found.items()}

    def recordings(self, found: Iterable[tuple[int, str]]) -> Mapping[str, _Row]:
        """Of what is shown, what is shown of it."""
        ids = {recording_id for _, recording_id in found}
        if not ids:
            return {}
        columns = (Recording.id, Recording.title, Recording.team_id, Recording.recorded_at, Recording.path)
        seen = Scope(self.session, self.viewer).recordings().with_only_columns(*columns)
        return {row.id: row for row in self.session.execute(seen.where(Recording.id.in_(ids)))}


def _look(session: Session, viewer: Viewer, order: SearchOrder) -> _Look | None:
    """None where nothing can be found."""
    phrases = tuple(parse_query(order.q))
    ids = [team for team in viewer.roles if viewer.may(team, Action.READ)]
    statement = select(Team.id, Team.slug).where(Team.id.in_(ids))
    if order.folder:  # what the others say need not be walked through
        statement = statement.join(Folder, Folder.team_id == Team.id).where(Folder.id == order.folder)
    teams = dict(session.execute(statement.where(Team.slug == order.team) if order.team else statement).all())
    if not teams or not (phrases or list(index.speaker_marks([order.speaker]))):
        return None
    numbers = index.team_numbers(session, teams)
    return _Look(session, viewer, order, phrases, teams, numbers) if numbers else None


def _hits(session: Session, look: _Look, found: Sequence[tuple[int, str]]) -> list[Hit]:
    if not found:
        return []
    at, whose = [place for place, _ in found], look.recordings(found)
    said = (
        SegmentRow.id,
        SegmentRow.start_ms,
        SegmentRow.text,
        SegmentRow.spoken,
        SegmentRow.speaker,
    )  # no times of words
    statement = select(SegmentPlace.place, *said).join(SegmentRow, SegmentRow.key == SegmentPlace.segment)
    rows = {row.place: row for row in session.execute(statement.where(SegmentPlace.place.in_(at)))}
    return [_hit(rows[place], whose[recording], look) for place, recording in found if place in rows]


def _hit(segment: _Row, recording: _Row, look: _Look) -> Hit:
    marks = highlights(segment.text, look.phrases)
    spoken = not marks and bool(look.phrases) and segment.spoken != segment.text
    text = segment.spoken if spoken else segment.text
    return Hit(
        recording_id=recording.id, title=recording.title, team=look.teams[recording.team_id],
        recorded_at=recording.recorded_at, segment_id=segment.id, start_ms=segment.start_ms, text=text,
        highlights=tuple(highlights(text, look.phrases) if spoken else marks), speaker=segment.speaker, spoken=spoken,
    )  # fmt: skip


def _named(recording: _Row, look: _Look, lines: str) -> NamedHit:
    people = [line.strip() for line in lines.split("\n")[2:] if line.strip()]
    return NamedHit(
        recording_id=recording.id, title=recording.title, team=look.teams[recording.team_id],
        recorded_at=recording.recorded_at, path=recording.path,
        highlights=tuple(highlights(recording.title, look.phrases)),
        path_highlights=tuple(highlights(recording.path, look.phrases)),
        people=tuple(dict.fromkeys(one for one in people if highlights(one, look.phrases))),
    )  # fmt: skip


def _portions(at: Sequence[int]) -> Iterator[Sequence[int]]:
    return (at[start : start + _MOST_AT_ONCE] for start in range(0, len(at), _MOST_AT_ONCE))
