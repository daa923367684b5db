"""Room: services.invitations. Links into a team: made by its managers, used once by a new person or by one who is here."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from nas_asr.core.access import Action, Role, Viewer
from nas_asr.core.errors import Conflict, Gone, NotVisible
from nas_asr.core.ids import digest, new_id
from nas_asr.services.accounts import NewUser, add_user, present
from nas_asr.services.base import Act, House, audit
from nas_asr.services.links import NewLink, new_secret, open_link
from nas_asr.services.passwords import hash_password
from nas_asr.services.sessions import Arrival, SignedIn, begin
from nas_asr.services.teams import team_of
from nas_asr.store.models import Invitation, Member, Team, User
from nas_asr.store.scope import Scope

PREFIX = "nasi_"
LIVES = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class InvitationView:
    """A link that still works, as managers list it. by: who made it, empty for the command line."""

    id: str
    role: Role
    by: str
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Invited:
    """What the one who opens a link is told before they say yes."""

    team_id: str
    team: str
    role: Role
    by: str
    expires_at: datetime


def make_invitation(house: House, viewer: Viewer | None, slug: str, role: Role) -> NewLink:
    """A link into a team, by a manager, an admin or the command line."""
    secret = new_secret(PREFIX)
    with house.db.write() as session:
        team = team_of(session, viewer, slug)
        if session.scalar(select(User.id).limit(1)) is None:  # the first person ever runs the house
            raise Conflict("Nobody is here yet who could run this server.", "Add the first person: nas-asr user add")
        row = Invitation(
            id=new_id(), team_id=team.id, role=role, digest=digest(secret), maker_id=viewer.user_id if viewer else None,
            created_at=house.now(), expires_at=house.now() + LIVES,
        )  # fmt: skip
        session.add(row)
        audit(session, house, viewer, Act("invitation.made", team.slug, team.id, detail={"role": role.value}))
        return NewLink(secret, row.expires_at)


def list_invitations(house: House, viewer: Viewer, slug: str) -> list[InvitationView]:
    """The links into a team that still work; for its managers and admins."""
    with house.db.read() as session:
        scope = Scope(session, viewer)
        working = (
            scope.invitations(scope.team(slug, Action.MANAGE))
            .where(Invitation.used_at.is_(None), Invitation.withdrawn_at.is_(None), Invitation.expires_at > house.now())
            .add_columns(User.name)
            .outerjoin(User, User.id == Invitation.maker_id)
        )
        rows = session.execute(working).all()
        return [InvitationView(row.id, row.role, by or "", row.created_at, row.expires_at) for row, by in rows]


def withdraw_invitation(house: House, viewer: Viewer, slug: str, invitation_id: str) -> None:
    """End a link before anybody used it."""
    with house.db.write() as session:
        scope = Scope(session, viewer)
        team = scope.team(slug, Action.MANAGE)
        unused = scope.invitations(team).where(Invitation.id == invitation_id, Invitation.used_at.is_(None))
        row = session.scalar(unused.where(Invitation.withdrawn_at.is_(None)))
        if row is None:
            raise NotVisible("There is no such invitation.", "See the list of invitations.")
        row.withdrawn_at = house.now()
        audit(session, house, viewer, Act("invitation.withdrawn", team.slug, team.id))


def read_invitation(house: House, secret: str) -> Invited:
    """Where a link leads. Gone where it no longer works, NotVisible where it never did."""
    with house.db.read() as session:
        row = open_link(session, house, Invitation, secret)
        team, by = _from(session, row)
        return Invited(team.id, team.name, row.role, by, row.expires_at)


def join(house: House, viewer: Viewer, secret: str) -> str:
    """Somebody who is here already comes into the team. Returns its short name."""
    with house.db.write() as session:
        row = open_link(session, house, Invitation, secret, use=True)
        team, _ = _from(session, row)
        if session.get(Member, (team.id, viewer.user_id)) is not None:
            raise Conflict("You are in this team already.", "A manager of the team changes roles.")
        _put_in(session, house, row, viewer)
        return team.slug


def enlist(house: House, secret: str, order: NewUser, arrival: Arrival) -> SignedIn:
    """A new person comes into the house and the team, and is signed in."""
    read_invitation(house, secret)  # nobody makes us hash passwords without one
    password_hash = hash_password(order.password)
    with house.db.write() as session:
        row = open_link(session, house, Invitation, secret, use=True)
        _from(session, row)
        user = add_user(session, house, order, password_hash)
        user.signed_in_at = house.now()
        _put_in(session, house, row, Viewer(user.id, user.name))
        cookie = begin(session, house, user, arrival)
    return present(house, cookie)


def _put_in(session: Session, house: House, row: Invitation, viewer: Viewer) -> None:
    session.add(Member(team_id=row.team_id, user_id=viewer.user_id, role=row.role, created_at=house.now()))
    act = Act("invitation.used", team_id=row.team_id, detail={"role": row.role.value, "invitation": row.id})
    audit(session, house, viewer, act)


def _from(session: Session, row: Invitation) -> tuple[Team, str]:
    """The team, and who invites; Gone where that person may no longer."""
    team = session.get_one(Team, row.team_id)
    if row.maker_id is None:
        return team, ""
    maker = session.get_one(User, row.maker_id)
    member = session.get(Member, (team.id, maker.id))
    manages = maker.is_admin or (member is not None and member.role == Role.MANAGER)
    if maker.disabled_at is not None or not manages:
        raise Gone(
            "Whoever made this link may no longer invite into the team.", "Ask a manager of the team for a new one."
        )
    return team, maker.name
