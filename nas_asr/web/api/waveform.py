"""Room: web.api.waveform. What a recording looks like, for whoever draws it. Never sound, never text."""

from base64 import b64encode

from flask import Response, jsonify, request
from flask_openapi3 import Tag
from pydantic import BaseModel, Field

from nas_asr.services.waveforms import read_waveform
from nas_asr.web.api.frame import API, ErrorEnvelope
from nas_asr.web.api.recordings import RecordingPath
from nas_asr.web.viewer import current_viewer, house


class WaveformOut(BaseModel):
    """A recording's loudness, and where somebody speaks."""

    duration_ms: int
    step_ms: int
    peaks: str = Field(
        description="Base64 of a byte for each step: the square root of its loudest sample, 255 is full scale."
    )
    speech: list[tuple[int, int]] = Field(
        description="[start_ms, end_ms] where somebody speaks, in order. Of a long recording only the longest silences."
    )


@API.get(
    "/recordings/<recording_id>/waveform",
    tags=[Tag(name="audio")],
    responses={200: WaveformOut, 404: ErrorEnvelope},
)
def waveform(path: RecordingPath) -> Response:
    """What the recording looks like, as its newest run heard it. 404 `no_waveform` where no run has drawn it yet."""
    drawn = read_waveform(house(), current_viewer(), path.recording_id)
    out = WaveformOut(
        duration_ms=drawn.duration_ms, step_ms=drawn.step_ms, peaks=b64encode(drawn.peaks).decode(),
        speech=[(span.start_ms, span.end_ms) for span in drawn.speech],
    )  # fmt: skip
    answer = jsonify(out.model_dump())
    answer.headers["Cache-Control"] = "private, no-cache"  # kept, but not shown without asking whether one still may
    answer.add_etag()
    answer.make_conditional(request.environ)
    return answer
