"""Room: tests.services. Which folders may be watched, and who says so."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from nas_asr.core.errors import Conflict, Invalid, NotPermitted, NotVisible
from nas_asr.core.offers import Offer, Skills
from nas_asr.core.recording import LedgerState
from nas_asr.services.base import House
from nas_asr.services.folder_marker import set_marker
from nas_asr.services.folder_reading import Reading, set_reading
from nas_asr.services.folder_watch import WatchState, WatchView, ledger_pulse
from nas_asr.services.folders import FolderOrder, add_folder, default_folder, list_folders, remove_folder, watched
from nas_asr.services.heartbeats import Beat, beat, gone
from nas_asr.services.looks import note_look, note_news, note_offline
from nas_asr.services.sightings import Look, News, Sighting, Stat
from nas_asr.store.models import Folder
from nas_asr.watcher.ignore import OTHER_KIND
from tests.cast import Cast, Clock, make_folder


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


def test_a_list_counts_files_by_state(house: House, cast: Cast, share: Path, clock: Clock) -> None:
    added = add_folder(house, cast.ada, FolderOrder("choir", str(share)))
    news = News(
        growing=[Sighting(b"a", Stat(1, 1, 1)), Sighting(b"b", Stat(1, 1, 2))],
        ignored=[Sighting(b"c.txt", Stat(1, 1, 3), OTHER_KIND)],
    )
    note_news(house, added.id, news)
    note_news(house, added.id, News(missing=[b"b"]))
    note_look(house, added.id, Look(1, 1, 2, 10))
    (folder,) = list_folders(house, cast.rita)
    assert (folder.files[LedgerState.GROWING], folder.files[LedgerState.IGNORED]) == (2, 1)
    assert (folder.unseen, folder.missing) == (1, 0)
    clock.pass_seconds(24 * 3600)
    note_look(house, added.id, Look(1, 1, 2, 10))
    (folder,) = list_folders(house, cast.rita)
    assert (folder.files[LedgerState.GROWING], folder.unseen, folder.missing) == (1, 0, 1)


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
    set_reading(house, cast.alice, folder.id, Reading(itn="off"))
    set_reading(house, None, folder.id, Reading(apart=False))
    (folder,) = list_folders(house, cast.rita)
    assert (folder.itn, folder.apart) == ("off", False)


def test_who_may_not_change_a_folder_may_not_change_how_it_is_written(house: House, cast: Cast, share: Path) -> None:
    folder = add_folder(house, cast.ada, FolderOrder("choir", share))
    with pytest.raises(NotPermitted):
        set_reading(house, cast.bob, folder.id, Reading(apart=True))
    for nobody in (cast.charlie, None):
        with pytest.raises(NotVisible):
            set_reading(house, nobody, folder.id if nobody else "missing", Reading(apart=True))
    with pytest.raises(Invalid, match="“roman” is no way to write figures"):
        set_reading(house, cast.alice, folder.id, Reading(itn="roman"))
    with pytest.raises(Invalid):
        add_folder(house, cast.ada, FolderOrder("choir", itn="roman"))


# -- how the watch goes ---------------------------------------------------------------------------------------------------


def _watch(house: House) -> WatchView:
    (folder,) = list_folders(house, None)
    return folder.watch


def _sign(house: House) -> None:
    beat(house, Beat("watcher", "watcher@nas", "boot"))


def test_without_a_watcher_a_folder_says_since_when_nobody_looks(
    house: House, cast: Cast, share: Path, clock: Clock
) -> None:
    folder = add_folder(house, cast.ada, FolderOrder("choir", share))
    assert _watch(house).state == WatchState.STOPPED
    assert _watch(house).trouble == "It was never looked through: the watcher is not running."
    _sign(house)
    assert _watch(house).state == WatchState.FIRST
    note_look(house, folder.id, Look(1, 1, 2, 10))
    assert _watch(house) == WatchView(WatchState.WATCHED, 1000)
    clock.pass_seconds(7 * 60)
    assert _watch(house).trouble == "No look for 7 minutes: the watcher is not running."
    assert _watch(house).remedy == "Start `nas-asr up` or `nas-asr watch`."
    clock.pass_seconds(5 * 3600)
    assert _watch(house).trouble == "No look for 5 hours: the watcher is not running."


def test_a_watcher_that_said_goodbye_is_missed_at_once(house: House, cast: Cast, share: Path) -> None:
    folder = add_folder(house, cast.ada, FolderOrder("choir", share))
    _sign(house)
    note_look(house, folder.id, Look(1, 1, 2, 10))
    gone(house, "watcher@nas", "boot")
    assert _watch(house).trouble == "No look for 0 minutes: the watcher is not running."


def test_a_share_that_hangs_is_late_after_three_intervals_and_a_minute(
    house: House, cast: Cast, share: Path, clock: Clock
) -> None:
    folder = add_folder(house, cast.ada, FolderOrder("choir", share))
    note_look(house, folder.id, Look(1, 1, 2, 10))
    with house.db.write() as session:
        session.get_one(Folder, folder.id).scan_every_ms = 120_000
    for seconds, state in ((420, WatchState.WATCHED), (1, WatchState.LATE)):
        clock.pass_seconds(seconds)
        _sign(house)
        assert _watch(house).state == state
    assert _watch(house).trouble == "No look for 7 minutes, although the watcher runs."


def test_a_large_folder_has_the_time_that_its_looks_take(house: House, cast: Cast, share: Path, clock: Clock) -> None:
    folder = add_folder(house, cast.ada, FolderOrder("choir", share))
    note_look(house, folder.id, Look(1, 1, 900_000, 60_000))
    clock.pass_seconds(15 * 60)
    _sign(house)
    assert _watch(house).state == WatchState.WATCHED


def test_an_offline_folder_says_why(house: House, cast: Cast, share: Path, clock: Clock) -> None:
    folder = add_folder(house, cast.ada, FolderOrder("choir", share))
    note_look(house, folder.id, Look(1, 1, 2, 10))
    note_offline(house, folder.id, "The share does not answer.")
    clock.pass_seconds(86400)
    _sign(house)
    assert (_watch(house).state, _watch(house).trouble) == (WatchState.OFFLINE, "The share does not answer.")


def test_open_pages_hear_of_new_files_of_ones_own_and_of_folders_that_go_away(
    house: House, cast: Cast, share: Path
) -> None:
    folder = add_folder(house, cast.ada, FolderOrder("choir", share))
    words = [ledger_pulse(house, cast.rita)]
    others = ledger_pulse(house, cast.charlie)
    note_news(house, folder.id, News(growing=[Sighting(b"a", Stat(1, 1, 1))]))
    words.append(ledger_pulse(house, cast.rita))
    note_offline(house, folder.id, "The share does not answer.")
    words.append(ledger_pulse(house, cast.rita))
    assert len(set(words)) == 3
    assert ledger_pulse(house, cast.rita) == words[-1] and ledger_pulse(house, cast.charlie) == others


# -- the marker file ------------------------------------------------------------------------------------------------------


def test_an_admin_names_a_marker_that_is_there(house: House, cast: Cast, share: Path) -> None:
    folder = add_folder(house, cast.ada, FolderOrder("choir", share))
    with pytest.raises(Invalid, match="There is no file “.root” in the folder."):
        set_marker(house, cast.ada, folder.id, ".root")
    (share / ".root").touch()
    set_marker(house, cast.ada, folder.id, ".root")
    assert [one.marker for one in watched(house)] == [".root"]
    set_marker(house, None, folder.id, "")
    assert [one.marker for one in watched(house)] == [""]
    assert [path.name for path in share.iterdir()] == [".root"]


@pytest.mark.parametrize("name", ["a/b", "..", ".", "a\0b", "x" * 121, "a\nb"])
def test_a_marker_is_one_plain_name(house: House, cast: Cast, share: Path, name: str) -> None:
    folder = add_folder(house, cast.ada, FolderOrder("choir", share))
    with pytest.raises(Invalid) as refused:
        set_marker(house, cast.ada, folder.id, name)
    assert refused.value.field == "marker" and refused.value.remedy


def test_a_folder_is_no_marker_and_neither_is_a_link(house: House, cast: Cast, share: Path) -> None:
    folder = add_folder(house, cast.ada, FolderOrder("choir", share))
    (share / "below").mkdir()
    (share / "link").symlink_to("/etc/passwd")
    for name in ("below", "link"):
        with pytest.raises(Invalid, match="no regular file"):
            set_marker(house, cast.ada, folder.id, name)


def test_only_admins_name_markers(house: House, cast: Cast, share: Path) -> None:
    folder = add_folder(house, cast.ada, FolderOrder("choir", share))
    (share / ".root").touch()
    for viewer in (cast.alice, cast.bob):
        with pytest.raises(NotPermitted):
            set_marker(house, viewer, folder.id, ".root")
    with pytest.raises(NotVisible):
        set_marker(house, cast.charlie, folder.id, ".root")


def test_a_folder_is_read_by_an_engine_that_a_worker_has(house: House, cast: Cast, tmp_path: Path) -> None:
    folder = make_folder(house.db, cast.choir, tmp_path / "calls")
    with pytest.raises(Invalid, match="No worker has this engine"):
        set_reading(house, cast.alice, folder, Reading(engine="sensevoice"))
    beat(house, Beat("worker", "w", "boot", Skills((Offer("sensevoice", ("zh",)),)).told()))
    set_reading(house, cast.alice, folder, Reading(engine="sensevoice"))
    assert [one.engine for one in list_folders(house, cast.alice) if one.id == folder] == ["sensevoice"]
    set_reading(house, cast.alice, folder, Reading(engine=""))
    assert [one.engine for one in list_folders(house, cast.alice) if one.id == folder] == [""]
