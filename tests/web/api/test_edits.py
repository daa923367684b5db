"""Room: tests.web.api.test_edits. Editing over HTTP: a new version, or 409 with what changed; restore, carry over, run again."""

from typing import Any

import pytest

from nas_asr.services.base import House
from nas_asr.services.recordings import retry
from nas_asr.services.transcribe import finish
from nas_asr.store.models import Run
from nas_asr.web.api.transcripts import SegmentOut
from tests.cast import Cast
from tests.services.test_transcribe import claimed, spoken
from tests.web.api.conftest import Answer, ByToken, Caller, InPerson


@pytest.fixture
def bob(by_token: ByToken, cast: Cast) -> Caller:
    """A member."""
    return by_token(cast.bob)


def patch(caller: Caller, recording: str, seen: int | str | None, *edits: dict[str, Any]) -> Answer:
    """Edits from a version."""
    headers = {} if seen is None else {"If-Match": str(seen)}
    return caller.call("PATCH", f"/recordings/{recording}/transcript", json={"edits": list(edits)}, headers=headers)


def segments(caller: Caller, recording: str) -> list[dict[str, Any]]:
    """What readers see."""
    found: list[dict[str, Any]] = caller.get(f"/recordings/{recording}/transcript").json["segments"]
    return found


def test_two_edits_from_one_version_are_200_and_409_and_a_new_run_keeps_the_edit(
    bob: Caller, by_token: ByToken, cast: Cast, house: House, meeting: str
) -> None:
    first, second = segments(bob, meeting)
    good = patch(bob, meeting, '"1"', {"id": first["id"], "text": "we met at ten"})
    assert (good.status_code, good.headers["ETag"]) == (200, '"2"')
    assert good.json == {
        "version": 2, "changed": [first | {"text": "we met at ten", "spoken": "we met at ten", "after": None}],
        "removed": [], "count": 1,
    }  # fmt: skip
    late = patch(by_token(cast.alice), meeting, 1, {"op": "text", "id": second["id"], "text": "mine"})
    assert (late.status_code, late.json["error"]["code"], late.json["version"], late.json["author"]) == (
        409, "conflict", 2, "bob"
    )  # fmt: skip
    assert late.json["changed"] == good.json["changed"] and late.json["removed"] == []
    retry(house, cast.bob, meeting)
    finish(house, claimed(house), spoken("by machine"))
    assert [one["text"] for one in segments(bob, meeting)] == ["we met at ten", second["text"]]


def test_a_split_tells_where_the_new_one_stands_and_a_merge_what_went(bob: Caller, meeting: str) -> None:
    first, _ = segments(bob, meeting)
    parted = patch(bob, meeting, 1, {"op": "split", "id": first["id"], "at": 6, "at_ms": 900}).json
    left, right = parted["changed"]
    assert (left["id"], left["end_ms"], right["start_ms"], right["after"]) == (first["id"], 900, 900, first["id"])
    assert segments(bob, meeting)[:2] == [{k: v for k, v in one.items() if k != "after"} for one in (left, right)]
    assert patch(bob, meeting, 2, {"op": "merge", "id": first["id"]}).json["removed"] == [right["id"]]
    assert segments(bob, meeting)[0] == first


@pytest.mark.parametrize(
    ("seen", "edits", "field"),
    [
        (None, [{"id": "x", "text": "y"}], "If-Match"),
        (1, [], "edits"),
        (1, [{"id": "x", "text": "y"}], "edits.0.id"),
        (1, [{"op": "replace_all", "find": "we", "replace": "you"}, {"op": "merge", "id": "x"}], "edits.1.id"),
        (1, [{"op": "sing", "id": "x"}], "edits.0.op"),
        (1, [{"op": "speaker", "id": "x"}], "edits.0.speaker"),
        (1, [{"op": "replace_all", "find": "we"}], "edits.0.replace"),
        (1, [{"id": "x", "txet": "y"}], "edits.0.txet"),
        (1, [{"id": "x", "text": "\0"}], "edits.0.text"),
    ],
)
def test_what_cannot_be_is_named_and_nothing_is_applied(
    bob: Caller, meeting: str, seen: int | None, edits: list[dict[str, Any]], field: str
) -> None:
    answer = patch(bob, meeting, seen, *edits)
    assert (answer.status_code, answer.json["error"]["field"]) == (422, field)
    assert bob.get(f"/recordings/{meeting}/transcript").json["version"] == 1


