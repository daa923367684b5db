"""Room: tests.web.test_widgets. What dashboards may see, with which token, and what is never kept of it."""

import logging
from io import StringIO

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from nas_asr import logs
from nas_asr.core.access import TokenScope
from nas_asr.services.base import House
from nas_asr.services.tokens import NewToken, create_token, list_tokens, revoke_token
from nas_asr.web.app import WebSetup, create_app
from tests.cast import Cast, make_recording, write_transcript
from tests.web.conftest import SECRET, Visits

ALL = ("/widgets/glance", "/widgets/dashy", "/widgets/homer", "/embed", "/embed/summary")
TITLE = "<img src=x onerror=alert(1)>"


@pytest.fixture
def concert(house: House, cast: Cast) -> str:
    """A recording with a title that nobody should render."""
    recording = make_recording(house, cast.choir, TITLE)
    write_transcript(house, recording, ["we sing"])
    return recording


def token(house: House, scope: TokenScope, name: str = "rita") -> str:
    """A new token."""
    return create_token(house, None, name, NewToken("dashboard", scope))


def ask(app: Flask, path: str, secret: str = "", **headers: str) -> TestResponse:
    """A dashboard's request with the token in a header."""
    sent = headers | ({"X-API-Key": secret} if secret else {})
    return app.test_client().get(path, headers=sent)


@pytest.mark.parametrize("path", ALL)
def test_a_widget_token_opens_it_in_the_header_and_in_the_address(
    app: Flask, house: House, cast: Cast, concert: str, path: str
) -> None:
    secret = token(house, TokenScope.WIDGET)
    for answer in (ask(app, path, secret), ask(app, f"{path}?token={secret}")):
        assert answer.status_code == 200
        assert "Done in 24 hours" in answer.text
        assert "onerror" not in answer.text, "a widget token shows totals only"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "Set-Cookie" not in answer.headers
        assert secret not in answer.text


@pytest.mark.parametrize("path", ALL)
def test_a_wider_token_is_refused_in_the_address(app: Flask, house: House, cast: Cast, path: str) -> None:
    for scope in (TokenScope.READ, TokenScope.WRITE):
        secret = token(house, scope)
        assert ask(app, f"{path}?token={secret}").status_code == 403
        assert ask(app, path, secret).status_code == 200
    assert ask(app, path, token(house, TokenScope.INGEST, "bob")).status_code == 403


@pytest.mark.parametrize("path", ALL)
def test_a_session_alone_opens_no_widget(visit: Visits, cast: Cast, path: str) -> None:
    assert visit(cast.rita).get(path).status_code == 401


@pytest.mark.parametrize("path", ["/", "/account", "/api/v1/summary", "/search", "/embedded", "/widgets"])
def test_a_widget_token_in_the_address_opens_nothing_else(app: Flask, house: House, cast: Cast, path: str) -> None:
    answer = ask(app, f"{path}?token={token(house, TokenScope.WIDGET)}")
    assert answer.status_code in (302, 404, 422)


def test_a_revoked_token_is_over_at_once(app: Flask, house: House, cast: Cast) -> None:
    secret = token(house, TokenScope.WIDGET)
    revoke_token(house, cast.rita, list_tokens(house, cast.rita)[0].id)
    assert ask(app, f"/embed?token={secret}").status_code == 401


def test_a_read_token_shows_names_and_they_are_only_text(app: Flask, house: House, cast: Cast, concert: str) -> None:
    secret = token(house, TokenScope.READ)
    text = ask(app, "/widgets/glance", secret).text
    assert "&lt;img src=x onerror" in text and TITLE not in text
    assert f"/recordings/{concert}" in text
    homer = ask(app, "/widgets/homer", secret).json
    assert homer is not None and "<" not in homer["content"]


def test_glance_is_told_by_headers_what_it_gets(app: Flask, house: House, cast: Cast) -> None:
    headers = ask(app, "/widgets/glance", token(house, TokenScope.WIDGET)).headers
    assert (headers["Widget-Title"], headers["Widget-Content-Type"]) == ("nas_asr", "html")
    assert headers["Widget-Title-URL"].startswith("http")


