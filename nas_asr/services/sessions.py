"""Room: services.sessions. Who is signed in where: begun, seen, listed and ended on the server. Never a password, no cookie.

What a cookie holds is random and worth nothing without its row: once the row is ended, every copy of the cookie is.
"""

import contextlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from nas_asr.core.access import Viewer
from nas_asr.core.errors import NotVisible, StorageFull
from nas_asr.core.ids import digest, new_id
from nas_asr.services.base import Act, House, audit
from nas_asr.store.models import Invitation, LoginFailure, Member, PasswordReset, SessionRow, User
from nas_asr.store.scope import Scope

IDLE = timedelta(days=14)
LONGEST = timedelta(days=30)
# When somebody was last here is written at most this often, so that reading pages does not keep the disks awake.
_SEEN_EVERY = timedelta(minutes=1)
_KEPT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Arrival:
    """From where somebody signs in: the address, and the browser in words such as `Firefox, Linux`."""

    address: str = ""
    browser: str = ""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A person in one browser, with their roles as they are now, and their wishes. secret: what the cookie holds."""

    viewer: Viewer
    session_id: str
    secret: str = field(repr=False)
    language: str = ""
    theme: str = ""
    zone: str = ""


@dataclass(frozen=True, slots=True)
class SessionView:
    """One of a person's sessions, as their account page lists them."""

    id: str
    created_at: datetime
    seen_at: datetime
    address: str
    browser: str


def begin(session: Session, house: House, user: User, arrival: Arrival) -> str:
    """A new session in the caller's transaction. Returns the secret, which only the cookie keeps."""
    secret = secrets.token_urlsafe(32)
    row = SessionRow(
        id=new_id(), user_id=user.id, digest=digest(secret), created_at=house.now(), seen_at=house.now(),
        address=arrival.address[:64], browser=arrival.browser[:80],
    )  # fmt: skip
    session.add(row)
    return secret


def session_of(house: House, secret: str) -> SignedIn | None:
    """Who a cookie stands for as of now, by one read: roles come with it, so that leaving a team ends access."""
    found = _look(house, secret)
    return found[0] if found else None


def visit(house: House, secret: str) -> SignedIn | None:
    """The same where a person does something, so that the session is young again."""
    found = _look(house, secret)
    if found is None:
        return None
    person, seen_at = found
    if house.now() - seen_at > _SEEN_EVERY:
        # Nice to know; a full disk must not lock people out for it
        with contextlib.suppress(StorageFull), house.db.write() as session:
            session.execute(update(SessionRow).where(SessionRow.id == person.session_id).values(seen_at=house.now()))
    return person


def list_sessions(house: House, viewer: Viewer) -> list[SessionView]:
    """One's own sessions that a cookie still opens, the last used first."""
    with house.db.read() as session:
        rows = session.scalars(Scope(session, viewer).sessions().order_by(SessionRow.seen_at.desc(), SessionRow.id))
        return [
            SessionView(row.id, row.created_at, row.seen_at, row.address, row.browser)
            for row in rows
            if _lives(house, row.created_at, row.seen_at)
        ]


def end_session(house: House, viewer: Viewer, session_id: str) -> None:
    """End one of one's own sessions, wherever it is."""
    with house.db.write() as session:
        row = session.scalar(Scope(session, viewer).sessions().where(SessionRow.id == session_id))
        if row is None:
            raise NotVisible("There is no such session.", "See the list of your sessions.")
        row.ended_at = house.now()
        audit(session, house, viewer, Act("session.ended", subject=row.browser, address=row.address))


def end_others(house: House, me: SignedIn) -> int:
    """End all of one's sessions but this one. Returns how many there were."""
    with house.db.write() as session:
        ended = end_all(session, house, me.viewer.user_id, keep=me.session_id)
        audit(session, house, me.viewer, Act("session.others_ended", detail={"sessions": str(ended)}))
        return ended


def sign_out(house: House, me: SignedIn, address: str = "") -> None:
    """The end of this session, and of every copy of its cookie."""
    with house.db.write() as session:
        session.execute(update(SessionRow).where(SessionRow.id == me.session_id).values(ended_at=house.now()))
        audit(session, house, me.viewer, Act("login.ended", address=address))


def end_all(session: Session, house: House, user_id: str, keep: str = "") -> int:
    """End a person's sessions, but for one, in the caller's transaction. Returns how many there were."""
    theirs = update(SessionRow).where(
        SessionRow.user_id == user_id, SessionRow.ended_at.is_(None), SessionRow.id != keep
    )
    return len(session.scalars(theirs.values(ended_at=house.now()).returning(SessionRow.id)).all())


def clear_old(house: House) -> None:
    """Take away what opens nothing any more: sessions, links and counted tries. For the upkeep."""
    now = house.now()
    with house.db.write() as session:
        session.execute(
            delete(SessionRow).where(
                or_(
                    SessionRow.ended_at < now - _KEPT,
                    SessionRow.seen_at < now - IDLE - _KEPT,
                    SessionRow.created_at < now - LONGEST - _KEPT,
                )
            )
        )
        for link in (Invitation, PasswordReset):
            session.execute(delete(link).where(link.expires_at < now - _KEPT))
        session.execute(delete(LoginFailure).where(LoginFailure.last_at < now - _KEPT))


def _look(house: House, secret: str) -> tuple[SignedIn, datetime] | None:
    wanted = (
        select(SessionRow, User, Member.team_id, Member.role)
        .join(User, User.id == SessionRow.user_id)
        .outerjoin(Member, Member.user_id == User.id)
        .where(SessionRow.digest == digest(secret), SessionRow.ended_at.is_(None), User.disabled_at.is_(None))
    )
    with house.db.read() as session:
        rows = session.execute(wanted).all()
    if not rows or not _lives(house, rows[0][0].created_at, rows[0][0].seen_at):
        return None
    row, user = rows[0][0], rows[0][1]
    viewer = Viewer(user.id, user.name, user.is_admin, {team: role for _, _, team, role in rows if team is not None})
    return SignedIn(viewer, row.id, secret, user.language, user.theme, user.zone), row.seen_at


def _lives(house: House, created_at: datetime, seen_at: datetime) -> bool:
    return house.now() < seen_at + IDLE and house.now() < created_at + LONGEST
