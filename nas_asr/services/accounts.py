"""Room: services.accounts. People: make, sign in, passwords, wishes, disable. The first one ever is admin. Never a token."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import available_timezones

from sqlalchemy import func, select, union_all
from sqlalchemy.orm import Session

from nas_asr.core.access import Viewer
from nas_asr.core.errors import Conflict, Invalid, NotSignedIn, NotVisible
from nas_asr.core.ids import new_id
from nas_asr.core.search_text import fold
from nas_asr.services.base import Act, House, audit
from nas_asr.services.login_tries import count_try, forgive
from nas_asr.services.passwords import hash_password, needs_rehash, verify_password
from nas_asr.services.sessions import Arrival, SignedIn, begin, end_all, session_of
from nas_asr.store.database import alone
from nas_asr.store.models import Member, SessionRow, Team, Token, User
from nas_asr.store.scope import Scope

_WRONG = "The name or the password is not right."


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
    """A user as lists show them. seen_at: when they last did something, in a session or by a token; teams: short names."""

    id: str
    name: str
    email: str
    is_admin: bool
    disabled: bool
    signed_in_at: datetime | None
    seen_at: datetime | None
    teams: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a person chose for their pages: each empty where the browser or the site decides. email: of their own."""

    language: str = ""
    theme: str = ""
    zone: str = ""
    email: str = ""


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
    _check_email(order.email)
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


def sign_in(house: House, name: str, password: str, address: str, browser: str = "") -> SignedIn:
    """The person behind name and password. TooManyTries or NotSignedIn, the same for unknown names and wrong passwords."""
    name = name.replace("\0", "").strip()
    count_try(house, name, address)
    with house.db.read() as session:
        user = session.scalar(select(User).where(User.name_key == fold(name), User.disabled_at.is_(None)))
    if user is None or not verify_password(user.password_hash, password):
        if user is None:
            verify_password("", password)
        with house.db.write() as session:
            audit(session, house, None, Act("login.refused", subject=name[:80], address=address))
        raise NotSignedIn(_WRONG)
    fresh = hash_password(password) if needs_rehash(user.password_hash) else user.password_hash
    with house.db.write() as session:
        row = session.get_one(User, user.id)
        alone(session, row)
        if row.password_hash != user.password_hash or row.disabled_at is not None:  # meanwhile
            raise NotSignedIn(_WRONG)
        row.signed_in_at, row.password_hash = house.now(), fresh
        forgive(session, name, address)
        secret = begin(session, house, row, Arrival(address, browser))
        audit(session, house, Viewer(user.id, user.name), Act("login.accepted", address=address))
    return present(house, secret)


def present(house: House, secret: str) -> SignedIn:
    """Who just began a session. NotSignedIn where somebody ended it in the same moment."""
    person = session_of(house, secret)
    if person is None:
        raise NotSignedIn(_WRONG)
    return person


def set_password(house: House, viewer: Viewer | None, name: str, password: str) -> None:
    """A new password; ends all sessions of that person. By themselves, an admin, or the command line."""
    password_hash = hash_password(password)
    with house.db.write() as session:
        if viewer is not None and fold(viewer.name) != fold(name.strip()):
            Scope(session, viewer).require_admin()
        user = named(session, name)
        user.password_hash = password_hash
        end_all(session, house, user.id)
        audit(session, house, viewer, Act("password.set", subject=user.name))


def change_own_password(house: House, me: SignedIn, old: str, new: str) -> SignedIn:
    """The same by the person, who must know the old one; a new session takes the place of this one, and all others end.

    Whoever copied the cookie of this very browser is out, too. Invalid where the old password is wrong.
    """
    with house.db.read() as session:
        user = session.get_one(User, me.viewer.user_id)
        here = session.get_one(SessionRow, me.session_id)
    count_try(house, user.name, here.address)
    if not verify_password(user.password_hash, old):
        raise Invalid("The present password is not right.", field="old_password")
    password_hash = hash_password(new)
    with house.db.write() as session:
        row = session.get_one(User, user.id)
        row.password_hash = password_hash
        forgive(session, row.name, here.address)
        end_all(session, house, row.id)
        secret = begin(session, house, row, Arrival(here.address, here.browser))
        audit(session, house, me.viewer, Act("password.set", subject=row.name))
    return present(house, secret)


def set_wishes(house: House, viewer: Viewer, language: str, theme: str) -> None:
    """The person's language and theme of the pages; empty follows the browser."""
    _check_theme(theme)
    with house.db.write() as session:
        user = session.get_one(User, viewer.user_id)
        user.language, user.theme = language, theme


