"""Room: web.api.frame. What all calls share: who may come in, how a refusal looks, pages, times. No call of its own."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any

from flask import Response, request
from flask_openapi3 import APIBlueprint
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema

from nas_asr.core.access import TokenScope
from nas_asr.core.clock import iso
from nas_asr.core.errors import Invalid, NotPermitted, NotVisible
from nas_asr.services.paging import MAX_LIMIT, PageOrder
from nas_asr.web.security import hands_in
from nas_asr.web.viewer import current_viewer

SECURITY_SCHEMES: dict[str, Any] = {
    "token": {"type": "http", "scheme": "bearer", "description": "A token made under Account."},
    "key": {
        "type": "apiKey",
        "in": "header",
        "name": "X-API-Key",
        "description": "The same token, for simple programs.",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "nas_asr_session",
        "description": "A signed-in browser; calls that change something then also need the header X-CSRFToken.",
    },
}
_SAFE = ("GET", "HEAD", "OPTIONS")
_SMALL_BODY = 1 << 20
# What a narrow token may call; `read` may call whatever changes nothing, `write` everything but the tokens themselves.
_INGEST_CALLS = frozenset(
    {"api.upload", "api.uploads", "api.begin_upload", "api.upload_state", "api.add_piece", "api.give_up_upload"}
)
_WIDGET_CALLS = frozenset({"api.summary"})
_IN_PERSON = frozenset({"api.tokens", "api.make_token", "api.end_token"})
_LARGE_BODY = frozenset({"api.upload", "api.add_piece"})

# Flask's own alias names types that flask-openapi3, which evaluates annotations, cannot find
Answer = Response | dict[str, Any] | tuple[Any, int] | tuple[Any, int, dict[str, str]] | tuple[Any, dict[str, str]]


class ErrorBody(BaseModel):
    """What went wrong, in words for a person, and what to do about it."""

    code: str = Field(description="A word for programs, such as not_found.")
    message: str
    remedy: str = Field(description="What to do about it; may be empty.")
    field: str | None = Field(None, description="Which field has a wrong value, where that is the matter (422).")


class ErrorEnvelope(BaseModel):
    """Every refusal looks like this."""

    error: ErrorBody


API = APIBlueprint(
    "api",
    __name__,
    url_prefix="/api/v1",
    abp_security=[{"token": []}, {"key": []}, {"session": []}],
    abp_responses={401: ErrorEnvelope, 403: ErrorEnvelope, 422: ErrorEnvelope},
)


@API.before_request
def _let_in() -> None:
    """Before anything of the request is read: who is it, and may a token like theirs make this call at all?"""
    viewer = current_viewer()
    if request.endpoint not in _LARGE_BODY or not hands_in(viewer):
        request.max_content_length = min(request.max_content_length or _SMALL_BODY, _SMALL_BODY)
    scope = viewer.token_scope
    if scope is not None:
        _check_scope(scope, request.endpoint or "")
    if any("\0" in str(value) for value in (request.view_args or {}).values()):
        raise NotVisible("There is nothing here under this address for you.")
    for name, value in request.args.items(multi=True):
        if "\0" in name or "\0" in value:
            raise Invalid(f"{name!r} holds a zero byte.", "Leave it out.", field=name.replace("\0", ""))


def _check_scope(scope: TokenScope, endpoint: str) -> None:
    if endpoint in _IN_PERSON:
        raise NotPermitted("A token may not make or end tokens.", "Sign in and do it under Account.")
    if scope is TokenScope.INGEST and endpoint not in _INGEST_CALLS:
        raise NotPermitted("This token may only add recordings.", "Use a token of scope read or write.")
    if scope is TokenScope.WIDGET and endpoint not in _WIDGET_CALLS:
        raise NotPermitted("This token may only read the summary.", "Use a token of scope read or write.")
    if scope is TokenScope.READ and request.method not in _SAFE:
        raise NotPermitted("This token may only read.", "Use a token of scope write.")


Moment = Annotated[
    datetime,
    PlainSerializer(iso, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]


def _since(value: object) -> object:
    return _moment(value, whole_days=0)


def _until(value: object) -> object:
    return _moment(value, whole_days=1)


def _moment(value: object, whole_days: int) -> object:
    """A time of ISO 8601, UTC where it names no zone; a date alone is its beginning, or with whole_days its end."""
    if not isinstance(value, str):
        return value
    try:
        if len(value) <= len("2026-11-21"):
            day = date.fromisoformat(value) + timedelta(days=whole_days)
            return datetime(day.year, day.month, day.day, tzinfo=UTC)
        # "+" of a zone arrives as a blank from those who forget to encode it
        moment = datetime.fromisoformat(value.replace(" ", "+") if "T" in value else value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError("not a time of ISO 8601, such as 2026-11-21 or 2026-11-21T09:30:00Z") from error


_AsText = WithJsonSchema({"type": "string", "examples": ["2026-11-21", "2026-11-21T09:30:00Z"]})
Since = Annotated[datetime, BeforeValidator(_since), _AsText]
Until = Annotated[datetime, BeforeValidator(_until), _AsText]


def _storable(text: str) -> str:
    if "\0" in text or any("\ud800" <= char <= "\udfff" for char in text):
        raise ValueError("holds a zero byte or half a character")
    return text


Text = Annotated[str, AfterValidator(_storable)]


class Body(BaseModel):
    """A JSON body. A misspelt field is an error, not a silent nothing."""

    model_config = ConfigDict(extra="forbid")


class PageQuery(BaseModel):
    """Pages: hand `next` of one answer as `cursor` of the next call until it is null."""

    limit: int = Field(50, ge=1, le=MAX_LIMIT, description="Items on a page.")
    cursor: str = Field("", description="`next` of the page before.")

    @property
    def page(self) -> PageOrder:
        """The same for services."""
        return PageOrder(self.limit, self.cursor)


class Started(BaseModel):
    """Accepted; the recording's state tells the rest."""

    id: str
