"""Room: services.login_tries. How often a wrong password may be tried: for an account and for an address. Knows no password.

A try is counted before the password is looked at, so that twenty at once are no more than one after the other.
"""

from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from nas_asr.core.errors import NotSignedIn
from nas_asr.core.search_text import fold
from nas_asr.services.base import House
from nas_asr.store.database import alone_in
from nas_asr.store.models import LoginFailure

_FREE_TRIES = 5
_LONGEST_WAIT_S = 15 * 60
_FORGOTTEN = timedelta(days=1)


class TooManyTries(NotSignedIn):
    """Log-in is throttled for this account or address; wait_s tells for how long."""

    code = "slow_down"

    def __init__(self, wait_s: int) -> None:
        minutes = round(wait_s / 60)
        remedy = f"Wait {wait_s} seconds and try again." if wait_s < 120 else f"Wait {minutes} minutes and try again."
        super().__init__("Too many wrong tries.", remedy)
        self.wait_s = wait_s


def count_try(house: House, name: str, address: str) -> None:
    """Count a try as a wrong one, whatever will come of it. TooManyTries, and nothing counted, where one has to wait."""
    with house.db.write() as session:
        alone_in(session, LoginFailure.__tablename__)
        rows = [_row(session, house, key) for key in _keys(name, address)]
        for row in rows:
            _refuse_too_many(house, row)
        for row in rows:
            row.failures += 1
            row.last_at = house.now()


def forgive(session: Session, name: str, address: str) -> None:
    """The try was right, in the caller's transaction: the account begins anew, the address has one less against it."""
    account, machine = _keys(name, address)
    session.execute(update(LoginFailure).where(LoginFailure.key == account).values(failures=0))
    counted = update(LoginFailure).where(LoginFailure.key == machine, LoginFailure.failures > 0)
    session.execute(counted.values(failures=LoginFailure.failures - 1))


def _keys(name: str, address: str) -> tuple[str, str]:
    return f"user:{fold(name)[:80]}", f"address:{address}"


def _row(session: Session, house: House, key: str) -> LoginFailure:
    row = session.scalar(select(LoginFailure).where(LoginFailure.key == key))
    if row is None:
        row = LoginFailure(key=key, failures=0, last_at=house.now())
        session.add(row)
    elif house.now() - row.last_at > _FORGOTTEN:
        row.failures = 0
    return row


def _refuse_too_many(house: House, row: LoginFailure) -> None:
    # An address may be a whole family behind one router: it gets more tries than one account.
    over = row.failures - (_FREE_TRIES if row.key.startswith("user:") else 4 * _FREE_TRIES)
    if over < 0 or row.last_at > house.now():  # a clock that was set back must not lock anybody out for a year
        return
    wait = timedelta(seconds=min(2.0 ** min(over, 20), _LONGEST_WAIT_S))
    if (left := row.last_at + wait - house.now()) > timedelta():
        raise TooManyTries(max(1, round(left.total_seconds())))
