"""Room: web.api.library. Search across the teams' recordings, and the description of this API. Never one recording."""

from flask import current_app
from flask_openapi3 import OpenAPI, Tag
from pydantic import BaseModel, Field

from nas_asr.services import search as service
from nas_asr.web.api.frame import API, Answer, Moment, PageQuery, Since, Until
from nas_asr.web.viewer import current_viewer, house


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


class HitPage(BaseModel):
    """Hits, newest recording first, in order of time within one."""

    items: list[HitOut]
    next: str | None


class SearchQuery(PageQuery):
    """All words must match; "..." is a phrase; Chinese is found from one character on."""

    q: str = Field("", max_length=1000)
    team: str = Field("", description="A team's short name.")
    since: Since | None = Field(None, alias="from", description="Recorded at or after.")
    until: Until | None = Field(None, alias="to", description="Recorded before; a date alone includes that day.")


@API.get("/search", tags=[Tag(name="search")], responses={200: HitPage})
def search(query: SearchQuery) -> Answer:
    """Segments in which all words were said."""
    order = service.SearchOrder(q=query.q, team=query.team, since=query.since, until=query.until)
    page = service.search(house(), current_viewer(), order, query.page)
    items = [
        HitOut(
            recording_id=hit.recording_id, title=hit.title, team=hit.team, recorded_at=hit.recorded_at,
            segment_id=hit.segment_id, start_ms=hit.start_ms, text=hit.text, highlights=list(hit.highlights),
        )
        for hit in page.items
    ]  # fmt: skip
    return HitPage(items=items, next=page.next).model_dump(mode="json")


@API.get("/openapi.json", tags=[Tag(name="description")], responses={200: {"description": "OpenAPI 3.1."}})
def openapi() -> Answer:
    """This description."""
    app = current_app
    assert isinstance(app, OpenAPI)
    return app.api_doc
