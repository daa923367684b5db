"""Room: tests.web.test_invitations. A link into a team: what its maker, a new person and one who is here do with it."""

import re

import pytest
from sqlalchemy import select

from nas_asr.core.access import Role
from nas_asr.services.accounts import disable_user, list_users, set_password
from nas_asr.services.base import House
from nas_asr.services.invitations import list_invitations
from nas_asr.services.teams import add_member, list_members
from nas_asr.store.models import AuditLine, Invitation
from tests.cast import Cast, Clock, make_recording
from tests.people import GOOD, quick_hashes
from tests.web.conftest import Visitor, Visits

quick = pytest.fixture(autouse=True)(quick_hashes)


@pytest.fixture
def alice(visit: Visits, cast: Cast) -> Visitor:
    """The choir's manager at her browser."""
    return visit(cast.alice)


def invite(browser: Visitor, role: str = "member") -> str:
    """A link as the page shows it, this once."""
    answer = browser.post("/teams/choir/invitations", role=role)
    (link,) = re.findall(r"http://localhost(/invitations/nasi_[\w-]{40,})<", answer.text)
    assert link not in browser.get("/teams/choir").text
    return str(link)


def test_a_new_person_chooses_name_and_password_and_reads_at_once(
    visit: Visits, house: House, cast: Cast, alice: Visitor
) -> None:
    make_recording(house, cast.choir, "rehearsal")
    link, zoe = invite(alice), visit()
    page = zoe.get(link).text
    assert "alice invites you to come in as member." in page and "Choir" in page
    answer = zoe.post(f"{link}/new", name="Zoë", password=GOOD, password_again=GOOD)
    assert answer.headers["Location"] == "/"
    assert "rehearsal" in zoe.get("/").text
    assert {one.name: one.role for one in list_members(house, cast.alice, "choir")}["Zoë"] == Role.MEMBER
    assert not [user for user in list_users(house, None) if user.name == "Zoë" and user.is_admin]
    with house.db.read() as session:
        acts = {(line.actor, line.action) for line in session.scalars(select(AuditLine))}
        (row,) = session.scalars(select(Invitation))
    assert {("alice", "invitation.made"), ("Zoë", "invitation.used"), ("Zoë", "user.created")} <= acts
    assert row.digest not in link and row.used_at is not None


def test_a_mistake_uses_nothing_up(visit: Visits, cast: Cast, alice: Visitor) -> None:
    link, zoe = invite(alice), visit()
    for wrong, status in (
        ({"name": "zoe", "password": "short", "password_again": "short"}, 422),
        ({"name": "zoe", "password": GOOD, "password_again": "another"}, 422),
        ({"name": "BOB", "password": GOOD, "password_again": GOOD}, 409),
        ({"name": "", "password": GOOD, "password_again": GOOD}, 422),
    ):
        assert zoe.post(f"{link}/new", **wrong).status_code == status
    assert zoe.post(f"{link}/new", name="zoe", password=GOOD, password_again=GOOD).status_code == 302


def test_somebody_who_is_here_sees_and_says_yes(visit: Visits, house: House, cast: Cast, alice: Visitor) -> None:
    link, charlie = invite(alice, "reader"), visit(cast.charlie)
    assert "Join as charlie" in charlie.get(link).text
    assert "choir" not in charlie.get("/teams").text
    charlie.post(f"{link}/join")
    assert "choir" in charlie.get("/teams").text
    assert {one.name: one.role for one in list_members(house, cast.alice, "choir")}["charlie"] == Role.READER


def test_who_signs_in_first_comes_back_to_the_link(visit: Visits, house: House, cast: Cast, alice: Visitor) -> None:
    set_password(house, None, "charlie", GOOD)
    link, charlie = invite(alice), visit()
    assert f"/login?next={link}" in charlie.get(link).text
    assert charlie.post("/login", name="charlie", password=GOOD, next=link).headers["Location"] == link
    sent_away = visit().post(f"{link}/join")
    assert sent_away.status_code == 302 and sent_away.headers["Location"].startswith("/login")


def test_who_is_in_keeps_the_role_and_the_link(visit: Visits, house: House, cast: Cast, alice: Visitor) -> None:
    link = invite(alice, "manager")
    assert "You are in this team already." in visit(cast.rita).get(link).text
    answer = visit(cast.rita).post(f"{link}/join")
    assert answer.status_code == 409 and "in this team already" in answer.text
    assert visit(cast.charlie).post(f"{link}/join").status_code == 302


@pytest.mark.parametrize("end", ["used", "withdrawn", "over", "its maker is out", "its maker is no manager"])
def test_a_link_that_no_longer_works_says_so(
    visit: Visits, house: House, cast: Cast, alice: Visitor, clock: Clock, end: str
) -> None:
    link = invite(alice)
    if end == "used":
        visit(cast.charlie).post(f"{link}/join")
    elif end == "withdrawn":
        (one,) = list_invitations(house, cast.alice, "choir")
        alice.post(f"/teams/choir/invitations/{one.id}/withdraw")
    elif end == "over":
        clock.pass_seconds(7 * 86400)
    elif end == "its maker is out":
        disable_user(house, None, "alice")
    else:
        add_member(house, None, "choir", "alice", Role.MEMBER)
    stranger = visit()
    new = {"name": "zoe", "password": GOOD, "password_again": GOOD}
    for answer in (stranger.get(link), stranger.post(f"{link}/new", **new), visit(cast.ada).post(f"{link}/join")):
        assert answer.status_code == 410
        assert "for a new one" in answer.text and "Choir" not in answer.text
    assert "zoe" not in {user.name for user in list_users(house, None)}


def test_a_link_that_was_made_up_tells_nothing(visit: Visits, cast: Cast) -> None:
    for secret in ("choir", "nasi_made_up", "%2e%2e", "x" * 500):
        answer = visit().get(f"/invitations/{secret}")
        assert answer.status_code == 404 and "Choir" not in answer.text


def test_trying_links_out_is_stopped(visit: Visits, cast: Cast) -> None:
    browser = visit()
    assert [browser.get(f"/invitations/nasi_{n}").status_code for n in range(32)][-1] == 429


def test_a_hostile_name_of_a_team_is_only_text_on_the_invitation(visit: Visits, cast: Cast, alice: Visitor) -> None:
    alice.post("/teams/choir/name", name="<img src=x onerror=alert(1)>\u202e")
    page = visit().get(invite(alice)).text
    assert "&lt;img src=x onerror=alert(1)&gt;" in page and "<img src=x" not in page and "\u202e" not in page


def test_open_links_are_listed_for_managers_only(visit: Visits, cast: Cast, alice: Visitor) -> None:
    invite(alice)
    assert "Open invitations" in alice.get("/teams/choir").text and "Withdraw" in alice.get("/teams/choir").text
    assert "Open invitations" not in visit(cast.bob).get("/teams/choir").text
