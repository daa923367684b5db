"""Room: web.api.uploads. A recording that a program or a page sends. Streams to disk; never into a share."""

from typing import Any, BinaryIO, cast

from flask import request, url_for
from pydantic import BaseModel, Field

from nas_asr.core.errors import Invalid, NotAudio
from nas_asr.core.languages import LANGUAGES
from nas_asr.services.uploads import UploadOrder, accept_upload
from nas_asr.web.api.frame import API, Answer, ErrorEnvelope
from nas_asr.web.api.recordings import RECORDINGS
from nas_asr.web.security import often
from nas_asr.web.viewer import current_viewer, house


class UploadedOut(BaseModel):
    """Accepted. existing: the team had these bytes already, or the Idempotency-Key brought them before."""

    id: str
    existing: bool


class UploadHeader(BaseModel):
    """Send the same file with the same key again after a broken connection: nothing is taken twice. 409 for another file."""

    idempotency_key: str = Field("", alias="Idempotency-Key", max_length=120)


# The form is read by hand: flask-openapi3 would take a title such as 2026 for a number.
_FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file", "team"],
                    "properties": {
                        "file": {"type": "string", "format": "binary", "description": "The recording."},
                        "team": {"type": "string", "description": "The team's short name."},
                        "title": {"type": "string", "maxLength": 300, "description": "Else the file's name."},
                        "language": {"type": "string", "enum": list(LANGUAGES), "description": "Else the team's."},
                    },
                }
            }
        },
    }
}


@API.post(
    "/recordings",
    tags=[RECORDINGS],
    responses={
        202: UploadedOut, 404: ErrorEnvelope, 409: ErrorEnvelope, 413: ErrorEnvelope, 415: ErrorEnvelope,
        507: ErrorEnvelope,
    },
    openapi_extensions=_FORM,
)  # fmt: skip
@often
def upload(header: UploadHeader) -> Answer:
    """Hand in a recording; it is queued for transcription. Location says where to look for it."""
    if request.mimetype != "multipart/form-data":
        raise NotAudio("A recording is sent as multipart/form-data.", "Use the fields file and team.")
    file = request.files.get("file")
    if file is None or not file.filename:
        raise Invalid("file: the recording is missing.", "Send it in the field file, with its name.", field="file")
    if not request.form.get("team"):
        raise Invalid("team: whose recording this is, is missing.", "Send the team's short name.", field="team")
    order = UploadOrder(
        team=_field("team"),
        filename=file.filename,
        title=_field("title"),
        language=_field("language"),
        idempotency_key=header.idempotency_key,
    )
    accepted = accept_upload(house(), current_viewer(), order, cast(BinaryIO, file.stream))
    where = url_for("api.recording", recording_id=accepted.recording_id)
    return UploadedOut(id=accepted.recording_id, existing=accepted.existing).model_dump(), 202, {"Location": where}


def _field(name: str) -> str:
    value = request.form.get(name, "")
    if "\0" in value:
        raise Invalid(f"{name}: holds a zero byte.", "Leave it out.", field=name)
    return value
