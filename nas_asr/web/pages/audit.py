"""Room: web.pages.audit. Who did what and when, for admins. Changes nothing."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from nas_asr.services.audit_log import AuditFilter, list_actors, list_audit, list_kinds
from nas_asr.services.paging import PageOrder
from nas_asr.services.teams import list_teams
from nas_asr.web.pages.narrowing import midnight, next_day
from nas_asr.web.pages.person import viewer
from nas_asr.web.viewer import house

bp = Blueprint("audit", __name__, url_prefix="/admin/audit")
_PAGE = 100
_NAMES = ("kind", "actor", "team", "from", "to")


@bp.get("")
def show() -> ResponseReturnValue:
    """The page."""
    me = viewer()
    given = {name: value for name in _NAMES if (value := request.args.get(name, "").strip())}
    wanted = AuditFilter(
        given.get("kind", ""), given.get("actor", ""), given.get("team", ""),
        since=midnight(given.get("from", ""), "from"), until=next_day(midnight(given.get("to", ""), "to")),
    )  # fmt: skip
    page = list_audit(house(), me, wanted, PageOrder(_PAGE, request.args.get("cursor", "")))
    return render_template(
        "audit/audit.html", page=page, given=given, kinds=list_kinds(house(), me), actors=list_actors(house(), me),
        teams=list_teams(house(), me),
    )  # fmt: skip
