"""Room: web.pages.admin. The house for its admins: people, teams, parts at work, installation, audit. A 404 for others."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from nas_asr.core.errors import Conflict, Invalid, NasAsrError
from nas_asr.services.accounts import NewUser, create_user, disable_user, list_users, set_password
from nas_asr.services.audit_log import AuditFilter, list_audit
from nas_asr.services.overview import list_parts
from nas_asr.services.paging import PageOrder
from nas_asr.services.teams import create_team, list_teams
from nas_asr.web.errors import status_of
from nas_asr.web.pages.person import viewer
from nas_asr.web.pages.setup import slug_of
from nas_asr.web.viewer import house

bp = Blueprint("admin", __name__, url_prefix="/admin")
_NEWEST = 15  # lines of the audit log; its own page has all


@bp.get("")
def show() -> ResponseReturnValue:
    """The page."""
    return _page()


@bp.post("/users")
def add_user() -> ResponseReturnValue:
    """A new person."""
    form = request.form
    order = NewUser(form.get("name", ""), form.get("password", ""), form.get("email", ""), "is_admin" in form)
    try:
        create_user(house(), viewer(), order)
    except (Invalid, Conflict) as problem:
        return _page(problem, "user"), status_of(problem)
    flash(_("%(name)s can sign in now. Add them to a team next.", name=order.name.strip()))
    return redirect(url_for("admin.show"))


@bp.post("/users/password")
def reset_password() -> ResponseReturnValue:
    """A new password for somebody who forgot theirs; ends their sessions."""
    name = request.form.get("name", "")
    list_users(house(), viewer())  # for admins only, even where the name is one's own
    try:
        set_password(house(), viewer(), name, request.form.get("password", ""))
    except Invalid as problem:
        return _page(problem, "password"), status_of(problem)
    flash(_("The password of %(name)s is changed.", name=name))
    return redirect(url_for("admin.show"))


@bp.post("/users/disable")
def end_user() -> ResponseReturnValue:
    """The end of a person's access, at once."""
    name = request.form.get("name", "")
    try:
        disable_user(house(), viewer(), name)
    except Conflict as problem:
        return _page(problem, "users"), status_of(problem)
    flash(_("%(name)s can no longer sign in.", name=name))
    return redirect(url_for("admin.show"))


@bp.post("/teams")
def add_team() -> ResponseReturnValue:
    """A new team."""
    name = request.form.get("name", "").strip()
    slug = request.form.get("slug", "").strip() or slug_of(name)
    try:
        create_team(house(), viewer(), slug, name)
    except (Invalid, Conflict) as problem:
        return _page(problem, "team"), status_of(problem)
    flash(_("The team is there. Add its people now."))
    return redirect(url_for("teams.show", slug=slug))


def _page(problem: NasAsrError | None = None, where: str = "") -> str:
    me = viewer()
    return render_template(
        "admin/admin.html", users=list_users(house(), me), teams=list_teams(house(), me),
        parts=list_parts(house(), me), audit=list_audit(house(), me, AuditFilter(), PageOrder(_NEWEST)).items,
        problem=problem, where=where, given=request.form,
    )  # fmt: skip
