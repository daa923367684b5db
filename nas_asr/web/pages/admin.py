"""Room: web.pages.admin. The house for its admins: parts at work, installation, audit. A 404 for others."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from nas_asr.services.audit_log import AuditFilter, list_audit
from nas_asr.services.overview import list_parts
from nas_asr.services.paging import PageOrder
from nas_asr.web.pages.person import viewer
from nas_asr.web.viewer import house

bp = Blueprint("admin", __name__, url_prefix="/admin")
_NEWEST = 15  # lines of the audit log; its own page has all


@bp.get("")
def show() -> ResponseReturnValue:
    """The page."""
    me = viewer()
    newest = list_audit(house(), me, AuditFilter(), PageOrder(_NEWEST)).items
    return render_template("admin/admin.html", parts=list_parts(house(), me), audit=newest)
