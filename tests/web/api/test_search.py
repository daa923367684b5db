"""Room: tests.web.api.test_search. Words to seconds: Chinese of every length, mixtures, quotes, marks and pages."""

from typing import Any

import pytest

from nas_asr.services.base import House
from nas_asr.store import search as index
from nas_asr.store.models import SegmentRow
from tests.cast import START, Cast, make_recording, write_transcript
from tests.web.api.conftest import ByToken, Caller

LINES = (
    "我们讨论GPU显存不足的问题",
    "下周的会议纪要由张伟写",
    "the Budget is TWO hundred",
    "ｆｕｌｌ width Ｋｕｂｅｒｎｅｔｅｓ",
    "100% of a_b is \\ back",
    "会计说议价",
)


@pytest.fixture
def rita(by_token: ByToken, cast: Cast, house: House) -> Caller:
    """A reader of a team with one meeting."""
    recording = make_recording(house, cast.choir, "meeting")
    write_transcript(house, recording, list(LINES))
    other = make_recording(house, cast.garden, "roses")
    write_transcript(house, other, list(LINES))
    return by_token(cast.rita)


def found(caller: Caller, q: str) -> list[tuple[int, list[str]]]:
    """Which lines, and which parts of them are marked."""
    items = caller.get("/search", query_string={"q": q}).json["items"]
    return [(LINES.index(hit["text"]), [hit["text"][start:end] for start, end in hit["highlights"]]) for hit in items]


@pytest.mark.parametrize(
    ("q", "hits"),
    [
        ("会", [(1, ["会"]), (5, ["会"])]),
        ("会议", [(1, ["会议"])]),
        ("会议纪", [(1, ["会议纪"])]),
        ("会议纪要", [(1, ["会议纪要"])]),
        ("纪要 张伟", [(1, ["纪要", "张伟"])]),
        ("张伟 GPU", []),
        ("GPU显存", [(0, ["GPU显存"])]),
        ("gpu", [(0, ["GPU"])]),
        ("显存不足", [(0, ["显存不足"])]),
        ("ＧＰＵ", [(0, ["GPU"])]),
        ("kubernetes", [(3, ["Ｋｕｂｅｒｎｅｔｅｓ"])]),
        ("budget", [(2, ["Budget"])]),
        ("hundred budget", [(2, ["Budget", "hundred"])]),
        ('"budget is two"', [(2, ["Budget is TWO"])]),
        ("“budget is”", [(2, ["Budget is"])]),
        ('"is budget"', []),
        ('"议 会"', []),
        ("bud", []),
        ("100%", [(4, ["100"])]),
        ("", []),
        ("%", []),
        ("*", []),
        ('"', []),
        ("AND OR NOT NEAR( words : ^ - +", []),
        ("team:choir", []),
        ("a\u0301", []),
    ],
)
def test_words_are_found_and_marked(q: str, hits: list[tuple[int, list[str]]], rita: Caller) -> None:
    assert found(rita, q) == hits


def test_another_teams_words_are_not_found_by_its_name(rita: Caller, cast: Cast) -> None:
    assert found(rita, cast.garden) == []
    assert found(rita, f"budget {cast.choir}") == []


def test_a_hit_leads_to_its_second(rita: Caller) -> None:
    (hit,) = rita.get("/search?q=kubernetes").json["items"]
    assert (hit["start_ms"], hit["title"], hit["team"]) == (6000, "meeting", "choir")
    segments = rita.get(f"/recordings/{hit['recording_id']}/transcript").json["segments"]
    assert segments[3]["id"] == hit["segment_id"]


def test_what_was_said_is_found_where_something_else_was_written(by_token: ByToken, house: House, cast: Cast) -> None:
    recording = make_recording(house, cast.choir)
    write_transcript(house, recording, ["placeholder"])
    with house.db.write() as session:
        (row,) = session.query(SegmentRow).filter(SegmentRow.recording_id == recording)
        index.forget(session, [row])
        row.text, row.spoken = "it costs 200", "it costs two hundred"
        index.add(session, [row])
    rita = by_token(cast.rita)
    (written,) = rita.get("/search?q=200").json["items"]
    (spoken,) = rita.get('/search?q="two hundred"').json["items"]
    assert (written["text"], spoken["text"]) == ("it costs 200", "it costs two hundred")
    assert spoken["highlights"] == [[9, 20]]
    assert rita.get("/search?q=placeholder").json["items"] == []
    # Nothing is found across the border between the two texts
    assert rita.get('/search?q="200 it"').json["items"] == []


def test_newest_recordings_come_first_and_pages_are_whole(by_token: ByToken, house: House, cast: Cast) -> None:
    for day in (3, 9, 6, 6):
        recording = make_recording(house, cast.choir, f"day{day}", recorded_at=START.replace(day=day))
        write_transcript(house, recording, [f"word {i}" for i in range(5)])
    rita = by_token(cast.rita)
    hits: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        page = rita.get("/search", query_string={"q": "word", "limit": 3, "cursor": cursor}).json
        hits += page["items"]
        cursor = page["next"]
    assert len({hit["segment_id"] for hit in hits}) == len(hits) == 20
    assert [hit["title"] for hit in hits] == ["day9"] * 5 + ["day6"] * 10 + ["day3"] * 5
    for k in range(0, 20, 5):
        assert [hit["start_ms"] for hit in hits[k : k + 5]] == [0, 2000, 4000, 6000, 8000]
    some = rita.get("/search?q=word&from=2026-11-05&to=2026-11-06").json["items"]
    assert {hit["title"] for hit in some} == {"day6"}


def test_the_trash_is_not_searched(rita: Caller, by_token: ByToken, cast: Cast) -> None:
    (hit,) = rita.get("/search?q=budget").json["items"]
    assert by_token(cast.bob).call("DELETE", f"/recordings/{hit['recording_id']}").status_code == 202
    assert rita.get("/search?q=budget").json["items"] == []


def test_an_old_versions_words_are_not_found_twice(by_token: ByToken, house: House, cast: Cast) -> None:
    recording = make_recording(house, cast.choir)
    write_transcript(house, recording, ["the old word"])
    with house.db.read() as session:
        rows = list(session.query(SegmentRow).filter(SegmentRow.recording_id == recording))
    with house.db.write() as session:
        index.forget(session, rows)
    assert by_token(cast.rita).get("/search?q=old").json["items"] == []


def test_the_first_page_counts_and_names_recordings_and_filters_narrow(rita: Caller, house: House, cast: Cast) -> None:
    spoken = make_recording(house, cast.choir, "The Budget talk", path="2026/rec_7.wav")
    write_transcript(house, spoken, ["budget one", "budget two"])
    first = rita.get("/search", query_string={"q": "budget", "limit": 2}).json
    assert first["count"] == {"number": 3, "more": False}
    (named,) = first["recordings"]
    assert (named["recording_id"], named["path"], named["highlights"]) == (spoken, "2026/rec_7.wav", [[4, 10]])
    rest = rita.get("/search", query_string={"q": "budget", "limit": 2, "cursor": first["next"]}).json
    assert (len(rest["items"]), rest["count"], rest["recordings"], rest["next"]) == (1, None, [], None)
    assert rita.get("/search?q=budget&folder=nowhere").json["items"] == []
    assert rita.get("/search?q=budget&speaker=Anna").json["items"] == []
    assert rita.get("/search?q=garden").json["recordings"] == []
    assert rita.get("/search?q=rec+7").json["recordings"][0]["title"] == "The Budget talk"
