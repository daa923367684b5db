"""Room: tests.services. Which folders may be watched, and who says so."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from nas_asr.core.errors import Conflict, Invalid, NotPermitted, NotVisible
from nas_asr.core.recording import LedgerState
from nas_asr.services.base import House
from nas_asr.services.folder_reading import set_reading
from nas_asr.services.folders import FolderOrder, add_folder, default_folder, list_folders, remove_folder, watched
from nas_asr.services.sightings import News, Sighting, Stat, note_news
from nas_asr.watcher.ignore import OTHER_KIND
from tests.cast import Cast


@pytest.fixture
def share(tmp_path: Path) -> Path:
    path = tmp_path / "share"
    path.mkdir()
    return path


def test_an_admin_adds_a_folder_and_it_is_watched(house: House, cast: Cast, share: Path) -> None:
    added = add_folder(house, cast.ada, FolderOrder("choir", str(share), "Rehearsals", "en"))
    assert (added.team, added.path, added.name, added.language) == ("choir", str(share), "Rehearsals", "en")
    assert [folder.id for folder in watched(house)] == [added.id]


def test_the_command_line_adds_a_folder(house: House, cast: Cast, share: Path) -> None:
    assert add_folder(house, None, FolderOrder("choir", share)).name == "share"


def test_a_manager_gets_the_teams_own_folder(house: House, cast: Cast) -> None:
    added = add_folder(house, cast.alice, FolderOrder("choir"))
    assert Path(added.path) == default_folder(house, "choir").resolve()
    assert Path(added.path).is_dir()


def test_a_manager_cannot_choose_a_path(house: House, cast: Cast, share: Path) -> None:
    with pytest.raises(NotPermitted, match="admin"):
        add_folder(house, cast.alice, FolderOrder("choir", str(share)))
    assert watched(house) == []


def test_a_member_cannot_add_and_an_outsider_sees_no_team(house: House, cast: Cast) -> None:
    with pytest.raises(NotPermitted):
        add_folder(house, cast.bob, FolderOrder("choir"))
    with pytest.raises(NotVisible):
        add_folder(house, cast.charlie, FolderOrder("choir"))


@pytest.mark.parametrize("path", ["share", "/no/such/folder", "/etc/passwd", "/a\0b"])
def test_what_cannot_be_watched_is_said(house: House, cast: Cast, path: str) -> None:
    with pytest.raises(Invalid) as refused:
        add_folder(house, cast.ada, FolderOrder("choir", path))
    assert refused.value.field == "path"
    assert refused.value.remedy


def test_the_same_folder_twice_is_a_conflict(house: House, cast: Cast, share: Path, tmp_path: Path) -> None:
    add_folder(house, cast.ada, FolderOrder("choir", str(share)))
    (tmp_path / "alias").symlink_to(share)
    for path in (share, tmp_path / "alias", share / "x" / ".."):
        (share / "x").mkdir(exist_ok=True)
        with pytest.raises(Conflict):
            add_folder(house, cast.ada, FolderOrder("garden", str(path)))


def test_folders_do_not_lie_in_each_other(house: House, cast: Cast, share: Path, tmp_path: Path) -> None:
    (share / "inside").mkdir()
    add_folder(house, cast.ada, FolderOrder("choir", str(share)))
    for path in (share / "inside", tmp_path):
        with pytest.raises((Conflict, Invalid)):
            add_folder(house, cast.ada, FolderOrder("garden", str(path)))


def test_our_own_files_are_not_watched(house: House, cast: Cast) -> None:
    data = house.options.data
    for name in ("uploads", "archive", "recordings", "recordings/garden", "."):
        (data / name).mkdir(parents=True, exist_ok=True)
    for name in ("uploads", "archive", "recordings", "."):
        with pytest.raises(Invalid):
            add_folder(house, cast.ada, FolderOrder("choir", str(data / name)))
    assert add_folder(house, cast.ada, FolderOrder("garden", str(data / "recordings" / "garden"))).online


def test_since_is_now_or_a_day_of_the_site(house: House, cast: Cast, tmp_path: Path) -> None:
    def since(text: str) -> datetime | None:
        path = tmp_path / text
        path.mkdir()
        return add_folder(house, cast.ada, FolderOrder("choir", str(path), since=text)).since

    assert since("all") is None
    assert since("now") == house.now()
    assert since("2026-01-31") == datetime(2026, 1, 30, 23, tzinfo=UTC)  # Berlin's midnight
    with pytest.raises(Invalid):
        since("tomorrow")
    for beyond in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"):
        with pytest.raises(Invalid, match="not a date"):
            since(beyond)


def test_a_list_shows_ones_teams_and_an_admin_all(house: House, cast: Cast, tmp_path: Path) -> None:
    for team in ("choir", "garden"):
        (tmp_path / team).mkdir()
        add_folder(house, cast.ada, FolderOrder(team, str(tmp_path / team)))
    assert [folder.team for folder in list_folders(house, cast.rita)] == ["choir"]
    assert len(list_folders(house, cast.ada)) == len(list_folders(house, None)) == 2


def test_a_list_counts_files_by_state(house: House, cast: Cast, share: Path) -> None:
    added = add_folder(house, cast.ada, FolderOrder("choir", str(share)))
    news = News(
        growing=[Sighting(b"a", Stat(1, 1, 1)), Sighting(b"b", Stat(1, 1, 2))],
        ignored=[Sighting(b"c.txt", Stat(1, 1, 3), OTHER_KIND)],
    )
    note_news(house, added.id, news)
    note_news(house, added.id, News(missing=[b"b"]))
    (folder,) = list_folders(house, cast.rita)
    assert (folder.files[LedgerState.GROWING], folder.files[LedgerState.IGNORED], folder.missing) == (1, 1, 1)


def test_a_removed_folder_is_no_longer_watched_and_may_be_added_again(house: House, cast: Cast, share: Path) -> None:
    added = add_folder(house, cast.ada, FolderOrder("choir", str(share)))
    with pytest.raises(NotPermitted):
        remove_folder(house, cast.bob, added.id)
    remove_folder(house, cast.alice, added.id)
    assert watched(house) == []
    assert list_folders(house, None) == []
    with pytest.raises(NotVisible):
        remove_folder(house, None, added.id)
    assert add_folder(house, cast.ada, FolderOrder("garden", str(share))).team == "garden"


def test_a_link_in_the_place_of_the_teams_own_folder_is_not_followed(house: House, cast: Cast, share: Path) -> None:
    link = default_folder(house, "choir")
    link.parent.mkdir(parents=True)
    link.symlink_to(share)
    with pytest.raises(Invalid, match="symbolic link"):
        add_folder(house, cast.alice, FolderOrder("choir"))
    assert watched(house) == []


def test_a_folder_says_who_writes_figures_and_whether_channels_are_speakers(
    house: House, cast: Cast, share: Path
) -> None:
    folder = add_folder(house, cast.ada, FolderOrder("choir", share, itn="model", apart=True))
    assert (folder.itn, folder.apart) == ("model", True)
    set_reading(house, cast.alice, folder.id, itn="off")
    set_reading(house, None, folder.id, apart=False)
    (folder,) = list_folders(house, cast.rita)
    assert (folder.itn, folder.apart) == ("off", False)


def test_who_may_not_change_a_folder_may_not_change_how_it_is_written(house: House, cast: Cast, share: Path) -> None:
    folder = add_folder(house, cast.ada, FolderOrder("choir", share))
    with pytest.raises(NotPermitted):
        set_reading(house, cast.bob, folder.id, apart=True)
    for nobody in (cast.charlie, None):
        with pytest.raises(NotVisible):
            set_reading(house, nobody, folder.id if nobody else "missing", apart=True)
    with pytest.raises(Invalid, match="“roman” is no way to write figures"):
        set_reading(house, cast.alice, folder.id, itn="roman")
    with pytest.raises(Invalid):
        add_folder(house, cast.ada, FolderOrder("choir", itn="roman"))
