"""Room: web.pages.teams. A team's people and their roles; managers and admins change them, admins make and take away teams."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from nas_asr.core.access import Role
from nas_asr.core.errors import Conflict, Invalid, NasAsrError, NotVisible
from nas_asr.services.folders import list_folders
from nas_asr.services.invitations import LIVES, list_invitations
from nas_asr.services.teams import (
    add_member,
    create_team,
    delete_team,
    list_members,
    list_teams,
    remove_member,
    rename_team,
)
from nas_asr.web.errors import status_of
from nas_asr.web.locale import said
from nas_asr.web.pages.person import viewer
from nas_asr.web.pages.setup import slug_of
from nas_asr.web.viewer import house

bp = Blueprint("teams", __name__, url_prefix="/teams")


@bp.get("")
def index() -> ResponseReturnValue:
    """One's teams; an admin sees all."""
    return _list()


@bp.post("")
def create() -> ResponseReturnValue:
    """A new team, by an admin."""
    name = request.form.get("name", "").strip()
    slug = request.form.get("slug", "").strip() or slug_of(name)
    try:
        create_team(house(), viewer(), slug, name)
    except (Invalid, Conflict) as problem:
        return _list(problem), status_of(problem)
    flash(_("The team is there. Add its people now."))
    return redirect(url_for("teams.show", slug=slug))


@bp.get("/<slug>")
def show(slug: str) -> ResponseReturnValue:
    """One team."""
    return team_page(slug)


@bp.post("/<slug>/members")
def put_member(slug: str) -> ResponseReturnValue:
    """Add a person, or change their role."""
    me = viewer()
    role = request.form.get("role", "")
    if role not in list(Role):
        raise Invalid("A role is reader, member or manager.", field="role")
    try:
        add_member(house(), me, slug, request.form.get("name", ""), Role(role))
    except Conflict as problem:
        return team_page(slug, problem), status_of(problem)
    except NotVisible as problem:
        list_members(house(), me, slug)  # a team that is not theirs stays a 404; only the name was wrong
        flash(f"{said(problem.message)} {said(problem.remedy)}", "problem")
    return redirect(url_for("teams.show", slug=slug))


@bp.post("/<slug>/members/remove")
def take_member(slug: str) -> ResponseReturnValue:
    """Take a person out; their access ends at once."""
    me = viewer()
    name = request.form.get("name", "")
    try:
        remove_member(house(), me, slug, name)
    except Conflict as problem:
        return team_page(slug, problem), status_of(problem)
    flash(_("%(name)s is no longer in this team.", name=name))
    return redirect(url_for("teams.index") if name == me.name else url_for("teams.show", slug=slug))


@bp.post("/<slug>/name")
def rename(slug: str) -> ResponseReturnValue:
    """Another name for people to read."""
    try:
        rename_team(house(), viewer(), slug, request.form.get("name", ""))
    except Invalid as problem:
        return team_page(slug, problem), status_of(problem)
    flash(_("Saved."))
    return redirect(url_for("teams.show", slug=slug))


@bp.post("/<slug>/delete")
def delete(slug: str) -> ResponseReturnValue:
    """Take an empty team away, by an admin."""
    try:
        delete_team(house(), viewer(), slug)
    except Conflict as problem:
        return team_page(slug, problem), status_of(problem)
    flash(_("The team is gone."))
    return redirect(url_for("teams.index"))


def team_page(slug: str, problem: NasAsrError | None = None, *, link: str = "", link_role: str = "") -> str:
    """The page of a team; link: an invitation that was just made, which is shown this once."""
    me = viewer()
    members = list_members(house(), me, slug)
    team = next(team for team in list_teams(house(), me) if team.slug == slug)
    may_manage = team.role == Role.MANAGER or me.runs_the_house
    folders = [folder for folder in list_folders(house(), me) if folder.team == slug]
    return render_template(
        "teams/team.html", team=team, members=members, may_manage=may_manage, roles=list(Role), folders=folders,
        invitations=list_invitations(house(), me, slug) if may_manage else [], days=LIVES.days, problem=problem, link=link,
        link_role=link_role,
    )  # fmt: skip


def _list(problem: NasAsrError | None = None) -> str:
    return render_template("teams/index.html", teams=list_teams(house(), viewer()), problem=problem, given=request.form)
