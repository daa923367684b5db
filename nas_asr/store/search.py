"""Room: store.search. What people say and what recordings are called, in the index: add, forget, find. Marks nothing.

Segments of the versions that readers see are put in by whoever shows them (`add`, `forget`); the names of recordings follow by
themselves at the end of each transaction (`settle`). What a viewer may see is Scope's to say, not the index's.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from sqlalchemy import Connection, Select, bindparam, delete, event, func, insert, inspect, select, text
from sqlalchemy.orm import Session

from nas_asr.core.search_text import tokens
from nas_asr.store import places
from nas_asr.store.models import (
    Recording,
    RecordingPlace,
    RecordingSpeaker,
    SearchTeam,
    SegmentPlace,
    SegmentRow,
    User,
)
from nas_asr.store.seen import is_seen, is_shown
from nas_asr.store.word_index import BORDER, Entry, Phrase, WordIndex, entry

SEGMENTS = WordIndex("segment_index")
RECORDINGS = WordIndex("recording_index")

_TOUCHED = "nas_asr_touched"  # in a session: recordings whose names may be others by now
_WATCHED = ("title", "path", "author_id", "folder_id", "recorded_at", "version")
_MANY = 500
_SPEAKERS = (  # asked at the end of most transactions, so made once
    select(SegmentRow.speaker)
    .where(SegmentRow.recording_id == bindparam("recording"), is_shown(SegmentRow.version_id), is_seen())
    .where(SegmentRow.speaker.is_not(None))
    .distinct()
)
_NEW_TEAM = text("INSERT INTO search_teams (number, team_id) VALUES (:number, :team) ON CONFLICT DO NOTHING")


def create_index(connection: Connection) -> None:
    """Make the empty index; called by a migration."""
    for index in (SEGMENTS, RECORDINGS):
        index.create(connection)


# -- segments -----------------------------------------------------------------------------------------------------------


def add(session: Session, rows: Iterable[SegmentRow]) -> None:
    """Put flushed segments into the index."""
    for recording_id, of_it in _by_recording(rows).items():
        _touch(session, recording_id)
        stand = _place_of(session, session.get_one(Recording, recording_id))
        _put(session, stand, of_it)


def forget(session: Session, rows: Iterable[SegmentRow]) -> None:
    """Take segments out of the index, with the words and the speaker that they had when they came in."""
    for recording_id, of_it in _by_recording(rows).items():
        _touch(session, recording_id)
        stand = session.get(RecordingPlace, recording_id)
        if stand is not None:
            _take(session, stand, of_it)


def _by_recording(rows: Iterable[SegmentRow]) -> Mapping[str, Sequence[SegmentRow]]:
    found: dict[str, list[SegmentRow]] = {}
    for row in rows:
        found.setdefault(row.recording_id, []).append(row)
    return found


def _put(session: Session, stand: RecordingPlace, rows: Sequence[SegmentRow]) -> None:
    first, last = places.segments_of(stand.place)
    taken = set(session.scalars(select(SegmentPlace.place).where(SegmentPlace.place.between(first, last))))
    ordered = sorted(rows, key=lambda row: (row.start_ms, row.position, row.key))
    given = list(places.segment_places(stand.place, [row.start_ms for row in ordered], taken))
    values = [{"segment": row.key, "place": place} for row, place in zip(ordered, given, strict=True)]
    session.execute(insert(SegmentPlace), values)
    team = team_number(session, rows[0].team_id)
    SEGMENTS.put(session, [_entry(stand, team, row, place) for row, place in zip(ordered, given, strict=True)])


def _take(session: Session, stand: RecordingPlace, rows: Sequence[SegmentRow]) -> None:
    """A row that is not in the index is left alone."""
    team = team_number(session, rows[0].team_id)
    for some in _portions(rows):
        keys = [row.key for row in some]
        found = session.execute(
            select(SegmentPlace.segment, SegmentPlace.place).where(SegmentPlace.segment.in_(keys))
        ).all()
        at = {segment: place for segment, place in found}
        SEGMENTS.take_out(session, [_entry(stand, team, row, at[row.key]) for row in some if row.key in at])
        session.execute(delete(SegmentPlace).where(SegmentPlace.segment.in_(keys)))


def _entry(stand: RecordingPlace, team: int, row: SegmentRow, place: int) -> Entry:
    return segment_entry(place, team, stand.folder_id, (row.text, row.spoken, row.speaker))


def segment_entry(place: int, team: int, folder_id: str | None, said: tuple[str, str, str | None]) -> Entry:
    """What of a segment (text, spoken, speaker) stands in the index: what was said and what was written are both found."""
    text_, spoken, speaker = said
    written = tokens(text_)
    texts = [written] if spoken == text_ else [written, tokens(spoken)]  # "200" and "two hundred"
    marks = [folder_mark(folder_id)] if folder_id else []
    return entry(place, team, texts, [*marks, *speaker_marks([speaker or ""])])


def speaker_marks(speakers: Iterable[str]) -> Iterator[Phrase]:
    """Names of people as words that no text has."""
    return (mark for name in speakers if (mark := tuple(f"{BORDER}s{token}" for token in tokens(name))))


def folder_mark(folder_id: str) -> Phrase:
    """A folder as such a word."""
    return (f"{BORDER}f{folder_id}",)


# -- the names of recordings --------------------------------------------------------------------------------------------


def _touch(session: Session, recording_id: str) -> None:
    session.info.setdefault(_TOUCHED, set()).add(recording_id)


@event.listens_for(Session, "after_flush")
def _notice(session: Session, _flush: object) -> None:
    """Whoever changes a title does not have to know that it is searched for."""
    for row in session.new:
        if isinstance(row, Recording):
            _touch(session, row.id)
    for row in session.dirty:
        if isinstance(row, Recording) and any(inspect(row).attrs[name].history.has_changes() for name in _WATCHED):
            _touch(session, row.id)
        elif isinstance(row, User) and inspect(row).attrs.name.history.has_changes():
            session.info.setdefault(_TOUCHED, set()).update(
                session.connection().execute(select(Recording.id).where(Recording.author_id == row.id)).scalars()
            )


def settle(session: Session) -> None:
    """At the end of a transaction: recordings are found by the names that they have now, and stand where their date says."""
    session.flush()
    for recording_id in sorted(session.info.pop(_TOUCHED, ())):
        recording = session.get(Recording, recording_id)
        if recording is not None:
            _follow(session, recording)


def _follow(session: Session, recording: Recording) -> None:
    stand = _place_of(session, recording)
    if stand.folder_id != recording.folder_id or not places.fits(stand.place, recording.recorded_at):
        stand = _moved(session, stand, recording)
    speakers = _speakers(session, recording)
    _keep_speakers(session, recording, speakers)
    said = _names(session, recording, speakers)
    if said != stand.names:
        team = team_number(session, recording.team_id)
        RECORDINGS.take_out(session, _named(stand, team))
        stand.names = said
        session.flush()
        RECORDINGS.put(session, _named(stand, team))


def _moved(session: Session, stand: RecordingPlace, recording: Recording) -> RecordingPlace:
    """In another folder, or of another date: what was said in it moves with it."""
    said = select(SegmentRow).join(SegmentPlace, SegmentPlace.segment == SegmentRow.key)
    rows = session.scalars(said.where(SegmentRow.recording_id == recording.id)).all()
    if rows:
        _take(session, stand, rows)
    RECORDINGS.take_out(session, _named(stand, team_number(session, recording.team_id)))
    session.delete(stand)
    session.flush()
    stand = _place_of(session, recording)
    if rows:
        _put(session, stand, rows)
    return stand


def _named(stand: RecordingPlace, team: int) -> list[Entry]:
    return [names_entry(stand.place, team, stand.folder_id, stand.names)] if stand.names else []


def names_entry(place: int, team: int, folder_id: str | None, names: str) -> Entry:
    """What of a recording's names stands in the index. names: lines; those of speakers begin with a tab."""
    lines = names.split("\n")
    marks = [folder_mark(folder_id)] if folder_id else []
    speakers = [line[1:] for line in lines if line.startswith("\t")]
    return entry(place, team, [tokens(line) for line in lines], [*marks, *speaker_marks(speakers)])


