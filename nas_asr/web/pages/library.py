"""Room: web.pages.library. The first page: recordings with their live states, many at once, and the upload form."""

from collections.abc import Sequence
from typing import Any, BinaryIO, cast

from flask import Blueprint, Response, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from nas_asr.core.access import Role, Viewer
from nas_asr.core.errors import Conflict, Invalid, MediaError, NasAsrError
from nas_asr.core.languages import LANGUAGES
from nas_asr.core.recording import RunState
from nas_asr.services.bulk import BulkAction, Outcome, apply, apply_to_all
from nas_asr.services.drafts import list_drafts
from nas_asr.services.estimates import estimates_of
from nas_asr.services.folder_watch import troubled
from nas_asr.services.folders import FolderView, folder_names, list_folders
from nas_asr.services.listing import Sort, browse, under_way
from nas_asr.services.paging import PageOrder
from nas_asr.services.parts import offers_among
from nas_asr.services.people_named import people
from nas_asr.services.presence import files_of
from nas_asr.services.teams import TeamView, list_teams
from nas_asr.services.upload_pieces import unfinished
from nas_asr.services.uploads import UploadOrder, accept_upload
from nas_asr.web.locale import said, spoken_language
from nas_asr.web.pages.narrowing import LENGTHS, SORTS, chips, filter_of, given, sort_of
from nas_asr.web.pages.person import viewer, wants_part
from nas_asr.web.security import often, safe_next
from nas_asr.web.viewer import house
from nas_asr.web.wiring import wiring

bp = Blueprint("library", __name__)
_PAGE = 50
_BUSY = 20
_TOLD = 5  # refusals in words; of more, their number


@bp.get("/")
def index() -> ResponseReturnValue:
    """The library; htmx asks for the list alone whenever something changed.

    A fresh file may have been recorded years ago: what is under way stands above the first page, and only there.
    """
    me = viewer()
    wanted, sort, cursor = filter_of(request.args), sort_of(request.args), request.args.get("cursor", "")
    page, counted = browse(house(), me, wanted, PageOrder(_PAGE, cursor), sort)
    narrowed = given(request.args)
    first = not (narrowed or cursor) and sort is Sort.NEWEST
    busy = under_way(house(), me, _BUSY) if first else []
    above = {recording.id for recording in busy}
    items = [recording for recording in page.items if recording.id not in above]
    teams = my_teams(me)
    folders = folder_names(house(), me)
    shown = {
        "busy": busy, "items": items, "next": page.next, "counts": counted, "wanted": wanted, "given": narrowed,
        "passing": counted[wanted.state] if wanted.state else sum(counted.values()),
        "kept": narrowed | ({"sort": sort.value} if sort is not Sort.NEWEST else {}), "cursor": cursor, "sort": sort,
        "chips": chips({"team": {team.slug: team.name for team in teams}, "folder": folders}),
        "states": list(RunState), "into": _into(me, (*page.items, *narrowed)),
        "drafts": list_drafts(house(), me) if first else [], "redone_by_itself": house().options.redo_drafts,
        "offers": offers_among(house(), me, (*busy, *items)), "etas": estimates_of(house(), (*busy, *items)),
        "files": files_of(house(), me, [recording.id for recording in (*busy, *items)]), "troubled": troubled(house(), me),
        "waiting": sum(1 for recording in (*busy, *items) if recording.waiting_for), "export_url": _export_url(),
        "writes": any(recording.may_write for recording in (*busy, *items)),
    }  # fmt: skip
    if wants_part("library"):
        return render_template("library/list.html", **shown, live=True)
    writable = [team for team in teams if team.role in (Role.MEMBER, Role.MANAGER)]
    return render_template(
        "library/library.html", **shown, teams=teams, writable=writable, spoken=LANGUAGES, folders=folders,
        preset=spoken_language(), max_bytes=wiring().max_upload_mb * 1024 * 1024, lengths=LENGTHS, sorts=SORTS,
        people=people(house(), me), broken_off=unfinished(house(), me), languages_spoken=LANGUAGES,
    )  # fmt: skip


