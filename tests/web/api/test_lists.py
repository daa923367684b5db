"""Room: tests.web.api.test_lists. Lists and their pages, filters, times, and the numbers for dashboards."""

from datetime import timedelta

import pytest

from nas_asr.core.access import TokenScope
from nas_asr.core.recording import LedgerState, RunState
from nas_asr.services.base import House
from nas_asr.store.models import LedgerLine, Recording, Run
from tests.cast import START, Cast, make_folder, make_recording, write_transcript
from tests.web.api.conftest import ByToken, Caller, InPerson


@pytest.fixture
def rita(by_token: ByToken, cast: Cast) -> Caller:
    """A reader."""
    return by_token(cast.rita)


def all_of(caller: Caller, path: str, limit: int) -> list[dict[str, object]]:
    """Every item, page by page."""
    items, cursor = [], ""
    while True:
        page = caller.get(path, query_string={"limit": limit, "cursor": cursor}).json
        assert len(page["items"]) <= limit
        items += page["items"]
        if page["next"] is None:
            return items
        cursor = page["next"]


def test_a_recording_has_the_shape_of_the_contract(rita: Caller, house: House, cast: Cast) -> None:
    recording = make_recording(house, cast.choir)
    found = rita.get(f"/recordings/{recording}").json
    named = (
        "id team folder path title state failure duration_ms size_bytes sha256 recorded_at ingested_at done_at language "
        "engine hotwords_version rtfx progress waiting_for rerun draft transcript_version"
    )
    assert set(named.split()) <= set(found)
    assert (found["engine"], found["failure"], found["done_at"]) == (None, None, None)
    assert found["recorded_at"] == "2026-11-21T09:00:00.000Z"
    write_transcript(house, recording, ["hello"])
    done = rita.get(f"/recordings/{recording}").json
    assert done["engine"] == {"name": "sphinx", "model": "test", "revision": "", "device": ""}
    assert (done["state"], done["transcript_version"], done["rtfx"]) == ("done", 1, 40.0)


def test_a_failure_is_told_with_its_remedy(rita: Caller, house: House, cast: Cast) -> None:
    recording = make_recording(house, cast.choir, state=RunState.FAILED)
    with house.db.write() as session:
        run = session.get_one(Run, session.get_one(Recording, recording).run_id)
        run.state, run.failure_code, run.failure_message = RunState.FAILED, "media_limit", "It was too hard."
    assert rita.get(f"/recordings/{recording}").json["failure"] == {
        "code": "media_limit", "message": "It was too hard.", "remedy": "",
    }  # fmt: skip


def test_a_next_try_is_told_with_its_reason(rita: Caller, house: House, cast: Cast) -> None:
    recording = make_recording(house, cast.choir)
    assert (rita.get(f"/recordings/{recording}").json["trouble"]) is None
    with house.db.write() as session:
        run = session.get_one(Run, session.get_one(Recording, recording).run_id)
        run.failure_message, run.not_before = "The share is away.", START
    found = rita.get(f"/recordings/{recording}").json
    assert (found["trouble"], found["next_try_at"]) == ("The share is away.", "2026-11-21T09:00:00.000Z")


def test_pages_have_everything_once_also_where_times_are_equal(rita: Caller, house: House, cast: Cast) -> None:
    made = {make_recording(house, cast.choir, f"r{i}", recorded_at=START + timedelta(hours=i // 5)) for i in range(23)}
    make_recording(house, cast.garden, "not yours")
    items = all_of(rita, "/recordings", 4)
    assert len(items) == len(made)
    assert {item["id"] for item in items} == made
    times = [str(item["recorded_at"]) for item in items]
    assert times == sorted(times, reverse=True)


def test_what_comes_while_one_pages_disturbs_nothing(rita: Caller, house: House, cast: Cast) -> None:
    old = [make_recording(house, cast.choir, f"r{i}", recorded_at=START - timedelta(hours=i)) for i in range(4)]
    first = rita.get("/recordings?limit=2").json
    make_recording(house, cast.choir, "new", recorded_at=START + timedelta(hours=1))
    second = rita.get("/recordings", query_string={"limit": 2, "cursor": first["next"]}).json
    assert [item["id"] for item in first["items"] + second["items"]] == old


@pytest.mark.parametrize(
    "cursor", ["x", "W10", "WyJhIiwgImIiXQ", "bnVsbA", "WyIyMDI2LTExLTIxIiwgIngiXQ", "=", "é", "[" * 50]
)
def test_a_made_up_cursor_is_a_bad_field(cursor: str, rita: Caller) -> None:
    for path in ("/recordings", "/search", "/ledger"):
        answer = rita.get(path, query_string={"cursor": cursor, "q": "x"})
        assert (answer.status_code, answer.json["error"]["field"]) == (422, "cursor"), path


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=x", "limit"),
        ("state=asleep", "state"),
        ("from=yesterday", "from"),
        ("to=2026-13-01", "to"),
        ("to=9999-12-31", "to"),
        ("q=%00", "q"),
    ],
)
def test_a_bad_field_is_named(query: str, field: str, rita: Caller) -> None:
    answer = rita.get(f"/recordings?{query}")
    assert (answer.status_code, answer.json["error"]["field"]) == (422, field)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("from=2026-11-20&to=2026-11-20", ["day"]),
        ("from=2026-11-20T12:00:00Z", ["day", "next"]),
        ("from=2026-11-20T13:00:00%2B01:00", ["day", "next"]),
        ("from=2026-11-20T13:00:00+01:00", ["day", "next"]),
        ("to=2026-11-20T12:00:00", ["before"]),
        ("q=DAY", ["day"]),
        ("q=%25", []),
        ("q=_", []),
        ("q=%5C", []),
        ("state=done", []),
        ("team=garden", []),
        ("team=choir", ["before", "day", "next"]),
    ],
)
def test_filters_narrow(query: str, found: list[str], rita: Caller, house: House, cast: Cast) -> None:
    noon = START.replace(day=20, hour=12)
    for title, days in (("before", -1), ("day", 0), ("next", 1)):
        make_recording(house, cast.choir, title, recorded_at=noon + timedelta(days=days))
    assert sorted(item["title"] for item in rita.get(f"/recordings?{query}").json["items"]) == found


