"""Room: web.api. The HTTP API for programs and our own pages: one module a group of calls, one blueprint. Never a query."""

from flask import Flask
from flask.json.provider import DefaultJSONProvider
from flask_openapi3 import OpenAPI

from nas_asr.web.api import audio, health, hotwords, library, lists, recordings, tokens, transcripts, uploads
from nas_asr.web.api.frame import API, SECURITY_SCHEMES, ErrorEnvelope
from nas_asr.web.api.spool import SpoolingRequest

# Naming them here is what puts their calls on the blueprint.
__all__ = [
    "audio",
    "health",
    "hotwords",
    "library",
    "lists",
    "recordings",
    "register",
    "tokens",
    "transcripts",
    "uploads",
]


def register(app: Flask) -> None:
    """Put /healthz, /readyz and everything under /api/v1 into the application, with their description."""
    assert isinstance(app, OpenAPI)
    app.request_class = SpoolingRequest
    assert isinstance(app.json, DefaultJSONProvider)
    app.json.ensure_ascii = False  # Chinese as it is: half the bytes, and people read it in a terminal
    app.json.sort_keys = False
    app.security_schemes = SECURITY_SCHEMES
    app.validation_error_model = ErrorEnvelope
    app.register_api(health.HEALTH)
    app.register_api(API)
