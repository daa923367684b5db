"""Room: web.api.transcripts. A recording's text as JSON, and its versions. Never edits, never a file."""

from dataclasses import asdict
from typing import Any

from flask_openapi3 import Tag
from pydantic import BaseModel, Field

from nas_asr.core.flags import RIGHT, Flag
from nas_asr.core.transcript import ItnMode, Origin, Segment, VersionKind
from nas_asr.services import transcripts as service
from nas_asr.services.sittings import Sitting, read_sittings
from nas_asr.web.api.frame import API, Answer, ErrorEnvelope, Moment
from nas_asr.web.api.recordings import RecordingPath
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
    flags: list[str] = Field(
        description=f"What made it doubtful, empty as a rule: {', '.join(Flag)}. {RIGHT}: a person said that it is right."
    )
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
    language: str
    origin: Origin = Field(description="What made it.")
    base: int = Field(description="The version that an edited one stands on, else 0.")
    changes: int = Field(description="How many places were changed in it.")
    sitting: int = Field(description="The first version of the sitting it belongs to.")


class SittingOut(BaseModel):
    """Edits of one person with no more than ten minutes between two; a machine's version stands alone."""

    first: int
    last: int
    base: int = Field(description="The version before it: compare the two to see what changed.")
    kind: VersionKind
    origin: Origin
    author: str | None
    begun_at: Moment
    ended_at: Moment
    changes: int
    tally: dict[str, int] = Field(description="How many edits of each kind.")


class VersionList(BaseModel):
    """All versions, newest first, and the same as sittings."""

    items: list[VersionOut]
    sittings: list[SittingOut]


class TranscriptQuery(BaseModel):
    """Which version."""

    version: int | None = Field(None, ge=1, le=2**31 - 1, description="Leave it out for the one that readers see.")


class ReadQuery(TranscriptQuery):
    """Which version, and how much of it."""

    words: bool = Field(True, description="The words' times, which are most of the bytes; false leaves `words` empty.")


@API.get(
    "/recordings/<recording_id>/transcript", tags=[TRANSCRIPTS], responses={200: TranscriptOut, 404: ErrorEnvelope}
)
def transcript(path: RecordingPath, query: ReadQuery) -> Answer:
    """The transcript; its number is also the ETag."""
    view = service.read_transcript(house(), current_viewer(), path.recording_id, query.version, words=query.words)
    answer = TranscriptOut(
        version=view.version.number, kind=view.version.kind, author=view.version.author,
        created_at=view.version.created_at, language=view.transcript.language, engine=view.version.engine,
        itn=view.transcript.itn, segments=[],
    )  # fmt: skip
    # To check a hundred thousand words that are ours takes as long as all the rest
    whole = answer.model_dump(mode="json") | {"segments": [segment_json(one) for one in view.transcript.segments]}
    return whole, {"ETag": f'"{view.version.number}"'}


@API.get("/recordings/<recording_id>/versions", tags=[TRANSCRIPTS], responses={200: VersionList, 404: ErrorEnvelope})
def versions(path: RecordingPath) -> Answer:
    """The transcript's history."""
    found = read_sittings(house(), current_viewer(), path.recording_id)
    items = [
        VersionOut(
            version=one.number, kind=one.kind, author=one.author, created_at=one.created_at, engine=one.engine,
            hotwords_version=one.hotwords_version, language=one.language, origin=one.origin, base=one.base,
            changes=one.changes, sitting=sitting.first.number,
        )
        for sitting in found
        for one in reversed(sitting.versions)
    ]  # fmt: skip
    return VersionList(items=items, sittings=[_sitting(one) for one in found]).model_dump(mode="json")


def _sitting(one: Sitting) -> SittingOut:
    return SittingOut(
        first=one.first.number, last=one.last.number, base=one.first.base, kind=one.last.kind, origin=one.last.origin,
        author=one.last.author, begun_at=one.first.created_at, ended_at=one.last.created_at, changes=one.changes,
        tally=dict(one.tally),
    )  # fmt: skip


def segment_json(segment: Segment) -> dict[str, Any]:
    """A segment as programs get it: what SegmentOut describes."""
    return {
        "id": segment.id, "start_ms": segment.span.start_ms, "end_ms": segment.span.end_ms, "speaker": segment.speaker,
        "text": segment.text, "spoken": segment.spoken, "confidence": segment.confidence, "flags": list(segment.flags),
        "words": [{"text": word.text, "start_ms": word.start_ms, "end_ms": word.end_ms} for word in segment.words],
        "replacements": [asdict(made) for made in segment.replacements],
    }  # fmt: skip
