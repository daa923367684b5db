"""Room: web.pages.audit. Who did what and when, for admins. Changes nothing."""

from collections.abc import Mapping

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as lazy

from nas_asr.services.audit_log import AuditFilter, list_actors, list_audit, list_kinds
from nas_asr.services.paging import PageOrder
from nas_asr.services.teams import list_teams
from nas_asr.web.locale import ITN_NAMES, ROLES
from nas_asr.web.pages.narrowing import midnight, next_day
from nas_asr.web.pages.person import viewer
from nas_asr.web.viewer import house

bp = Blueprint("audit", __name__, url_prefix="/admin/audit")
_PAGE = 100
_NAMES = ("kind", "actor", "team", "from", "to")
# What is kept beside an action, in words; whatever else there is stands as it was written.
_DETAILS = {
    "role": lazy("role"), "on": lazy("switched on"), "version": lazy("version"), "words": lazy("words"), "files": lazy("files"),
    "days": lazy("days"), "recordings": lazy("recordings"), "sessions": lazy("sessions"), "since": lazy("since"),
    "from": lazy("from version"), "to": lazy("to"), "path": lazy("path"), "marker": lazy("marker"), "engine": lazy("engine"),
    "itn": lazy("numbers and dates"), "apart": lazy("each channel is one speaker"), "format": lazy("format"),
    "formats": lazy("formats"), "count": lazy("recordings"), "invitation": lazy("invitation"),
}  # fmt: skip
_ANSWERS = {"True": lazy("yes"), "False": lazy("no"), "yes": lazy("yes"), "no": lazy("no")}


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
        teams=list_teams(house(), me), in_words=_in_words,
    )  # fmt: skip


def _in_words(detail: Mapping[str, str]) -> list[str]:
    words = {**_ANSWERS, **ROLES, **{str(mode): name for mode, name in ITN_NAMES.items()}}
    return [f"{_DETAILS.get(name, name)}: {words.get(value, value)}" for name, value in detail.items()]
