"""Room: web.pages.users. The people of this house, for its admins: added, let in, kept out, given links. A 404 for others."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from nas_asr.core.errors import Conflict, Invalid, NasAsrError
from nas_asr.services.accounts import NewUser, create_user, disable_user, enable_user, list_users, set_admin
from nas_asr.services.password_resets import LIVES, make_reset
from nas_asr.web.errors import status_of
from nas_asr.web.pages.person import viewer
from nas_asr.web.viewer import house

bp = Blueprint("users", __name__, url_prefix="/admin/users")


@bp.get("")
def index() -> ResponseReturnValue:
    """Everybody."""
    return _page()


@bp.post("")
def add() -> ResponseReturnValue:
    """A new person."""
    form = request.form
    order = NewUser(form.get("name", ""), form.get("password", ""), form.get("email", ""), "is_admin" in form)
    try:
        create_user(house(), viewer(), order)
    except (Invalid, Conflict) as problem:
        return _page(problem, adding=True), status_of(problem)
    flash(_("%(name)s can sign in now. Add them to a team next.", name=order.name.strip()))
    return redirect(url_for("users.index"))


@bp.post("/reset")
def reset() -> ResponseReturnValue:
    """A link with which somebody sets a new password; this answer is the only place where it can be read."""
    name = request.form.get("name", "")
    try:
        made = make_reset(house(), viewer(), name)
    except Conflict as problem:
        return _page(problem), status_of(problem)
    return _page(link=url_for("resets.show", secret=made.secret, _external=True), link_of=name), 201


@bp.post("/disable")
def disable() -> ResponseReturnValue:
    """The end of a person's access, at once."""
    name = request.form.get("name", "")
    try:
        disable_user(house(), viewer(), name)
    except Conflict as problem:
        return _page(problem), status_of(problem)
    flash(_("%(name)s can no longer sign in.", name=name))
    return redirect(url_for("users.index"))


@bp.post("/enable")
def enable() -> ResponseReturnValue:
    """Let a person in again."""
    name = request.form.get("name", "")
    enable_user(house(), viewer(), name)
    flash(_("%(name)s can sign in again.", name=name))
    return redirect(url_for("users.index"))


@bp.post("/admin")
def make_admin() -> ResponseReturnValue:
    """Let a person run this server, or no longer."""
    name, wanted = request.form.get("name", ""), request.form.get("is_admin") == "1"
    me = viewer()
    try:
        set_admin(house(), me, name, wanted)
    except Conflict as problem:
        return _page(problem), status_of(problem)
    flash(_("%(name)s is an admin now.", name=name) if wanted else _("%(name)s is no longer an admin.", name=name))
    return redirect(url_for("account.show" if name == me.name and not wanted else "users.index"))


def _page(problem: NasAsrError | None = None, *, adding: bool = False, link: str = "", link_of: str = "") -> str:
    return render_template(
        "users/users.html", users=list_users(house(), viewer()), problem=problem, adding=adding, given=request.form,
        link=link, link_of=link_of, minutes=LIVES.seconds // 60,
    )  # fmt: skip
