"""Room: tests.web.api.test_admin. The house's calls: for admins in person, for nobody else."""

import pytest

from nas_asr.services.base import House
from nas_asr.store.models import Recording
from tests.cast import Cast, make_recording
from tests.web.api.conftest import ByToken, InPerson

READS = ("queue", "audit", "storage", "check")


@pytest.mark.parametrize("person", ["alice", "bob", "rita", "charlie"])
def test_for_others_it_does_not_exist(person: str, in_person: InPerson, cast: Cast) -> None:
    caller = in_person(getattr(cast, person))
    assert {caller.get(f"/admin/{name}").status_code for name in READS} == {404}
    assert {
        caller.post(f"/admin/queue/{name}").status_code for name in ("pause", "resume", "x/first", "x/stop", "x/again")
    } == {404}


def test_an_admins_token_does_not_reach_it(by_token: ByToken, cast: Cast) -> None:
    assert {by_token(cast.ada).get(f"/admin/{name}").status_code for name in READS} == {404}


def test_the_queue_is_read_paused_and_reordered(in_person: InPerson, house: House, cast: Cast) -> None:
    waiting = make_recording(house, cast.choir)
    with house.db.read() as session:
        run = session.get_one(Recording, waiting).run_id
    ada = in_person(cast.ada)
    assert ada.get("/admin/queue").json["items"][0]["run_id"] == run
    assert ada.post("/admin/queue/pause").json["paused"]["by"] == "ada"
    assert ada.post(f"/admin/queue/{run}/first").json["items"][0]["first"]
    assert not ada.post(f"/admin/queue/{run}/back").json["items"][0]["first"]
    assert ada.post("/admin/queue/resume").json["paused"] is None
    assert ada.post(f"/admin/queue/{run}/stop").json["items"] == []
    assert ada.post(f"/admin/queue/{run}/stop").status_code == 409
    ended = ada.get("/admin/queue").json["ended"]
    assert [(one["run_id"], one["state"]) for one in ended] == [(run, "stopped")]
    again = ada.post(f"/admin/queue/{run}/again").json
    assert (again["waiting"], again["ended"]) == (1, [])
    assert ada.post(f"/admin/queue/{run}/again").status_code == 409


def test_lines_storage_and_findings(in_person: InPerson, cast: Cast) -> None:
    ada = in_person(cast.ada)
    ada.post("/admin/queue/pause")
    line = ada.get("/admin/audit?kind=queue").json["items"][0]
    assert (line["actor"], line["action"]) == ("ada", "queue.paused")
    assert ada.get("/admin/storage").json["free_bytes"] > 0
    assert ada.get("/admin/check").json == {"items": []}
