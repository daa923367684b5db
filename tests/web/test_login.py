"""Room: tests.web.test_login. Signing in and out: what a stranger can and cannot do at the door."""

from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import select

from nas_asr.services.accounts import disable_user, set_password
from nas_asr.services.base import House
from nas_asr.store.database import Database
from nas_asr.store.models import AuditLine
from nas_asr.web.app import WebSetup, create_app
from nas_asr.web.security import safe_next
from tests.cast import Cast, Clock
from tests.people import quick_hashes
from tests.web.conftest import SECRET, Visitor, Visits, visitor

quick = pytest.fixture(autouse=True)(quick_hashes)
PASSWORD = "a sentence that is long enough"


@pytest.fixture
def door(app: Flask, house: House, cast: Cast, visit: Visits) -> Visitor:
    """A stranger's browser at the door of a house in which alice has a password."""
    set_password(house, None, "alice", PASSWORD)
    return visit()


def test_the_right_password_opens_the_library(door: Visitor) -> None:
    answer = door.post("/login", name="alice", password=PASSWORD)
    assert answer.headers["Location"] == "/"
    assert "Sign out" in door.get("/").text


def test_the_cookie_is_kept_from_scripts_and_other_sites(door: Visitor, app: Flask) -> None:
    cookie = door.post("/login", name="alice", password=PASSWORD).headers["Set-Cookie"]
    assert cookie.startswith("nas_asr_session=")
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Secure" not in cookie
    data = {"csrf_token": door.csrf, "name": "alice", "password": PASSWORD}
    over_https = door.client.post(
        "https://localhost/login", data=data, headers={"Referer": "https://localhost/login"}
    )  # fmt: skip
    assert "Secure" in over_https.headers["Set-Cookie"]


def test_nothing_of_a_planted_session_survives_signing_in(door: Visitor) -> None:
    with door.client.session_transaction() as session:
        session["planted"] = "by somebody"
    door.post("/login", name="alice", password=PASSWORD)
    with door.client.session_transaction() as session:
        assert "planted" not in session
        assert session.get("csrf_token") != "planted"


def test_a_wrong_password_and_an_unknown_name_sound_the_same(door: Visitor) -> None:
    wrong = door.post("/login", name="alice", password="something else")
    unknown = door.post("/login", name="nobody", password="something else")
    assert wrong.status_code == unknown.status_code == 401
    for answer in (wrong, unknown):
        assert "The name or the password is not right." in answer.text


def test_too_many_tries_are_asked_to_wait(door: Visitor, clock: Clock) -> None:
    for _ in range(6):
        answer = door.post("/login", name="alice", password="something else")
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) >= 1
    assert "Too many wrong tries" in answer.text
    assert door.post("/login", name="alice", password=PASSWORD).status_code == 429
    clock.pass_seconds(3600)
    assert door.post("/login", name="alice", password=PASSWORD).status_code == 302


def test_a_flood_from_one_address_is_stopped(door: Visitor) -> None:
    codes = [door.post("/login", name=f"name{n}", password="x").status_code for n in range(32)]
    assert codes[-1] == 429


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example", "https://evil.example/", "/\\evil.example", "\\\\evil.example", "javascript:alert(1)", "evil",
        "/ok\r\nSet-Cookie: x=1", "/\t/evil.example", "http:///evil.example", "",
    ],
)  # fmt: skip
def test_the_door_leads_to_our_own_pages_only(door: Visitor, target: str) -> None:
    assert safe_next(target) == ""
    assert door.post("/login", name="alice", password=PASSWORD, next=target).headers["Location"] == "/"


def test_after_signing_in_one_is_where_one_wanted_to_be(door: Visitor) -> None:
    sent_away = door.get("/search?q=会议").headers["Location"]
    assert sent_away.startswith("/login?next=/search")
    page = door.get(sent_away).text
    assert 'name="next" value="/search?q=%E4%BC%9A%E8%AE%AE"' in page
    answer = door.post("/login", name="alice", password=PASSWORD, next="/search?q=%E4%BC%9A%E8%AE%AE")
    assert answer.headers["Location"] == "/search?q=%E4%BC%9A%E8%AE%AE"


