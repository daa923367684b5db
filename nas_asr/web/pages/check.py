"""Room: web.pages.check. What `nas-asr doctor` finds, as a page for admins. Changes nothing."""

from typing import Any

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as lazy

from nas_asr.core.errors import NasAsrError
from nas_asr.services.overview import require_admin
from nas_asr.web.pages.person import viewer, wants_part
from nas_asr.web.viewer import house
from nas_asr.web.wiring import wiring

bp = Blueprint("check", __name__, url_prefix="/admin/check")
SUBJECTS = {
    "python": "Python", "data": lazy("data directory"), "database": lazy("database"), "redis": "Redis",
    "decoding": lazy("decoding"), "engine": lazy("engine"), "model": lazy("model"), "models": lazy("models"),
    "stage 2": lazy("second stage"), "stage two": lazy("second stage"), "folder": lazy("folder"), "folders": lazy("folders"),
    "workers": lazy("workers"), "running": lazy("workers"), "page": lazy("page"), "device": lazy("device"),
    "media": lazy("decoding"),
}  # fmt: skip
# What nas_asr.doctor puts together from parts; named here so that it is translated.
_REMEDIES = (lazy("Get it: nas-asr model pull"), lazy("First the second stage (below), then: nas-asr model pull"))


@bp.get("")
def show() -> ResponseReturnValue:
    """The page at once; what is found comes when it is there."""
    require_admin(house(), viewer())
    if wants_part("findings"):
        return render_template("check/findings.html", **_found())
    return render_template("check/check.html")


@bp.get("/findings")
def findings() -> ResponseReturnValue:
    """Page and findings together, for browsers without scripts."""
    require_admin(house(), viewer())
    return render_template("check/check.html", **_found())


def _found() -> dict[str, Any]:
    try:
        return {"findings": wiring().examine(), "problem": None, "subjects": SUBJECTS}
    except NasAsrError as trouble:
        return {"findings": (), "problem": trouble, "subjects": SUBJECTS}
