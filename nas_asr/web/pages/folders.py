"""Room: web.pages.folders. The watched folders, and of each the ledger: every file, its state and why. Never opens a file."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from nas_asr.core.access import Role, Viewer
from nas_asr.core.errors import Conflict, Invalid, NasAsrError, NotPermitted, NotVisible
from nas_asr.core.languages import LANGUAGES
from nas_asr.core.recording import LedgerState
from nas_asr.core.transcript import ItnMode
from nas_asr.services.first_look import question
from nas_asr.services.folder_language import declare_folder_language
from nas_asr.services.folder_reading import set_reading
from nas_asr.services.folders import ASK, FolderOrder, add_folder, list_folders, remove_folder
from nas_asr.services.ingest import retry_line
from nas_asr.services.ledger import LedgerFilter, count_ledger, list_ledger
from nas_asr.services.paging import PageOrder
from nas_asr.services.teams import list_teams
from nas_asr.web.errors import status_of
from nas_asr.web.locale import ITN_NAMES, spoken_language
from nas_asr.web.pages.person import viewer, wants_part
from nas_asr.web.viewer import house

bp = Blueprint("folders", __name__, url_prefix="/folders")
_PAGE = 100


@bp.get("")
def index() -> ResponseReturnValue:
    """All folders of one's teams; an admin sees all."""
    if wants_part("folders"):
        me = viewer()
        return render_template("folders/list.html", folders=list_folders(house(), me), managed=_managed(me))
    return _page()


@bp.post("")
def add() -> ResponseReturnValue:
    """Watch another folder."""
    form = request.form
    order = FolderOrder(
        form.get("team", ""), form.get("path", "").strip(), form.get("name", ""), form.get("language", ""),
        form.get("since", ASK), form.get("itn", ItnMode.RULES), bool(form.get("apart")),
    )  # fmt: skip
    try:
        folder = add_folder(house(), viewer(), order)
    except (Invalid, Conflict, NotPermitted) as problem:
        return _page(problem), status_of(problem)
    flash(_("The folder “%(name)s” is watched from now on.", name=folder.name))
    if folder.awaiting_choice:
        return redirect(url_for("folders.ledger", folder_id=folder.id))
    return redirect(url_for("folders.index"))


@bp.get("/<folder_id>")
def ledger(folder_id: str) -> ResponseReturnValue:
    """The ledger of one folder."""
    me = viewer()
    folder = next((one for one in list_folders(house(), me) if one.id == folder_id), None)
    if folder is None:
        raise NotVisible("There is nothing here under this address for you.", "See the list of folders.")
    state, q = request.args.get("state", ""), request.args.get("q", "").strip()
    if state and state not in list(LedgerState):
        raise Invalid("There is no such state.", field="state")
    wanted = LedgerFilter(folder=folder_id, state=LedgerState(state) if state else None, q=q)
    page = list_ledger(house(), me, wanted, PageOrder(_PAGE, request.args.get("cursor", "")))
    shown = {
        "folder": folder, "page": page, "state": state, "q": q, "states": list(LedgerState),
        "counts": count_ledger(house(), me, LedgerFilter(folder=folder_id)), "managed": _managed(me),
        "may_retry": any(team.slug == folder.team and _may_write(team.role, me) for team in list_teams(house(), me)),
        "question": question(house(), me, folder_id),
        "readable": {team.slug for team in list_teams(house(), me) if team.role is not None},
    }  # fmt: skip
    part = "folders/lines.html" if wants_part("lines") else "folders/ledger.html"
    return render_template(part, **shown, spoken=LANGUAGES, modes=ITN_NAMES)


@bp.post("/<folder_id>/language")
def language(folder_id: str) -> ResponseReturnValue:
    """What is spoken in this folder."""
    moved = declare_folder_language(house(), viewer(), folder_id, request.form.get("language", ""))
    flash(_("The language of this folder is saved."))
    if moved:
        flash(ngettext("It also applies to %(num)s recording that was waiting.",
                       "It also applies to %(num)s recordings that were waiting.", moved))  # fmt: skip
    return redirect(url_for("folders.ledger", folder_id=folder_id))


@bp.post("/<folder_id>/reading")
def reading(folder_id: str) -> ResponseReturnValue:
    """Who writes figures in this folder, and whether its channels are speakers."""
    form = request.form
    set_reading(house(), viewer(), folder_id, itn=form.get("itn", ""), apart=bool(form.get("apart")))
    flash(_("How this folder is written down is saved."))
    return redirect(url_for("folders.ledger", folder_id=folder_id))


@bp.post("/<folder_id>/lines/<line_id>/look-again")
def look_again(folder_id: str, line_id: str) -> ResponseReturnValue:
    """Look at a file again now, whatever was said about it."""
    retry_line(house(), viewer(), line_id)
    return redirect(url_for("folders.ledger", folder_id=folder_id))


@bp.post("/<folder_id>/remove")
def remove(folder_id: str) -> ResponseReturnValue:
    """No longer watch a folder; what came from it stays."""
    remove_folder(house(), viewer(), folder_id)
    flash(_("The folder is no longer watched. Its files and recordings stay as they are."))
    return redirect(url_for("folders.index"))


def _page(problem: NasAsrError | None = None) -> str:
    me = viewer()
    teams = [team for team in list_teams(house(), me) if team.slug in _managed(me)]
    return render_template(
        "folders/folders.html", folders=list_folders(house(), me), managed=_managed(me), teams=teams,
        spoken=LANGUAGES, preset=spoken_language(house().options.language), problem=problem, given=request.form,
        modes=ITN_NAMES,
    )  # fmt: skip


def _may_write(role: Role | None, me: Viewer) -> bool:
    return me.runs_the_house or role in (Role.MEMBER, Role.MANAGER)


def _managed(me: Viewer) -> set[str]:
    """Slugs of the teams whose folders this person may change."""
    teams = list_teams(house(), me)
    return {team.slug for team in teams if me.runs_the_house or team.role == Role.MANAGER}
