"""Room: web.api.pieces. Uploads in pieces as tus 1.0 speaks of them (core, creation, termination, expiration). Keeps nothing.

A piece passes a proxy that lets through a few MB only, and a broken one costs no more than itself.
"""

import base64
import binascii
from email.utils import format_datetime
from typing import Any

from flask import Response, request, url_for
from flask_openapi3 import Tag
from pydantic import BaseModel, Field
from werkzeug.exceptions import ClientDisconnected

from nas_asr.core.errors import Conflict, Invalid
from nas_asr.services import upload_pieces as service
from nas_asr.services.uploads import UploadOrder
from nas_asr.web.api.frame import API, Answer, ErrorEnvelope, Moment
from nas_asr.web.security import often
from nas_asr.web.viewer import current_viewer, house
from nas_asr.web.wiring import wiring

UPLOADS = Tag(name="uploads", description="Large files in pieces, by the protocol tus 1.0; see docs/uploads.md.")
VERSION = "1.0.0"
_EXTENSIONS = "creation,termination,expiration"
_PIECE = "application/offset+octet-stream"
_ENDPOINTS = frozenset({"api.uploads", "api.begin_upload", "api.upload_state", "api.add_piece", "api.give_up_upload"})
_BIGGEST = 1 << 60


class UploadPath(BaseModel):
    """Which one."""

    upload_id: str


class UploadOut(BaseModel):
    """An upload on its way."""

    id: str
    team: str
    filename: str
    size_bytes: int
    offset_bytes: int = Field(description="So much is on the disk for good; the whole size once it is a recording.")
    recording: str | None = Field(description="The recording that it became.")
    existing: bool = Field(description="Whether the team had these bytes already, as that recording.")
    expires_at: Moment = Field(description="Removed then, unless another piece comes.")


class UploadList(BaseModel):
    """Your own that broke off or are on their way."""

    items: list[UploadOut]


class BeginHeader(BaseModel):
    """Upload-Metadata holds `filename`, `team` and, if you like, `title` and `language`, each value in base64."""

    upload_length: str = Field("", alias="Upload-Length", description="The file's size in bytes.")
    upload_metadata: str = Field("", alias="Upload-Metadata", max_length=8000)


class PieceHeader(BaseModel):
    """Where this piece begins; the body is application/offset+octet-stream."""

    upload_offset: str = Field("", alias="Upload-Offset")


_BODY: dict[str, Any] = {
    "requestBody": {"required": True, "content": {_PIECE: {"schema": {"type": "string", "format": "binary"}}}}
}
_REFUSED: dict[str | int, Any] = {404: ErrorEnvelope, 409: ErrorEnvelope, 413: ErrorEnvelope, 507: ErrorEnvelope}


@API.get("/uploads", tags=[UPLOADS], responses={200: UploadList})
def uploads() -> Answer:
    """Your uploads that are not whole yet."""
    items = [_out(view) for view in service.unfinished(house(), current_viewer())]
    return UploadList(items=items).model_dump(mode="json")


@API.post("/uploads", tags=[UPLOADS], responses={201: UploadOut, **_REFUSED})
@often
def begin_upload(header: BeginHeader) -> Answer:
    """Announce a file; Location says where its pieces go."""
    _check_version()
    told = _metadata(header.upload_metadata)
    if not told.get("team"):
        raise Invalid("team: whose recording this is, is missing.", "Send the team's short name.", field="team")
    order = UploadOrder(
        told["team"], told.get("filename", ""), told.get("title", ""), told.get("language", ""),
        size_bytes=_number(header.upload_length, "Upload-Length"),
    )  # fmt: skip
    view = service.begin(house(), current_viewer(), order)
    where = url_for("api.upload_state", upload_id=view.id)
    return _out(view).model_dump(mode="json"), 201, {"Location": where, **_told(view)}


@API.get("/uploads/<upload_id>", tags=[UPLOADS], responses={200: UploadOut, 404: ErrorEnvelope})
def upload_state(path: UploadPath) -> Answer:
    """How far it is; HEAD says the same in Upload-Offset."""
    view = service.upload_of(house(), current_viewer(), path.upload_id)
    return _out(view).model_dump(mode="json"), 200, _told(view)


@API.patch(
    "/uploads/<upload_id>",
    tags=[UPLOADS],
    responses={204: {"description": "Kept."}, 415: ErrorEnvelope, **_REFUSED},
    openapi_extensions=_BODY,
)
def add_piece(path: UploadPath, header: PieceHeader) -> Answer:
    """The next piece. With the last one the file becomes a recording, as with POST /recordings."""
    _check_version()
    if request.mimetype != _PIECE:
        raise Invalid(f"A piece is sent as {_PIECE}.", "Send it with that Content-Type.", field="Content-Type")
    place = (path.upload_id, _number(header.upload_offset, "Upload-Offset"))
    view = service.add_piece(house(), current_viewer(), place, _Body())
    return Response(status=204, headers=_told(view))


@API.delete("/uploads/<upload_id>", tags=[UPLOADS], responses={204: {"description": "Gone."}, 404: ErrorEnvelope})
def give_up_upload(path: UploadPath) -> Answer:
    """Remove it with all that came; a recording that it became stays."""
    service.give_up(house(), current_viewer(), path.upload_id)
    return Response(status=204)


@API.after_request
def _speak_tus(response: Response) -> Response:
    if request.endpoint in _ENDPOINTS:
        response.headers["Tus-Resumable"] = VERSION
        if request.method == "OPTIONS":
            response.headers["Tus-Version"] = VERSION
            response.headers["Tus-Extension"] = _EXTENSIONS
            response.headers["Tus-Max-Size"] = str(wiring().max_upload_mb << 20)
    return response


class _Body:
    """The request's body, which ends where the connection does: what came until then is kept."""

    def read(self, size: int, /) -> bytes:
        """So many bytes at most."""
        try:
            return request.stream.read(size)
        except ClientDisconnected:
            return b""


def _check_version() -> None:
    if request.headers.get("Tus-Resumable", VERSION) != VERSION:
        raise Conflict(f"Uploads in pieces speak tus {VERSION} here.", "Use a client of that version.")


def _number(text: str, field: str) -> int:
    if not (text.isascii() and text.isdigit()) or int(text) > _BIGGEST:
        raise Invalid(f"{field}: not a number of bytes.", f"Send the header {field}.", field=field)
    return int(text)


def _metadata(header: str) -> dict[str, str]:
    """`key base64,key base64`, as tus writes it."""
    found: dict[str, str] = {}
    for pair in filter(None, (pair.strip() for pair in header.split(","))):
        key, _, value = pair.partition(" ")
        try:
            found[key] = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError) as error:
            raise Invalid(f"Upload-Metadata: {key} is not base64.", "", field="Upload-Metadata") from error
        if "\0" in found[key]:
            raise Invalid(f"Upload-Metadata: {key} holds a zero byte.", "Leave it out.", field="Upload-Metadata")
    return found


def _told(view: service.UploadView) -> dict[str, str]:
    return {
        "Upload-Offset": str(view.offset_bytes),
        "Upload-Length": str(view.size_bytes),
        "Upload-Expires": format_datetime(view.expires_at, usegmt=True),
    }


def _out(view: service.UploadView) -> UploadOut:
    return UploadOut(
        id=view.id, team=view.team, filename=view.filename, size_bytes=view.size_bytes, offset_bytes=view.offset_bytes,
        recording=view.recording_id, existing=view.existing, expires_at=view.expires_at,
    )  # fmt: skip
