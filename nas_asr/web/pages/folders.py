"""Room: web.pages.folders. The watched folders, and of each the ledger: every file, its state and why. Never opens a file."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from nas_asr.core.access import Role, Viewer
from nas_asr.core.errors import Conflict, Invalid, NasAsrError, NotPermitted, NotVisible
from nas_asr.core.languages import LANGUAGES
from nas_asr.core.transcript import ItnMode
from nas_asr.services.first_look import question
from nas_asr.services.folder_language import declare_folder_language
from nas_asr.services.folder_marker import set_marker
from nas_asr.services.folder_reading import Reading, set_reading
from nas_asr.services.folders import ASK, FolderOrder, add_folder, list_folders, remove_folder
from nas_asr.services.teams import list_teams
from nas_asr.web.errors import status_of
from nas_asr.web.locale import ITN_NAMES, said, spoken_language
from nas_asr.web.pages.ledger import shown_lines
from nas_asr.web.pages.person import engine_outlook, viewer, wants_part
from nas_asr.web.viewer import house

bp = Blueprint("folders", __name__, url_prefix="/folders")


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
    if wants_part("lines"):
        return render_template("folders/lines.html", **shown_lines(folder))
    return render_template(
        "folders/ledger.html", **shown_lines(folder), managed=_managed(me), spoken=LANGUAGES, modes=ITN_NAMES,
        engines=sorted({*engine_outlook().offered, folder.engine} - {""}),
        question=question(house(), me, folder_id),
    )  # fmt: skip


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
    """By which engine this folder is read, who writes its figures, and whether its channels are speakers."""
    form = request.form
    wanted = Reading(form.get("engine"), form.get("itn", ""), bool(form.get("apart")))
    set_reading(house(), viewer(), folder_id, wanted)
    flash(_("How this folder is written down is saved."))
    return redirect(url_for("folders.ledger", folder_id=folder_id))


@bp.post("/<folder_id>/marker")
def marker(folder_id: str) -> ResponseReturnValue:
    """Which file has to be there, or none."""
    name = request.form.get("marker", "").strip()
    try:
        set_marker(house(), viewer(), folder_id, name)
    except Invalid as problem:
        flash(f"{said(problem.message)} {said(problem.remedy)}", "problem")
    else:
        flash(_("The marker file is saved.") if name else _("The folder has no marker file any more."))
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


def _managed(me: Viewer) -> set[str]:
    """Slugs of the teams whose folders this person may change."""
    teams = list_teams(house(), me)
    return {team.slug for team in teams if me.runs_the_house or team.role == Role.MANAGER}
