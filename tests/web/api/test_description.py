"""Room: tests.web.api.test_description. The OpenAPI document, health, and the envelope of every refusal."""

import logging
from dataclasses import replace
from typing import cast

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError

from nas_asr.services.base import House
from nas_asr.store.models import Heartbeat
from nas_asr.web.app import WebSetup, create_app
from tests.cast import Cast, Clock, RememberingQueue
from tests.web.api.conftest import SECRET, Answer, ByToken, Caller


def test_the_description_is_valid_openapi_31(by_token: ByToken, cast: Cast) -> None:
    document = by_token(cast.rita).get("/openapi.json").json
    assert document["openapi"].startswith("3.1")
    checker = pytest.importorskip("openapi_spec_validator", reason="openapi-spec-validator is not installed")
    checker.OpenAPIV31SpecValidator(document).validate()


def test_the_description_has_every_call(by_token: ByToken, cast: Cast, app: Flask) -> None:
    document = by_token(cast.rita).get("/openapi.json").json
    described = {(path, method.upper()) for path, item in document["paths"].items() for method in item}
    there = {
        (rule.rule.replace("<", "{").replace(">", "}"), method)
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/v1") or rule.rule in ("/healthz", "/readyz")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert described == there


def test_every_call_tells_how_it_is_refused_and_what_it_is_for(by_token: ByToken, cast: Cast) -> None:
    document = by_token(cast.rita).get("/openapi.json").json
    for path, item in document["paths"].items():
        for operation in item.values():
            assert operation["summary"].endswith("."), path
            if path.startswith("/api/v1"):
                refused = operation["responses"]["401"]["content"]["application/json"]["schema"]["$ref"]
                assert refused.endswith("/ErrorEnvelope")
                assert operation["security"], path


def test_the_same_description_comes_twice_and_from_two_applications(
    house: House, cast: Cast, by_token: ByToken
) -> None:
    caller = by_token(cast.rita)
    other = Caller(create_app(house, WebSetup(secret_key=SECRET)).test_client(), caller.headers)
    assert caller.get("/openapi.json").json == other.get("/openapi.json").json == caller.get("/openapi.json").json


class _DeadDatabase:
    """A database that is not there."""

    def read(self) -> object:
        raise OperationalError("SELECT 1", {}, Exception("gone"))

    write = read


def asked(client: FlaskClient, path: str) -> Answer:
    """GET of an address outside the API."""
    return cast(Answer, client.get(path))


def test_healthz_needs_neither_database_nor_queue(house: House, queue: RememberingQueue) -> None:
    dead = replace(house, db=_DeadDatabase())  # type: ignore[arg-type]
    queue.down = True
    client = create_app(dead, WebSetup(secret_key=SECRET)).test_client()
    assert (asked(client, "/healthz").status_code, asked(client, "/healthz").json) == (200, {"status": "ok"})
    assert client.head("/healthz").status_code == 200
    ready = asked(client, "/readyz")
    assert ready.status_code == 503
    assert (ready.json["database"], ready.json["queue"]) == ("The database does not answer.", "Redis does not answer.")


def test_readyz_says_which_part_is_not_ready(app: Flask, house: House, queue: RememberingQueue, clock: Clock) -> None:
    client = app.test_client()
    assert "worker" in asked(client, "/readyz").json["worker"]
    with house.db.write() as session:
        session.add(Heartbeat(name="w", kind="worker", boot="b", seen_at=house.now(), detail={}))
    assert (asked(client, "/readyz").status_code, asked(client, "/readyz").json["status"]) == (200, "ok")
    queue.down = True
    assert asked(client, "/readyz").json["queue"] == "Redis does not answer."
    queue.down = False
    clock.pass_seconds(60)
    assert asked(client, "/readyz").status_code == 503


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing", 404, "not_found"),
        ("GET", "/recordings/x/y/z", 404, "not_found"),
        ("GET", "/recordings/a%00b", 404, "not_found"),
        ("PUT", "/recordings", 405, "method_not_allowed"),
        ("POST", "/search", 405, "method_not_allowed"),
        ("GET", "/recordings?limit=-1", 422, "invalid"),
        ("POST", "/recordings", 415, "not_audio"),
        ("POST", "/recordings/x/language", 422, "invalid"),
    ],
)
def test_every_refusal_has_the_same_form(
    method: str, path: str, status: int, code: str, by_token: ByToken, cast: Cast
) -> None:
    answer = by_token(cast.alice).call(method, path)
    assert (answer.status_code, answer.json["error"]["code"]) == (status, code)
    assert {"code", "message", "remedy"} <= set(answer.json["error"]) <= {"code", "message", "remedy", "field"}
    assert answer.json["error"]["message"].endswith(".")


def test_what_nobody_foresaw_is_an_envelope_without_a_trace(
    by_token: ByToken, cast: Cast, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def breaks(*_: object) -> None:
        raise RuntimeError("inner secret")

    monkeypatch.setattr("nas_asr.web.api.lists.list_teams", breaks)
    with caplog.at_level(logging.CRITICAL):
        answer = by_token(cast.alice).get("/teams")
    assert (answer.status_code, answer.json["error"]["code"]) == (500, "internal")
    assert "inner secret" not in answer.text


def test_an_api_answer_is_not_kept_and_not_framed(by_token: ByToken, cast: Cast) -> None:
    headers = by_token(cast.alice).get("/teams").headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]


def test_chinese_comes_as_it_is(by_token: ByToken, house: House, cast: Cast) -> None:
    from tests.cast import make_recording

    make_recording(house, cast.choir, "周例会")
    assert "周例会" in by_token(cast.rita).get("/recordings").text
