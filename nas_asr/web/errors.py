"""Room: web.errors. From what went wrong to what a person or a program is told. The only place with HTTP's numbers."""

import logging
import secrets
from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import urlsplit

from flask import Flask, Response, g, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import AnonymousUserMixin, current_user
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException, SecurityError

from nas_asr.core import errors as core
from nas_asr.core.access import Viewer
from nas_asr.services.accounts import anybody
from nas_asr.services.login_tries import TooManyTries
from nas_asr.store.database import DatabaseTrouble, is_passing
from nas_asr.web.locale import said
from nas_asr.web.remedies import remedy_for, sentence_of, wait_of
from nas_asr.web.security import here, safe_next
from nas_asr.web.viewer import house

log = logging.getLogger(__name__)

_STATUS: Mapping[type[Exception], HTTPStatus] = {
    TooManyTries: HTTPStatus.TOO_MANY_REQUESTS,
    core.NotSignedIn: HTTPStatus.UNAUTHORIZED,
    core.NotPermitted: HTTPStatus.FORBIDDEN,
    core.NotVisible: HTTPStatus.NOT_FOUND,
    core.Conflict: HTTPStatus.CONFLICT,
    core.Gone: HTTPStatus.GONE,
    core.TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    core.MediaError: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    core.Invalid: HTTPStatus.UNPROCESSABLE_ENTITY,
    core.StorageFull: HTTPStatus.INSUFFICIENT_STORAGE,
    core.QueueUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    core.EngineError: HTTPStatus.SERVICE_UNAVAILABLE,
    core.ArchiveUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
}
_CODES: Mapping[int, str] = {
    400: "bad_request", 401: "not_signed_in", 403: "not_permitted", 404: "not_found", 405: "method_not_allowed",
    409: "conflict", 410: "gone", 413: "too_large", 415: "not_audio", 416: "bad_range", 422: "invalid", 429: "slow_down",
    503: "busy",
}  # fmt: skip
_SOON_S = 10


def configure(app: Flask) -> None:
    """Every error leaves through one of these."""
    app.register_error_handler(core.NasAsrError, _ours)
    app.register_error_handler(HTTPException, _of_http)
    app.register_error_handler(DatabaseTrouble, _of_database)
    app.register_error_handler(Exception, _unforeseen)


def status_of(error: core.NasAsrError) -> int:
    """The HTTP status of one of our errors."""
    return next((int(_STATUS[kind]) for kind in type(error).__mro__ if kind in _STATUS), 500)


def wants_json() -> bool:
    """Whether a program asks: the API and what dashboards read."""
    return request.path.startswith(("/api/", "/widgets/", "/events", "/healthz", "/readyz"))


def bad_field(error: ValidationError) -> Response:
    """What flask-openapi3 answers where a call's arguments do not fit: names the field."""
    first = error.errors()[0]
    field = ".".join(str(part) for part in first["loc"])
    text = first["msg"].removeprefix("Value error, ")
    return _envelope(422, core.Invalid(f"{field or 'The body'}: {text}.", field=field))


def _ours(error: core.NasAsrError) -> ResponseReturnValue:
    status = status_of(error)
    if status >= 500:
        log.warning("web.refused", extra={"code": error.code, "path": request.path})
    if not wants_json() and isinstance(error, core.NotSignedIn) and not isinstance(error, TooManyTries):
        return _to_the_door()
    error.remedy = error.remedy or remedy_for(status)
    answer = _answer(status, error)
    if isinstance(error, TooManyTries):
        answer.headers["Retry-After"] = str(error.wait_s)
    elif status == HTTPStatus.SERVICE_UNAVAILABLE:
        answer.headers["Retry-After"] = str(_SOON_S)
    return answer


def _of_http(error: HTTPException) -> ResponseReturnValue:
    if error.response is not None or error.code is None or error.code < 400:
        return error.get_response()
    _see_who()
    if isinstance(error, SecurityError):
        # No host name, no addresses to link to: plain words are all that can be said.
        text = _(
            "This host name is not answered here. Remedy: add it to NAS_ASR_TRUSTED_HOSTS, "
            "or open the page by a name that is on that list."
        )
        return Response(text + "\n", 400, mimetype="text/plain")
    answer = _answer(error.code, core.NasAsrError(*sentence_of(error)))
    for name, value in error.get_headers():
        if name.lower() in ("allow", "content-range"):
            answer.headers[name] = value
    if error.code == HTTPStatus.TOO_MANY_REQUESTS:
        answer.headers["Retry-After"] = str(wait_of(error))
    return answer


