"""Room: tests.services.test_teams. Teams and who is in them."""

import pytest

from nas_asr.core.access import Role
from nas_asr.core.errors import Conflict, Invalid, NotPermitted, NotVisible
from nas_asr.services import teams
from nas_asr.services.base import House
from tests.cast import Cast


@pytest.mark.parametrize("slug", ["", "-a", "a-", "A", "a b", "a/b", "é", "x" * 65, "..", "a\n"])
def test_a_short_name_is_fit_for_addresses_and_directories(slug: str, house: House) -> None:
    with pytest.raises(Invalid) as refused:
        teams.create_team(house, None, slug)
    assert refused.value.field == "slug"


def test_a_short_name_is_taken_once(house: House) -> None:
    teams.create_team(house, None, "sales", "Sales 销售")
    with pytest.raises(Conflict):
        teams.create_team(house, None, "sales")
    assert [(team.slug, team.name, team.members) for team in teams.list_teams(house, None)] == [
        ("sales", "Sales 销售", 0)
    ]


def test_only_admins_make_teams(house: House, cast: Cast) -> None:
    with pytest.raises(NotVisible):
        teams.create_team(house, cast.alice, "sales")
    assert teams.create_team(house, cast.ada, "sales")


def test_everybody_sees_their_teams_with_their_role(house: House, cast: Cast) -> None:
    (rita,) = teams.list_teams(house, cast.rita)
    assert (rita.slug, rita.role, rita.members, rita.hotwords_version) == ("choir", Role.READER, 3, 0)
    assert {team.slug: team.role for team in teams.list_teams(house, cast.ada)} == {"choir": None, "garden": None}


def test_managers_and_admins_change_who_is_in(house: House, cast: Cast) -> None:
    teams.add_member(house, cast.alice, "choir", "Charlie ", Role.READER)
    teams.add_member(house, cast.ada, "choir", "charlie", Role.MEMBER)
    found = {member.name: member.role for member in teams.list_members(house, cast.rita, "choir")}
    assert found["charlie"] == Role.MEMBER
    teams.remove_member(house, cast.alice, "choir", "charlie")
    assert "charlie" not in {member.name for member in teams.list_members(house, cast.rita, "choir")}
    with pytest.raises(NotVisible):
        teams.remove_member(house, cast.alice, "choir", "charlie")


def test_members_and_outsiders_do_not(house: House, cast: Cast) -> None:
    with pytest.raises(NotPermitted):
        teams.add_member(house, cast.bob, "choir", "charlie", Role.READER)
    with pytest.raises(NotVisible):
        teams.add_member(house, cast.charlie, "choir", "charlie", Role.READER)
    with pytest.raises(NotVisible):
        teams.list_members(house, cast.charlie, "choir")


def test_unknown_people_and_teams_are_named(house: House, cast: Cast) -> None:
    with pytest.raises(NotVisible, match="no user called nobody"):
        teams.add_member(house, None, "choir", "nobody", Role.READER)
    with pytest.raises(NotVisible, match="no team called none"):
        teams.add_member(house, None, "none", "alice", Role.READER)
