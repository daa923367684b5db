"""Room: tests.web.api.test_drafts. A team's drafts once more, by HTTP: who may, what comes back, and how they are found."""

from nas_asr.core.access import TokenScope
from nas_asr.services.base import House
from nas_asr.store.models import Recording
from tests.cast import Cast
from tests.services.test_engines import LARGE, alive
from tests.web.api.conftest import ByToken, Caller, InPerson

DRAFTS = "/teams/choir/drafts/rerun"


def test_who_may_run_a_team_s_drafts_again(
    anonymous: Caller, by_token: ByToken, in_person: InPerson, cast: Cast, house: House, meeting: str
) -> None:
    with house.db.write() as session:
        session.get_one(Recording, meeting).draft = True
    answer = by_token(cast.bob).post(DRAFTS)
    assert (answer.status_code, answer.json["error"]["code"]) == (409, "conflict")
    alive(house, LARGE)
    assert anonymous.post(DRAFTS).status_code == 401
    for person, status in ((cast.charlie, 404), (cast.ada, 404), (cast.rita, 403)):
        for caller in (by_token(person), in_person(person)):
            assert caller.post(DRAFTS).status_code == status
    for scope in (TokenScope.READ, TokenScope.INGEST, TokenScope.WIDGET):
        assert by_token(cast.bob, scope).post(DRAFTS).status_code == 403
    answer = by_token(cast.bob).post(DRAFTS)
    assert (answer.status_code, answer.json) == (202, {"queued": 1, "left": 0})
    assert by_token(cast.bob).get(f"/recordings/{meeting}").json["rerun"]


def test_drafts_can_be_listed_alone(by_token: ByToken, cast: Cast, house: House, meeting: str) -> None:
    bob = by_token(cast.bob)
    assert bob.get("/recordings?drafts=true").json["items"] == []
    with house.db.write() as session:
        session.get_one(Recording, meeting).draft = True
    assert [one["id"] for one in bob.get("/recordings?drafts=true").json["items"]] == [meeting]
    assert bob.get(f"/recordings/{meeting}").json["draft"] is True