def test_an_open_page_is_told_what_is_different_and_nothing_else(bob: Caller, meeting: str) -> None:
    first, *_ = whole = segments(bob, meeting)
    assert [SegmentOut.model_validate(one).model_dump() for one in whole] == whole, "as the description says"
    patch(bob, meeting, 1, {"id": first["id"], "text": "another text"})
    told = bob.get(f"/recordings/{meeting}/transcript/changes?since=1").json
    assert (told["version"], told["author"], told["whole"], told["removed"]) == (2, "bob", False, [])
    assert [one["text"] for one in told["changed"]] == ["another text"]
    assert bob.get(f"/recordings/{meeting}/transcript/changes").json["whole"]


def test_a_page_of_ours_says_it_in_the_readers_language(in_person: InPerson, cast: Cast, meeting: str) -> None:
    alice = in_person(cast.alice)
    alice.headers["Accept-Language"] = "zh-CN"
    patch(alice, meeting, 1, {"op": "replace_all", "find": "we", "replace": "you"})
    late = patch(alice, meeting, 1, {"op": "replace_all", "find": "we", "replace": "us"})
    assert late.json["error"]["message"] == "alice 刚刚修改了这份文字稿，现在是第 2 版。"


def test_the_history_is_told_by_version_and_by_sitting(bob: Caller, meeting: str) -> None:
    first, _ = segments(bob, meeting)
    for seen, text in enumerate(("we met", "we met at ten"), start=1):
        patch(bob, meeting, seen, {"id": first["id"], "text": text})
    told = bob.get(f"/recordings/{meeting}/versions").json
    assert [(one["version"], one["kind"], one["author"], one["sitting"], one["changes"]) for one in told["items"]] == [
        (3, "edited", "bob", 2, 1), (2, "edited", "bob", 2, 1), (1, "machine", None, 1, 0)
    ]  # fmt: skip
    assert [(one["first"], one["last"], one["base"], one["tally"]) for one in told["sittings"]] == [
        (2, 3, 1, {"text": 2}), (1, 1, 0, {})
    ]  # fmt: skip


def test_restore_and_every_version_as_a_file(bob: Caller, meeting: str) -> None:
    first, _ = segments(bob, meeting)
    patch(
        bob,
        meeting,
        1,
        {"id": first["id"], "text": "=cmd() <b>"},
        {"op": "speaker", "id": first["id"], "speaker": "Anna"},
    )
    patch(bob, meeting, 2, {"id": first["id"], "text": ""})
    for form in ("txt", "srt", "vtt"):
        assert "we met at nine" in bob.get(f"/recordings/{meeting}/export?format={form}&version=1").text
        assert "Anna" in bob.get(f"/recordings/{meeting}/export?format={form}&version=2").text
        assert "Anna" not in bob.get(f"/recordings/{meeting}/export?format={form}").text, (
            "nothing is said there any more"
        )
    assert bob.post(f"/recordings/{meeting}/restore", json={"version": 2}).json == {"version": 4}
    assert segments(bob, meeting)[0]["speaker"] == "Anna"
    assert bob.post(f"/recordings/{meeting}/restore", json={"version": 9}).status_code == 404


def test_edits_are_carried_over_to_a_new_run(bob: Caller, cast: Cast, house: House, meeting: str) -> None:
    _, second = segments(bob, meeting)
    patch(bob, meeting, 1, {"id": second["id"], "text": "the budget is three hundred"})
    retry(house, cast.bob, meeting)
    finish(house, claimed(house), spoken("we met at noon", "", "the budget is two hundred"))
    told = bob.post(f"/recordings/{meeting}/carry", json={}).json
    assert (told["version"], told["count"], told["left"]) == (4, 1, [])
    assert "the budget is three hundred" in [one["text"] for one in segments(bob, meeting)]


def test_one_more_run_may_name_engine_language_and_list(bob: Caller, house: House, meeting: str) -> None:
    path = f"/recordings/{meeting}/retry"
    assert bob.post(path, data="{", content_type="application/json").status_code == 422
    assert bob.post(path, json={"engine": "whisper"}).json["error"]["field"] == "engine"
    assert bob.post(path, json={"engine": "sensevoice", "language": "yue", "hotwords_version": 0}).status_code == 202
    with house.db.read() as session:
        run = session.query(Run).filter_by(recording_id=meeting, state="queued").one()
        assert (run.engine, run.language, run.waiting_for) == ("sensevoice", "yue", "model")
