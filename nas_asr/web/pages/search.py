"""Room: web.pages.search. One box over all transcripts of one's teams; a hit opens the recording at that second."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from nas_asr.core.access import Viewer
from nas_asr.services.listing import RecordingFilter, list_recordings
from nas_asr.services.paging import PageOrder
from nas_asr.services.recordings import RecordingView
from nas_asr.services.search import Hit, SearchOrder, search
from nas_asr.web.pages.library import my_teams
from nas_asr.web.pages.person import viewer, wants_part
from nas_asr.web.viewer import house

bp = Blueprint("search", __name__)
_PAGE = 50
_TITLES = 5


@dataclass(frozen=True, slots=True)
class Found:
    """The hits in one recording, in order of time."""

    recording_id: str
    title: str
    team: str
    recorded_at: datetime
    hits: list[Hit] = field(default_factory=list)


@bp.get("/search")
def results() -> ResponseReturnValue:
    """The box and what was found, newest recording first; above the first page, titles with the words in them."""
    me = viewer()
    query, team = request.args.get("q", "").strip(), request.args.get("team", "").strip()
    page = search(house(), me, SearchOrder(query, team), PageOrder(_PAGE, request.args.get("cursor", "")))
    teams = my_teams(me)
    shown = {"query": query, "team": team, "page": page, "found": _grouped(page.items), "teams": teams,
             "titles": _titles(me, query, team), "names": {one.slug: one.name for one in teams}}  # fmt: skip
    if wants_part("results"):
        return render_template("search/results.html", **shown)
    return render_template("search/search.html", **shown)


def _titles(me: Viewer, query: str, team: str) -> Sequence[RecordingView]:
    words = query.replace('"', " ").strip()
    if not words or "cursor" in request.args:
        return ()
    return list_recordings(house(), me, RecordingFilter(team=team, q=words, titles_only=True), PageOrder(_TITLES)).items


def _grouped(hits: Iterable[Hit]) -> list[Found]:
    found: list[Found] = []
    for hit in hits:
        if not found or found[-1].recording_id != hit.recording_id:
            found.append(Found(hit.recording_id, hit.title, hit.team, hit.recorded_at))
        found[-1].hits.append(hit)
    return found
