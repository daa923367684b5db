"""Room: tests.web.test_teams. People of a team: added, given a role, taken out, at once."""

from nas_asr.services.base import House
from nas_asr.services.teams import list_members
from tests.cast import Cast, make_recording
from tests.web.conftest import Visits


def test_members_see_their_team_and_managers_its_forms(visit: Visits, cast: Cast) -> None:
    page = visit(cast.rita).get("/teams/choir").text
    assert "alice" in page and "bob" in page and "Add a person by name" not in page
    assert "Add a person by name" in visit(cast.alice).get("/teams/choir").text


def test_somebody_new_reads_at_once_and_no_longer_once_taken_out(visit: Visits, house: House, cast: Cast) -> None:
    recording = make_recording(house, cast.choir)
    charlie, alice = visit(cast.charlie), visit(cast.alice)
    assert charlie.get(f"/recordings/{recording}").status_code == 404
    alice.post("/teams/choir/members", name="Charlie", role="reader")
    assert charlie.get(f"/recordings/{recording}").status_code == 200
    alice.post("/teams/choir/members/remove", name="charlie")
    assert charlie.get(f"/recordings/{recording}").status_code == 404


def test_an_unknown_name_is_said_and_harms_nothing(visit: Visits, cast: Cast) -> None:
    browser = visit(cast.alice)
    browser.post("/teams/choir/members", name="nobody", role="reader")
    assert "There is no user called nobody." in browser.get("/teams/choir").text
    assert browser.post("/teams/choir/members", name="bob", role="king").status_code == 422


def test_the_list_of_teams_is_ones_own_and_an_admins_is_whole(visit: Visits, cast: Cast) -> None:
    assert "Garden" not in visit(cast.rita).get("/teams").text
    page = visit(cast.ada).get("/teams").text
    assert "Garden" in page and "Choir" in page and "not a member" in page


def test_the_only_manager_stays_unless_an_admin_says_so(visit: Visits, house: House, cast: Cast) -> None:
    browser = visit(cast.alice)
    for answer in (
        browser.post("/teams/choir/members", name="alice", role="reader"),
        browser.post("/teams/choir/members/remove", name="alice"),
    ):
        assert answer.status_code == 409
        assert "only manager" in answer.text and "Make somebody else a manager first" in answer.text
    browser.post("/teams/choir/members", name="bob", role="manager")
    assert browser.post("/teams/choir/members/remove", name="alice").headers["Location"] == "/teams"
    visit(cast.ada).post("/teams/choir/members", name="bob", role="reader")
    assert {one.name: one.role.value for one in list_members(house, cast.ada, "choir")} == {
        "bob": "reader",
        "rita": "reader",
    }


def test_what_each_role_may_is_said_on_the_page(visit: Visits, cast: Cast) -> None:
    page = visit(cast.rita).get("/teams/choir").text
    for line in ("reads, hears, searches", "also adds recordings", "also keeps hotwords"):
        assert line in page
    chinese = visit(cast.rita, language="zh").get("/teams/choir").text
    assert "<dt>读者</dt><dd>阅读、收听" in chinese and "<dt>负责人</dt>" in chinese


def test_a_team_is_made_renamed_and_taken_away_while_it_is_empty(visit: Visits, house: House, cast: Cast) -> None:
    ada = visit(cast.ada)
    assert ada.post("/teams", name="Choir").status_code == 409
    assert ada.post("/teams", name="x", slug="No Slug").status_code == 422
    assert ada.post("/teams", name="Tenöre").headers["Location"] == "/teams/tenore"
    ada.post("/teams/tenore/name", name="低音部")
    assert "低音部" in ada.get("/teams").text
    assert ada.post("/teams/tenore/name", name=" ").status_code == 422
    assert ada.post("/teams/tenore/delete").headers["Location"] == "/teams"
    assert ada.get("/teams/tenore").status_code == 404
    make_recording(house, cast.choir)
    kept = ada.post("/teams/choir/delete")
    assert kept.status_code == 409 and "1 recordings" in kept.text
