"""Room: web.pages.search. One box over all transcripts and names of one's teams; a hit opens the recording at that second."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from urllib.parse import parse_qs, urlsplit

from flask import Blueprint, Response, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_timezone
from flask_babel import gettext as _

from nas_asr.core.errors import Invalid
from nas_asr.core.search_text import excerpt
from nas_asr.services.paging import PageOrder
from nas_asr.services.search import FolderName, Hit, SearchOrder, folder_names, named, search
from nas_asr.services.teams import TeamView
from nas_asr.web.locale import day
from nas_asr.web.pages.library import my_teams
from nas_asr.web.pages.person import viewer, wants_part
from nas_asr.web.security import often
from nas_asr.web.viewer import house

bp = Blueprint("search", __name__)
_PAGE = 50
_NAMED = 5
_LONGEST = 1000  # letters of a query, as in the API
_EXCERPT = 260
_FIELDS = ("q", "team", "folder", "speaker", "from", "to")


@dataclass(frozen=True, slots=True)
class Line:
    """A hit as the page shows it: of a long text the part around the first word that was found."""

    hit: Hit
    text: str
    marks: Sequence[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Found:
    """The hits in one recording, in order of time."""

    recording_id: str
    title: str
    team: str
    recorded_at: datetime
    lines: list[Line] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is on, in words, and the address without it."""

    label: str
    value: str
    without: str


@bp.get("/search")
@often
def results() -> ResponseReturnValue:
    """The box and what was found, newest recording first; above the first page, recordings that are called so."""
    me, asked = viewer(), _asked()
    order, cursor = _order(asked), request.args.get("cursor", "")
    page = search(house(), me, order, PageOrder(_PAGE, cursor))
    teams = my_teams(me)
    shown = {
        "asked": asked,
        "page": page,
        "found": _grouped(page.items),
        "names": {one.slug: one.name for one in teams},
    }
    if cursor and wants_part("more"):
        return render_template("search/more.html", **shown, appended=True)
    folders = folder_names(house(), me)
    recordings, of_names = named(house(), me, order, _NAMED) if not cursor else ((), None)
    shown |= {"teams": teams, "folders": folders, "chips": _chips(asked, teams, folders), "recordings": recordings,
              "of_names": of_names, "only_words": _address({"q": asked.get("q", "")}), "cursor": cursor}  # fmt: skip
    if wants_part("results"):
        return _at_its_address(asked, render_template("search/results.html", **shown))
    return render_template("search/search.html", **shown)


def _asked() -> dict[str, str]:
    """What was typed and chosen, without what is empty."""
    asked = {name: value for name in _FIELDS if (value := request.args.get(name, "").strip())}
    if any(len(value) > _LONGEST for value in asked.values()):
        raise Invalid(_("That is too long to look for."), _("Look for fewer words."), field="q")
    return asked


def _order(asked: dict[str, str]) -> SearchOrder:
    return SearchOrder(
        q=asked.get("q", ""), team=asked.get("team", ""), folder=asked.get("folder", ""), speaker=asked.get("speaker", ""),
        since=_day(asked, "from"), until=_day(asked, "to", days=1),
    )  # fmt: skip


def _day(asked: dict[str, str], name: str, days: int = 0) -> datetime | None:
    """The beginning of a day, or of the one after it, where the site is."""
    if name not in asked:
        return None
    try:
        chosen = date.fromisoformat(asked[name]) + timedelta(days=days)
        return datetime.combine(chosen, time(), get_timezone())
    except (ValueError, OverflowError) as error:
        raise Invalid(_("This is no date."), _("Write it like 2026-11-21."), field=name) from error


def _chips(asked: dict[str, str], teams: Iterable[TeamView], folders: Iterable[FolderName]) -> list[Chip]:
    team, folder = asked.get("team", ""), asked.get("folder", "")
    said = {
        "team": (_("Team"), next((one.name for one in teams if one.slug == team), team)),
        "folder": (_("Folder"), next((one.name for one in folders if one.id == folder), _("another folder"))),
        "speaker": (_("Speaker"), asked.get("speaker", "")),
        "from": (_("Recorded from"), _shown_day(asked, "from")),
        "to": (_("Recorded until"), _shown_day(asked, "to")),
    }
    return [
        Chip(label, value, _address({other: its for other, its in asked.items() if other != name}))
        for name, (label, value) in said.items()
        if name in asked
    ]


def _shown_day(asked: dict[str, str], name: str) -> str:
    return day(_day(asked, name)) if name in asked else ""


def _address(asked: dict[str, str]) -> str:
    return url_for("search.results", **{name: value for name, value in asked.items() if value})  # type: ignore[arg-type]


def _at_its_address(asked: dict[str, str], part: str) -> Response:
    """Another search is a step of its own for the back button; letters added to a word, or taken from it, are not."""
    response = make_response(part)
    before = parse_qs(urlsplit(request.headers.get("HX-Current-URL", "")).query).get("q", [""])[0].strip()
    now = asked.get("q", "")
    refined = before.startswith(now) or now.startswith(before)
    response.headers["HX-Replace-Url" if refined else "HX-Push-Url"] = _address(asked)
    return response


def _grouped(hits: Iterable[Hit]) -> list[Found]:
    found: list[Found] = []
    for hit in hits:
        if not found or found[-1].recording_id != hit.recording_id:
            found.append(Found(hit.recording_id, hit.title, hit.team, hit.recorded_at))
        found[-1].lines.append(Line(hit, *excerpt(hit.text, hit.highlights, _EXCERPT)))
    return found