def test_glance_shows_a_refusal_that_people_can_read(app: Flask, cast: Cast) -> None:
    answer = ask(app, "/widgets/glance", "nasr_wrong")
    assert answer.status_code == 401 and answer.mimetype == "text/html"
    assert "color-negative" in answer.text and "Make one under Account" in answer.text
    assert answer.headers["Widget-Content-Type"] == "html"
    assert "令牌" in ask(app, "/widgets/glance?lang=zh-Hans", "nasr_wrong").text


def test_the_small_page_is_framed_by_whom_the_settings_name_and_runs_nothing(house: House, cast: Cast) -> None:
    app = create_app(house, WebSetup(secret_key=SECRET, frame_ancestors="https://dash.home"))
    for path in (f"/embed?token={token(house, TokenScope.WIDGET)}", "/embed"):
        answer = ask(app, path)
        assert answer.headers["Content-Security-Policy"].endswith("frame-ancestors https://dash.home")
        assert "X-Frame-Options" not in answer.headers
        assert answer.text.count("<script") == answer.text.count('<script src="/static/embed.js') == 1
        assert "<form" not in answer.text
        assert "Set-Cookie" not in answer.headers


def test_the_small_page_speaks_both_languages_in_both_colours(app: Flask, house: House, cast: Cast) -> None:
    secret = token(house, TokenScope.WIDGET)
    text = ask(app, f"/embed?token={secret}&lang=zh-Hans&theme=dark").text
    assert '<html lang="zh-Hans" data-theme="dark">' in text and "24 小时内完成" in text
    assert (
        '<html lang="en">' in ask(app, f"/embed?token={secret}&lang=xx&theme=%22%3E", **{"Accept-Language": "en"}).text
    )
    assert "排队中" in ask(app, f"/embed?token={secret}", **{"Accept-Language": "zh-CN"}).text


@pytest.mark.parametrize("path", ALL)
def test_a_browser_of_another_page_may_ask_with_a_token_and_never_with_a_cookie(
    app: Flask, cast: Cast, path: str
) -> None:
    answer = app.test_client().options(path, headers={"Origin": "https://dash.home"})
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "X-API-Key" in answer.headers["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert "Access-Control-Allow-Origin" not in app.test_client().get("/").headers


def test_homer_may_ping_us_from_the_browser(app: Flask, cast: Cast) -> None:
    answer = app.test_client().head("/healthz")
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (200, "*")


def test_totals_are_those_of_ones_own_teams(app: Flask, house: House, cast: Cast, concert: str) -> None:
    others = ask(app, "/widgets/dashy", token(house, TokenScope.WIDGET, "charlie")).json
    mine = ask(app, "/widgets/dashy", token(house, TokenScope.WIDGET)).json
    assert others is not None and mine is not None
    done = [{row["link"]["text"]: row["value"]["text"] for row in rows}["Done in 24 hours"] for rows in (mine, others)]
    assert done == ["1", "0"]


def test_no_log_keeps_a_token(app: Flask, house: House, cast: Cast) -> None:
    secret = token(house, TokenScope.WIDGET)
    out = StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(logs.EventFormatter())
    log = logging.getLogger("tests.widgets")
    log.addHandler(handler)
    log.warning("Error handling request /embed?token=%s&lang=en", secret, extra={"path": f"/embed?token={secret}"})
    log.warning("Authorization: Bearer %s", secret)
    log.removeHandler(handler)
    assert secret not in out.getvalue() and "&lang=en" in out.getvalue()


def test_the_summary_says_who_works_and_where(app: Flask, house: House, cast: Cast, concert: str) -> None:
    read = ask(app, "/api/v1/summary", token(house, TokenScope.READ)).json
    assert read is not None
    assert read["worker"] == {"online": 0, "gpu": None, "last_seen": None}
    assert read["disk"]["free_bytes"] > 0
    assert read["recent"][0]["url"].endswith(f"/recordings/{concert}")
    totals = ask(app, "/api/v1/summary", token(house, TokenScope.WIDGET)).json
    assert totals is not None and (totals["recent"], totals["last_done"]) == ([], None)
