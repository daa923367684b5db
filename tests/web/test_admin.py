"""Room: tests.web.test_admin. The house for its admins."""

from nas_asr.core.access import Role
from nas_asr.services.accounts import list_users
from nas_asr.services.base import House
from nas_asr.services.heartbeats import Beat, beat
from nas_asr.services.recordings import trash
from nas_asr.services.teams import add_member
from tests.cast import Cast, Clock, make_recording
from tests.web.conftest import Visits

PASSWORD = "long enough for everybody"


def test_a_new_person_can_sign_in(visit: Visits, cast: Cast) -> None:
    browser = visit(cast.ada)
    browser.post("/admin/users", name="Zoë", password=PASSWORD, email="zoe@example.org")
    assert "Zoë can sign in now." in browser.get("/admin").text
    assert visit().post("/login", name="zoë", password=PASSWORD).status_code == 302


def test_mistakes_are_said_beside_the_form(visit: Visits, cast: Cast) -> None:
    browser = visit(cast.ada)
    short = browser.post("/admin/users", name="zoe", password="short")
    assert short.status_code == 422 and "at least 10 characters" in short.text and 'value="zoe"' in short.text
    taken = browser.post("/admin/users", name="BOB", password=PASSWORD)
    assert taken.status_code == 409 and "already a user called BOB" in taken.text
    assert browser.post("/admin/teams", name="Choir").status_code == 409
    assert browser.post("/admin/teams", name="x", slug="No Slug").status_code == 422


def test_a_disabled_person_is_out_and_the_last_admin_stays(visit: Visits, house: House, cast: Cast) -> None:
    browser = visit(cast.ada)
    browser.post("/admin/users/disable", name="bob")
    assert [user.name for user in list_users(house, None) if user.disabled] == ["bob"]
    assert browser.post("/admin/users/disable", name="ada").status_code == 409


def test_a_forgotten_password_is_replaced(visit: Visits, cast: Cast) -> None:
    visit(cast.ada).post("/admin/users/password", name="bob", password=PASSWORD)
    assert visit().post("/login", name="bob", password=PASSWORD).status_code == 302


def test_parts_that_fell_silent_are_named(visit: Visits, house: House, cast: Cast, clock: Clock) -> None:
    browser = visit(cast.ada)
    assert "No worker has given a sign of life" in browser.get("/admin").text
    beat(house, Beat("worker", "worker-1", "boot"))
    assert "alive" in browser.get("/admin").text
    clock.pass_seconds(120)
    assert "silent" in browser.get("/admin").text


def test_what_was_done_is_in_the_audit(visit: Visits, cast: Cast) -> None:
    browser = visit(cast.ada)
    browser.post("/admin/teams", name="Tenors")
    assert "added team <q>tenors</q>" in browser.get("/admin").text


def test_the_audit_names_recordings_of_ones_own_teams_by_title(visit: Visits, house: House, cast: Cast) -> None:
    ours, theirs = make_recording(house, cast.choir, "rehearsal"), make_recording(house, cast.garden, "secret garden")
    trash(house, cast.bob, ours)
    trash(house, cast.charlie, theirs)
    add_member(house, None, "choir", "ada", Role.READER)
    page = visit(cast.ada).get("/admin").text
    assert "<q>rehearsal</q>" in page and ours not in page
    assert "secret garden" not in page and theirs in page
