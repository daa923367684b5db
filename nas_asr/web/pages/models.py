"""Room: web.pages.models. The engines' models for admins: which are here, a button to get one, how far it is."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy

from nas_asr.core.checkpoints import Hub
from nas_asr.services.models import list_models, wish_for_model
from nas_asr.web.pages.person import viewer, wants_part
from nas_asr.web.viewer import house

bp = Blueprint("models", __name__, url_prefix="/admin/models")
_HUBS = {Hub.MODELSCOPE: "ModelScope", Hub.HUGGING_FACE: "Hugging Face"}  # names, the same in every language
_LICENCES = (lazy("FunASR model licence"),)  # of core.checkpoints, where it is no name; here so that it is translated


@bp.get("")
def show() -> ResponseReturnValue:
    """The page, or only its list where htmx asks for that."""
    name = "models/list.html" if wants_part("models") else "models/models.html"
    found = list_models(house(), viewer())
    return render_template(name, found=found, hubs=_HUBS, busy=any(one.under_way for one in found))


@bp.post("/pull")
def pull() -> ResponseReturnValue:
    """Have the workers get a model, or what is missing of it."""
    name = wish_for_model(house(), viewer(), request.form.get("model", ""), request.form.get("hub", ""))
    flash(_("%(name)s is asked for. A worker starts the download within seconds.", name=name))
    return redirect(url_for("models.show"))
