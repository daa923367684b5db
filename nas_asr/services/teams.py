"""Room: services.teams. Teams and who is in them. Leaving a team ends access at once, because roles are read each time."""

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
from nas_asr.store.models import HotwordVersion, Member, Team, User
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


def add_member(house: House, viewer: Viewer | None, slug: str, user_name: str, role: Role) -> None:
    """Put a person into a team, or change their role there."""
    with house.db.write() as session:
        team, user = _pair(session, viewer, slug, user_name)
        member = session.get(Member, (team.id, user.id))
        if member is None:
            session.add(Member(team_id=team.id, user_id=user.id, role=role, created_at=house.now()))
        else:
            member.role = role
        audit(session, house, viewer, Act("member.added", user.name, team.id, detail={"role": role.value}))


def remove_member(house: House, viewer: Viewer | None, slug: str, user_name: str) -> None:
    """Take a person out of a team."""
    with house.db.write() as session:
        team, user = _pair(session, viewer, slug, user_name)
        member = session.get(Member, (team.id, user.id))
        if member is None:
            raise NotVisible(f"{user.name} is not in team {slug}.")
        session.delete(member)
        audit(session, house, viewer, Act("member.removed", user.name, team.id))


def _pair(session: Session, viewer: Viewer | None, slug: str, user_name: str) -> tuple[Team, User]:
    if viewer is not None:
        team = Scope(session, viewer).team(slug, Action.MANAGE)
    else:
        found = session.scalar(select(Team).where(Team.slug == slug))
        if found is None:
            raise NotVisible(f"There is no team called {slug}.", "See `nas-asr team list`.")
        team = found
    user = session.scalar(select(User).where(User.name_key == fold(user_name.strip())))
    if user is None:
        raise NotVisible(f"There is no user called {user_name}.", "An admin adds people under Admin.")
    return team, user