@bp.post("/recordings/bulk")
def bulk() -> ResponseReturnValue:
    """One wish for all that are chosen, or for all that pass the filter."""
    me, form = viewer(), request.form
    if form.get("action") not in list(BulkAction):
        raise Invalid(_("Say what to do with the recordings."), field="action")
    wish = BulkAction(form["action"])
    if form.get("everything") == "1":
        outcome = apply_to_all(house(), me, wish, filter_of(form))
    else:
        outcome = apply(house(), me, wish, form.getlist("id"))
    tell(_done(wish, len(outcome.done)), outcome)
    return redirect(safe_next(form.get("next")) or url_for("library.index"))


@bp.post("/upload")
@often
def upload() -> ResponseReturnValue:
    """Recordings from the browser; each is taken or refused by itself."""
    me = viewer()
    team, language = request.form.get("team", ""), request.form.get("language", "")
    files = [file for file in request.files.getlist("file") if file.filename]
    if not files:
        raise Invalid("Choose at least one file.", "Go back and choose a recording.", field="file")
    taken = known = 0
    for file in files:
        try:
            order = UploadOrder(team, file.filename or "", language=language)
            known += accept_upload(house(), me, order, cast(BinaryIO, file.stream)).existing
            taken += 1
        except (MediaError, Conflict) as problem:
            flash(f"{file.filename}: {_told(problem)}", "problem")
    if taken - known:
        flash(ngettext("%(num)s recording taken.", "%(num)s recordings taken.", taken - known))
    if known:
        flash(ngettext("%(num)s recording was here already.", "%(num)s recordings were here already.", known))
    # The page's script sends with progress; if it followed a redirect, it would read the notices that the person is to see.
    if request.headers.get("X-Requested-With") == "XMLHttpRequest":
        return Response(status=204, headers={"HX-Redirect": url_for("library.index")})
    return redirect(url_for("library.index"))


def my_teams(me: Viewer) -> list[TeamView]:
    """The teams whose recordings this person reads; an admin's list of teams has more."""
    return [team for team in list_teams(house(), me) if team.role is not None]


def _told(problem: NasAsrError) -> str:
    return " ".join(said(part) for part in (problem.message, problem.remedy) if part)


def tell(done: str, outcome: Outcome) -> None:
    """What became of a wish for many: nothing is refused without a word."""
    if outcome.done:
        flash(done)
    if outcome.refused:
        number = len(outcome.refused)
        first = "; ".join(
            f"“{one.title}”: {_told(one.error)}" if one.title else _told(one.error) for one in outcome.refused[:_TOLD]
        )
        could_not = ngettext("%(num)s could not: %(why)s", "%(num)s could not: %(why)s", number, why=first)
        flash(could_not + (" …" if number > _TOLD else ""), "problem")
    if outcome.left:
        more = ngettext(
            "%(num)s more passes this filter. Ask again for the next ones.",
            "%(num)s more pass this filter. Ask again for the next ones.", outcome.left,
        )  # fmt: skip
        flash(more, "problem")


def _done(wish: BulkAction, number: int) -> str:
    match wish:
        case BulkAction.RETRY:
            said_of = ngettext("%(num)s is in the queue again.", "%(num)s are in the queue again.", number)
        case BulkAction.TRASH:
            said_of = ngettext("%(num)s moved to the trash.", "%(num)s moved to the trash.", number)
        case BulkAction.RESTORE:
            said_of = ngettext("%(num)s is back in the library.", "%(num)s are back in the library.", number)
    return str(said_of)


def _export_url() -> str:
    return url_for("exports.many") if "exports.many" in current_app.view_functions else ""


def _into(me: Viewer, something: Sequence[Any]) -> list[FolderView]:
    """The folders to copy into, which only the empty library names."""
    if something:
        return []
    mine = {team.slug for team in my_teams(me)}
    return [folder for folder in list_folders(house(), me) if folder.team in mine]
