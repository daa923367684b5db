"""Room: web.pages.admin. The house for its admins: parts at work, installation, audit. A 404 for others."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from nas_asr.services.overview import audit_tail, list_parts
from nas_asr.web.pages.person import viewer
from nas_asr.web.viewer import house

bp = Blueprint("admin", __name__, url_prefix="/admin")


@bp.get("")
def show() -> ResponseReturnValue:
    """The page."""
    me = viewer()
    return render_template("admin/admin.html", parts=list_parts(house(), me), audit=audit_tail(house(), me))
