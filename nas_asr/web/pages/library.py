"""Room: web.pages.library. The first page: recordings with their live states, filters, and the upload form."""

from collections.abc import Mapping, Sequence
from typing import BinaryIO, cast

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from nas_asr.core.access import Role, Viewer
from nas_asr.core.errors import Conflict, Invalid, MediaError, NasAsrError
from nas_asr.core.languages import LANGUAGES
from nas_asr.core.recording import RunState
from nas_asr.services.drafts import list_drafts
from nas_asr.services.folder_watch import troubled
from nas_asr.services.folders import FolderView, list_folders
from nas_asr.services.paging import PageOrder
from nas_asr.services.parts import offers_among
from nas_asr.services.presence import files_of
from nas_asr.services.recordings import RecordingFilter, RecordingView, counts, list_recordings, under_way
from nas_asr.services.teams import TeamView, list_teams
from nas_asr.services.uploads import UploadOrder, accept_upload
from nas_asr.web.locale import said, spoken_language
from nas_asr.web.pages.person import viewer, wants_part
from nas_asr.web.viewer import house
from nas_asr.web.wiring import wiring

bp = Blueprint("library", __name__)
_PAGE = 50
_BUSY = 20


@bp.get("/")
def index() -> ResponseReturnValue:
    """The library; htmx asks for the list alone whenever something changed.

    A fresh file may have been recorded years ago: what is under way stands above the first page, and only there.
    """
    me = viewer()
    wanted = filter_of(request.args)
    page = list_recordings(house(), me, wanted, PageOrder(_PAGE, request.args.get("cursor", "")))
    busy = [] if _given() else under_way(house(), me, _BUSY)
    above = {recording.id for recording in busy}
    items = [recording for recording in page.items if recording.id not in above]
    shown = {
        "busy": busy, "items": items, "next": page.next, "counts": counts(house(), me, wanted), "wanted": wanted,
        "filters": _given(), "states": list(RunState), "folders": _folders(me, page.items),
        "drafts": [] if _given() else list_drafts(house(), me), "redone_by_itself": house().options.redo_drafts,
        "offers": offers_among(house(), me, (*busy, *items)),
        "files": files_of(house(), me, [recording.id for recording in (*busy, *items)]), "troubled": troubled(house(), me),
        "waiting": sum(1 for recording in (*busy, *items) if recording.waiting_for),
    }  # fmt: skip
    if wants_part("library"):
        return render_template("library/list.html", **shown, live=True)
    teams = my_teams(me)
    writable = [team for team in teams if team.role in (Role.MEMBER, Role.MANAGER)]
    return render_template(
        "library/library.html", **shown, teams=teams, writable=writable, spoken=LANGUAGES,
        preset=spoken_language(), max_bytes=wiring().max_upload_mb * 1024 * 1024,
    )  # fmt: skip


@bp.post("/upload")
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


def _folders(me: Viewer, items: Sequence[RecordingView]) -> list[FolderView]:
    """The folders to copy into, which only the empty library names."""
    if items:
        return []
    mine = {team.slug for team in my_teams(me)}
    return [folder for folder in list_folders(house(), me) if folder.team in mine]


def filter_of(source: Mapping[str, str]) -> RecordingFilter:
    """What narrows the library, from an address or a form."""
    given = _given(source)
    state = given.get("state", "")
    if state and state not in list(RunState):
        raise Invalid(_("There is no such state."), field="state")
    return RecordingFilter(
        team=given.get("team", ""), folder=given.get("folder", ""), state=RunState(state) if state else None,
        q=given.get("q", ""), drafts="drafts" in given,
    )  # fmt: skip


def _given(source: Mapping[str, str] | None = None) -> dict[str, str]:
    names = ("team", "folder", "state", "q", "drafts", "cursor")
    given = request.args if source is None else source
    return {name: value for name in names if (value := given.get(name, "").strip())}
