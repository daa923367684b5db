"""Room: tests.web.test_remedies. What goes wrong is said with a remedy: on pages, to programs, to parts of pages."""

import io
import logging
import re
import sqlite3

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from nas_asr.core import errors
from nas_asr.core.access import TokenScope
from nas_asr.services.base import House
from nas_asr.services.tokens import NewToken, create_token
from nas_asr.web.security import limiter
from tests.cast import Cast
from tests.web.conftest import Visits, visitor

CHINESE = re.compile(r"[\u4e00-\u9fff]")
FULL = sqlite3.OperationalError("database is locked")
FULL.sqlite_errorcode = sqlite3.SQLITE_BUSY
# Every way in which the house can refuse, by the status that it has; none has a remedy of its own here.
TROUBLES: list[tuple[int, Exception]] = [
    (403, errors.NotPermitted("Only a manager may do this.")),
    (404, errors.NotVisible("There is nothing here under this address for you.")),
    (409, errors.Conflict("Somebody else changed the settings meanwhile.")),
    (410, errors.Gone("This link was used already; it works once.")),
    (413, errors.TooLarge("The upload is larger than 4096 MiB.")),
    (415, errors.NotAudio("There is no sound in this file.", "Choose another file.")),
    (422, errors.Invalid("No recording is chosen.", field="id")),
    (500, RuntimeError("a secret of the machine room")),
    (503, errors.QueueUnavailable("Redis does not answer as it should: away.")),
    (503, errors.ArchiveUnavailable("The archive cannot be written.")),
    (503, OperationalError("BEGIN IMMEDIATE", {}, FULL)),
    (507, errors.StorageFull("The disk of the data directory is full.")),
]


@pytest.fixture
def troubled(app: Flask) -> Flask:
    """The application, with addresses at which each of these goes wrong: /page/N, /api/v1/call/N."""

    def fails(number: int) -> str:
        raise TROUBLES[number][1]

    app.add_url_rule("/page/<int:number>", "page_fails", fails, methods=["GET", "POST"])
    app.add_url_rule("/api/v1/call/<int:number>", "call_fails", fails)
    return app


@pytest.mark.parametrize("number", range(len(TROUBLES)), ids=lambda n: type(TROUBLES[n][1]).__name__)
def test_every_trouble_has_a_remedy_for_people_programs_and_parts_of_pages(
    troubled: Flask, cast: Cast, number: int
) -> None:
    status, browser = TROUBLES[number][0], visitor(troubled, cast.alice)
    page = browser.get(f"/page/{number}")
    assert page.status_code == status and page.mimetype == "text/html"
    heading, remedy = _said(page.text)
    assert heading.endswith(".") and len(remedy) > 8 and "secret" not in page.text
    assert 'href="/' in page.text.split('class="ways"')[1]
    call = browser.get(f"/api/v1/call/{number}").get_json()["error"]
    assert set(call) >= {"code", "message", "remedy"} and call["code"] and call["message"] and call["remedy"]
    part = browser.get(f"/page/{number}", headers={"HX-Request": "true"})
    assert part.status_code == status and part.mimetype == "text/plain"
    assert part.text.startswith(heading) and "<" not in part.text
    chinese = visitor(troubled, cast.alice, language="zh").get(f"/page/{number}")
    assert all(CHINESE.search(text) for text in _said(chinese.text)[1:])
    if status == 503:
        assert int(page.headers["Retry-After"]) > 0


def test_the_number_on_the_page_is_in_the_log(troubled: Flask, cast: Cast, caplog: pytest.LogCaptureFixture) -> None:
    failing = next(n for n, (status, _) in enumerate(TROUBLES) if status == 500)
    with caplog.at_level(logging.ERROR, "nas_asr"):
        page = visitor(troubled, cast.alice).get(f"/page/{failing}")
        call = visitor(troubled, cast.alice).get(f"/api/v1/call/{failing}").get_json()["error"]
    logged = [record.__dict__["reference"] for record in caplog.records if record.message == "web.failed"]
    assert len(logged) == 2
    assert logged[0] in page.text and logged[1] in call["remedy"]


def test_a_form_that_fails_leads_back_to_its_page_and_to_no_other_site(troubled: Flask, cast: Cast) -> None:
    browser = visitor(troubled, cast.alice)
    form = {"csrf_token": browser.csrf}
    back = browser.client.post("/page/2", data=form, headers={"Referer": "http://localhost/teams/choir?a=%E4%BC%9A"})
    assert 'href="/teams/choir?a=%E4%BC%9A"' in back.text
    for elsewhere in ("https://evil.example/teams", "http://localhost//evil.example", "javascript:alert(1)"):
        ways = browser.client.post("/page/2", data=form, headers={"Referer": elsewhere}).text.split('class="ways"')[1]
        assert "evil" not in ways and "javascript" not in ways