@pytest.mark.parametrize("title", ["100%", "a_b", "back\\slash", "周例会", "x' OR 1=1 --"])
def test_a_title_is_found_by_exactly_what_it_says(title: str, rita: Caller, house: House, cast: Cast) -> None:
    wanted = make_recording(house, cast.choir, title)
    make_recording(house, cast.choir, "1000 axb backslash")
    items = rita.get("/recordings", query_string={"q": title}).json["items"]
    assert [item["id"] for item in items] == [wanted]


def test_the_ledger_pages_and_narrows(rita: Caller, house: House, cast: Cast) -> None:
    folder = make_folder(house.db, cast.choir, house.options.data / "recordings" / "choir")
    with house.db.write() as session:
        for i in range(7):
            session.add(
                LedgerLine(
                    id=f"line{i}", folder_id=folder, raw_path=b"%d" % i, path=f"file{i}.wav", size_bytes=i,
                    mtime_ns=10**18, inode=i, state=LedgerState.FAILED if i == 3 else LedgerState.GROWING,
                    reason="It is cut off." if i == 3 else "", first_seen_at=START, changed_at=START,
                )
            )  # fmt: skip
    assert {line["path"] for line in all_of(rita, "/ledger", 3)} == {f"file{i}.wav" for i in range(7)}
    (failed,) = rita.get("/ledger?state=failed").json["items"]
    assert (failed["path"], failed["reason"], failed["folder"]) == ("file3.wav", "It is cut off.", folder)
    assert failed["mtime"] == "2001-09-09T01:46:40.000Z"
    (shown,) = rita.get("/folders").json["items"]
    assert shown["files"] == {
        "growing": 6, "waiting_choice": 0, "ingested": 0, "duplicate": 0, "ignored": 0, "failed": 1,
    }  # fmt: skip


def test_the_summary_counts_ones_own(rita: Caller, by_token: ByToken, house: House, cast: Cast) -> None:
    done = make_recording(house, cast.choir, "done")
    write_transcript(house, done, ["x"])
    make_recording(house, cast.choir, "waits")
    make_recording(house, cast.garden, "not yours")
    found = rita.get("/summary").json
    assert found["counts"] == {"queued": 1, "running": 0, "done_24h": 1, "failed": 0, "total": 2}
    assert found["status"] == "no_worker"
    assert found["last_done"]["name"] == "done"
    assert {one["name"] for one in found["recent"]} == {"done", "waits"}
    widget = by_token(cast.rita, TokenScope.WIDGET).get("/summary").json
    assert widget["counts"] == found["counts"]
    assert (widget["recent"], widget["last_done"]) == ([], None)
    assert "waits" not in str(widget)


def test_a_token_is_shown_once_and_ended(in_person: InPerson, cast: Cast) -> None:
    alice = in_person(cast.alice)
    made = alice.post("/tokens", json={"name": "dashboard", "scope": "read", "team": "choir", "days": 30})
    secret = made.json["token"]
    assert made.status_code == 201
    listed = alice.get("/tokens")
    assert secret not in listed.text
    (token,) = listed.json["items"]
    assert (token["scope"], token["team"], secret[: len(token["prefix"])]) == ("read", "choir", token["prefix"])
    assert alice.call("DELETE", f"/tokens/{token['id']}").status_code == 204
    assert alice.get("/tokens").json["items"] == []
    assert Caller(alice.client, {"X-API-Key": secret}).get("/teams").status_code == 401


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "", "scope": "read"}, "name"),
        ({"name": "x", "scope": "everything"}, "scope"),
        ({"name": "x", "scope": "read", "days": 0}, "days"),
        ({"name": "x", "scope": "read", "dyas": 3}, "dyas"),
        ({"scope": "read"}, "name"),
    ],
)
def test_a_token_with_a_bad_field_is_not_made(
    body: dict[str, object], field: str, in_person: InPerson, cast: Cast
) -> None:
    answer = in_person(cast.alice).post("/tokens", json=body)
    assert (answer.status_code, answer.json["error"]["field"]) == (422, field)


def test_half_a_character_is_no_name(in_person: InPerson, cast: Cast) -> None:
    body = b'{"name": "\\ud800", "scope": "read"}'
    answer = in_person(cast.alice).post("/tokens", data=body, content_type="application/json")
    assert (answer.status_code, answer.json["error"]["field"]) == (422, "name")


def test_somebody_elses_token_cannot_be_ended(in_person: InPerson, cast: Cast) -> None:
    alice, bob = in_person(cast.alice), in_person(cast.bob)
    alice.post("/tokens", json={"name": "mine", "scope": "read"})
    (token,) = alice.get("/tokens").json["items"]
    assert bob.call("DELETE", f"/tokens/{token['id']}").status_code == 404
    assert len(alice.get("/tokens").json["items"]) == 1
