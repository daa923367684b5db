"""Room: services.accounts. People: make, sign in, passwords, disable. The first one ever is admin. Tokens are next door."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from nas_asr.core.access import Viewer
from nas_asr.core.errors import Conflict, Invalid, NotSignedIn, NotVisible
from nas_asr.core.ids import new_id
from nas_asr.core.search_text import fold
from nas_asr.services.base import Act, House, audit
from nas_asr.services.passwords import hash_password, needs_rehash, verify_password
from nas_asr.store.models import LoginFailure, User
from nas_asr.store.scope import Scope, roles_of

_FREE_TRIES = 5
_LONGEST_WAIT_S = 15 * 60
_WRONG = "The name or the password is not right."


class TooManyTries(NotSignedIn):
    """Log-in is throttled for this account or address; wait_s tells for how long."""

    code = "slow_down"

    def __init__(self, wait_s: int) -> None:
        super().__init__(f"Too many wrong tries. Wait {wait_s} seconds and try again.")
        self.wait_s = wait_s


@dataclass(frozen=True, slots=True)
class NewUser:
    """What is asked of a new person. by_themselves: nobody else was there to add them."""

    name: str
    password: str
    email: str = ""
    is_admin: bool = False
    by_themselves: bool = False


@dataclass(frozen=True, slots=True)
class Person:
    """A user as lists show them."""

    id: str
    name: str
    email: str
    is_admin: bool
    disabled: bool
    signed_in_at: datetime | None


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A person with the version of their sessions, which a cookie must carry, and their wishes."""

    viewer: Viewer
    session_version: int
    language: str
    theme: str


def anybody(house: House) -> bool:
    """Whether any user exists; until then /setup is open."""
    with house.db.read() as session:
        return session.scalar(select(User.id).limit(1)) is not None


def create_user(house: House, viewer: Viewer | None, order: NewUser) -> str:
    """A new person, by an admin or the command line; the first one ever is admin. Returns the id."""
    password_hash = hash_password(order.password)
    with house.db.write() as session:
        if viewer is not None:
            Scope(session, viewer).require_admin()
        return add_user(session, house, order, password_hash, viewer).id


def add_user(session: Session, house: House, order: NewUser, password_hash: str, by: Viewer | None = None) -> User:
    """The row of a new person, in the caller's transaction. Conflict where the name is taken."""
    name = order.name.strip()
    # Folding may lengthen: one character of width or script can stand for eighteen
    if not 1 <= len(name) <= 80 or len(fold(name)) > 80 or not name.isprintable():
        raise Invalid("A user name needs 1 to 80 printable characters.", field="name")
    if len(order.email) > 254 or not order.email.isprintable():
        raise Invalid("An e-mail address has at most 254 printable characters.", field="email")
    if session.scalar(select(User.id).where(User.name_key == fold(name))):
        raise Conflict(f"There is already a user called {name}.", "Choose another name.")
    first = session.scalar(select(func.count()).select_from(User)) == 0
    user = User(
        id=new_id(),
        name=name,
        name_key=fold(name),
        email=order.email.strip(),
        is_admin=order.is_admin or first,
        password_hash=password_hash,
        created_at=house.now(),
    )
    session.add(user)
    session.flush()
    audit(session, house, Viewer(user.id, name) if order.by_themselves else by, Act("user.created", subject=name))
    return user


def sign_in(house: House, name: str, password: str, address: str) -> SignedIn:
    """The person behind name and password. TooManyTries or NotSignedIn, the same for unknown names and wrong passwords."""
    name = name.replace("\0", "").strip()
    keys = (f"user:{fold(name)[:80]}", f"address:{address}")
    with house.db.read() as session:
        _refuse_too_many(session, house, keys)
        user = session.scalar(select(User).where(User.name_key == fold(name), User.disabled_at.is_(None)))
    good = verify_password(user.password_hash if user else "", password)
    with house.db.write() as session:
        if user is None or not good:
            _count_failure(session, house, keys)
            audit(session, house, None, Act("login.refused", subject=name[:80], address=address))
        else:
            _welcome(session, house, user.id, password)
            session.execute(update(LoginFailure).where(LoginFailure.key == keys[0]).values(failures=0))
            audit(session, house, Viewer(user.id, user.name), Act("login.accepted", address=address))
    if user is None or not good:
        raise NotSignedIn(_WRONG)
    signed_in = session_of(house, user.id, user.session_version)
    if signed_in is None:
        raise NotSignedIn(_WRONG)
    return signed_in


