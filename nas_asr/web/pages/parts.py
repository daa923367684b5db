"""Room: web.pages.parts. The answers to "these files look like one recording": join, keep apart, undo. Shows nothing itself."""

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from nas_asr.services import parts
from nas_asr.web.pages.person import viewer
from nas_asr.web.security import safe_next
from nas_asr.web.viewer import house

bp = Blueprint("parts", __name__, url_prefix="/recordings/<recording_id>")


@bp.post("/join")
def join(recording_id: str) -> ResponseReturnValue:
    """One recording out of these files, in their order."""
    whole = parts.join(house(), viewer(), recording_id, request.form.getlist("part"))
    flash(_("The files are one recording now. You can undo that under its details."))
    return redirect(url_for("recording.show", recording_id=whole))


@bp.post("/unjoin")
def unjoin(recording_id: str) -> ResponseReturnValue:
    """The files are recordings of their own again."""
    first = parts.unjoin(house(), viewer(), recording_id)[0]
    flash(_("The files are recordings of their own again."))
    return redirect(url_for("recording.show", recording_id=first))


@bp.post("/keep-apart")
def keep_apart(recording_id: str) -> ResponseReturnValue:
    """Do not offer it again."""
    parts.keep_apart(house(), viewer(), recording_id)
    flash(_("They stay apart. You can still join them by hand under a recording's details."))
    here = url_for("recording.show", recording_id=recording_id)
    return redirect(safe_next(request.form.get("next")) or here)
