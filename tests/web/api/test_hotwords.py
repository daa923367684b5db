"""Room: tests.web.api.test_hotwords. The list by HTTP: versions, If-Match, refusals, and who may."""

from typing import Any

import pytest

from nas_asr.core.access import TokenScope
from nas_asr.services.base import House
from tests.cast import Cast, replace_something
from tests.web.api.conftest import ByToken, Caller, InPerson

LIST = "/teams/choir/hotwords"


def test_a_list_is_read_and_written_with_its_version(by_token: ByToken, cast: Cast) -> None:
    alice = by_token(cast.alice)
    answer = alice.get(LIST)
    assert (answer.json["version"], answer.json["words"], answer.headers["ETag"]) == (0, [], '"0"')
    sent = {"words": ["Kubernetes", "IPO = I P O", "[x]"]}
    answer = alice.call("PUT", LIST, json=sent, headers={"If-Match": answer.headers["ETag"]})
    assert (answer.status_code, answer.json["version"], answer.headers["ETag"]) == (200, 1, '"1"')
    assert answer.json["words"] == ["Kubernetes", "IPO = I P O"] and answer.json["author"] == "alice"
    assert [(one["line"], one["word"]) for one in answer.json["refused"]] == [(3, "[x]")]
    assert by_token(cast.rita, TokenScope.READ).get(LIST).json["words"] == ["Kubernetes", "IPO = I P O"]
    assert alice.get("/teams").json["items"][0]["hotwords_version"] == 1


def test_a_stale_version_is_a_conflict_and_no_version_writes_anyway(by_token: ByToken, cast: Cast) -> None:
    alice = by_token(cast.alice)
    alice.call("PUT", LIST, json={"words": ["one"]})
    for stale in ("0", '"0"', 'W/"7"'):
        answer = alice.call("PUT", LIST, json={"words": ["two"]}, headers={"If-Match": stale})
        assert (answer.status_code, answer.json["error"]["code"]) == (409, "conflict")
    assert alice.call("PUT", LIST, json={"words": ["two"]}, headers={"If-Match": "*"}).json["version"] == 2
    assert alice.call("PUT", LIST, json={"words": []}, headers={"If-Match": "x"}).status_code == 422


@pytest.mark.parametrize("body", [{}, {"words": "one"}, {"words": [1]}, {"words": ["a"], "more": 1}])
def test_a_wrong_body_names_its_field(by_token: ByToken, cast: Cast, body: dict[str, object]) -> None:
    answer = by_token(cast.alice).call("PUT", LIST, json=body)
    assert answer.status_code == 422 and answer.json["error"]["field"]


def test_who_may_see_and_write_and_run_again(
    anonymous: Caller, by_token: ByToken, in_person: InPerson, cast: Cast, meeting: str
) -> None:
    wanted = {"charlie": (404, 404, 404), "ada": (404, 404, 404), "rita": (200, 403, 403), "bob": (200, 403, 403)}
    calls: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("GET", LIST, {}),
        ("PUT", LIST, {"json": {"words": ["x1"]}}),
        ("POST", f"{LIST}/rerun", {"json": {"days": 7}}),
    )
    for name, statuses in wanted.items():
        for caller in (by_token(getattr(cast, name)), in_person(getattr(cast, name))):
            assert tuple(caller.call(method, path, **more).status_code for method, path, more in calls) == statuses
    assert [anonymous.call(method, path, **more).status_code for method, path, more in calls] == [401] * 3
    for caller in (by_token(cast.alice), in_person(cast.alice)):
        assert caller.call("PUT", LIST, json={"words": ["x1"]}).status_code == 200
    assert by_token(cast.alice).post(f"{LIST}/rerun", json={"days": 7}).json == {"queued": 1, "left": 0}
    for scope in (TokenScope.READ, TokenScope.INGEST, TokenScope.WIDGET):
        assert by_token(cast.alice, scope).call("PUT", LIST, json={"words": []}).status_code == 403
    assert in_person(cast.alice, csrf=False).call("PUT", LIST, json={"words": []}).status_code == 400


def test_a_place_is_undone_by_http(by_token: ByToken, house: House, cast: Cast, meeting: str) -> None:
    segment = replace_something(house, meeting)
    bob = by_token(cast.bob)
    made = bob.get(f"/recordings/{meeting}/transcript").json["segments"][0]["replacements"]
    assert made == [{"start": 0, "end": 3, "was": "we", "hotword": "Wii", "undone": False}]
    path, body = f"/recordings/{meeting}/replacements", {"segment": segment, "index": 0}
    assert bob.post(path, json=body).status_code == 422
    answer = bob.post(path, json=body, headers={"If-Match": '"1"'})
    assert (answer.status_code, answer.json, answer.headers["ETag"]) == (200, {"version": 2}, '"2"')
    assert bob.post(path, json=body, headers={"If-Match": '"1"'}).status_code == 409
    assert bob.get(f"/recordings/{meeting}/transcript").json["segments"][0]["text"] == "we met at nine"


def test_a_manager_asks_what_a_list_would_change(in_person: InPerson, cast: Cast) -> None:
    answer = in_person(cast.alice).post("/teams/choir/hotwords/reach", json={"words": ["Kubernetes"]})
    assert answer.json == {"items": [], "looked_at": 0, "whole": True}
    assert in_person(cast.bob).post("/teams/choir/hotwords/reach", json={"words": ["x"]}).status_code == 403
    assert in_person(cast.charlie).post("/teams/choir/hotwords/reach", json={"words": ["x"]}).status_code == 404
