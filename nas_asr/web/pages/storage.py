"""Room: web.pages.storage. What takes room on the disk, for admins. Frees nothing."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from nas_asr.services.storage import storage
from nas_asr.web.pages.person import viewer
from nas_asr.web.viewer import house

bp = Blueprint("storage", __name__, url_prefix="/admin/storage")


@bp.get("")
def show() -> ResponseReturnValue:
    """The page."""
    return render_template("storage/storage.html", found=storage(house(), viewer()))
