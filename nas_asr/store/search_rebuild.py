"""Room: store.search_rebuild. The whole search index from what the tables hold, a million segments in minutes. No models.

A migration calls it, whose tables may have fewer columns than the models of a later version: so each column is named here.
"""

import logging
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, TextClause, text

from nas_asr.store import places
from nas_asr.store.models import UtcDateTime
from nas_asr.store.search import RECORDINGS, SEGMENTS, names_entry, names_of, segment_entry
from nas_asr.store.word_index import Entry

T = TypeVar("T")
log = logging.getLogger(__name__)

_AT_ONCE = 5_000
_TELL_S = 15.0

_RECORDINGS = text(
    "SELECT r.id, r.team_id, r.folder_id, r.recorded_at, r.title, r.path, u.name AS author, k.id AS version_id "
    "FROM recordings r LEFT JOIN users u ON u.id = r.author_id "
    "LEFT JOIN transcript_versions v ON v.recording_id = r.id AND v.number = r.version "
    "LEFT JOIN transcript_versions k ON k.recording_id = r.id "
    "AND k.number = CASE WHEN v.root > 0 THEN v.root ELSE v.number END ORDER BY r.recorded_at DESC, r.id"
).columns(recorded_at=UtcDateTime())
# As store.seen has it: what is gone, and what something else stands over, nobody reads
_SEEN = (
    "s.layer <> 'gone' AND (s.layer = 'over' OR NOT EXISTS (SELECT 1 FROM segments o "
    "WHERE o.version_id = s.version_id AND o.id = s.id AND o.layer <> 'own'))"
)
_SPEAKERS = text(f"SELECT DISTINCT s.version_id, s.speaker FROM segments s WHERE s.speaker IS NOT NULL AND {_SEEN}")  # noqa: S608
_SEGMENTS = text(
    "SELECT s.key, s.start_ms, s.position, s.text, s.spoken, s.speaker FROM segments s "  # noqa: S608
    f"WHERE s.version_id = :version AND {_SEEN} ORDER BY s.start_ms, s.position, s.sub, s.key"
)


@dataclass(frozen=True, slots=True)
class _Stand:
    """A recording with its place."""

    recording: Row[Any]
    place: int
    team: int
    names: str


def rebuild(connection: Connection) -> None:
    """Make both indexes and fill them. The tables of places are there, and empty."""
    SEGMENTS.create(connection, gin=False)
    RECORDINGS.create(connection, gin=False)
    stands = _stands(connection)
    named = (names_entry(one.place, one.team, one.recording.folder_id, one.names) for one in stands)
    for names in _portions(named):
        RECORDINGS.put(connection, names)
    done, told = 0, time.monotonic()
    for some in _portions(_segments(connection, stands)):
        places_of = [{"segment": key, "place": one.place} for key, one in some]
        connection.execute(text("INSERT INTO segment_places (segment, place) VALUES (:segment, :place)"), places_of)
        SEGMENTS.put(connection, [one for _, one in some])
        done += len(some)
        if time.monotonic() - told > _TELL_S:
            told = time.monotonic()
            log.info("search.rebuilding", extra={"segments": done})
    _finish(connection)
    if done:
        log.info("search.rebuilt", extra={"segments": done, "recordings": len(stands)})


def _finish(connection: Connection) -> None:
    for index in (SEGMENTS, RECORDINGS):
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql(f"INSERT INTO {index.name}({index.name}) VALUES ('optimize')")  # noqa: S608
        else:
            connection.exec_driver_sql("SET LOCAL maintenance_work_mem = '256MB'")
            index.create_gin(connection)
            connection.exec_driver_sql(f"ANALYZE {index.name}")


def _stands(connection: Connection) -> list[_Stand]:
    """Every recording, newest first, in places that are written down."""
    rows = connection.execute(_RECORDINGS).all()
    teams = _teams(connection, rows)
    speakers: Mapping[str, set[str]] = defaultdict(set)
    for version, speaker in connection.execute(_SPEAKERS):
        speakers[version].add(speaker)
    taken: set[int] = set()
    stands = []
    for row in rows:
        place = _free(row, taken)
        taken.add(place)
        names = names_of(row.title, row.path, row.author or "", speakers.get(row.version_id, ()))
        stands.append(_Stand(row, place, teams[row.team_id], names))
    statement = text(
        "INSERT INTO recording_places (recording_id, place, folder_id, names) VALUES (:id, :place, :folder, :names)"
    )
    _write(connection, statement, [
        {"id": one.recording.id, "place": one.place, "folder": one.recording.folder_id, "names": one.names} for one in stands
    ])  # fmt: skip
    return sorted(stands, key=lambda one: one.place)


def _free(row: Row[Any], taken: set[int]) -> int:
    wanted = places.wanted_place(row.recorded_at, row.id)
    found = (places.free_place(wanted, some, taken) for some in places.recording_places(row.recorded_at))
    return next(place for place in found if place is not None)


def _teams(connection: Connection, rows: Iterable[Row[Any]]) -> Mapping[str, int]:
    numbers = {team: number for number, team in enumerate(dict.fromkeys(row.team_id for row in rows), 1)}
    values = [{"number": number, "team": team} for team, number in numbers.items()]
    _write(connection, text("INSERT INTO search_teams (number, team_id) VALUES (:number, :team)"), values)
    return numbers


def _write(connection: Connection, statement: TextClause, values: Sequence[Mapping[str, Any]]) -> None:
    if values:
        connection.execute(statement, values)


def _segments(connection: Connection, stands: Iterable[_Stand]) -> Iterator[tuple[int, Entry]]:
    """The segments that readers see, in the order of their places, with their keys."""
    for stand in stands:
        if stand.recording.version_id is None:
            continue
        rows = connection.execute(_SEGMENTS, {"version": stand.recording.version_id}).all()
        given = places.segment_places(stand.place, [row.start_ms for row in rows], ())
        for row, place in zip(rows, given, strict=True):
            yield (
                row.key,
                segment_entry(place, stand.team, stand.recording.folder_id, (row.text, row.spoken, row.speaker)),
            )


def _portions(items: Iterable[T]) -> Iterator[list[T]]:
    left = iter(items)
    while some := list(islice(left, _AT_ONCE)):
        yield some