def test_what_is_asked_in_the_wrong_way_is_told_the_right_one(visit: Visits, cast: Cast) -> None:
    wrong = visit(cast.alice).get("/logout")
    assert wrong.status_code == 405 and "links and buttons" in wrong.text and "POST" in wrong.headers["Allow"]
    call = visit(cast.alice).get("/api/v1/recordings/export")
    assert call.status_code in (404, 405) and call.get_json()["error"]["remedy"]
    nothing = visit(cast.alice).get("/api/v1/nothing/here").get_json()["error"]
    assert (nothing["code"], bool(nothing["remedy"])) == ("not_found", True)


def test_a_stranger_is_led_to_the_door_and_back(visit: Visits, cast: Cast) -> None:
    assert visit().get("/recordings/x?t=3").headers["Location"] == "/login?next=/recordings/x?t%3D3"
    part = visit().get("/", headers={"HX-Request": "true"})
    assert (part.status_code, part.headers["HX-Redirect"]) == (204, "/login")
    call = visit().get("/api/v1/recordings").get_json()["error"]
    assert (call["code"], call["remedy"]) == ("not_signed_in", "Sign in, or send a token.")
    lost = visit().get("/no/such/page")
    assert lost.status_code == 404 and 'href="/login"' in lost.text


def test_too_much_at_once_is_told_how_much_is_not(visit: Visits, house: House, cast: Cast) -> None:
    form = visit().client.post("/login", data={"name": "x" * 1_200_000})
    assert form.status_code == 413 and "Send less than 1 MB at a time." in form.text
    browser = visit(cast.alice)
    file = browser.post("/upload", team="choir", file=(io.BytesIO(b"x" * 2_500_000), "a.wav"))
    assert file.status_code == 413 and "team&#39;s folder" in file.text
    secret = create_token(house, None, "alice", NewToken("t", TokenScope.WRITE))
    call = visit().client.put(
        "/api/v1/teams/choir/hotwords",
        json={"words": ["x" * 1_200_000]},
        headers={"Authorization": f"Bearer {secret}"},
    )
    said = call.get_json()["error"]
    assert (call.status_code, said["code"], said["remedy"]) == (413, "too_large", "Send less than 1 MB at a time.")


def test_many_zips_in_a_minute_are_a_persons_not_a_browsers(app: Flask, house: House, cast: Cast) -> None:
    browser = visitor(app, cast.alice)
    answers = [browser.post("/recordings/export", format="txt", everything="1") for _ in range(31)]
    assert [answer.status_code for answer in answers] == [422] * 30 + [429]
    assert re.search(r"too many requests within a minute.*Wait \d+ seconds", answers[-1].text, re.DOTALL)
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 61  # a minute, and the second that has begun
    secret = create_token(house, None, "alice", NewToken("t", TokenScope.READ))
    call = app.test_client().post(
        "/api/v1/recordings/export", json={"everything": True}, headers={"Authorization": f"Bearer {secret}"}
    )
    said = call.get_json()["error"]
    assert (call.status_code, said["code"]) == (429, "slow_down") and said["remedy"].startswith("Wait ")
    assert int(call.headers["Retry-After"]) > 0
    assert visitor(app, cast.bob).post("/recordings/export", format="txt", everything="1").status_code == 422


LIMITED: list[tuple[str, str]] = [
    ("GET", "/search?q=x"), ("POST", "/upload"), ("POST", "/recordings/export"), ("POST", "/login"),
    ("POST", "/account/password"), ("GET", "/invitations/x"), ("GET", "/reset/x"),
    ("GET", "/api/v1/search?q=x"), ("GET", "/api/v1/recordings/x/export"), ("POST", "/api/v1/recordings/export"),
    ("POST", "/api/v1/recordings"), ("POST", "/api/v1/uploads"),
]  # fmt: skip


def test_what_may_be_asked_only_so_often_says_when_again(
    app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limiter.limiter, "hit", lambda *_, **__: False)
    browser = visitor(app, cast.alice)
    for method, path in LIMITED:
        body = {"everything": True} if path == "/api/v1/recordings/export" else None
        answer = browser.client.open(path, method=method, headers={"X-CSRFToken": browser.csrf}, json=body)
        assert answer.status_code == 429, path
        assert int(answer.headers["Retry-After"]) > 0 and "Wait " in answer.text, path
    part = browser.get("/search?q=x", headers={"HX-Request": "true"})
    assert part.status_code == 429 and part.text.startswith("There were too many requests")


def _said(page: str) -> list[str]:
    """The heading of an error page, and the remedy below it."""
    found = re.search(r"<h1>(.*?)</h1>\s*<p>(.*?)</p>", page, re.DOTALL)
    assert found, page
    return [text.replace("&#39;", "'") for text in found.groups()]
