"""Room: tests.web.test_teams. People of a team: added, given a role, taken out, at once."""

from nas_asr.services.base import House
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
