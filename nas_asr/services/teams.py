"""Room: services.teams. Teams and who is in them. Leaving a team ends access at once, because roles are read each time.

A team that has managers keeps one: the last can be taken out or lowered by an admin only, who can also make another.
"""

import re
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from nas_asr.core.access import Action, Role, Viewer
from nas_asr.core.errors import Conflict, Invalid, NotVisible
from nas_asr.core.ids import new_id
from nas_asr.core.search_text import fold
from nas_asr.services.base import Act, House, audit
from nas_asr.services.file_names import shown_line
from nas_asr.store.database import alone
from nas_asr.store.models import Folder, HotwordVersion, Member, Recording, Team, User
from nas_asr.store.scope import Scope

_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class TeamView:
    """A team as lists show it; role is the viewer's own, None for an admin who is no member."""

    id: str
    slug: str
    name: str
    role: Role | None
    members: int
    hotwords_version: int


@dataclass(frozen=True, slots=True)
class MemberView:
    """A person in a team."""

    user_id: str
    name: str
    role: Role
    since: datetime


def create_team(house: House, viewer: Viewer | None, slug: str, name: str = "") -> str:
    """A new team, by an admin or the command line. Returns the id."""
    with house.db.write() as session:
        if viewer is not None:
            Scope(session, viewer).require_admin()
        team = add_team(session, house, slug, name)
        audit(session, house, viewer, Act("team.created", subject=slug, team_id=team.id))
        return team.id


def add_team(session: Session, house: House, slug: str, name: str = "") -> Team:
    """The row of a new team, in the caller's transaction. Invalid or Conflict where the slug cannot be had."""
    if not _SLUG.fullmatch(slug):
        raise Invalid("A team's short name has 1 to 64 of a-z, 0-9 and inner hyphens.", "Such as: sales", field="slug")
    if session.scalar(select(Team.id).where(Team.slug == slug)):
        raise Conflict(f"There is already a team called {slug}.", "Choose another short name.")
    team = Team(id=new_id(), slug=slug, name=shown_line(name)[:120] or slug, created_at=house.now())
    session.add(team)
    session.flush()
    return team


def list_teams(house: House, viewer: Viewer | None) -> list[TeamView]:
    """The viewer's teams; an admin and the command line see all."""
    members = select(func.count()).where(Member.team_id == Team.id).scalar_subquery()
    hotwords = select(func.coalesce(func.max(HotwordVersion.number), 0)).where(HotwordVersion.team_id == Team.id)
    with house.db.read() as session:
        teams = Scope(session, viewer).teams() if viewer else select(Team).order_by(Team.name, Team.id)
        rows = session.execute(teams.add_columns(members, hotwords.scalar_subquery())).all()
        roles = viewer.roles if viewer else {}
        return [TeamView(t.id, t.slug, t.name, roles.get(t.id), count, number) for t, count, number in rows]


def list_members(house: House, viewer: Viewer, slug: str) -> list[MemberView]:
    """The people of a team."""
    with house.db.read() as session:
        scope = Scope(session, viewer)
        rows = session.execute(scope.members(scope.team(slug))).all()
        return [MemberView(user.id, user.name, member.role, member.created_at) for member, user in rows]


def rename_team(house: House, viewer: Viewer, slug: str, name: str) -> None:
    """Another name for people to read; the short name in addresses and commands stays."""
    wanted = shown_line(name)[:120].strip()
    if not wanted:
        raise Invalid("A team needs a name of 1 to 120 characters.", field="name")
    with house.db.write() as session:
        team = team_of(session, viewer, slug)
        team.name = wanted
        audit(session, house, viewer, Act("team.renamed", subject=slug, team_id=team.id))


def delete_team(house: House, viewer: Viewer, slug: str) -> None:
    """Take a team away that holds nothing; by an admin. Its members, hotwords and links go with it."""
    with house.db.write() as session:
        scope = Scope(session, viewer)
        scope.require_admin()
        team = scope.team(slug)
        alone(session, team)
        recordings = session.scalar(select(func.count()).where(Recording.team_id == team.id))
        folders = session.scalar(select(func.count()).where(Folder.team_id == team.id, Folder.removed_at.is_(None)))
        if recordings or folders:
            raise Conflict(
                f"The team {slug} still has {recordings} recordings, counting the trash, and {folders} folders.",
                "A team goes only when it is empty; take its people out instead.",
            )
        session.delete(team)
        audit(session, house, viewer, Act("team.deleted", subject=slug))


def add_member(house: House, viewer: Viewer | None, slug: str, user_name: str, role: Role) -> None:
    """Put a person into a team, or change their role there."""
    with house.db.write() as session:
        team, user = _pair(session, viewer, slug, user_name)
        member = session.get(Member, (team.id, user.id))
        if member is None:
            session.add(Member(team_id=team.id, user_id=user.id, role=role, created_at=house.now()))
            act = "member.added"
        else:
            _keep_a_manager(session, viewer, member, role)
            member.role = role
            act = "member.role_set"
        audit(session, house, viewer, Act(act, user.name, team.id, detail={"role": role.value}))


def remove_member(house: House, viewer: Viewer | None, slug: str, user_name: str) -> None:
    """Take a person out of a team."""
    with house.db.write() as session:
        team, user = _pair(session, viewer, slug, user_name)
        member = session.get(Member, (team.id, user.id))
        if member is None:
            raise NotVisible(f"{user.name} is not in team {slug}.")
        _keep_a_manager(session, viewer, member, None)
        session.delete(member)
        audit(session, house, viewer, Act("member.removed", user.name, team.id))


def team_of(session: Session, viewer: Viewer | None, slug: str) -> Team:
    """A team that the viewer manages; the command line (None) manages all."""
    if viewer is not None:
        return Scope(session, viewer).team(slug, Action.MANAGE)
    found = session.scalar(select(Team).where(Team.slug == slug))
    if found is None:
        raise NotVisible(f"There is no team called {slug}.", "See `nas-asr team list`.")
    return found


def _pair(session: Session, viewer: Viewer | None, slug: str, user_name: str) -> tuple[Team, User]:
    team = team_of(session, viewer, slug)
    alone(session, team)  # two managers who take each other out at once would leave none
    user = session.scalar(select(User).where(User.name_key == fold(user_name.strip())))
    if user is None:
        raise NotVisible(f"There is no user called {user_name}.", "An admin adds people under Admin.")
    return team, user


def _keep_a_manager(session: Session, viewer: Viewer | None, member: Member, role: Role | None) -> None:
    if viewer is None or viewer.runs_the_house or member.role != Role.MANAGER or role == Role.MANAGER:
        return
    others = (
        select(Member.user_id)
        .join(User)
        .where(Member.team_id == member.team_id, Member.role == Role.MANAGER, User.disabled_at.is_(None))
    )
    if session.scalar(others.where(Member.user_id != member.user_id).limit(1)) is None:
        raise Conflict(
            "This is the team's only manager, and without one nobody could run it.",
            "Make somebody else a manager first, or ask an admin.",
        )
