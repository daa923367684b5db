"""Room: tests.services.test_setup. The first minutes of a house: admin, team and folder at once, or nothing at all."""

from pathlib import Path

import pytest
from sqlalchemy import func, select

from nas_asr.core.access import Role
from nas_asr.core.errors import Conflict, Invalid, NasAsrError, NotVisible
from nas_asr.services.accounts import anybody, list_users, sign_in
from nas_asr.services.base import House
from nas_asr.services.folders import list_folders
from nas_asr.services.sessions import Arrival
from nas_asr.services.setup import SetupOrder, set_up
from nas_asr.store.models import AuditLine, Team
from tests.cast import Cast

GOOD = {"admin": "Eva", "password": "correct horse battery", "team": "sales", "team_name": "Sales", "language": "en"}


def test_everything_is_there_afterwards(house: House) -> None:
    signed_in = set_up(house, SetupOrder(**GOOD))
    assert signed_in.viewer.is_admin
    assert list(signed_in.viewer.roles.values()) == [Role.MANAGER]
    (folder,) = list_folders(house, signed_in.viewer)
    assert (folder.team, folder.language) == ("sales", "en")
    assert Path(folder.path).is_dir()
    assert sign_in(house, "eva", GOOD["password"], "x").viewer == signed_in.viewer


def test_it_was_the_new_admin_who_did_it_and_is_signed_in(house: House) -> None:
    admin = set_up(house, SetupOrder(**GOOD), Arrival("192.0.2.7")).viewer
    with house.db.read() as session:
        lines = {line.action: (line.actor, line.actor_id, line.address) for line in session.scalars(select(AuditLine))}
    assert lines["house.set_up"] == ("Eva", admin.user_id, "192.0.2.7")
    assert lines["user.created"][:2] == ("Eva", admin.user_id)
    assert [person.signed_in_at for person in list_users(house, None)] == [house.now()]


def test_it_is_done_once(house: House) -> None:
    set_up(house, SetupOrder(**GOOD))
    with pytest.raises(NotVisible):
        set_up(house, SetupOrder(**GOOD | {"admin": "Mallory", "team": "other"}))


def test_where_people_are_it_is_closed(house: House, cast: Cast) -> None:
    with pytest.raises(NotVisible):
        set_up(house, SetupOrder(**GOOD))


def test_a_folder_of_ones_own_is_taken(house: House, tmp_path: Path) -> None:
    share = tmp_path / "share"
    share.mkdir()
    signed_in = set_up(house, SetupOrder(**GOOD, folder=str(share)))
    assert [folder.path for folder in list_folders(house, signed_in.viewer)] == [str(share.resolve())]


@pytest.mark.parametrize(
    "wrong",
    [
        {"admin": ""}, {"password": "short"}, {"team": "Not A Slug"}, {"language": "klingon"},
        {"folder": "relative/path"}, {"folder": "/nowhere/at/all"},
    ],
)  # fmt: skip
def test_a_mistake_leaves_nothing_behind(wrong: dict[str, str], house: House) -> None:
    with pytest.raises(NasAsrError) as refused:
        set_up(house, SetupOrder(**GOOD | wrong))
    assert isinstance(refused.value, Invalid | Conflict)
    assert not anybody(house)
    with house.db.read() as session:
        assert session.scalar(select(func.count()).select_from(Team)) == 0
    assert set_up(house, SetupOrder(**GOOD))
