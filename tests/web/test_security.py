"""Room: tests.web.test_security. What every answer carries, and who is believed: headers, hosts, proxies, forms, sizes."""

import io
import re
import sqlite3

import pytest
from flask import Flask, request
from sqlalchemy.exc import OperationalError

from nas_asr.core.access import TokenScope
from nas_asr.services.base import House
from nas_asr.services.tokens import NewToken, create_token
from nas_asr.web.app import WebSetup, create_app
from tests.cast import Cast, make_recording
from tests.web.conftest import SECRET, Visits, visitor


def test_every_answer_forbids_inline_code_frames_and_guessing(visit: Visits, cast: Cast) -> None:
    browser = visit(cast.alice)
    for path in ("/", "/login", "/nothing", "/static/app.css", "/api/v1/recordings", "/healthz"):
        headers = browser.get(path).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Referrer-Policy"] == "same-origin"


def test_private_pages_are_not_kept_by_the_browser_but_static_files_are(visit: Visits, cast: Cast) -> None:
    browser = visit(cast.alice)
    assert browser.get("/").headers["Cache-Control"] == "no-store"
    assert "max-age=31536000" in browser.get("/static/app.css?v=1").headers["Cache-Control"]


def test_static_files_cost_no_look_into_the_database(
    visit: Visits, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = visit(cast.alice)
    asked: list[str] = []
    monkeypatch.setattr("nas_asr.web.viewer.visit", lambda _house, cookie: asked.append(cookie))
    assert browser.get("/static/app.css").status_code == 200
    assert asked == []
    browser.get("/")
    assert len(asked) == 1


def test_a_house_may_name_who_frames_its_small_page_and_no_other(house: House, cast: Cast) -> None:
    app = create_app(house, WebSetup(secret_key=SECRET, frame_ancestors="'self' https://dash.home"))
    headers = app.test_client().get("/embed").headers
    assert headers["Content-Security-Policy"].endswith("frame-ancestors 'self' https://dash.home")
    assert "X-Frame-Options" not in headers
    for path in ("/login", "/widgets/glance", "/healthz", "/embed/nothing"):
        headers = app.test_client().get(path).headers
        assert headers["Content-Security-Policy"].endswith("frame-ancestors 'none'")
        assert headers["X-Frame-Options"] == "DENY"


def test_nobody_smuggles_a_directive_into_the_policy(house: House, cast: Cast) -> None:
    app = create_app(house, WebSetup(secret_key=SECRET, frame_ancestors="'none'; script-src *"))
    policy = app.test_client().get("/embed").headers["Content-Security-Policy"]
    assert policy.count("script-src") == 2 and "; script-src *" not in policy


def test_no_page_holds_inline_code_or_styles(visit: Visits, cast: Cast, house: House) -> None:
    recording = make_recording(house, cast.choir)
    for path in ("/", f"/recordings/{recording}", "/search", "/folders", "/teams/choir", "/account", "/login"):
        text = visit(cast.alice).get(path).text
        assert "<style" not in text and " style=" not in text and " onclick=" not in text and "javascript:" not in text
        assert all("src=" in part.split(">")[0] for part in text.split("<script")[1:])


def test_a_form_without_our_token_is_refused_everywhere(app: Flask, cast: Cast) -> None:
    posts = [rule for rule in app.url_map.iter_rules() if {"POST", "PUT", "PATCH", "DELETE"} & (rule.methods or set())]
    assert len(posts) > 20
    for rule in posts:
        method = sorted({"POST", "PUT", "PATCH", "DELETE"} & (rule.methods or set()))[0]
        path = re.sub(r"<any\((\w+)[^>]*>", r"\1", rule.rule)
        path = re.sub(r"<[^>]+>", "x", path)
        browser = visitor(app, cast.alice)
        assert browser.client.open(path, method=method).status_code == 400, rule.rule


def test_a_forged_form_is_answered_in_words(visit: Visits, cast: Cast) -> None:
    page = visit(cast.alice).client.post("/account/wishes", data={"theme": "dark"})
    assert page.status_code == 400
    assert "was not sent from our page" in page.text and "Reload the page" in page.text


def test_a_token_opens_no_page(app: Flask, house: House, cast: Cast) -> None:
    # A read token on /account could make itself a write token.
    secret = create_token(house, None, "alice", NewToken("t", TokenScope.READ))
    browser = visitor(app)
    headers = {"Authorization": f"Bearer {secret}"}
    assert browser.get("/account", headers=headers).status_code == 302
    form = {"csrf_token": browser.csrf, "name": "wider", "scope": "write"}
    assert browser.client.post("/account/tokens", data=form, headers=headers).status_code == 302
    assert browser.client.post("/account/tokens", headers=headers).status_code == 400


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example"])
def test_an_unknown_host_name_is_refused_with_the_remedy(house: House, cast: Cast, host: str) -> None:
    app = create_app(house, WebSetup(secret_key=SECRET, trusted_hosts=("localhost", "127.0.0.1")))
    answer = app.test_client().get("/login", headers={"Host": host})
    assert answer.status_code == 400
    assert "NAS_ASR_TRUSTED_HOSTS" in answer.text
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert app.test_client().get("/login", headers={"Host": "localhost:7860"}).status_code == 200


@pytest.mark.parametrize(
    ("host", "answered"),
    [
        ("[::1]", 200),
        ("[::1]:7860", 200),
        ("[0:0:0:0:0:0:0:1]", 200),
        ("[::2]", 400),
        ("[::1", 400),
        ("[::1].evil.example", 400),
    ],
)
def test_an_ipv6_address_is_a_host_like_any_other(house: House, cast: Cast, host: str, answered: int) -> None:
    app = create_app(house, WebSetup(secret_key=SECRET, trusted_hosts=("localhost", "[::1]")))
    assert app.test_client().get("/login", headers={"Host": host}).status_code == answered


@pytest.mark.parametrize(
    ("proxies", "seen"), [((), "127.0.0.1"), (("127.0.0.0/8",), "203.0.113.9"), (("10.0.0.0/8",), "127.0.0.1")]
)
def test_only_named_proxies_are_believed(house: House, cast: Cast, proxies: tuple[str, ...], seen: str) -> None:
    app = create_app(house, WebSetup(secret_key=SECRET, trusted_proxies=proxies))
    app.add_url_rule("/who", "who", lambda: f"{request.remote_addr} {request.scheme}")
    answer = app.test_client().get("/who", headers={"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"})
    assert answer.text == f"{seen} {'https' if seen.startswith('203') else 'http'}"


def test_a_stranger_cannot_make_us_read_a_large_body(visit: Visits) -> None:
    form = {"file": (io.BytesIO(b"x" * 1_200_000), "a.wav"), "team": "choir"}
    answer = visit().client.post("/upload", data=form)
    assert answer.status_code == 413


def test_only_who_may_hand_in_files_sends_much_and_only_there(house: House, cast: Cast) -> None:
    app = create_app(house, WebSetup(secret_key=SECRET, max_upload_mb=64))
    for person, path in ((cast.rita, "/upload"), (cast.bob, "/account/wishes")):
        much = (io.BytesIO(b"x" * (17 << 20)), "a.wav")
        assert visitor(app, person).post(path, team="choir", file=much).status_code == 413


@pytest.mark.parametrize("path", ["/recordings/%00", "/folders/%00", "/teams/%00"])
def test_an_address_with_a_zero_byte_leads_nowhere(visit: Visits, cast: Cast, path: str) -> None:
    assert visit(cast.ada).get(path).status_code == 404


def test_a_form_with_a_zero_byte_is_refused_in_words(visit: Visits, cast: Cast) -> None:
    for answer in (
        visit(cast.ada).post("/teams", name="a\0b"),
        visit(cast.alice).post("/teams/choir/members", name="bo\0b", role="reader"),
        visit(cast.alice).get("/search?q=a%00"),
    ):
        assert answer.status_code == 422
        assert "zero byte" in answer.text


def test_a_file_over_the_limit_is_refused_in_words(visit: Visits, cast: Cast) -> None:
    answer = visit(cast.bob).post("/upload", team="choir", file=(io.BytesIO(b"x" * 2_500_000), "a.wav"))
    assert answer.status_code == 413
    assert "larger than this server accepts" in answer.text


def test_a_database_that_somebody_holds_is_said_in_words(app: Flask, cast: Cast) -> None:
    def held() -> str:
        error = sqlite3.OperationalError("database is locked")
        error.sqlite_errorcode = sqlite3.SQLITE_BUSY
        raise OperationalError("BEGIN IMMEDIATE", {}, error)

    app.add_url_rule("/held", "held", held)
    app.add_url_rule("/api/v1/held", "held_call", held)
    browser = visitor(app, cast.alice)
    page, call = browser.get("/held"), browser.get("/api/v1/held")
    assert page.status_code == call.status_code == 503
    assert "does not answer just now" in page.text and call.get_json()["error"]["code"] == "busy"
    assert page.headers["Retry-After"]


def test_while_the_database_is_away_every_address_says_so(
    app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise OperationalError("SELECT", {}, NobodyThere("connection refused"))

    monkeypatch.setattr("nas_asr.web.viewer.visit", away)
    browser = visitor(app, cast.alice)
    for path in ("/", "/search?q=x", "/api/v1/recordings", "/events"):
        answer = browser.get(path)
        assert answer.status_code == 503 and "does not answer just now" in answer.text
        assert answer.headers["Retry-After"]
    assert browser.get("/no/such/page").status_code in (404, 503)
    assert visitor(app).get("/healthz").status_code == 200


class NobodyThere(Exception):
    """What libpq says without any answer of a server."""

    sqlstate = None


def test_an_unforeseen_error_shows_no_trace(app: Flask, cast: Cast) -> None:
    def broken() -> str:
        raise RuntimeError("a secret of the machine room")

    app.add_url_rule("/broken", "broken", broken)
    app.add_url_rule("/api/v1/broken", "broken_call", broken)
    browser = visitor(app, cast.alice)
    for path in ("/broken", "/api/v1/broken"):
        answer = browser.get(path)
        assert answer.status_code == 500
        assert "secret" not in answer.text
    assert browser.get("/api/v1/broken").get_json()["error"]["remedy"]
