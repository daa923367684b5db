"""Room: services.links. What invitations and password resets share: a secret that is shown once, works once, and ends."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from nas_asr.core.errors import Gone, NotVisible
from nas_asr.core.ids import digest
from nas_asr.services.base import House
from nas_asr.store.database import alone
from nas_asr.store.models import Invitation, PasswordReset

LinkRow = TypeVar("LinkRow", Invitation, PasswordReset)

_ANEW = "Ask whoever sent it for a new one."


@dataclass(frozen=True, slots=True)
class NewLink:
    """A link as it was just made; its secret is shown this once."""

    secret: str = field(repr=False)
    expires_at: datetime


def new_secret(prefix: str) -> str:
    """What stands in the link; only its digest is kept."""
    return prefix + secrets.token_urlsafe(32)


def open_link(session: Session, house: House, kind: type[LinkRow], secret: str, *, use: bool = False) -> LinkRow:
    """The row of a link that still works. use: for the one who uses it now; a second one waits here and comes too late.

    Gone where it was used, withdrawn or is over; NotVisible where it is none of ours, or what it led to is no more.
    """
    row = session.scalar(select(kind).where(kind.digest == digest(secret)))
    if row is None:
        raise NotVisible("This link leads nowhere.", "See whether it was copied whole, or ask for a new one.")
    if use:
        alone(session, row)
    if row.used_at is not None:
        raise Gone("This link was used already; it works once.", _ANEW)
    if row.withdrawn_at is not None:
        raise Gone("This link was withdrawn.", _ANEW)
    if row.expires_at <= house.now():
        raise Gone("The time of this link is over.", _ANEW)
    if use:
        row.used_at = house.now()
    return row