def names_of(title: str, path: str, author: str, speakers: Iterable[str]) -> str:
    """The lines of a recording's names. A speaker who is only known as a channel has a number, which is no name."""
    lines = [" ".join(line.split()) for line in (title, path, author)]
    names = {" ".join(name.split()) for name in speakers if _is_name(name)}
    return "\n".join([*lines, *(f"\t{name}" for name in sorted(names) if name)])


def _names(session: Session, recording: Recording, speakers: Iterable[str]) -> str:
    author = session.get(User, recording.author_id) if recording.author_id else None
    return names_of(recording.title, recording.path, author.name if author else "", speakers)


def _speakers(session: Session, recording: Recording) -> set[str]:
    heard = session.scalars(_SPEAKERS, {"recording": recording.id})
    return {name for name in heard if name and _is_name(name)}


def _is_name(speaker: str) -> bool:
    return not (speaker.isascii() and speaker.isdigit())


def _keep_speakers(session: Session, recording: Recording, speakers: set[str]) -> None:
    known = set(session.scalars(select(RecordingSpeaker.name).where(RecordingSpeaker.recording_id == recording.id)))
    gone = delete(RecordingSpeaker).where(RecordingSpeaker.recording_id == recording.id)
    if known - speakers:
        session.execute(gone.where(RecordingSpeaker.name.in_(known - speakers)))
    if speakers - known:
        new = [{"recording_id": recording.id, "team_id": recording.team_id, "name": name} for name in speakers - known]
        session.execute(insert(RecordingSpeaker), new)


