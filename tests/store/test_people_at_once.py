"""Room: tests.store.test_people_at_once. Two people, or twenty tries, at the same moment: counted right on both databases."""

from functools import partial

import pytest

from nas_asr.core.access import Role
from nas_asr.core.errors import Conflict, Gone, NotSignedIn
from nas_asr.services import accounts
from nas_asr.services.accounts import list_users, set_admin, set_password, sign_in
from nas_asr.services.base import House
from nas_asr.services.invitations import join, make_invitation
from nas_asr.services.login_tries import TooManyTries
from nas_asr.services.password_resets import make_reset, use_reset
from nas_asr.services.teams import add_member, list_members, remove_member
from tests.cast import Cast
from tests.people import GOOD, quick_hashes
from tests.store.test_at_once import at_once

quick = pytest.fixture(autouse=True)(quick_hashes)


def test_of_twenty_wrong_tries_at_once_five_are_looked_at(
    house: House, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_password(house, None, "bob", GOOD)
    looked: list[str] = []

    def verify(password_hash: str, password: str) -> bool:
        looked.append(password)
        return False

    monkeypatch.setattr(accounts, "verify_password", verify)
    came = at_once(*(lambda: sign_in(house, "bob", "not it", "10.0.0.1") for _ in range(20)))
    assert len(looked) == 5
    assert sum(isinstance(one, TooManyTries) for one in came) == 15
    assert all(isinstance(one, NotSignedIn) for one in came)


def test_the_right_password_among_many_is_not_counted(house: House, cast: Cast) -> None:
    set_password(house, None, "bob", GOOD)
    for _ in range(30):
        assert sign_in(house, "bob", GOOD, "10.0.0.1").viewer == cast.bob


def test_of_two_who_open_one_invitation_one_comes_in(house: House, cast: Cast) -> None:
    for _ in range(5):
        link = make_invitation(house, cast.alice, "choir", Role.READER).secret
        came = at_once(partial(join, house, cast.charlie, link), partial(join, house, cast.ada, link))
        assert sorted(isinstance(one, Gone) for one in came) == [False, True]
        inside = {one.name for one in list_members(house, cast.alice, "choir")}
        assert len(inside & {"charlie", "ada"}) == 1
        remove_member(house, None, "choir", (inside & {"charlie", "ada"}).pop())


def test_a_link_to_a_new_password_sets_one_password(house: House, cast: Cast) -> None:
    link = make_reset(house, cast.ada, "bob").secret
    came = at_once(*(lambda n=n: use_reset(house, link, f"{GOOD} {n}") for n in range(4)))
    assert sorted(str(one) if isinstance(one, str) else type(one).__name__ for one in came) == ["Gone"] * 3 + ["bob"]


def test_two_managers_who_take_each_other_out_leave_one(house: House, cast: Cast) -> None:
    for _ in range(5):
        add_member(house, None, "choir", "alice", Role.MANAGER)
        add_member(house, None, "choir", "bob", Role.MANAGER)
        both = cast.alice, type(cast.bob)(cast.bob.user_id, "bob", roles={cast.choir: Role.MANAGER})
        out = partial(remove_member, house)
        came = at_once(partial(out, both[0], "choir", "bob"), partial(out, both[1], "choir", "alice"))
        assert sum(isinstance(one, Conflict) for one in came) == 1
        managers = [one.name for one in list_members(house, cast.ada, "choir") if one.role == Role.MANAGER]
        assert len(managers) == 1


def test_two_admins_who_take_it_from_each_other_leave_one(house: House, cast: Cast) -> None:
    for _ in range(5):
        for name in ("ada", "bob"):
            set_admin(house, None, name, True)
        came = at_once(lambda: set_admin(house, None, "ada", False), lambda: set_admin(house, None, "bob", False))
        assert sum(isinstance(one, Conflict) for one in came) == 1
        assert sum(person.is_admin for person in list_users(house, None)) == 1
