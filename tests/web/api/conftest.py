"""Room: tests.web.api.conftest. The real application, callers with tokens or sessions, and a recording with real bytes."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest
from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from werkzeug.test import TestResponse

from nas_asr.core.access import TokenScope, Viewer
from nas_asr.services.base import House
from nas_asr.services.tokens import NewToken, create_token
from nas_asr.web.app import WebSetup, create_app
from tests.cast import Cast, make_recording, write_transcript
from tests.web.conftest import cookie_of

SECRET = "a secret for tests, forty characters long"
SOUND = bytes(range(256)) * 40


if TYPE_CHECKING:

    class Answer(TestResponse):
        """A response whose JSON the test knows."""

        json: Any
else:
    Answer = TestResponse


@dataclass
class Caller:
    """Somebody who calls the API with the same headers each time."""

    client: FlaskClient
    headers: dict[str, str] = field(default_factory=dict)

    def call(self, method: str, path: str, **more: Any) -> Answer:
        """One call under /api/v1."""
        headers = self.headers | more.pop("headers", {})
        return cast(Answer, self.client.open("/api/v1" + path, method=method, headers=headers, **more))

    def get(self, path: str, **more: Any) -> Answer:
        """GET under /api/v1."""
        return self.call("GET", path, **more)

    def post(self, path: str, **more: Any) -> Answer:
        """POST under /api/v1."""
        return self.call("POST", path, **more)


@pytest.fixture
def app(house: House) -> Flask:
    """The application as bootstrap makes it."""
    return create_app(house, WebSetup(secret_key=SECRET, max_upload_mb=house.options.max_upload_mb))


ByToken = Callable[..., Caller]
InPerson = Callable[..., Caller]


@pytest.fixture
def by_token(app: Flask, house: House) -> ByToken:
    """by_token(viewer, scope=write, team=None): a program with a token of that person."""

    def make(viewer: Viewer, scope: TokenScope = TokenScope.WRITE, team: str | None = None) -> Caller:
        secret = create_token(house, None, viewer.name, NewToken("test", scope, team))
        return Caller(app.test_client(), {"Authorization": f"Bearer {secret}"})

    return make


@pytest.fixture
def in_person(app: Flask, house: House) -> InPerson:
    """in_person(viewer, csrf=True): a signed-in browser, with the page's CSRF token in its header."""

    def make(viewer: Viewer, csrf: bool = True) -> Caller:
        client = app.test_client()
        with client.session_transaction() as session:
            session["_user_id"] = cookie_of(house, viewer)
            session["_fresh"] = True
            session["csrf_token"] = "planted"
        token = URLSafeTimedSerializer(SECRET, salt="wtf-csrf-token").dumps("planted")
        return Caller(client, {"X-CSRFToken": str(token)} if csrf else {})

    return make


@pytest.fixture
def anonymous(app: Flask) -> Caller:
    """Nobody."""
    return Caller(app.test_client())


def sound_of(house: House, team_id: str, content: bytes = SOUND, **fields: Any) -> str:
    """An uploaded recording whose file lies where it should."""
    title = str(fields.pop("title", "meeting"))
    raw_path = f"{team_id}/{title}.wav".encode()
    path = Path(house.uploads) / raw_path.decode()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    wanted = {"raw_path": raw_path, "size_bytes": len(content), "container": "wav", **fields}
    return make_recording(house, team_id, title, **wanted)


@pytest.fixture
def meeting(house: House, cast: Cast) -> str:
    """The choir's meeting: transcribed, with its sound."""
    recording_id = sound_of(house, cast.choir)
    write_transcript(house, recording_id, ["we met at nine", "the budget is two hundred"])
    return recording_id