def read_wishes(house: House, viewer: Viewer) -> Wishes:
    """What the person chose, and their e-mail address."""
    with house.db.read() as session:
        user = session.get_one(User, viewer.user_id)
        return Wishes(user.language, user.theme, user.zone, user.email)


def save_wishes(house: House, viewer: Viewer, wishes: Wishes) -> None:
    """All that a person may say of themselves. Invalid names the field."""
    _check_theme(wishes.theme)
    _check_email(wishes.email)
    if wishes.zone and wishes.zone not in available_timezones():
        raise Invalid(f"There is no time zone called {wishes.zone}.", "Such as: Asia/Shanghai", field="zone")
    with house.db.write() as session:
        user = session.get_one(User, viewer.user_id)
        user.language, user.theme, user.zone = wishes.language, wishes.theme, wishes.zone
        user.email = wishes.email.strip()


def disable_user(house: House, viewer: Viewer | None, name: str) -> None:
    """End a person's access at once; what they made stays."""
    with house.db.write() as session:
        user = _of_the_house(session, viewer, name)
        _keep_one_admin(session, user)
        user.disabled_at = house.now()
        end_all(session, house, user.id)
        audit(session, house, viewer, Act("user.disabled", subject=user.name))


def enable_user(house: House, viewer: Viewer | None, name: str) -> None:
    """Let a person in again, with the password, teams and tokens that they had."""
    with house.db.write() as session:
        user = _of_the_house(session, viewer, name)
        user.disabled_at = None
        audit(session, house, viewer, Act("user.enabled", subject=user.name))


def set_admin(house: House, viewer: Viewer | None, name: str, is_admin: bool) -> None:
    """Let a person run the house, or no longer. Conflict where nobody would be left to."""
    with house.db.write() as session:
        user = _of_the_house(session, viewer, name)
        if is_admin and user.disabled_at is not None:
            raise Conflict(f"{user.name} cannot sign in.", "Let them in again first.")
        if not is_admin:
            _keep_one_admin(session, user)
        user.is_admin = is_admin
        audit(session, house, viewer, Act("admin.given" if is_admin else "admin.taken", subject=user.name))


def list_users(house: House, viewer: Viewer | None) -> list[Person]:
    """All people, for admins and the command line."""
    with house.db.read() as session:
        users = Scope(session, viewer).users() if viewer is not None else select(User).order_by(User.name)
        uses = union_all(
            select(SessionRow.user_id, SessionRow.seen_at.label("at")), select(Token.user_id, Token.used_at)
        ).subquery()
        seen = dict(session.execute(select(uses.c.user_id, func.max(uses.c.at)).group_by(uses.c.user_id)).all())
        teams: dict[str, list[str]] = {}
        for user_id, slug in session.execute(select(Member.user_id, Team.slug).join(Team).order_by(Team.slug)):
            teams.setdefault(user_id, []).append(slug)
        return [
            Person(
                u.id, u.name, u.email, u.is_admin, u.disabled_at is not None, u.signed_in_at, seen.get(u.id),
                tuple(teams.get(u.id, ())),
            )
            for u in session.scalars(users)
        ]  # fmt: skip


def named(session: Session, name: str) -> User:
    """The person of that name, whatever its case and width. NotVisible where there is none."""
    user = session.scalar(select(User).where(User.name_key == fold(name.strip())))
    if user is None:
        raise NotVisible(f"There is no user called {name}.", "See the list of users.")
    return user


def _of_the_house(session: Session, viewer: Viewer | None, name: str) -> User:
    """Somebody of whom an admin or the command line decides; no two decide about admins at the same moment."""
    if viewer is not None:
        Scope(session, viewer).require_admin()
    session.execute(select(User.id).where(User.is_admin).order_by(User.id).with_for_update()).all()
    return named(session, name)


def _keep_one_admin(session: Session, user: User) -> None:
    others = select(User.id).where(User.is_admin, User.disabled_at.is_(None), User.id != user.id)
    if user.is_admin and session.scalar(others.limit(1)) is None:
        raise Conflict("This is the only admin.", "Make another admin first.")


def _check_email(email: str) -> None:
    if len(email) > 254 or not email.isprintable():
        raise Invalid("An e-mail address has at most 254 printable characters.", field="email")


def _check_theme(theme: str) -> None:
    if theme not in ("", "light", "dark"):
        raise Invalid("The theme is light, dark or empty.", field="theme")