# -- places and teams ---------------------------------------------------------------------------------------------------


def _place_of(session: Session, recording: Recording) -> RecordingPlace:
    """Where a recording stands; from now on where it does not yet."""
    stand = session.get(RecordingPlace, recording.id)
    if stand is None:
        stand = RecordingPlace(
            recording_id=recording.id, place=_free(session, recording), folder_id=recording.folder_id, names=""
        )
        session.add(stand)
        session.flush()
    return stand


def _free(session: Session, recording: Recording) -> int:
    wanted = places.wanted_place(recording.recorded_at, recording.id)
    if session.scalar(select(RecordingPlace.place).where(RecordingPlace.place == wanted)) is None:
        return wanted
    for some in places.recording_places(recording.recorded_at):
        among = select(RecordingPlace.place).where(RecordingPlace.place.between(some.start, some.stop - 1))
        place = places.free_place(wanted, some, set(session.scalars(among)))
        if place is not None:
            return place
    raise OverflowError("more recordings of one second than there are places in half a minute")


def team_number(session: Session, team_id: str) -> int:
    """A team's number in the index; it gets one with its first words."""
    wanted = select(SearchTeam.number).where(SearchTeam.team_id == team_id)
    found = session.scalar(wanted)
    while found is None:
        next_one = (session.scalar(select(func.max(SearchTeam.number))) or 0) + 1
        session.execute(_NEW_TEAM, {"number": next_one, "team": team_id})
        found = session.scalar(wanted)
    return found


def team_numbers(session: Session, team_ids: Iterable[str]) -> tuple[int, ...]:
    """The numbers of those teams that have words in the index."""
    statement: Select[int] = select(SearchTeam.number).where(SearchTeam.team_id.in_(list(team_ids)))
    return tuple(session.scalars(statement.order_by(SearchTeam.number)))


def _portions(rows: Sequence[SegmentRow]) -> Iterator[Sequence[SegmentRow]]:
    return (rows[start : start + _MANY] for start in range(0, len(rows), _MANY))
