"""Room: tests.services.test_accounts. People: the first is admin, wrong tries slow down, sessions end when they must."""

from dataclasses import replace

import pytest
from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from sqlalchemy import select

from nas_asr.core.access import Role
from nas_asr.core.errors import Conflict, Invalid, NotSignedIn, NotVisible
from nas_asr.services import accounts
from nas_asr.services.accounts import NewUser
from nas_asr.services.base import House
from nas_asr.services.login_tries import TooManyTries
from nas_asr.services.sessions import session_of
from nas_asr.services.teams import add_member, create_team
from nas_asr.store.models import AuditLine, User
from tests.cast import Cast, Clock

GOOD = "correct horse battery"


@pytest.fixture
def eva(house: House) -> str:
    """The first person of a new house."""
    return accounts.create_user(house, None, NewUser("Eva", GOOD))


def wrong(house: House, name: str = "Eva", address: str = "10.0.0.1") -> NotSignedIn:
    """One wrong try."""
    with pytest.raises(NotSignedIn) as refused:
        accounts.sign_in(house, name, "not the password", address)
    return refused.value


def test_the_first_person_is_admin_and_the_next_is_not(house: House, eva: str) -> None:
    assert not [user for user in accounts.list_users(house, None) if user.name == "Otto"]
    accounts.create_user(house, None, NewUser("Otto", GOOD))
    assert {user.name: user.is_admin for user in accounts.list_users(house, None)} == {"Eva": True, "Otto": False}
    assert accounts.anybody(house)


def test_a_name_is_taken_whatever_its_case_and_width(house: House, eva: str) -> None:
    for name in ("eva", " EVA ", "ＥＶＡ"):
        with pytest.raises(Conflict):
            accounts.create_user(house, None, NewUser(name, GOOD))
    assert accounts.sign_in(house, " eva ", GOOD, "10.0.0.1").viewer.user_id == eva


@pytest.mark.parametrize("name", ["", "  ", "x" * 81, "a\nb", "\u202eabc", "\ufdfa" * 10])
def test_a_name_that_nobody_can_read_is_refused(name: str, house: House) -> None:
    with pytest.raises(Invalid) as refused:
        accounts.create_user(house, None, NewUser(name, GOOD))
    assert refused.value.field == "name"


@pytest.mark.parametrize("password", ["", "short", "x" * 201])
def test_a_password_of_a_bad_length_is_refused(password: str, house: House) -> None:
    with pytest.raises(Invalid) as refused:
        accounts.create_user(house, None, NewUser("Eva", password))
    assert refused.value.field == "password"
    assert not accounts.anybody(house)


def test_no_password_is_in_the_database(house: House, eva: str) -> None:
    with house.db.read() as session:
        assert session.get_one(User, eva).password_hash.startswith("$argon2id$")
        assert all(GOOD not in str(vars(line)) for line in session.scalars(select(AuditLine)))


def test_unknown_names_and_wrong_passwords_are_told_the_same(house: House, eva: str) -> None:
    known, unknown, empty = wrong(house), wrong(house, "nobody"), wrong(house, "e\0va\0")
    assert known.message == unknown.message == empty.message
    assert known.code == unknown.code


