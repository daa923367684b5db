"""Room: web.api.hotwords. A team's hotword list, running again with it, and turning back what it replaced. Never transcripts."""

import re

from flask import request
from flask_openapi3 import Tag
from pydantic import BaseModel, Field

from nas_asr.core.errors import Invalid
from nas_asr.core.hotwords import clean
from nas_asr.services import hotwords as service
from nas_asr.services.hotword_reach import list_reach
from nas_asr.services.replacements import Turn, turn_replacement
from nas_asr.services.reruns import AT_ONCE, MOST_DAYS, rerun_team
from nas_asr.web.api.frame import API, Answer, Body, ErrorEnvelope, Moment, Text
from nas_asr.web.api.recordings import RecordingPath
from nas_asr.web.viewer import current_viewer, house
from nas_asr.web.wiring import wiring

HOTWORDS = Tag(name="hotwords")
_TAG = re.compile(r'(?:W/)?"?(\d{1,9})"?')
_MOST_SENT = 5_000


class TeamPath(BaseModel):
    """Which team, by its short name."""

    slug: str


class RefusedOut(BaseModel):
    """A word that was not taken. line: its place in what was sent, from 1; 0 for the list as a whole."""

    line: int
    word: str
    reason: str


class HotwordsOut(BaseModel):
    """A team's list. An item is a word, or `word = what it sounds like`."""

    version: int = Field(description="0 while the team has no list.")
    words: list[str]
    author: str | None
    created_at: Moment | None
    refused: list[RefusedOut] = Field(description="Only after a PUT: what was left out, and why.")


class HotwordsQuery(BaseModel):
    """Which version."""

    version: int | None = Field(None, ge=1, le=2**31 - 1, description="Leave it out for the one that applies.")


class HotwordsBody(Body):
    """The whole list."""

    words: list[Text] = Field(max_length=_MOST_SENT, description="Each a word, or `word = what it sounds like`.")


class RerunBody(Body):
    """How far back."""

    days: int = Field(ge=1, le=MOST_DAYS, description="Recordings of the last so many days.")


class RerunOut(BaseModel):
    """What was put into the queue."""

    queued: int
    left: int = Field(description=f"More than {AT_ONCE} are not queued at once; call again when these are done.")


class TurnBody(Body):
    """Which replacement of the version that readers see."""

    segment: Text = Field(description="The segment's id.")
    index: int = Field(ge=0, description="Its place in the segment's `replacements`, from 0.")
    everywhere: bool = Field(False, description="All by the same hotword that stand as this one does.")


class VersionMade(BaseModel):
    """The version that readers see now."""

    version: int


@API.get("/teams/<slug>/hotwords", tags=[HOTWORDS], responses={200: HotwordsOut, 404: ErrorEnvelope})
def hotwords(path: TeamPath, query: HotwordsQuery) -> Answer:
    """The list that applies; its number is also the ETag."""
    return _answer(service.read_hotwords(house(), current_viewer(), path.slug, query.version))


@API.put(
    "/teams/<slug>/hotwords", tags=[HOTWORDS], responses={200: HotwordsOut, 404: ErrorEnvelope, 409: ErrorEnvelope}
)
def put_hotwords(path: TeamPath, body: HotwordsBody) -> Answer:
    """A new version, for managers. Send If-Match with the version you saw: 409 where somebody was quicker."""
    return _answer(
        service.set_hotwords(house(), current_viewer(), path.slug, clean(body.words), expected=version_seen())
    )


@API.post("/teams/<slug>/hotwords/rerun", tags=[HOTWORDS], responses={202: RerunOut, 409: ErrorEnvelope})
def rerun(path: TeamPath, body: RerunBody) -> Answer:
    """Transcribe the team's last days again with the newest list, behind everything new. For managers."""
    found = rerun_team(house(), current_viewer(), path.slug, body.days)
    return RerunOut(queued=found.queued, left=found.left).model_dump(), 202


class ReachBody(Body):
    """A list on trial; without words, the one that applies."""

    words: list[Text] | None = None


class PlaceOut(BaseModel):
    """What stands there, and the hotword that would."""

    start_ms: int
    was: str
    hotword: str


class ReachedOut(BaseModel):
    """A recording in which something would change; the first places."""

    recording_id: str
    title: str
    count: int
    places: list[PlaceOut]
    has_newest: bool


class ReachOut(BaseModel):
    """Newest first. whole is false where there are older recordings that were not looked through."""

    items: list[ReachedOut]
    looked_at: int
    whole: bool


@API.post("/teams/<slug>/hotwords/reach", tags=[HOTWORDS], responses={200: ReachOut, 404: ErrorEnvelope})
def reach(path: TeamPath, body: ReachBody) -> Answer:
    """Which recordings a list would change; nothing is saved. For managers."""
    me = current_viewer()
    words = list(service.read_hotwords(house(), me, path.slug).words) if body.words is None else body.words
    found = list_reach(house(), me, path.slug, clean(words), wiring().listen)
    items = [
        ReachedOut(
            recording_id=one.id, title=one.title, count=one.count, has_newest=one.has_newest,
            places=[PlaceOut(start_ms=place.start_ms, was=place.was, hotword=place.hotword) for place in one.places],
        )
        for one in found.recordings
    ]  # fmt: skip
    return ReachOut(items=items, looked_at=found.looked_at, whole=found.whole).model_dump(mode="json")


@API.post(
    "/recordings/<recording_id>/replacements", tags=[HOTWORDS],
    responses={200: VersionMade, 404: ErrorEnvelope, 409: ErrorEnvelope},
)  # fmt: skip
def turn(path: RecordingPath, body: TurnBody) -> Answer:
    """Put back what a hotword replaced, or replace it again: makes a new version. If-Match names the version you saw."""
    seen = transcript_seen()
    order = Turn(body.segment, body.index, seen, body.everywhere)
    made = turn_replacement(house(), current_viewer(), path.recording_id, order)
    return VersionMade(version=made).model_dump(), {"ETag": f'"{made}"'}


def transcript_seen() -> int:
    """The version of a transcript that If-Match names; Invalid where none is named."""
    seen = version_seen()
    if seen is None:
        raise Invalid("If-Match is missing.", "Send the transcript's version as If-Match.", field="If-Match")
    return seen


def version_seen() -> int | None:
    """The version of If-Match; None where none was sent, or any will do."""
    sent = request.headers.get("If-Match", "").strip()
    if sent in ("", "*"):
        return None
    found = _TAG.fullmatch(sent)
    if found is None:
        raise Invalid("If-Match holds no version.", "Send the ETag of the last answer.", field="If-Match")
    return int(found[1])


def _answer(view: service.HotwordsView) -> Answer:
    refused = [RefusedOut(line=one.line, word=one.text, reason=one.reason) for one in view.refused]
    answer = HotwordsOut(
        version=view.number, words=list(view.words), author=view.author, created_at=view.created_at, refused=refused
    )
    return answer.model_dump(mode="json"), {"ETag": f'"{view.number}"'}
