"""Room: web.api.recordings. One recording and the list of them, as JSON, and what can be asked of one. Never its text."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from flask_openapi3 import Tag
from pydantic import BaseModel, Field

from nas_asr.core.languages import LANGUAGES
from nas_asr.core.offers import ENGINES
from nas_asr.core.recording import RunState
from nas_asr.services import recordings as service
from nas_asr.services.again import Wish
from nas_asr.services.estimates import Estimate, estimates_of
from nas_asr.services.listing import RecordingFilter, Sort, list_recordings
from nas_asr.services.part_views import PartView
from nas_asr.web.api.frame import (
    API,
    Answer,
    Body,
    ErrorEnvelope,
    MaybeBody,
    Moment,
    PageQuery,
    Since,
    Started,
    Text,
    Until,
)
from nas_asr.web.viewer import current_viewer, house

RECORDINGS = Tag(name="recordings")
LONGEST_MS = 1 << 60
_Answers = dict[str | int | HTTPStatus, type[BaseModel] | dict[Any, Any] | None]
_WRITES: _Answers = {
    202: Started,
    404: ErrorEnvelope,
    409: ErrorEnvelope,
}


class Failure(BaseModel):
    """Why the newest run failed."""

    code: str
    message: str
    remedy: str


class Engine(BaseModel):
    """Which engine made the transcript that readers see."""

    name: str
    model: str
    revision: str
    device: str


class PartOut(BaseModel):
    """A file of a joined recording: a recording of its own, and where it starts on the joined time line."""

    id: str
    title: str
    start_ms: int
    duration_ms: int
    state: RunState
    ready: bool = Field(description="Whether its own transcript can be read.")
    playable: bool = Field(description="As for a recording.")


class RecordingOut(BaseModel):
    """A recording."""

    id: str
    team: str = Field(description="The team's short name.")
    folder: str | None = Field(description="Id of the watched folder it came from; null for an upload.")
    folder_name: str | None
    path: str = Field(description="Below its folder, as people read it.")
    title: str
    state: RunState = Field(description="Of its newest run while there is no transcript, else done.")
    failure: Failure | None
    duration_ms: int
    size_bytes: int
    sha256: str
    playable: bool = Field(
        description="Whether browsers play the file as it is; else ask `audio` for Opus. Of a joined one, all its files."
    )
    recorded_at: Moment
    recorded_from: str = Field(description="Where that time is from: container, name, mtime, first_seen, upload.")
    ingested_at: Moment
    done_at: Moment | None
    language: str
    engine: Engine | None
    hotwords_version: int
    rtfx: float | None = Field(description="Audio seconds per second of work.")
    progress: float = Field(description="Of the run under way, 0 to 1.")
    waiting_for: str | None = Field(description="`model` where no engine here serves the language yet.")
    rerun: bool = Field(description="Whether a new run is under way while a transcript is there.")
    draft: bool = Field(description="Whether the built-in engine made it for want of Fun-ASR-Nano.")
    transcript_version: int = Field(description="The version that readers see; 0 while there is none.")
    author: str | None = Field(description="Who uploaded it.")
    trouble: str | None = Field(description="Why the last try came to nothing, while the next one is waited for.")
    next_try_at: Moment | None = Field(description="That next try is not made before.")
    eta_seconds: int | None = Field(description="About so long until it is done; null where nobody can tell.")
    before_it: int | None = Field(description="So many are at work or wait before it; null where nobody can tell.")
    whole: str | None = Field(description="The joined recording that this file is a part of; lists show only that.")
    parts: list[PartOut] = Field(description="The files of a joined recording, in order; empty for any other.")


class RecordingPage(BaseModel):
    """Recordings, newest first."""

    items: list[RecordingOut]
    next: str | None


class RecordingPath(BaseModel):
    """Which one."""

    recording_id: str


class RecordingsQuery(PageQuery):
    """What narrows the list."""

    team: str = Field("", description="A team's short name.")
    folder: str = Field("", description="A folder's id.")
    state: RunState | None = None
    q: str = Field("", description="Words of title or path.")
    drafts: bool = Field(False, description="Only drafts: what the built-in engine made for want of Fun-ASR-Nano.")
    language: str = Field("", description="A spoken language's code.")
    person: str = Field("", description="The name of who uploaded it, or of somebody who speaks in it.")
    min_ms: int | None = Field(None, ge=0, le=LONGEST_MS, description="At least so long.")
    max_ms: int | None = Field(None, ge=0, le=LONGEST_MS, description="Shorter than this.")
    sort: Sort = Field(Sort.NEWEST, description="By recorded, added, length or title; a minus: the largest first.")
    since: Since | None = Field(None, alias="from", description="Recorded at or after.")
    until: Until | None = Field(None, alias="to", description="Recorded before; a date alone includes that day.")


class LanguageBody(Body):
    """What is spoken in it."""

    language: Text = Field(json_schema_extra={"enum": list(LANGUAGES)})


class RetryBody(MaybeBody):
    """With what, where that is to be another than usual."""

    engine: Text = Field("", json_schema_extra={"enum": ["", *ENGINES]})
    language: Text = Field(
        "", description="What is spoken; from now on the recording's.", json_schema_extra={"enum": ["", *LANGUAGES]}
    )
    hotwords_version: int | None = Field(
        None, ge=0, le=2**31 - 1, description="0 for no hotwords; the newest if left out."
    )


@API.get("/recordings", tags=[RECORDINGS], responses={200: RecordingPage})
def recordings(query: RecordingsQuery) -> Answer:
    """Recordings of your teams, newest first by when they were recorded, unless `sort` says otherwise."""
    wanted = RecordingFilter(
        team=query.team, folder=query.folder, state=query.state, q=query.q, since=query.since, until=query.until,
        drafts=query.drafts, language=query.language, person=query.person, min_ms=query.min_ms, max_ms=query.max_ms,
    )  # fmt: skip
    page = list_recordings(house(), current_viewer(), wanted, query.page, query.sort)
    return RecordingPage(items=_with_estimates(page.items), next=page.next).model_dump(mode="json")


@API.get("/recordings/<recording_id>", tags=[RECORDINGS], responses={200: RecordingOut, 404: ErrorEnvelope})
def recording(path: RecordingPath) -> Answer:
    """One recording."""
    view = service.one_recording(house(), current_viewer(), path.recording_id)
    return _with_estimates([view])[0].model_dump(mode="json")


@API.post("/recordings/<recording_id>/retry", tags=[RECORDINGS], responses=_WRITES)
def retry(path: RecordingPath, body: RetryBody) -> Answer:
    """Transcribe it again. Its present transcript stays until the new one is there; a person's edits stay what people see."""
    wish = Wish(body.engine, body.language, body.hotwords_version)
    service.retry(house(), current_viewer(), path.recording_id, wish)
    return Started(id=path.recording_id).model_dump(), 202


