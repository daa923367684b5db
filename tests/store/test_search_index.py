"""Room: tests.store.test_search_index. The full-text index on both databases: add, forget, find, and teams apart."""

import pytest
from sqlalchemy import select

from nas_asr.core.search_text import parse_query
from nas_asr.services.base import House
from nas_asr.store import search
from nas_asr.store.database import Database
from nas_asr.store.models import SegmentPlace, SegmentRow
from nas_asr.store.word_index import Ask
from tests.cast import Cast, make_recording, write_transcript

LINES = [
    "我们讨论GPU显存不足的问题", "下周的会议纪要", "会计说议价", "the running budget", "ｆｕｌｌ Straße", "𠮷野家 ㎏", "don't"
]  # fmt: skip


@pytest.fixture
def lines(house: House, cast: Cast) -> None:
    """The same words in both teams."""
    for team_id in (cast.choir, cast.garden):
        write_transcript(house, make_recording(house, team_id), LINES)


def found(db: Database, query: str, *team_ids: str) -> list[str]:
    """The texts in which the query is found, in order of time."""
    with db.read() as session:
        ask = Ask(tuple(parse_query(query)), search.team_numbers(session, team_ids))
        at = search.SEGMENTS.first(session, ask, 100)
        own = select(SegmentRow).join(SegmentPlace, SegmentPlace.segment == SegmentRow.key)
        return [row.text for row in session.scalars(own.where(SegmentPlace.place.in_(at)).order_by(SegmentPlace.place))]


@pytest.mark.parametrize(
    ("query", "hits"),
    [
        ("会", [1, 2]),
        ("会议", [1]),
        ("会议纪", [1]),
        ("会议纪要", [1]),
        ("议会", []),
        ("GPU显存", [0]),
        ("gpu 问题", [0]),
        ("显存 会议", []),
        ("running", [3]),
        ("run", []),
        ("the", [3]),
        ("full", [4]),
        ("STRASSE", [4]),
        ("𠮷", [5]),
        ("kg", [5]),
        ("don't", [6]),
        ('"the budget"', []),
        ('"running budget"', [3]),
        ("NOT", []),
        ("budget OR 会", []),
        ("' \" ; -- budget", [3]),
        ("budget:* & !the", [3]),
    ],
)
@pytest.mark.usefixtures("lines")
def test_phrases_are_found_on_both_databases(query: str, hits: list[int], db: Database, cast: Cast) -> None:
    assert found(db, query, cast.choir) == [LINES[i] for i in hits]


@pytest.mark.usefixtures("lines")
def test_teams_are_kept_apart(db: Database, cast: Cast) -> None:
    assert len(found(db, "budget", cast.choir, cast.garden)) == 2
    assert len(found(db, "budget", cast.garden)) == 1
    assert found(db, "budget", "otherteam") == []
    assert found(db, f"{cast.garden} budget", cast.choir, cast.garden) == []


@pytest.mark.usefixtures("lines")
def test_what_is_forgotten_is_not_found_and_can_come_again(db: Database, cast: Cast) -> None:
    with db.write() as session:
        (row,) = session.scalars(
            select(SegmentRow).where(SegmentRow.text == "the running budget", SegmentRow.team_id == cast.choir)
        )
        search.forget(session, [row])
        session.flush()
        row.text = row.spoken = "the walking budget"
        search.add(session, [row])
    assert found(db, "running", cast.choir) == []
    assert found(db, "walking", cast.choir) == ["the walking budget"]
    assert found(db, "running", cast.garden) == ["the running budget"]


def test_no_phrase_reaches_from_the_written_text_into_the_spoken(house: House, db: Database, cast: Cast) -> None:
    write_transcript(house, make_recording(house, cast.choir), ["it costs 200"])
    with db.write() as session:
        (row,) = session.scalars(select(SegmentRow))
        search.forget(session, [row])
        row.spoken = "it costs two hundred"
        search.add(session, [row])
    assert found(db, '"two hundred"', cast.choir) == found(db, "200", cast.choir) == ["it costs 200"]
    assert found(db, '"200 it"', cast.choir) == []
    assert found(db, "200it", cast.choir) == []
    assert found(db, "a", cast.choir) == found(db, "ª", cast.choir) == []


def test_a_segment_without_words_is_no_trouble(house: House, db: Database, cast: Cast) -> None:
    write_transcript(house, make_recording(house, cast.choir), ["", "…", "x"])
    assert found(db, "x", cast.choir) == ["x"]


def test_adding_and_forgetting_nothing_is_nothing(db: Database) -> None:
    with db.write() as session:
        search.add(session, [])
        search.forget(session, [])
