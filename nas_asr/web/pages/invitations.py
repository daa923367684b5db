"""Room: web.pages.invitations. A link into a team: its managers make and withdraw it, whoever gets it opens it once."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from nas_asr.core.access import Role
from nas_asr.core.errors import Conflict, Invalid, NasAsrError
from nas_asr.services.accounts import NewUser
from nas_asr.services.invitations import enlist, join, make_invitation, read_invitation, withdraw_invitation
from nas_asr.web.browsers import arrival
from nas_asr.web.errors import status_of
from nas_asr.web.pages.person import viewer
from nas_asr.web.pages.teams import team_page
from nas_asr.web.security import begin_session, limiter
from nas_asr.web.viewer import house

bp = Blueprint("invitations", __name__)


@bp.post("/teams/<slug>/invitations")
def make(slug: str) -> ResponseReturnValue:
    """A new link; this answer is the only place where it can be read."""
    role = request.form.get("role", "")
    if role not in list(Role):
        raise Invalid("A role is reader, member or manager.", field="role")
    made = make_invitation(house(), viewer(), slug, Role(role))
    link = url_for("invitations.show", secret=made.secret, _external=True)
    return team_page(slug, link=link, link_role=role), 201


@bp.post("/teams/<slug>/invitations/<invitation_id>/withdraw")
def withdraw(slug: str, invitation_id: str) -> ResponseReturnValue:
    """The end of a link, at once."""
    withdraw_invitation(house(), viewer(), slug, invitation_id)
    flash(_("The invitation is withdrawn; its link no longer works."))
    return redirect(url_for("teams.show", slug=slug))


@bp.get("/invitations/<secret>")
@limiter.limit("30 per minute")
def show(secret: str) -> ResponseReturnValue:
    """Who invites into which team, and what to do about it."""
    return _page(secret)


@bp.post("/invitations/<secret>/join")
@limiter.limit("30 per minute")
def come_in(secret: str) -> ResponseReturnValue:
    """Somebody who is signed in comes into the team."""
    me = viewer()
    try:
        join(house(), me, secret)
    except Conflict as problem:
        return _page(secret, problem), status_of(problem)
    flash(_("You are in the team now. Its recordings are below."))
    return redirect(url_for("library.index"))


@bp.post("/invitations/<secret>/new")
@limiter.limit("30 per minute")
def sign_up(secret: str) -> ResponseReturnValue:
    """A new person chooses a name and a password, and is signed in."""
    if current_user.is_authenticated:  # they signed in elsewhere meanwhile, and are asked as who they are now
        return redirect(url_for("invitations.show", secret=secret))
    form = request.form
    try:
        if form.get("password", "") != form.get("password_again", ""):
            raise Invalid("The two passwords are not the same.", field="password_again")
        order = NewUser(form.get("name", ""), form.get("password", ""), form.get("email", ""), by_themselves=True)
        person = enlist(house(), secret, order, arrival())
    except (Invalid, Conflict) as problem:
        return _page(secret, problem), status_of(problem)
    begin_session(person)
    flash(_("Welcome, %(name)s. The recordings of your team are below.", name=person.viewer.name))
    return redirect(url_for("library.index"))


def _page(secret: str, problem: NasAsrError | None = None) -> str:
    invited = read_invitation(house(), secret)
    return render_template(
        "invitations/invitation.html", invited=invited, secret=secret, problem=problem, given=request.form
    )
