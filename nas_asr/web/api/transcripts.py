"""Room: web.api.transcripts. A recording's text: as JSON, its versions, and as a file. Never edits (a later issue)."""

from dataclasses import asdict
from datetime import datetime
from zoneinfo import ZoneInfo

from flask import Response
from flask_openapi3 import Tag
from pydantic import BaseModel, Field

from nas_asr.core.flags import Flag
from nas_asr.core.transcript import ItnMode, Segment, VersionKind
from nas_asr.export import (
    FORMATS,
    ExportOptions,
    ExportSource,
    TextLayer,
    content_disposition,
    file_name,
    format_named,
)  # fmt: skip
from nas_asr.services import transcripts as service
from nas_asr.web.api.frame import API, Answer, ErrorEnvelope, Moment
from nas_asr.web.api.recordings import RecordingPath
from nas_asr.web.locale import speaker_channel
from nas_asr.web.viewer import current_viewer, house

TRANSCRIPTS = Tag(name="transcripts")


class WordOut(BaseModel):
    """A word as it was spoken; times in milliseconds from the recording's start."""

    text: str
    start_ms: int
    end_ms: int


class ReplacementOut(BaseModel):
    """A hotword at [start, end) of a segment's text, in the place of `was`. undone: `was` stands there again."""

    start: int
    end: int
    was: str
    hotword: str
    undone: bool


class SegmentOut(BaseModel):
    """A stretch of speech. `text` is what people read, `spoken` what was said. A `speaker` of digits is a channel."""

    id: str
    start_ms: int
    end_ms: int
    speaker: str | None
    text: str
    spoken: str
    confidence: float | None
    flags: list[str] = Field(description=f"What made it doubtful, empty as a rule: {', '.join(Flag)}.")
    words: list[WordOut]
    replacements: list[ReplacementOut]


class TranscriptOut(BaseModel):
    """One version of a transcript, whole."""

    version: int
    kind: VersionKind
    author: str | None
    created_at: Moment
    language: str
    engine: str
    itn: ItnMode = Field(description="Who made the written form.")
    segments: list[SegmentOut]


class VersionOut(BaseModel):
    """A version in the history."""

    version: int
    kind: VersionKind
    author: str | None
    created_at: Moment
    engine: str
    hotwords_version: int


class VersionList(BaseModel):
    """All versions, newest first."""

    items: list[VersionOut]


class TranscriptQuery(BaseModel):
    """Which version."""

    version: int | None = Field(None, ge=1, le=2**31 - 1, description="Leave it out for the one that readers see.")


class ReadQuery(TranscriptQuery):
    """Which version, and how much of it."""

    words: bool = Field(True, description="The words' times, which are most of the bytes; false leaves `words` empty.")


class ExportQuery(TranscriptQuery):
    """How the file is to be."""

    format: str = Field("txt", description="The file's format.", json_schema_extra={"enum": list(FORMATS)})
    text: TextLayer = Field(TextLayer.WRITTEN, description="As people write it, or as it was spoken.")
    timestamps: bool = Field(True, description="Times in txt.")
    speakers: bool = Field(True, description="Speakers' names, where they are known.")


@API.get(
    "/recordings/<recording_id>/transcript", tags=[TRANSCRIPTS], responses={200: TranscriptOut, 404: ErrorEnvelope}
)
def transcript(path: RecordingPath, query: ReadQuery) -> Answer:
    """The transcript; its number is also the ETag."""
    view = service.read_transcript(house(), current_viewer(), path.recording_id, query.version, words=query.words)
    answer = TranscriptOut(
        version=view.version.number, kind=view.version.kind, author=view.version.author,
        created_at=view.version.created_at, language=view.transcript.language, engine=view.version.engine,
        itn=view.transcript.itn,
        segments=[_segment(segment) for segment in view.transcript.segments],
    )  # fmt: skip
    return answer.model_dump(mode="json"), {"ETag": f'"{view.version.number}"'}


@API.get("/recordings/<recording_id>/versions", tags=[TRANSCRIPTS], responses={200: VersionList, 404: ErrorEnvelope})
def versions(path: RecordingPath) -> Answer:
    """The transcript's history."""
    found = service.list_versions(house(), current_viewer(), path.recording_id)
    items = [
        VersionOut(
            version=one.number, kind=one.kind, author=one.author, created_at=one.created_at, engine=one.engine,
            hotwords_version=one.hotwords_version,
        )
        for one in found
    ]  # fmt: skip
    return VersionList(items=items).model_dump(mode="json")


_FILE = {
    "description": "The file, with its name in Content-Disposition.",
    "content": {
        form.media_type: {"schema": {"type": "object" if "json" in form.media_type else "string"}}
        for form in FORMATS.values()
    },
}


@API.get("/recordings/<recording_id>/export", tags=[TRANSCRIPTS], responses={200: _FILE, 404: ErrorEnvelope})
def export(path: RecordingPath, query: ExportQuery) -> Response:
    """The transcript as a file to keep."""
    form = format_named(query.format)
    view = service.read_transcript(house(), current_viewer(), path.recording_id, query.version)
    source = _source(view)
    content = form.write(source, ExportOptions(query.text, query.timestamps, query.speakers, speaker_channel()))
    name = file_name(source.recorded_at.date(), source.title, form.suffix)
    headers = {"Content-Disposition": content_disposition(name), "Content-Type": form.media_type}
    return Response(content, headers=headers)


def _source(view: service.TranscriptView) -> ExportSource:
    recording = view.recording
    return ExportSource(
        transcript=view.transcript, id=recording.id, title=recording.title, team=recording.team,
        recorded_at=_in_site_zone(recording.recorded_at), duration_ms=recording.duration_ms, sha256=recording.sha256,
        version=view.version.number, language=recording.language, path=recording.path,
        hotwords_version=view.version.hotwords_version,
    )  # fmt: skip


def _in_site_zone(moment: datetime) -> datetime:
    """File names carry the day on the wall clock of the place, not London's."""
    zone = house().options.timezone
    return moment.astimezone(ZoneInfo(zone) if zone else None)


def _segment(segment: Segment) -> SegmentOut:
    return SegmentOut(
        id=segment.id, start_ms=segment.span.start_ms, end_ms=segment.span.end_ms, speaker=segment.speaker,
        text=segment.text, spoken=segment.spoken, confidence=segment.confidence, flags=list(segment.flags),
        words=[WordOut(text=word.text, start_ms=word.start_ms, end_ms=word.end_ms) for word in segment.words],
        replacements=[ReplacementOut(**asdict(made)) for made in segment.replacements],
    )  # fmt: skip