@API.post("/recordings/<recording_id>/language", tags=[RECORDINGS], responses=_WRITES)
def language(path: RecordingPath, body: LanguageBody) -> Answer:
    """Say which language is spoken; what waited for that is transcribed now."""
    service.declare_language(house(), current_viewer(), path.recording_id, body.language)
    return Started(id=path.recording_id).model_dump(), 202


@API.post("/recordings/<recording_id>/stop", tags=[RECORDINGS], responses=_WRITES)
def stop(path: RecordingPath) -> Answer:
    """Stop the run under way, or take it out of the queue."""
    service.stop(house(), current_viewer(), path.recording_id)
    return Started(id=path.recording_id).model_dump(), 202


@API.delete("/recordings/<recording_id>", tags=[RECORDINGS], responses={202: Started, 404: ErrorEnvelope})
def trash(path: RecordingPath) -> Answer:
    """Put it into the trash. The file in the team's folder stays where it is."""
    service.trash(house(), current_viewer(), path.recording_id)
    return Started(id=path.recording_id).model_dump(), 202


def _with_estimates(views: Sequence[service.RecordingView]) -> list[RecordingOut]:
    told = estimates_of(house(), views)
    return [_out(view, told.get(view.id)) for view in views]


def _out(view: service.RecordingView, told: Estimate | None) -> RecordingOut:
    failure = view.failure
    engine = Engine(name=view.engine, model=view.model, revision=view.revision, device=view.device)
    return RecordingOut(
        id=view.id, team=view.team, folder=view.folder_id, folder_name=view.folder, path=view.path, title=view.title,
        state=view.state,
        failure=Failure(code=failure.code, message=failure.message, remedy=failure.remedy) if failure else None,
        duration_ms=view.duration_ms, size_bytes=view.size_bytes, sha256=view.sha256, playable=view.playable,
        recorded_at=view.recorded_at, recorded_from=view.recorded_from, ingested_at=view.ingested_at,
        done_at=view.done_at, language=view.language, engine=engine if view.engine else None,
        hotwords_version=view.hotwords_version, rtfx=None if view.rtfx is None else round(view.rtfx, 2),
        progress=round(view.progress, 4),
        waiting_for=view.waiting_for, rerun=view.rerun, draft=view.draft, transcript_version=view.version,
        author=view.author, trouble=view.trouble or None, next_try_at=view.next_try_at,
        eta_seconds=told.seconds if told else None, before_it=told.before if told else None,
        whole=view.whole_id, parts=[_part(part) for part in view.parts],
    )  # fmt: skip


def _part(part: PartView) -> PartOut:
    return PartOut(
        id=part.id, title=part.title, start_ms=part.start_ms, duration_ms=part.duration_ms, state=part.state,
        ready=part.ready, playable=part.playable,
    )  # fmt: skip
