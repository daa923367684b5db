"""Room: web.pages.resets. A new password by a link from an admin. Signs nobody in: the new password does."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from nas_asr.core.errors import Invalid
from nas_asr.services.password_resets import read_reset, use_reset
from nas_asr.web.errors import status_of
from nas_asr.web.security import limiter
from nas_asr.web.viewer import house

bp = Blueprint("resets", __name__, url_prefix="/reset")


@bp.get("/<secret>")
@limiter.limit("30 per minute")
def show(secret: str) -> ResponseReturnValue:
    """Whose password it is, and the form."""
    return render_template("resets/reset.html", name=read_reset(house(), secret), secret=secret, problem=None)


@bp.post("/<secret>")
@limiter.limit("30 per minute")
def save(secret: str) -> ResponseReturnValue:
    """The new password; whoever was signed in with the old one is not any more."""
    name, new = read_reset(house(), secret), request.form.get("password", "")
    try:
        if new != request.form.get("password_again", ""):
            raise Invalid("The two passwords are not the same.", field="password_again")
        use_reset(house(), secret, new, request.remote_addr or "")
    except Invalid as problem:
        return render_template("resets/reset.html", name=name, secret=secret, problem=problem), status_of(problem)
    flash(_("The password of %(name)s is changed. Sign in with it.", name=name))
    return redirect(url_for("login.form"))
