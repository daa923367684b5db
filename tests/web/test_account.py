"""Room: tests.web.test_account. One's own password, wishes and tokens."""

import pytest

from nas_asr.services.accounts import set_password
from nas_asr.services.base import House
from nas_asr.services.tokens import list_tokens
from tests.cast import Cast, Clock, make_recording
from tests.people import quick_hashes
from tests.web.conftest import Visits

quick = pytest.fixture(autouse=True)(quick_hashes)
OLD, NEW = "the first long password", "the second long password"


def test_a_token_is_shown_once_and_works(visit: Visits, house: House, cast: Cast) -> None:
    browser = visit(cast.bob)
    answer = browser.post("/account/tokens", name="kitchen", scope="read", days="30", team="choir")
    secret = answer.text.split('<code id="secret">')[1].split("<")[0]
    assert answer.headers["Cache-Control"] == "no-store"
    assert secret not in browser.get("/account").text and "kitchen" in browser.get("/account").text
    assert "<span>read transcripts</span>" in browser.get("/account").text
    assert "<span>读取文字稿</span>" in visit(cast.bob, language="zh-CN").get("/account").text
    call = visit().client.get("/api/v1/teams", headers={"Authorization": f"Bearer {secret}"})
    assert [team["slug"] for team in call.get_json()["items"]] == ["choir"]
    browser.post(f"/account/tokens/{list_tokens(house, cast.bob)[0].id}/revoke")
    assert visit().client.get("/api/v1/teams", headers={"Authorization": f"Bearer {secret}"}).status_code == 401


def test_a_token_needs_a_name_and_a_scope(visit: Visits, cast: Cast) -> None:
    browser = visit(cast.bob)
    assert browser.post("/account/tokens", name=" ", scope="read").status_code == 422
    assert browser.post("/account/tokens", name="x", scope="everything").status_code == 422
    assert browser.post("/account/tokens", name="x", scope="read", team="garden").status_code == 404


def test_a_new_password_keeps_this_browser_and_ends_the_others(visit: Visits, house: House, cast: Cast) -> None:
    set_password(house, None, "bob", OLD)
    here, there = visit(), visit()
    for browser in (here, there):
        browser.post("/login", name="bob", password=OLD)
    token = here.get("/account").text.split('name="csrf_token" value="')[1].split('"')[0]
    form = {"csrf_token": token, "old_password": OLD, "password": NEW, "password_again": NEW}
    assert here.client.post("/account/password", data=form).status_code == 302
    assert here.get("/account").status_code == 200
    assert there.get("/account").status_code == 302
    assert visit().post("/login", name="bob", password=NEW).status_code == 302


def test_two_different_new_passwords_change_nothing(visit: Visits, cast: Cast) -> None:
    answer = visit(cast.bob).post("/account/password", old_password=OLD, password=NEW, password_again=OLD)
    assert answer.status_code == 422 and "not the same" in answer.text


def test_language_and_look_are_kept_with_the_person(visit: Visits, cast: Cast) -> None:
    visit(cast.bob).post("/account/wishes", language="zh_Hans", theme="dark")
    page = visit(cast.bob).get("/account").text
    assert '<html lang="zh-Hans" data-theme="dark">' in page and "界面语言" in page


def test_ones_sessions_are_listed_and_ended(visit: Visits, house: House, cast: Cast) -> None:
    set_password(house, None, "bob", OLD)
    here, there, third = visit(), visit(cast.bob), visit(cast.bob)
    agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/131.0 Safari/537.36 Edg/131.0"
    here.client.environ_base["HTTP_USER_AGENT"] = agent
    here.post("/login", name="bob", password=OLD)
    page = here.get("/account").text
    assert 'Edge, Windows</span> <span class="pill done">this one' in page and page.count("Firefox, Linux</span>") == 2
    here.csrf = page.split('name="csrf_token" value="')[1].split('"')[0]
    one = page.split('action="/account/sessions/')[1].split("/")[0]
    here.post(f"/account/sessions/{one}/end")
    assert sorted(other.get("/").status_code for other in (there, third)) == [200, 302]
    here.post("/account/sessions/end-others")
    assert [other.get("/").status_code for other in (here, there, third)] == [200, 302, 302]


def test_a_copy_of_this_very_cookie_ends_with_the_password(visit: Visits, house: House, cast: Cast) -> None:
    set_password(house, None, "bob", OLD)
    here, thief = visit(cast.bob), visit()
    cookie = here.client.get_cookie("nas_asr_session")
    assert cookie is not None
    thief.client.set_cookie("nas_asr_session", cookie.value)
    assert thief.get("/account").status_code == 200
    here.post("/account/password", old_password=OLD, password=NEW, password_again=NEW)
    assert here.get("/account").status_code == 200
    assert thief.get("/account").status_code == 302


def test_times_are_shown_in_ones_own_zone(visit: Visits, house: House, cast: Cast) -> None:
    browser = visit(cast.bob)
    link = make_recording(house, cast.choir)
    assert "21 Nov 2026, 10:00" in browser.get(f"/recordings/{link}").text
    browser.post("/account/wishes", zone="Asia/Shanghai", email="bob@example.org")
    assert "21 Nov 2026, 17:00" in browser.get(f"/recordings/{link}").text
    page = browser.post("/account/wishes", zone="Mars/Olympus")
    assert page.status_code == 422 and "no time zone called Mars/Olympus" in page.text
    assert 'value="bob@example.org"' in browser.get("/account").text


def test_a_token_that_is_over_says_so(visit: Visits, cast: Cast, clock: Clock) -> None:
    browser = visit(cast.bob)
    browser.post("/account/tokens", name="kitchen", scope="read", days="1")
    clock.pass_seconds(2 * 86400)
    assert "over since 22 Nov 2026" in browser.get("/account").text
