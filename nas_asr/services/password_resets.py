"""Room: services.password_resets. Links with which a person who forgot the password sets a new one: made by admins, used once."""

from datetime import timedelta

from sqlalchemy import update

from nas_asr.core.access import Viewer
from nas_asr.core.errors import Conflict, Gone
from nas_asr.core.ids import digest, new_id
from nas_asr.services.accounts import named
from nas_asr.services.base import Act, House, audit
from nas_asr.services.links import NewLink, new_secret, open_link
from nas_asr.services.login_tries import forgive
from nas_asr.services.passwords import hash_password
from nas_asr.services.sessions import end_all
from nas_asr.store.models import PasswordReset, User
from nas_asr.store.scope import Scope

PREFIX = "nasp_"
LIVES = timedelta(hours=1)


def make_reset(house: House, viewer: Viewer | None, name: str) -> NewLink:
    """A link for a person, by an admin or the command line; an older one of theirs is withdrawn."""
    secret = new_secret(PREFIX)
    with house.db.write() as session:
        if viewer is not None:
            Scope(session, viewer).require_admin()
        user = named(session, name)
        if user.disabled_at is not None:
            raise Conflict(f"{user.name} cannot sign in.", "Let them in again first.")
        older = update(PasswordReset).where(PasswordReset.user_id == user.id, PasswordReset.withdrawn_at.is_(None))
        session.execute(older.where(PasswordReset.used_at.is_(None)).values(withdrawn_at=house.now()))
        row = PasswordReset(
            id=new_id(), user_id=user.id, digest=digest(secret), created_at=house.now(), expires_at=house.now() + LIVES
        )
        session.add(row)
        audit(session, house, viewer, Act("reset.made", subject=user.name))
    return NewLink(secret, row.expires_at)


def read_reset(house: House, secret: str) -> str:
    """Whose password a link sets. Gone where it no longer works, NotVisible where it never did."""
    with house.db.read() as session:
        row = open_link(session, house, PasswordReset, secret)
        return _of(session.get_one(User, row.user_id)).name


def use_reset(house: House, secret: str, password: str, address: str = "") -> str:
    """Set the new password and end all sessions of that person. Returns their name."""
    name = read_reset(house, secret)  # nobody makes us hash passwords without one
    password_hash = hash_password(password)
    with house.db.write() as session:
        row = open_link(session, house, PasswordReset, secret, use=True)
        user = _of(session.get_one(User, row.user_id))
        user.password_hash = password_hash
        end_all(session, house, user.id)
        forgive(session, user.name, "")
        audit(session, house, Viewer(user.id, user.name), Act("reset.used", subject=user.name, address=address))
    return name


def _of(user: User) -> User:
    if user.disabled_at is not None:
        raise Gone("This account is closed.", "An admin of this server opens it again.")
    return user
