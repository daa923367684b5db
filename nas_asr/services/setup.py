"""Room: services.setup. The first minutes of a new house: admin, first team, its folder, in one transaction. Then never again."""

from dataclasses import dataclass

from sqlalchemy import select

from nas_asr.core.access import Role, Viewer
from nas_asr.core.errors import NotVisible
from nas_asr.core.languages import check_language
from nas_asr.services.accounts import NewUser, add_user, present
from nas_asr.services.base import Act, House, audit
from nas_asr.services.folders import FolderOrder, add_row
from nas_asr.services.passwords import hash_password
from nas_asr.services.sessions import Arrival, SignedIn, begin
from nas_asr.services.teams import add_team
from nas_asr.store.database import alone_in
from nas_asr.store.models import Member, User

_NOWHERE = Arrival()


@dataclass(frozen=True, slots=True)
class SetupOrder:
    """What the first page asks: who is admin, what the team is called, where its folder is and what is spoken there."""

    admin: str
    password: str
    team: str
    team_name: str
    language: str
    folder: str = ""


def set_up(house: House, order: SetupOrder, arrival: Arrival = _NOWHERE) -> SignedIn:
    """Make the admin, who is signed in with it, the team and its folder. NotVisible once any user exists.

    arrival: from where, for the audit log and the list of sessions.
    """
    check_language(order.language)
    password_hash = hash_password(order.password)
    with house.db.write() as session:
        alone_in(session, User.__tablename__)  # of two at the same moment only one takes the house
        if session.scalar(select(User.id).limit(1)) is not None:
            raise NotVisible("nas_asr is already set up.", "Sign in.")
        user = add_user(session, house, NewUser(order.admin, order.password, by_themselves=True), password_hash)
        user.signed_in_at = house.now()
        team = add_team(session, house, order.team, order.team_name)
        team.language = order.language
        session.add(Member(team_id=team.id, user_id=user.id, role=Role.MANAGER, created_at=house.now()))
        add_row(session, house, team, FolderOrder(team.slug, order.folder, language=order.language))
        act = Act("house.set_up", subject=user.name, team_id=team.id, address=arrival.address)
        audit(session, house, Viewer(user.id, user.name, is_admin=True), act)
        cookie = begin(session, house, user, arrival)
    return present(house, cookie)