def test_an_unknown_name_costs_as_many_hashes_as_a_wrong_password(
    house: House, eva: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []

    def verify(self: PasswordHasher, hash: str, password: str) -> bool:
        looked.append(hash)
        raise VerifyMismatchError

    monkeypatch.setattr(PasswordHasher, "verify", verify)
    counts = []
    for name in ("Eva", "nobody", "Eva", "nobody"):
        looked.clear()
        wrong(house, name)
        counts.append(len(looked))
    assert counts == [1, 1, 1, 1]


def test_wrong_tries_slow_the_account_down_and_a_right_one_frees_it(house: House, eva: str, clock: Clock) -> None:
    for _ in range(5):
        assert not isinstance(wrong(house), TooManyTries)
    slow = wrong(house)
    assert isinstance(slow, TooManyTries)
    with pytest.raises(TooManyTries):
        accounts.sign_in(house, "EVA", GOOD, "10.9.9.9")
    clock.pass_seconds(slow.wait_s)
    assert accounts.sign_in(house, "Eva", GOOD, "10.0.0.1")
    assert not isinstance(wrong(house), TooManyTries)


def test_waiting_grows_but_not_beyond_a_quarter_of_an_hour(house: House, eva: str, clock: Clock) -> None:
    waits: list[int] = []
    for _ in range(22):
        try:
            accounts.sign_in(house, "Eva", "not the password", f"10.0.0.{len(waits)}")
        except TooManyTries as slow:
            waits.append(slow.wait_s)
            clock.pass_seconds(slow.wait_s)
        except NotSignedIn:
            pass
    assert waits == sorted(waits)
    assert waits[-1] <= 15 * 60


def test_a_clock_that_is_set_back_locks_nobody_out(house: House, eva: str, clock: Clock) -> None:
    for _ in range(9):
        wrong(house)
    clock.pass_seconds(-365 * 86400)
    assert not isinstance(wrong(house), TooManyTries)


def test_many_names_from_one_address_slow_the_address_down(house: House, eva: str) -> None:
    for i in range(20):
        wrong(house, f"guess {i}", "10.6.6.6")
    assert isinstance(wrong(house, "one more", "10.6.6.6"), TooManyTries)
    assert accounts.sign_in(house, "Eva", GOOD, "10.0.0.1")


def test_a_new_password_ends_all_sessions(house: House, eva: str) -> None:
    before = accounts.sign_in(house, "Eva", GOOD, "10.0.0.1")
    assert session_of(house, before.secret)
    here = accounts.change_own_password(house, before, GOOD, "another long password")
    assert session_of(house, before.secret) is None
    assert session_of(house, here.secret) == here
    wrong(house)
    assert accounts.sign_in(house, "Eva", "another long password", "10.0.0.1")


def test_who_does_not_know_the_old_password_sets_no_new_one(house: House, eva: str) -> None:
    me = accounts.sign_in(house, "Eva", GOOD, "10.0.0.1")
    with pytest.raises(Invalid) as refused:
        accounts.change_own_password(house, me, "wrong", "another long password")
    assert refused.value.field == "old_password"
    assert accounts.sign_in(house, "Eva", GOOD, "10.0.0.1")


def test_only_an_admin_sets_somebody_elses_password_or_makes_people(house: House, cast: Cast) -> None:
    with pytest.raises(NotVisible) as known:
        accounts.set_password(house, cast.bob, "alice", "another long password")
    with pytest.raises(NotVisible) as unknown:
        accounts.set_password(house, cast.bob, "nobody", "another long password")
    assert known.value.message == unknown.value.message
    for act in (
        lambda: accounts.create_user(house, cast.alice, NewUser("Eva", GOOD)),
        lambda: accounts.disable_user(house, cast.alice, "bob"),
        lambda: accounts.list_users(house, cast.alice),
    ):
        with pytest.raises(NotVisible):
            act()
    accounts.set_password(house, cast.ada, "alice", "another long password")
    assert accounts.sign_in(house, "alice", "another long password", "x").viewer.roles == cast.alice.roles


def test_a_disabled_person_is_out_at_once(house: House, eva: str) -> None:
    accounts.create_user(house, None, NewUser("Otto", GOOD))
    signed_in = accounts.sign_in(house, "Otto", GOOD, "x")
    accounts.disable_user(house, None, "otto")
    assert session_of(house, signed_in.secret) is None
    with pytest.raises(NotSignedIn):
        accounts.sign_in(house, "Otto", GOOD, "x")


def test_the_last_admin_stays(house: House, eva: str) -> None:
    with pytest.raises(Conflict):
        accounts.disable_user(house, None, "Eva")


def test_a_session_has_the_roles_of_now(house: House, eva: str) -> None:
    signed_in = accounts.sign_in(house, "Eva", GOOD, "x")
    team = create_team(house, None, "sales")
    add_member(house, None, "sales", "Eva", Role.READER)
    now = session_of(house, signed_in.secret)
    assert now is not None
    assert now.viewer.roles == {team: Role.READER}


def test_wishes_are_kept(house: House, eva: str) -> None:
    viewer = accounts.sign_in(house, "Eva", GOOD, "x").viewer
    accounts.set_wishes(house, viewer, "zh", "dark")
    again = accounts.sign_in(house, "Eva", GOOD, "x")
    assert (again.language, again.theme) == ("zh", "dark")
    with pytest.raises(Invalid):
        accounts.set_wishes(house, viewer, "zh", "pink")


def test_what_an_admin_does_is_in_the_audit_log_under_their_name(house: House, cast: Cast) -> None:
    accounts.create_user(house, cast.ada, NewUser("Eva", GOOD))
    with house.db.read() as session:
        line = session.scalar(select(AuditLine).where(AuditLine.action == "user.created"))
    assert line is not None
    assert (line.actor, line.subject) == ("ada", "Eva")


def test_an_admins_token_is_no_admin(house: House, cast: Cast) -> None:
    from nas_asr.core.access import TokenScope

    with pytest.raises(NotVisible):
        accounts.list_users(house, replace(cast.ada, token_scope=TokenScope.WRITE))