def test_signing_out_ends_it(door: Visitor) -> None:
    door.post("/login", name="alice", password=PASSWORD)
    token = _token_of(door)
    door.client.post("/logout", data={"csrf_token": token})
    assert door.get("/").headers["Location"] == "/login"


def test_a_cookie_copied_before_signing_out_is_worth_nothing(door: Visitor, visit: Visits) -> None:
    door.post("/login", name="alice", password=PASSWORD)
    cookie = door.client.get_cookie("nas_asr_session")
    assert cookie is not None
    thief = visit()
    thief.client.set_cookie("nas_asr_session", cookie.value)
    assert thief.get("/account").status_code == 200
    door.client.post("/logout", data={"csrf_token": _token_of(door)})
    assert thief.get("/account").status_code == 302
    assert thief.get("/api/v1/teams").status_code == 401


def test_signing_in_twice_gives_two_cookies(door: Visitor, visit: Visits) -> None:
    other, secrets = visit(), set()
    for browser in (door, other):
        browser.post("/login", name="alice", password=PASSWORD)
        with browser.client.session_transaction() as session:
            secrets.add(session["_user_id"])
    assert len(secrets) == 2


def test_two_web_processes_know_the_same_sessions(door: Visitor, house: House, app: Flask) -> None:
    beside = Database(house.db.url)
    other = create_app(replace(house, db=beside), WebSetup(secret_key=SECRET)).test_client()
    door.post("/login", name="alice", password=PASSWORD)
    cookie = door.client.get_cookie("nas_asr_session")
    assert cookie is not None
    other.set_cookie("nas_asr_session", cookie.value)
    assert other.get("/account").status_code == 200
    door.client.post("/logout", data={"csrf_token": _token_of(door)})
    assert other.get("/account").status_code == 302
    beside.close()


def test_a_cookie_of_before_sessions_were_kept_signs_in_nobody(visit: Visits, cast: Cast) -> None:
    browser = visit(cast.alice)
    with browser.client.session_transaction() as session:
        session["_user_id"] = f"{cast.alice.user_id}:1"
    assert browser.get("/").headers["Location"] == "/login"


def test_what_happens_at_the_door_is_in_the_audit(door: Visitor, house: House) -> None:
    door.post("/login", name="alice", password="something else")
    door.post("/login", name="alice", password=PASSWORD)
    door.client.post("/logout", data={"csrf_token": _token_of(door)})
    with house.db.read() as session:
        found = session.scalars(select(AuditLine).order_by(AuditLine.at)).all()
        lines = [(line.action, line.address) for line in found]
        assert [line.actor for line in found if line.action == "login.refused"] == ["somebody"]
    assert {action for action, _ in lines} >= {"login.refused", "login.accepted", "login.ended"}
    assert all(address == "127.0.0.1" for action, address in lines if action.startswith("login."))


def test_a_new_password_ends_all_sessions(house: House, cast: Cast, visit: Visits) -> None:
    browser = visit(cast.alice)
    assert browser.get("/").status_code == 200
    set_password(house, None, "alice", PASSWORD)
    assert browser.get("/").status_code == 302


def test_a_disabled_person_is_out_at_once(house: House, cast: Cast, visit: Visits) -> None:
    browser = visit(cast.bob)
    disable_user(house, None, "bob")
    assert browser.get("/").status_code == 302


def test_a_live_part_of_a_page_sends_the_whole_browser_to_the_door(visit: Visits, cast: Cast) -> None:
    answer = visit().get("/", headers={"HX-Request": "true", "HX-Target": "library"})
    assert answer.headers["HX-Redirect"] == "/login"


def test_a_cookie_signed_with_another_key_is_nobody(house: House, cast: Cast) -> None:
    other = create_app(house, WebSetup(secret_key="some other key of forty characters, no less"))
    forged = visitor(create_app(house, WebSetup(secret_key=SECRET)), cast.alice)
    cookie = forged.client.get_cookie("nas_asr_session")
    assert cookie is not None
    client = other.test_client()
    client.set_cookie("nas_asr_session", cookie.value)
    assert client.get("/").status_code == 302


def _token_of(browser: Visitor) -> str:
    page = browser.get("/account").text
    return page.split('name="csrf_token" value="')[1].split('"')[0]
