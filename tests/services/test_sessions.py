"""Room: tests.services.test_sessions. Who is signed in where, and that an ended session is worth nothing to anybody."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event, func, select

from nas_asr.core.access import Role, Viewer
from nas_asr.core.errors import NotVisible
from nas_asr.services import sessions
from nas_asr.services.accounts import disable_user, enable_user, set_password
from nas_asr.services.base import House
from nas_asr.services.sessions import IDLE, LONGEST, Arrival, session_of, visit
from nas_asr.services.teams import add_member
from nas_asr.store.database import Database
from nas_asr.store.models import AuditLine, SessionRow, User
from tests.cast import Cast, Clock
from tests.people import quick_hashes

SignIn = Callable[..., str]
quick = pytest.fixture(autouse=True)(quick_hashes)


@pytest.fixture
def sign_in(house: House) -> SignIn:
    """sign_in(viewer): a browser of that person; what its cookie holds."""

    def begin(viewer: Viewer, browser: str = "Firefox, Linux") -> str:
        with house.db.write() as session:
            user = session.get_one(User, viewer.user_id)
            return sessions.begin(session, house, user, Arrival("10.0.0.7", browser))

    return begin


@contextmanager
def statements(db: Database) -> Iterator[list[str]]:
    """What the database is asked meanwhile."""
    asked: list[str] = []

    def hear(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        asked.append(statement)

    event.listen(db.engine, "before_cursor_execute", hear)
    yield asked
    event.remove(db.engine, "before_cursor_execute", hear)


def test_a_cookie_that_was_copied_before_signing_out_is_worth_nothing(
    house: House, cast: Cast, sign_in: SignIn
) -> None:
    copied = sign_in(cast.bob)
    me = session_of(house, copied)
    assert me is not None and me.viewer == cast.bob
    sessions.sign_out(house, me)
    assert session_of(house, copied) is None


def test_a_password_and_the_end_of_access_end_every_session(house: House, cast: Cast, sign_in: SignIn) -> None:
    ends: tuple[Callable[[], None], ...] = (
        lambda: set_password(house, None, "bob", "another long password"),
        lambda: disable_user(house, cast.ada, "bob"),
    )
    for end in ends:
        enable_user(house, None, "bob")
        browsers = [sign_in(cast.bob), sign_in(cast.bob)]
        end()
        assert [session_of(house, one) for one in browsers] == [None, None]
    enable_user(house, cast.ada, "bob")
    assert [session_of(house, one) for one in browsers] == [None, None]


def test_a_request_costs_one_read_and_a_minute_at_most_one_write(
    house: House, cast: Cast, sign_in: SignIn, clock: Clock
) -> None:
    add_member(house, None, "garden", "bob", Role.READER)
    cookie = sign_in(cast.bob)
    with statements(house.db) as asked:
        for _ in range(10):
            clock.pass_seconds(5)
            person = visit(house, cookie)
    assert person is not None and person.viewer.roles == {cast.choir: Role.MEMBER, cast.garden: Role.READER}
    assert len([one for one in asked if one.startswith("SELECT")]) == 10
    assert not [one for one in asked if one.startswith("UPDATE")]
    with statements(house.db) as asked:
        for _ in range(10):
            clock.pass_seconds(12)
            visit(house, cookie)
    assert len([one for one in asked if one.startswith("UPDATE")]) == 2


def test_the_read_is_by_an_index(house: House, cast: Cast, sign_in: SignIn) -> None:
    if not house.db.is_sqlite:
        pytest.skip("asks SQLite's planner; PostgreSQL reads three rows without one")
    cookie = sign_in(cast.bob)
    with statements(house.db) as asked:
        session_of(house, cookie)
    (read,) = (one for one in asked if one.startswith("SELECT"))
    with house.db.engine.connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {read}", ("x",)).all()
    assert not [line for line in plan if "SCAN" in str(line)], plan


def test_what_is_not_used_for_a_fortnight_or_is_a_month_old_is_over(
    house: House, cast: Cast, sign_in: SignIn, clock: Clock
) -> None:
    idle, used = sign_in(cast.bob), sign_in(cast.bob)
    for _ in range(LONGEST.days - 1):
        clock.pass_seconds(86400)
        assert visit(house, used)
    assert session_of(house, idle) is None
    assert [one.created_at for one in sessions.list_sessions(house, cast.bob)] == [clock.now - (LONGEST - LONGEST / 30)]
    clock.pass_seconds(86400)
    assert visit(house, used) is None


def test_one_sees_and_ends_ones_own_sessions_only(house: House, cast: Cast, sign_in: SignIn) -> None:
    here, there, hers = sign_in(cast.bob), sign_in(cast.bob, "Chrome, Android"), sign_in(cast.rita)
    seen = {one.browser: one for one in sessions.list_sessions(house, cast.bob)}
    assert set(seen) == {"Firefox, Linux", "Chrome, Android"} and seen["Chrome, Android"].address == "10.0.0.7"
    rita = session_of(house, hers)
    assert rita is not None
    with pytest.raises(NotVisible):
        sessions.end_session(house, cast.bob, rita.session_id)
    sessions.end_session(house, cast.bob, seen["Chrome, Android"].id)
    assert session_of(house, there) is None and session_of(house, here) and session_of(house, hers)


def test_all_others_end_at_once_and_this_one_stays(house: House, cast: Cast, sign_in: SignIn) -> None:
    here, *others = (sign_in(cast.bob) for _ in range(4))
    me, hers = session_of(house, here), sign_in(cast.rita)
    assert me is not None
    assert sessions.end_others(house, me) == 3
    assert [session_of(house, one) for one in others] == [None] * 3
    assert session_of(house, here) and session_of(house, hers)
    with house.db.read() as session:
        line = session.scalars(select(AuditLine)).one()
    assert (line.action, line.actor, line.detail) == ("session.others_ended", "bob", {"sessions": "3"})


def test_no_cookie_is_in_the_database(house: House, cast: Cast, sign_in: SignIn) -> None:
    cookie = sign_in(cast.bob)
    with house.db.read() as session:
        assert all(cookie not in str(vars(row)) for row in session.scalars(select(SessionRow)))
    assert cookie not in repr(session_of(house, cookie))


@pytest.mark.parametrize("cookie", ["", "x", "bob:1", "é", "\0"])
def test_any_other_cookie_is_nobodys(house: House, cast: Cast, cookie: str) -> None:
    assert visit(house, cookie) is None


def test_old_rows_go_and_living_ones_stay(house: House, cast: Cast, sign_in: SignIn, clock: Clock) -> None:
    sign_in(cast.bob)
    clock.pass_seconds((IDLE + LONGEST).total_seconds() + 1)
    living = sign_in(cast.bob)
    sessions.clear_old(house)
    with house.db.read() as session:
        assert session.scalar(select(func.count()).select_from(SessionRow)) == 1
    assert session_of(house, living)
