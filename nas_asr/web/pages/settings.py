"""Room: web.pages.settings. Engine, language and times of the house, for admins; what is set elsewhere is shown locked."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy

from nas_asr.core.errors import Conflict, EngineError, Invalid, NasAsrError
from nas_asr.core.languages import LANGUAGES
from nas_asr.core.tunable import TUNABLE
from nas_asr.services import house_settings as service
from nas_asr.services.overview import PartView, list_parts
from nas_asr.web.errors import status_of
from nas_asr.web.locale import ENGINES
from nas_asr.web.pages.numbers import number
from nas_asr.web.pages.person import viewer, wants_part
from nas_asr.web.viewer import house
from nas_asr.web.wiring import wiring

bp = Blueprint("settings", __name__, url_prefix="/admin/settings")
_CHOICES = ("auto", *ENGINES)
# What nas_asr.settings finds wrong with a value; named here so that it is translated.
_REASONS = (
    lazy("it must be a number, not “%(value)s”"),
    lazy("it must lie between %(least)s and %(most)s"),
    lazy("it must be one of %(words)s"),
    lazy("it must be a time such as 02:00"),
    lazy("it must be auto, cpu, mps or cuda:N"),
)
_DEVICES = ("auto", "cpu", "mps", "cuda:0", "cuda:1")


@bp.get("")
def show() -> ResponseReturnValue:
    """The page; its workers change under the reader's eyes."""
    if wants_part("workers-now"):
        return render_template("settings/workers.html", workers=_workers())
    return _page()


@bp.post("")
def change() -> ResponseReturnValue:
    """Take over what was changed, once the engine has loaded on trial."""
    given = {name: request.form[name] for name in TUNABLE if name in request.form}
    seen = request.form.get("generation", type=number)
    try:
        changed = service.change_settings(house(), viewer(), given, wiring().trial, seen)
    except (Invalid, Conflict, EngineError) as problem:
        return _page(problem), 422 if isinstance(problem, EngineError) else status_of(problem)
    flash(
        _("The settings are taken over. Recordings under way are finished first.") if changed else _("Nothing changed.")
    )
    return redirect(url_for("settings.show"))


@bp.post("/free-memory")
def free_memory() -> ResponseReturnValue:
    """Have the workers unload their models."""
    service.free_memory(house(), viewer())
    flash(_("The workers unload their models as soon as they are idle; the next recording loads them again."))
    return redirect(url_for("settings.show"))


def _workers() -> list[PartView]:
    return [part for part in list_parts(house(), viewer()) if part.kind == "worker"]


def _page(problem: NasAsrError | None = None) -> str:
    me = viewer()
    return render_template(
        "settings/settings.html", found=service.show_settings(house(), me), engines=_CHOICES, devices=_DEVICES,
        spoken=LANGUAGES, workers=_workers(),
        problem=problem, given=request.form,
    )  # fmt: skip
