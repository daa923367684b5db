"""Room: web.pages.drafts. What the built-in engine wrote for want of the model, once more for a whole team. Reads nothing."""

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from nas_asr.services.drafts import redo_team
from nas_asr.web.pages.person import viewer
from nas_asr.web.security import safe_next
from nas_asr.web.viewer import house

bp = Blueprint("drafts", __name__, url_prefix="/teams/<slug>/drafts")


@bp.post("")
def redo(slug: str) -> ResponseReturnValue:
    """All drafts of the team, or the newest 200 of them."""
    found = redo_team(house(), viewer(), slug)
    said = ngettext(
        "%(num)s recording is in the queue again.", "%(num)s recordings are in the queue again.", found.queued
    )
    if found.left:
        said += " " + _("%(n)s more are left for the next time.", n=found.left)
    flash(said)
    return redirect(safe_next(request.form.get("next")) or url_for("library.index"))