def _of_database(error: Exception) -> ResponseReturnValue:
    if not is_passing(error):
        return _unforeseen(error)
    log.warning("web.database_busy", extra={"path": request.path})
    _as_a_stranger()
    told = "The database does not answer just now; nothing was changed.", "Try again in a moment."
    answer = _answer(503, core.NasAsrError(*told))
    answer.headers["Retry-After"] = str(_SOON_S)
    return answer


def _as_a_stranger() -> None:
    """From here on nobody asks the database who this is: not the frame of the page, nor its language."""
    g._login_user = AnonymousUserMixin()


def _see_who() -> None:
    """Every sentence asks for the viewer's language: where the database is away, it is told to a stranger."""
    try:
        bool(current_user.is_authenticated)
    except DatabaseTrouble:
        _as_a_stranger()


def _unforeseen(error: Exception) -> ResponseReturnValue:
    # Edge 3 of 3 for broad except: Flask calls this for whatever nobody foresaw. The log has the trace, the page never.
    reference = secrets.token_hex(4)
    log.error("web.failed", extra={"reference": reference, "path": request.path}, exc_info=error)
    _see_who()
    told = core.NasAsrError(
        "Something went wrong on our side; nothing that was accepted is lost.",
        f"Try again. If it happens again, tell an admin the number {reference}: this server's log has it beside the cause.",
    )
    return _answer(500, told)


def in_their_words(error: core.NasAsrError) -> tuple[str, str]:
    """Message and remedy: in English for programs, in the reader's language where a page of ours asked."""
    person = g.get("viewer")
    if isinstance(person, Viewer) and person.token_scope is None:
        return said(error.message), said(error.remedy)
    return error.message, error.remedy


def _envelope(status: int, error: core.NasAsrError) -> Response:
    code = error.code if error.code != "internal" else _CODES.get(status, "internal")
    message, remedy = in_their_words(error)
    body = {"code": code, "message": message, "remedy": remedy}
    if isinstance(error, core.Invalid) and error.field:
        body["field"] = error.field
    answer = jsonify(error=body)
    answer.status_code = status
    return answer


def _answer(status: int, error: core.NasAsrError) -> Response:
    """For programs JSON, for a part of a page the bare sentences, which the page shows; else a page of its own."""
    if wants_json():
        return _envelope(status, error)
    message, remedy = said(error.message), said(error.remedy)
    if _is_fragment():
        between = "" if message.endswith("。") else " "
        return Response(f"{message}{between}{remedy}".strip(), status, mimetype="text/plain")
    page = render_template("error/error.html", status=status, message=message, remedy=remedy, ways=_ways_on(status))
    return Response(page, status)


def _ways_on(status: int) -> list[tuple[str, str]]:
    """Addresses and labels of where somebody may go from here; the first is what most would do."""
    ways = []
    if request.method in ("GET", "HEAD") and (status == HTTPStatus.TOO_MANY_REQUESTS or status >= 500):
        ways.append((here(), _("Try again")))
    came_from = urlsplit(request.referrer or "")
    if request.method == "POST" and came_from.netloc == request.host:
        back = safe_next(f"{came_from.path}?{came_from.query}" if came_from.query else came_from.path)
        ways += [(back, _("Back to the page"))] if back else []
    if current_user.is_authenticated or status >= 500:
        return [*ways, (url_for("library.index"), _("To the library"))]
    return [*ways, (url_for("login.form"), _("Sign in"))]


def _to_the_door() -> ResponseReturnValue:
    """A browser without a session goes to sign in, or to set up where nobody lives here yet."""
    if not anybody(house()):
        target = url_for("setup.form")
    else:
        back = here() if request.method == "GET" and request.path != "/" and not _is_fragment() else None
        target = url_for("login.form", next=back)
    if _is_fragment():
        return Response(status=204, headers={"HX-Redirect": target})
    return redirect(target)


def _is_fragment() -> bool:
    return request.headers.get("HX-Request") == "true"
