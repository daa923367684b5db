"""Room: web.pages.teams. A team's people and their roles; managers and admins change them."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from nas_asr.core.access import Role
from nas_asr.core.errors import Invalid, NotVisible
from nas_asr.services.folders import list_folders
from nas_asr.services.teams import add_member, list_members, list_teams, remove_member
from nas_asr.web.locale import said
from nas_asr.web.pages.person import viewer
from nas_asr.web.viewer import house

bp = Blueprint("teams", __name__, url_prefix="/teams")


@bp.get("")
def index() -> ResponseReturnValue:
    """One's teams; an admin sees all."""
    return render_template("teams/index.html", teams=list_teams(house(), viewer()))


@bp.get("/<slug>")
def show(slug: str) -> ResponseReturnValue:
    """One team."""
    me = viewer()
    members = list_members(house(), me, slug)
    team = next(team for team in list_teams(house(), me) if team.slug == slug)
    may_manage = team.role == Role.MANAGER or me.runs_the_house
    folders = [folder for folder in list_folders(house(), me) if folder.team == slug]
    return render_template(
        "teams/team.html", team=team, members=members, may_manage=may_manage, roles=list(Role), folders=folders
    )


@bp.post("/<slug>/members")
def put_member(slug: str) -> ResponseReturnValue:
    """Add a person, or change their role."""
    me = viewer()
    role = request.form.get("role", "")
    if role not in list(Role):
        raise Invalid("A role is reader, member or manager.", field="role")
    try:
        add_member(house(), me, slug, request.form.get("name", ""), Role(role))
    except NotVisible as problem:
        list_members(house(), me, slug)  # a team that is not theirs stays a 404; only the name was wrong
        flash(f"{said(problem.message)} {said(problem.remedy)}", "problem")
    return redirect(url_for("teams.show", slug=slug))


@bp.post("/<slug>/members/remove")
def take_member(slug: str) -> ResponseReturnValue:
    """Take a person out; their access ends at once."""
    me = viewer()
    name = request.form.get("name", "")
    remove_member(house(), me, slug, name)
    flash(_("%(name)s is no longer in this team.", name=name))
    return redirect(url_for("teams.index") if name == me.name else url_for("teams.show", slug=slug))
