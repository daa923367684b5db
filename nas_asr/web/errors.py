"""Room: web.errors. From what went wrong to what a person or a program is told. The only place with HTTP's numbers."""

import logging
from collections.abc import Mapping
from http import HTTPStatus

from flask import Flask, Response, g, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import AnonymousUserMixin, current_user
from flask_wtf.csrf import CSRFError
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException, SecurityError

from nas_asr.core import errors as core
from nas_asr.services.accounts import TooManyTries, anybody
from nas_asr.store.database import DatabaseTrouble, is_passing
from nas_asr.web.locale import said
from nas_asr.web.security import here
from nas_asr.web.viewer import house

log = logging.getLogger(__name__)

_STATUS: Mapping[type[Exception], HTTPStatus] = {
    TooManyTries: HTTPStatus.TOO_MANY_REQUESTS,
    core.NotSignedIn: HTTPStatus.UNAUTHORIZED,
    core.NotPermitted: HTTPStatus.FORBIDDEN,
    core.NotVisible: HTTPStatus.NOT_FOUND,
    core.Conflict: HTTPStatus.CONFLICT,
    core.TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    core.MediaError: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    core.Invalid: HTTPStatus.UNPROCESSABLE_ENTITY,
    core.StorageFull: HTTPStatus.INSUFFICIENT_STORAGE,
    core.QueueUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    core.EngineError: HTTPStatus.SERVICE_UNAVAILABLE,
}
_CODES: Mapping[int, str] = {
    400: "bad_request", 401: "not_signed_in", 403: "not_permitted", 404: "not_found", 405: "method_not_allowed",
    409: "conflict", 413: "too_large", 415: "not_audio", 416: "bad_range", 422: "invalid", 429: "slow_down", 503: "busy",
}  # fmt: skip


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
    if wants_json():
        answer = _envelope(status, error, translated=current_user.is_authenticated)  # a page shows it to a person
    elif isinstance(error, core.NotSignedIn) and not isinstance(error, TooManyTries):
        return _to_the_door()
    else:
        answer = _page(status, said(error.message), said(error.remedy))
    if isinstance(error, TooManyTries):
        answer.headers["Retry-After"] = str(error.wait_s)
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
    told = _sentence(error)
    answer = _envelope(error.code, core.NasAsrError(*told)) if wants_json() else _page(error.code, *told)
    for name, value in error.get_headers():
        if name.lower() in ("allow", "retry-after", "content-range"):
            answer.headers[name] = value
    return answer


def _sentence(error: HTTPException) -> tuple[str, str]:
    if isinstance(error, CSRFError):
        return _("This form is out of date or was not sent from our page."), _("Reload the page and try again.")
    sentences = {
        404: (_("There is nothing here under this address for you."), _("Go back to the library.")),
        405: (_("This address does not take that kind of request."), ""),
        413: (_("That is larger than this server accepts."), _("Copy large files into the team's folder instead.")),
        416: (_("This part of the recording does not exist."), ""),
        429: (_("Too many tries."), _("Wait a minute and try again.")),
    }
    return sentences.get(error.code or 400, (_("This request cannot be answered."), _("Go back and try again.")))


def _of_database(error: Exception) -> ResponseReturnValue:
    if not is_passing(error):
        return _unforeseen(error)
    log.warning("web.database_busy", extra={"path": request.path})
    _as_a_stranger()
    told = _("The database does not answer just now; nothing was changed."), _("Try again in a moment.")
    answer = _envelope(503, core.NasAsrError(*told)) if wants_json() else _page(503, *told)
    answer.headers["Retry-After"] = "10"
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
    log.error("web.failed", extra={"path": request.path}, exc_info=error)
    _see_who()
    message = _("Something went wrong on our side; nothing that was accepted is lost.")
    remedy = _("Try again; the log of this server says what happened.")
    if wants_json():
        return _envelope(500, core.NasAsrError(message, remedy))
    return _page(500, message, remedy)


def _envelope(status: int, error: core.NasAsrError, *, translated: bool = False) -> Response:
    code = error.code if error.code != "internal" else _CODES.get(status, "internal")
    message, remedy = (said(error.message), said(error.remedy)) if translated else (error.message, error.remedy)
    body = {"code": code, "message": message, "remedy": remedy}
    if isinstance(error, core.Invalid) and error.field:
        body["field"] = error.field
    answer = jsonify(error=body)
    answer.status_code = status
    return answer


def _page(status: int, message: str, remedy: str) -> Response:
    return Response(render_template("error/error.html", status=status, message=message, remedy=remedy), status)


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
