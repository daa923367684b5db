"""Room: tests.web.conftest. The real application, and visitors who are signed in and send forms as the pages do."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from werkzeug.test import TestResponse

from nas_asr.core.access import Viewer
from nas_asr.services.base import House
from nas_asr.services.sessions import Arrival, begin
from nas_asr.store.models import User
from nas_asr.web.app import WebSetup, create_app

SECRET = "a secret for tests, forty characters long"


@dataclass
class Visitor:
    """A browser: its cookies, and the token that our forms carry."""

    client: FlaskClient
    csrf: str

    def get(self, path: str, /, **more: Any) -> TestResponse:
        """Open a page."""
        return self.client.get(path, **more)

    def post(self, path: str, /, **fields: Any) -> TestResponse:
        """Send a form from a page of ours."""
        return self.client.post(path, data={"csrf_token": self.csrf, **fields})


Visits = Callable[..., Visitor]


@pytest.fixture
def app(house: House) -> Flask:
    """The application as bootstrap makes it."""
    return create_app(house, WebSetup(secret_key=SECRET, max_upload_mb=1))


@pytest.fixture
def visit(app: Flask) -> Visits:
    """visit(viewer): a browser in which that person is signed in; visit() is a stranger's."""
    return lambda viewer=None, language="en": visitor(app, viewer, language)


def cookie_of(house: House, viewer: Viewer) -> str:
    """What the cookie holds of a browser in which that person signed in."""
    with house.db.write() as session:
        return begin(session, house, session.get_one(User, viewer.user_id), Arrival("127.0.0.1", "Firefox, Linux"))


def visitor(app: Flask, viewer: Viewer | None = None, language: str = "en") -> Visitor:
    """A browser, signed in as that person where one is named."""
    client = app.test_client()
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = language
    with client.session_transaction() as session:
        session["csrf_token"] = "planted"
        if viewer is not None:
            session["_user_id"] = cookie_of(app.extensions["nas_asr_house"], viewer)
    token = URLSafeTimedSerializer(SECRET, salt="wtf-csrf-token").dumps("planted")
    return Visitor(client, str(token))
