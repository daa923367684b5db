"""Room: tests.web.test_users. The people of the house, as its admins see and change them."""

import re

import pytest

from nas_asr.core.access import TokenScope
from nas_asr.services.accounts import list_users, set_password
from nas_asr.services.base import House
from nas_asr.services.tokens import NewToken, create_token, viewer_of_token
from tests.cast import Cast, Clock
from tests.people import GOOD, quick_hashes
from tests.web.conftest import Visits

quick = pytest.fixture(autouse=True)(quick_hashes)


def test_a_new_person_can_sign_in(visit: Visits, cast: Cast) -> None:
    browser = visit(cast.ada)
    browser.post("/admin/users", name="Zoë", password=GOOD, email="zoe@example.org")
    page = browser.get("/admin/users").text
    assert "Zoë can sign in now." in page and "zoe@example.org" in page and "never signed in" in page
    assert visit().post("/login", name="zoë", password=GOOD).status_code == 302


def test_mistakes_are_said_beside_the_form(visit: Visits, cast: Cast) -> None:
    browser = visit(cast.ada)
    short = browser.post("/admin/users", name="zoe", password="short")
    assert short.status_code == 422 and "at least 10 characters" in short.text and 'value="zoe"' in short.text
    taken = browser.post("/admin/users", name="BOB", password=GOOD)
    assert taken.status_code == 409 and "already a user called BOB" in taken.text


def test_who_is_where_and_was_here_last_is_seen(visit: Visits, cast: Cast, clock: Clock) -> None:
    visit(cast.bob)
    clock.pass_seconds(3600)
    page = visit(cast.ada).get("/admin/users").text
    bob = page[page.index('title">bob<') :]
    assert "last seen 1 hour ago" in bob[:400] and "/teams/choir" in bob[:600]


def test_a_person_whose_program_calls_is_seen_too(visit: Visits, house: House, cast: Cast, clock: Clock) -> None:
    visit(cast.bob)
    secret = create_token(house, None, "bob", NewToken("phone", TokenScope.READ))
    clock.pass_seconds(3600)
    assert viewer_of_token(house, secret)
    clock.pass_seconds(300)
    page = visit(cast.ada).get("/admin/users").text
    assert "last seen 5 minutes ago" in page[page.index('title">bob<') :][:400]


def test_a_disabled_person_is_out_and_comes_in_again(visit: Visits, house: House, cast: Cast) -> None:
    set_password(house, None, "bob", GOOD)
    browser, bob = visit(cast.ada), visit(cast.bob)
    browser.post("/admin/users/disable", name="bob")
    assert [user.name for user in list_users(house, None) if user.disabled] == ["bob"]
    assert bob.get("/").status_code == 302
    assert visit().post("/login", name="bob", password=GOOD).status_code == 401
    browser.post("/admin/users/enable", name="bob")
    assert bob.get("/").status_code == 302, "an ended session stays ended"
    assert visit().post("/login", name="bob", password=GOOD).status_code == 302


def test_an_admin_is_made_and_unmade_but_never_the_last(visit: Visits, cast: Cast) -> None:
    browser, bob = visit(cast.ada), visit(cast.bob)
    last = browser.post("/admin/users/admin", name="ada", is_admin="0")
    assert last.status_code == 409 and "This is the only admin." in last.text
    assert browser.post("/admin/users/disable", name="ada").status_code == 409
    browser.post("/admin/users/admin", name="bob", is_admin="1")
    assert bob.get("/admin").status_code == 200
    bob.post("/admin/users/admin", name="ada", is_admin="0")
    assert browser.get("/admin").status_code == 404


def test_a_link_sets_a_new_password_once_and_ends_the_sessions(visit: Visits, house: House, cast: Cast) -> None:
    bob, stranger = visit(cast.bob), visit()
    answer = visit(cast.ada).post("/admin/users/reset", name="bob")
    (link,) = re.findall(r"http://localhost(/reset/nasp_[\w-]{40,})<", answer.text)
    assert answer.headers["Cache-Control"] == "no-store"
    assert "New password for bob" in stranger.get(link).text
    assert stranger.post(link, password="short", password_again="short").status_code == 422
    assert stranger.post(link, password=GOOD, password_again="another").status_code == 422
    assert bob.get("/").status_code == 200
    assert stranger.post(link, password=GOOD, password_again=GOOD).headers["Location"] == "/login"
    assert bob.get("/").status_code == 302
    assert visit().post("/login", name="bob", password=GOOD).status_code == 302
    for again in (visit().get(link), visit().post(link, password=GOOD, password_again=GOOD)):
        assert again.status_code == 410 and "used already" in again.text


def test_a_link_is_over_after_an_hour_and_when_a_newer_one_is_made(visit: Visits, cast: Cast, clock: Clock) -> None:
    browser = visit(cast.ada)

    def link() -> str:
        return str(re.findall(r"/reset/nasp_[\w-]+", browser.post("/admin/users/reset", name="bob").text)[0])

    first, second = link(), link()
    withdrawn = visit().get(first)
    assert withdrawn.status_code == 410 and "withdrawn" in withdrawn.text
    assert visit().get(second).status_code == 200
    clock.pass_seconds(3601)
    over = visit(language="zh").get(second)
    assert over.status_code == 410 and "此链接已过期" in over.text
    assert visit().get("/reset/nasp_made_up").status_code == 404


def test_no_link_is_made_for_somebody_who_may_not_sign_in(visit: Visits, cast: Cast) -> None:
    browser = visit(cast.ada)
    browser.post("/admin/users/disable", name="bob")
    assert browser.post("/admin/users/reset", name="bob").status_code == 409
    assert browser.post("/admin/users/reset", name="nobody").status_code == 404
