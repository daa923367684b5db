"""Room: tests.web.api.test_trash. Many at once and the trash, over the API: who may, and what each refusal says."""

import pytest

from nas_asr.core.access import TokenScope
from nas_asr.services.base import House
from nas_asr.store.models import AuditLine, Recording
from tests.cast import Cast, make_recording
from tests.web.api.conftest import ByToken, Caller, InPerson


def bulk(caller: Caller, action: str, *ids: str) -> tuple[list[str], dict[str, str]]:
    answer = caller.post("/recordings/bulk", json={"ids": list(ids), "action": action})
    assert answer.status_code == 200
    return answer.json["done"], {one["id"]: one["code"] for one in answer.json["refused"]}


def test_each_is_done_or_named_with_its_reason(by_token: ByToken, house: House, cast: Cast, meeting: str) -> None:
    queued, other = make_recording(house, cast.choir, "queued"), make_recording(house, cast.garden, "roses")
    bob = by_token(cast.bob)
    refused = {queued: "conflict", other: "not_found", "nothing": "not_found"}
    assert bulk(bob, "retry", meeting, queued, other, "nothing") == ([meeting], refused)
    assert bulk(by_token(cast.rita), "trash", meeting, other) == ([], {meeting: "not_permitted", other: "not_found"})
    assert bulk(bob, "trash", meeting, queued, queued) == ([meeting, queued], {})
    assert [one["trashed_by"] for one in bob.get("/trash").json["items"]] == ["bob", "bob"]
    page = bob.get("/trash?limit=1").json
    assert len(bob.get(f"/trash?limit=1&cursor={page['next']}").json["items"]) == 1
    assert bulk(by_token(cast.charlie), "restore", meeting) == ([], {meeting: "not_found"})
    assert bulk(bob, "restore", meeting, queued) == ([meeting, queued], {})
    with house.db.read() as session:
        acts = [line.action for line in session.query(AuditLine) if line.action.startswith("recording.")]
    assert acts.count("recording.trashed") == acts.count("recording.restored") == 2


@pytest.mark.parametrize(
    "body", [{"ids": [], "action": "trash"}, {"ids": ["x"], "action": "burn"}, {"ids": ["x"] * 501, "action": "trash"}]
)
def test_a_wish_that_cannot_be_read_is_refused_as_a_whole(
    by_token: ByToken, cast: Cast, body: dict[str, object]
) -> None:
    assert by_token(cast.bob).post("/recordings/bulk", json=body).status_code == 422


def test_only_a_manager_in_person_deletes_for_ever(
    by_token: ByToken, in_person: InPerson, anonymous: Caller, house: House, cast: Cast, meeting: str
) -> None:
    path = f"/trash/{meeting}"
    assert in_person(cast.alice).call("DELETE", path).status_code == 404  # it lies in no trash
    bulk(by_token(cast.bob), "trash", meeting)
    callers = [
        (anonymous, 401), (by_token(cast.charlie), 404), (in_person(cast.ada), 404), (by_token(cast.rita), 403),
        (by_token(cast.bob), 403), (in_person(cast.bob), 403), (by_token(cast.alice), 403),
        (by_token(cast.alice, TokenScope.READ), 403),
    ]  # fmt: skip
    for caller, wanted in callers:
        assert caller.call("DELETE", path).status_code == wanted
    assert in_person(cast.alice).call("DELETE", path).status_code == 204
    with house.db.read() as session:
        assert session.get(Recording, meeting) is None
        assert session.query(AuditLine).filter_by(action="recording.deleted").one().actor == "alice"
    assert list((house.uploads / cast.choir).iterdir()) == []
