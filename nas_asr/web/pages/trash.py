"""Room: web.pages.trash. What was thrown away: bring it back, or delete it for ever after one more question."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import ngettext

from nas_asr.core.errors import Invalid
from nas_asr.services import bulk
from nas_asr.services.paging import PageOrder
from nas_asr.services.trash import list_trash, named
from nas_asr.web.pages.library import tell
from nas_asr.web.pages.person import viewer
from nas_asr.web.viewer import house

bp = Blueprint("trash", __name__, url_prefix="/trash")
_PAGE = 50


@bp.get("")
def show() -> ResponseReturnValue:
    """What lies there, what was thrown away last first."""
    cursor = request.args.get("cursor", "")
    page = list_trash(house(), viewer(), PageOrder(_PAGE, cursor))
    return render_template("trash/trash.html", items=page.items, next=page.next, cursor=cursor)


@bp.post("/restore")
def restore() -> ResponseReturnValue:
    """Back into the library."""
    outcome = bulk.apply(house(), viewer(), bulk.Wish.RESTORE, request.form.getlist("id"))
    number = len(outcome.done)
    tell(ngettext("%(num)s is back in the library.", "%(num)s are back in the library.", number), outcome)
    return redirect(url_for("trash.show"))


@bp.post("/delete")
def delete() -> ResponseReturnValue:
    """For ever; the first time it asks, with what would be gone."""
    ids = request.form.getlist("id")
    if not ids:
        raise Invalid("No recording is chosen.", "Choose at least one.", field="id")
    if request.form.get("sure") != "1":
        asked = [view for view in named(house(), viewer(), ids) if view.may_delete]
        if asked:
            return render_template("trash/delete.html", items=asked)
    outcome = bulk.delete_many(house(), viewer(), ids)
    tell(ngettext("%(num)s is deleted for ever.", "%(num)s are deleted for ever.", len(outcome.done)), outcome)
    return redirect(url_for("trash.show"))
