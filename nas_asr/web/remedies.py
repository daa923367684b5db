"""Room: web.remedies. What HTTP's refusals are called, and what to do about each, in English. Never a status of ours."""

import time
from collections.abc import Mapping
from http import HTTPStatus

from flask import request
from flask_limiter import RateLimitExceeded
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from nas_asr.web.security import TAKE_FILES, limiter

_GO_BACK = "Go back and try again."


def sentence_of(error: HTTPException) -> tuple[str, str]:
    """Message and remedy of what Flask or werkzeug refused."""
    if isinstance(error, CSRFError):
        return (
            "This form is out of date or was not sent from our page.",
            "Reload the page and try again. What you typed is still there when you go back in the browser: copy it first.",
        )
    if isinstance(error, RateLimitExceeded):
        wait_s = wait_of(error)
        return "There were too many requests within a minute.", f"Wait {wait_s} seconds and try again."
    if error.code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return "That is larger than this server accepts.", _smaller()
    told = _SENTENCES.get(error.code or 400)
    return told or ("This request cannot be answered.", remedy_for(error.code or 400) or _GO_BACK)


def remedy_for(status: int) -> str:
    """What to do about a refusal of ours that says no remedy of its own; empty where there is nothing to do."""
    return _REMEDIES.get(status, "")


def wait_of(error: HTTPException) -> int:
    """The seconds until a limited address answers this person again."""
    limit = limiter.current_limit if isinstance(error, RateLimitExceeded) else None
    return max(1, round(limit.reset_at - time.time())) if limit is not None else 60


def _smaller() -> str:
    if request.endpoint in TAKE_FILES:
        return "Copy large files into the team's folder instead."
    most_mb = max(1, (request.max_content_length or 0) >> 20)
    return f"Send less than {most_mb} MB at a time."


_SENTENCES: Mapping[int, tuple[str, str]] = {
    404: ("There is nothing here under this address for you.", "Go back to the library."),
    405: (
        "This address does not take that kind of request.",
        "Go back to the page, and use its links and buttons. Programs find every call in /api/v1/openapi.json.",
    ),
    415: (
        "This kind of content is not taken here.",
        "Send recordings as audio or video files, and calls of the API as JSON with its Content-Type.",
    ),
    416: ("This part of the recording does not exist.", "Reload the page; the file has changed."),
    429: ("Too many tries.", "Wait a minute and try again."),
}
_REMEDIES: Mapping[int, str] = {
    400: _GO_BACK,
    403: "Ask a manager of the team, or an admin of this server.",
    404: "See whether the address is whole. What belongs to a team is seen by its members only; a manager adds people.",
    409: "Look at it as it is now, and try again.",
    410: "Ask whoever sent you the link for a new one.",
    413: "Send less at a time.",
    422: "Correct it and try again.",
    429: "Wait a minute and try again.",
    503: "Try again in a moment.",
    507: "An admin has to make room on the disk with the data directory; then try again.",
}
