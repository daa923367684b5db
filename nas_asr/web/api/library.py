"""Room: web.api.library. Search across the teams' recordings, and the description of this API. Never one recording."""

from flask import current_app
from flask_openapi3 import OpenAPI, Tag
from pydantic import BaseModel, Field

from nas_asr.services import search as service
from nas_asr.web.api.frame import API, Answer, Moment, PageQuery, Since, Until
from nas_asr.web.security import often
from nas_asr.web.viewer import current_viewer, house

_NAMED = 20


class HitOut(BaseModel):
    """A segment in which all words were found. highlights: [start, end) in characters (code points) of text."""

    recording_id: str
    title: str
    team: str
    recorded_at: Moment
    segment_id: str
    start_ms: int
    text: str
    highlights: list[tuple[int, int]]
    speaker: str | None


class NamedOut(BaseModel):
    """A recording in whose title, path, uploader or speakers all words were found. highlights: places in the title."""

    recording_id: str
    title: str
    team: str
    recorded_at: Moment
    path: str
    highlights: list[tuple[int, int]]


class CountOut(BaseModel):
    """How many hits there are. Beyond 1,000 nobody counts: then more is true."""

    number: int
    more: bool


class HitPage(BaseModel):
    """Hits, newest recording first, in order of time within one; with a first page their number, and recordings by name."""

    items: list[HitOut]
    next: str | None
    count: CountOut | None = Field(description="With the first page only.")
    recordings: list[NamedOut] = Field(
        description="The newest 20 with these words in their names; with the first page only."
    )


class SearchQuery(PageQuery):
    """All words must match; "..." is a phrase; Chinese is found from one character on."""

    q: str = Field("", max_length=1000)
    team: str = Field("", description="A team's short name.")
    folder: str = Field("", max_length=64, description="A folder's id.")
    speaker: str = Field("", max_length=300, description="A speaker's name, or words of it.")
    since: Since | None = Field(None, alias="from", description="Recorded at or after.")
    until: Until | None = Field(None, alias="to", description="Recorded before; a date alone includes that day.")


@API.get("/search", tags=[Tag(name="search")], responses={200: HitPage})
@often
def search(query: SearchQuery) -> Answer:
    """Segments in which all words were said, and recordings with all words in their names."""
    order = service.SearchOrder(
        q=query.q, team=query.team, since=query.since, until=query.until, folder=query.folder, speaker=query.speaker
    )
    page = service.search(house(), current_viewer(), order, query.page)
    named = () if query.cursor else service.named(house(), current_viewer(), order, _NAMED)[0]
    found = HitPage(
        items=[_hit(hit) for hit in page.items], next=page.next,
        count=CountOut(number=page.count.number, more=page.count.more) if page.count else None,
        recordings=[
            NamedOut(
                recording_id=one.recording_id, title=one.title, team=one.team, recorded_at=one.recorded_at, path=one.path,
                highlights=list(one.highlights),
            )
            for one in named
        ],
    )  # fmt: skip
    return found.model_dump(mode="json")


def _hit(hit: service.Hit) -> HitOut:
    return HitOut(
        recording_id=hit.recording_id, title=hit.title, team=hit.team, recorded_at=hit.recorded_at,
        segment_id=hit.segment_id, start_ms=hit.start_ms, text=hit.text, highlights=list(hit.highlights), speaker=hit.speaker,
    )  # fmt: skip


@API.get("/openapi.json", tags=[Tag(name="description")], responses={200: {"description": "OpenAPI 3.1."}})
def openapi() -> Answer:
    """This description."""
    app = current_app
    assert isinstance(app, OpenAPI)
    return app.api_doc
