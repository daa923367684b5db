"""Room: web.api.audio. A recording's sound for players, in ranges: its own bytes, or Opus. Encodes nothing, never guesses."""

import os
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Literal, cast

from flask import Response, current_app, jsonify, request
from flask_openapi3 import Tag
from pydantic import BaseModel, Field
from werkzeug.exceptions import RequestedRangeNotSatisfiable
from werkzeug.wsgi import FileWrapper

from nas_asr.export import content_disposition, file_name
from nas_asr.services.listening import Sound, may_hear, open_sound
from nas_asr.services.opus import Making, OpusDesk, open_opus
from nas_asr.web.api.frame import API, ErrorEnvelope
from nas_asr.web.api.recordings import RecordingPath
from nas_asr.web.viewer import current_viewer, house
from nas_asr.web.watched import watched

_BLOCK = 256 << 10
# By what probing found inside, never by the file's name: a page named .mp3 must not come back as one. Media type, suffix.
_TYPES = {
    "wav": ("audio/wav", "wav"), "w64": ("audio/x-w64", "w64"), "mp3": ("audio/mpeg", "mp3"),
    "mp4": ("audio/mp4", "m4a"), "aac": ("audio/aac", "aac"), "loas": ("audio/aac", "aac"),
    "flac": ("audio/flac", "flac"), "ogg": ("audio/ogg", "ogg"), "matroska": ("audio/webm", "webm"),
    "amr": ("audio/amr", "amr"), "asf": ("audio/x-ms-wma", "wma"), "aiff": ("audio/aiff", "aiff"),
    "caf": ("audio/x-caf", "caf"), "au": ("audio/basic", "au"), "ac3": ("audio/ac3", "ac3"),
}  # fmt: skip
_UNKNOWN = ("application/octet-stream", "bin")
_BYTES = {"description": "The sound.", "content": {"audio/*": {"schema": {"type": "string", "format": "binary"}}}}


class AudioQuery(BaseModel):
    """In which form."""

    form: Literal["", "opus"] = Field(
        "",
        alias="as",
        description="Empty: as recorded. opus: Opus in WebM, for what a browser cannot play (`playable`).",
    )
    part: int | None = Field(
        None, ge=1, description="Which file of a joined recording, from 1 on; without it, that is 422."
    )


class ConvertingOut(BaseModel):
    """Opus is being made; ask again after Retry-After seconds."""

    state: Literal["converting"] = "converting"
    progress: float = Field(description="How much of it is made, 0 to 1.")


@API.get(
    "/recordings/<recording_id>/audio",
    tags=[Tag(name="audio")],
    responses={
        200: _BYTES,
        202: ConvertingOut,
        206: {**_BYTES, "description": "A part of it."},
        404: ErrorEnvelope,
        415: ErrorEnvelope,
        416: ErrorEnvelope,
        422: ErrorEnvelope,
        507: ErrorEnvelope,
    },
)
def audio(path: RecordingPath, query: AudioQuery) -> Response:
    """The sound as it was recorded, or as Opus, which is made when it is first asked for: 202 until then. Range is served."""
    if query.form:
        sound = open_opus(house(), current_viewer(), _desk(), path.recording_id, query.part)
        if isinstance(sound, Making):
            return _converting(sound)
    else:
        sound = open_sound(house(), current_viewer(), path.recording_id, query.part)
    file = os.fdopen(sound.descriptor, "rb")
    response = _response(sound, FileWrapper(file, _BLOCK))
    # Also where no body is sent (304, HEAD) and nobody would read the file to its end
    response.call_on_close(file.close)
    try:
        response.make_conditional(request.environ, accept_ranges=True, complete_length=sound.size_bytes)
    except RequestedRangeNotSatisfiable:
        file.close()
        raise
    rooms = house()
    response.response = watched(
        cast("Iterable[bytes]", response.response), lambda viewer: may_hear(rooms, viewer, path.recording_id)
    )
    return response


def _desk() -> OpusDesk:
    found = current_app.extensions["nas_asr_opus"]
    assert isinstance(found, OpusDesk)
    return found


def _converting(making: Making) -> Response:
    answer = jsonify(ConvertingOut(progress=round(making.progress, 3)).model_dump())
    answer.status_code = 202
    answer.headers["Retry-After"] = "1"
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _response(sound: Sound, body: FileWrapper) -> Response:
    media_type, suffix = _TYPES.get(sound.container, _UNKNOWN)
    # Werkzeug's own FileWrapper can seek; the server's would read four gigabytes to send the last second of them
    response = Response(body, mimetype=media_type, direct_passthrough=True)
    response.content_length = sound.size_bytes
    response.last_modified = datetime.fromtimestamp(sound.mtime_ns // 10**9, UTC)
    response.set_etag(sound.mark)
    # A player that seeks asks again and again: it may keep what it has, but not without asking whether it still may hear it
    response.headers["Cache-Control"] = "private, no-cache"
    name = file_name(sound.recorded_at.date(), sound.title, suffix)
    response.headers["Content-Disposition"] = content_disposition(name, "inline")
    return response