def session_of(house: House, user_id: str, session_version: int) -> SignedIn | None:
    """Who a session cookie stands for as of now: roles are read anew each time, so that leaving a team ends access."""
    with house.db.read() as session:
        user = session.get(User, user_id)
        if user is None or user.disabled_at is not None or user.session_version != session_version:
            return None
        viewer = Viewer(user.id, user.name, user.is_admin, roles_of(session, user))
        return SignedIn(viewer, user.session_version, user.language, user.theme)


def set_password(house: House, viewer: Viewer | None, name: str, password: str) -> None:
    """A new password; ends all sessions of that person. By themselves, an admin, or the command line."""
    password_hash = hash_password(password)
    with house.db.write() as session:
        if viewer is not None and fold(viewer.name) != fold(name.strip()):
            Scope(session, viewer).require_admin()
        user = _named(session, name)
        user.password_hash = password_hash
        user.session_version += 1
        audit(session, house, viewer, Act("password.set", subject=user.name))


def change_own_password(house: House, viewer: Viewer, old: str, new: str) -> None:
    """The same by the person, who must know the old one. NotSignedIn where they do not."""
    with house.db.read() as session:
        user = session.get_one(User, viewer.user_id)
    if not verify_password(user.password_hash, old):
        raise Invalid("The present password is not right.", field="old_password")
    set_password(house, viewer, user.name, new)


def set_wishes(house: House, viewer: Viewer, language: str, theme: str) -> None:
    """The person's language and theme of the pages; empty follows the browser."""
    if theme not in ("", "light", "dark"):
        raise Invalid("The theme is light, dark or empty.", field="theme")
    with house.db.write() as session:
        user = session.get_one(User, viewer.user_id)
        user.language, user.theme = language, theme


def disable_user(house: House, viewer: Viewer | None, name: str) -> None:
    """End a person's access at once; what they made stays."""
    with house.db.write() as session:
        if viewer is not None:
            Scope(session, viewer).require_admin()
        user = _named(session, name)
        others = select(User.id).where(User.is_admin, User.disabled_at.is_(None), User.id != user.id)
        if user.is_admin and session.scalar(others.limit(1)) is None:
            raise Conflict("This is the only admin.", "Make another admin first.")
        user.disabled_at = house.now()
        user.session_version += 1
        audit(session, house, viewer, Act("user.disabled", subject=user.name))


def list_users(house: House, viewer: Viewer | None) -> list[Person]:
    """All people, for admins and the command line."""
    with house.db.read() as session:
        users = Scope(session, viewer).users() if viewer is not None else select(User).order_by(User.name)
        return [
            Person(u.id, u.name, u.email, u.is_admin, u.disabled_at is not None, u.signed_in_at)
            for u in session.scalars(users)
        ]


def _named(session: Session, name: str) -> User:
    user = session.scalar(select(User).where(User.name_key == fold(name.strip())))
    if user is None:
        raise NotVisible(f"There is no user called {name}.", "See the list of users.")
    return user


def _welcome(session: Session, house: House, user_id: str, password: str) -> None:
    user = session.get_one(User, user_id)
    user.signed_in_at = house.now()
    if needs_rehash(user.password_hash):
        user.password_hash = hash_password(password)


def _refuse_too_many(session: Session, house: House, keys: tuple[str, str]) -> None:
    for row in session.scalars(select(LoginFailure).where(LoginFailure.key.in_(keys))):
        # An address may be a whole family behind one router: it gets more tries than one account.
        over = row.failures - (_FREE_TRIES if row.key.startswith("user:") else 4 * _FREE_TRIES)
        if over < 0 or row.last_at > house.now():  # a clock that was set back must not lock anybody out for a year
            continue
        wait = timedelta(seconds=min(2.0 ** min(over, 20), _LONGEST_WAIT_S))
        if (left := row.last_at + wait - house.now()) > timedelta():
            raise TooManyTries(max(1, round(left.total_seconds())))


def _count_failure(session: Session, house: House, keys: tuple[str, str]) -> None:
    for key in keys:
        row = session.get(LoginFailure, key)
        if row is None or house.now() - row.last_at > timedelta(days=1):
            row = session.merge(LoginFailure(key=key, failures=0, last_at=house.now()))
        row.failures += 1
        row.last_at = house.now()
