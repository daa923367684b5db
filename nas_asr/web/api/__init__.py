"""Room: web.api. The HTTP API for programs and our own pages: one module a group of calls, one blueprint. Never a query."""

from typing import Any

from flask import Flask
from flask.json.provider import DefaultJSONProvider
from flask_openapi3 import OpenAPI

from nas_asr.web.api import (
    account,
    admin,
    audio,
    choice,
    drafts,
    edits,
    exports,
    health,
    hotwords,
    library,
    lists,
    members,
    parts,
    people,
    pieces,
    recordings,
    tokens,
    transcripts,
    trash,
    uploads,
    waveform,
)
from nas_asr.web.api.frame import API, SECURITY_SCHEMES, ErrorEnvelope
from nas_asr.web.api.spool import SpoolingRequest

# Naming them here is what puts their calls on the blueprint.
__all__ = [
    "account",
    "admin",
    "audio",
    "choice",
    "drafts",
    "edits",
    "exports",
    "health",
    "hotwords",
    "library",
    "lists",
    "members",
    "parts",
    "people",
    "pieces",
    "recordings",
    "register",
    "tokens",
    "transcripts",
    "trash",
    "uploads",
    "waveform",
]


class _Json(DefaultJSONProvider):
    """Flask's own, for which a hundred thousand brackets are wrong JSON like any other."""

    ensure_ascii = False  # Chinese as it is: half the bytes, and people read it in a terminal
    sort_keys = False

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """As usual; ValueError also where it is nested more deeply than can be read."""
        try:
            return super().loads(s, **kwargs)
        except RecursionError as error:
            raise ValueError("nested too deeply") from error


def register(app: Flask) -> None:
    """Put /healthz, /readyz and everything under /api/v1 into the application, with their description."""
    assert isinstance(app, OpenAPI)
    app.request_class = SpoolingRequest
    app.json = _Json(app)
    app.security_schemes = SECURITY_SCHEMES
    app.validation_error_model = ErrorEnvelope
    app.register_api(health.HEALTH)
    app.register_api(API)
