"""Room: services.tokens. Tokens for programs: shown once, kept as a digest, never wider than their person."""

import contextlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from nas_asr.core.access import TokenScope, Viewer
from nas_asr.core.errors import Invalid, NotVisible, StorageFull
from nas_asr.core.ids import digest, new_id
from nas_asr.core.search_text import fold
from nas_asr.services.base import Act, House, audit
from nas_asr.services.file_names import shown_line
from nas_asr.store.models import Team, Token, User
from nas_asr.store.scope import Scope, roles_of

PREFIX = "nasr_"
# A token's last use is written at most this often, so that a polling dashboard does not write each time.
_USED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class NewToken:
    """What is asked of a new token; team narrows it to one team by slug, days limits its life (None: no end)."""

    name: str
    scope: TokenScope
    team: str | None = None
    days: int | None = None


@dataclass(frozen=True, slots=True)
class TokenView:
    """A token as lists show it; the secret is gone."""

    id: str
    name: str
    user: str
    scope: TokenScope
    prefix: str
    team: str | None
    created_at: datetime
    used_at: datetime | None
    expires_at: datetime | None


def create_token(house: House, viewer: Viewer | None, user_name: str, order: NewToken) -> str:
    """A new token of a person, by themselves or the command line (viewer None). Returns the secret, this once."""
    name = shown_line(order.name)
    if not 1 <= len(name) <= 120:
        raise Invalid(
            "A token needs a name of 1 to 120 characters, so that you know later what it is for.", field="name"
        )
    if order.days is not None and not 1 <= order.days <= 3650:
        raise Invalid("A token lives 1 to 3650 days, or until it is ended.", field="days")
    secret = PREFIX + secrets.token_urlsafe(32)
    with house.db.write() as session:
        user = session.scalar(select(User).where(User.name_key == fold(user_name.strip()), User.disabled_at.is_(None)))
        if user is None or (viewer is not None and viewer.user_id != user.id):
            raise NotVisible(f"There is no user called {user_name}.")
        team_id = None
        if order.team:
            team_id = session.scalar(select(Team.id).where(Team.slug == order.team))
            if team_id is None or team_id not in roles_of(session, user):
                raise NotVisible(f"{user.name} is in no team called {order.team}.")
        expires_at = house.now() + timedelta(days=order.days) if order.days is not None else None
        row = Token(
            id=new_id(), user_id=user.id, team_id=team_id, name=name, scope=order.scope,
            prefix=secret[:10], digest=digest(secret), created_at=house.now(), expires_at=expires_at,
        )  # fmt: skip
        session.add(row)
        audit(session, house, viewer, Act("token.created", subject=row.name, team_id=team_id))
    return secret


def viewer_of_token(house: House, secret: str) -> Viewer | None:
    """Who a token stands for as of now, narrowed to its scope and team; None where it is unknown or over."""
    with house.db.read() as session:
        row = session.scalar(select(Token).where(Token.digest == digest(secret)))
        user = session.get(User, row.user_id) if row else None
        if row is None or user is None or user.disabled_at or row.revoked_at:
            return None
        if row.expires_at is not None and row.expires_at <= house.now():
            return None
        viewer = Viewer(user.id, user.name, user.is_admin, roles_of(session, user, row.team_id), row.scope)
        stale = row.used_at is None or house.now() - row.used_at > _USED_EVERY
    if stale:
        # When it was last used is nice to know; a full disk must not lock programs out for it
        with contextlib.suppress(StorageFull), house.db.write() as session:
            session.get_one(Token, row.id).used_at = house.now()
    return viewer


def list_tokens(house: House, viewer: Viewer | None) -> list[TokenView]:
    """One's own tokens; the command line sees all."""
    with house.db.read() as session:
        mine = Scope(session, viewer).tokens() if viewer else select(Token).where(Token.revoked_at.is_(None))
        rows = session.execute(
            mine.add_columns(User.name, Team.slug)
            .join(User, User.id == Token.user_id)
            .outerjoin(Team, Team.id == Token.team_id)
            .order_by(Token.created_at)
        ).all()
        return [
            TokenView(t.id, t.name, user, t.scope, t.prefix, team, t.created_at, t.used_at, t.expires_at)
            for t, user, team in rows
        ]


def revoke_token(house: House, viewer: Viewer | None, token_id: str) -> None:
    """End a token at once."""
    with house.db.write() as session:
        mine = Scope(session, viewer).tokens() if viewer else select(Token).where(Token.revoked_at.is_(None))
        row = session.scalar(mine.where(Token.id == token_id))
        if row is None:
            raise NotVisible("There is no such token.", "See the list of tokens.")
        row.revoked_at = house.now()
        audit(session, house, viewer, Act("token.revoked", subject=row.name, team_id=row.team_id))
