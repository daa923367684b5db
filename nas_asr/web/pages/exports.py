"""Room: web.pages.exports. The library's form for many transcripts at once, as one zip. Shows nothing itself."""

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from nas_asr.core.errors import Invalid
from nas_asr.export import ExportOptions, TextLayer, format_named
from nas_asr.services.exports import Many
from nas_asr.web import export_words
from nas_asr.web.exporting import as_zip
from nas_asr.web.pages.narrowing import filter_of
from nas_asr.web.pages.person import viewer
from nas_asr.web.security import heavy
from nas_asr.web.viewer import ask_again

bp = Blueprint("exports", __name__, url_prefix="/recordings")
_SWITCHES = {"": None, "0": False, "1": True}


@bp.post("/export")
@heavy
def many() -> ResponseReturnValue:
    """`id` for each recording, or everything=1 with the library's filters; `format` for each that is wanted; the options."""
    form = request.form
    order = Many(
        [format_named(name) for name in dict.fromkeys(form.getlist("format"))], _options(),
        ids=form.getlist("id"), everything=filter_of(form) if form.get("everything") == "1" else None,
        words=export_words.bundle_words(), reasons=export_words.reasons(),
    )  # fmt: skip
    return as_zip(viewer(), order, ask_again())


def _options() -> ExportOptions:
    text = request.form.get("text", "") or TextLayer.WRITTEN
    if text not in list(TextLayer):
        raise Invalid(_("There is no such text."), field="text")
    timestamps, speakers, bom = (_switch(name) for name in ("timestamps", "speakers", "bom"))
    return ExportOptions(
        TextLayer(text), timestamps is not False, speakers is not False, bom, export_words.words(), export_words.link()
    )


def _switch(name: str) -> bool | None:
    """The last one counts: a box that is ticked comes after a hidden field that says no."""
    given = request.form.getlist(name)
    said = given[-1] if given else ""
    if said not in _SWITCHES:
        raise Invalid(_("This is either 0 or 1."), field=name)
    return _SWITCHES[said]
