"""Room: tests.watcher. A folder that is away: nothing is concluded, whatever the reason, and it goes on when it is back."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from nas_asr.core.errors import Unreadable
from nas_asr.core.ports import MediaInfo
from nas_asr.core.recording import LedgerState, Presence
from nas_asr.services.folder_marker import set_marker
from nas_asr.services.folders import list_folders, watched
from nas_asr.services.ledger import LedgerFilter, list_ledger
from nas_asr.services.paging import PageOrder
from nas_asr.watcher import rounds
from nas_asr.watcher.memory import Memory
from nas_asr.watcher.scan import Away, Scan, scan
from tests.cast import Cast, Clock
from tests.drops import SOUND, FakeProbe, lines, portrait, recordings
from tests.watcher.walk import Walk

DAY = 24 * 3600


@pytest.fixture
def walk(walk: Walk, share: Path) -> Walk:
    """The watch, after two recordings were taken."""
    for name in ("one.m4a", "two.m4a"):
        (share / name).write_bytes(SOUND + name.encode())
    walk.settle()
    return walk


def _offline(walk: Walk) -> str:
    (folder,) = list_folders(walk.house, None)
    assert not folder.online
    return folder.offline_reason


def _nothing_was_concluded(walk: Walk) -> None:
    found = lines(walk.house)
    assert {path: (line.presence, line.state) for path, line in found.items()} == dict.fromkeys(
        ("one.m4a", "two.m4a"), (Presence.PRESENT, LedgerState.INGESTED)
    )
    assert all(line.missing_since is None for line in found.values())
    assert [r.path for r in recordings(walk.house)] == ["one.m4a", "two.m4a"]


def test_what_was_to_be_taken_when_its_root_went_is_taken_when_it_is_back_whatever_the_clock_says(
    walk: Walk, share: Path, clock: Clock
) -> None:
    away = share.with_name("away")

    class Unplugged(FakeProbe):
        """The share goes in the moment in which a file is to be looked into."""

        def __call__(self, path: bytes, root: bytes) -> MediaInfo:
            if share.exists() and not away.exists():
                share.rename(away)
                raise Unreadable("The share is gone.")
            return super().__call__(path, root)

    walk.probe = Unplugged()
    (share / "two.m4a").write_bytes(SOUND + b"two, said again")
    (share / "three.m4a").write_bytes(SOUND + b"three")
    walk.settle()
    assert lines(walk.house)["three.m4a"].state == LedgerState.GROWING
    walk.look()
    assert _offline(walk)
    clock.pass_seconds(-600)
    away.rename(share)
    walk.probe = FakeProbe()
    walk.wait(60)
    assert sorted(r.path for r in recordings(walk.house)) == ["one.m4a", "three.m4a", "two.m4a", "two.m4a"]


def test_what_was_written_over_and_went_before_anybody_looked_into_it_is_looked_into_when_it_is_back(
    walk: Walk, share: Path
) -> None:
    walk.wait(60)
    again = share / "two.m4a"
    again.write_bytes(SOUND + b"two, said again")
    walk.look()
    away = again.rename(share.with_name("away"))
    walk.wait(60)
    away.rename(again)
    walk.wait(60)
    assert sorted(r.path for r in recordings(walk.house)) == ["one.m4a", "two.m4a", "two.m4a"]


def _renamed(share: Path) -> Callable[[], object]:
    away = share.rename(share.with_name("away"))
    return lambda: away.rename(share)


def _empty_in_its_place(share: Path) -> Callable[[], object]:
    away = share.rename(share.with_name("away"))
    share.mkdir()

    def back() -> None:
        share.rmdir()
        away.rename(share)

    return back


def _emptied(share: Path) -> Callable[[], object]:
    kept = {path: path.read_bytes() for path in share.iterdir()}
    times = {path: path.stat().st_mtime_ns for path in kept}
    for path in kept:
        path.unlink()

    def back() -> None:
        for path, content in kept.items():
            path.write_bytes(content)
            os.utime(path, ns=(times[path], times[path]))

    return back


def _a_file_in_its_place(share: Path) -> Callable[[], object]:
    away = share.rename(share.with_name("away"))
    share.write_bytes(b"")

    def back() -> None:
        share.unlink()
        away.rename(share)

    return back


@pytest.mark.parametrize("go", [_renamed, _empty_in_its_place, _emptied, _a_file_in_its_place])
def test_a_folder_that_went_for_a_week_is_as_it_was_last_seen_and_goes_on(
    walk: Walk, share: Path, cast: Cast, go: Callable[[Path], Callable[[], object]]
) -> None:
    back = go(share)
    walk.look()
    assert _offline(walk)
    clock = walk.house.now
    assert isinstance(clock, Clock)
    clock.pass_seconds(7 * DAY)
    walk.wait(60)
    assert _offline(walk)
    _nothing_was_concluded(walk)
    told = list_ledger(walk.house, cast.rita, LedgerFilter(presence=Presence.MISSING), PageOrder())
    assert told.items == []
    back()
    (share / "three.m4a").write_bytes(SOUND + b"three")
    walk.wait(60)
    (folder,) = list_folders(walk.house, None)
    assert (folder.online, folder.offline_reason, folder.missing) == (True, "", 0)
    assert [r.path for r in recordings(walk.house)] == ["one.m4a", "two.m4a", "three.m4a"]


def test_a_folder_that_may_not_be_read_is_offline_and_names_the_account(walk: Walk, share: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may read everything; see the test with another account")
    share.chmod(0)
    try:
        walk.look()
        assert f"user number {os.geteuid()}" in _offline(walk)
        _nothing_was_concluded(walk)
    finally:
        share.chmod(0o755)
    walk.wait(60)
    assert list_folders(walk.house, None)[0].online


def test_a_folder_that_another_account_may_not_read_concludes_nothing(
    walk: Walk, share: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can take on another account")

    def as_nobody(path: bytes, memory: Memory, marker: bytes = b"") -> Scan | Away:
        os.seteuid(65534)
        try:
            return scan(path, memory, marker)
        finally:
            os.seteuid(0)

    share.chmod(0o700)
    with monkeypatch.context() as patched:
        patched.setattr(rounds, "scan", as_nobody)
        walk.look()
    assert "may not be read by user number 65534" in _offline(walk)
    _nothing_was_concluded(walk)
    walk.wait(60)
    assert list_folders(walk.house, None)[0].online
    _nothing_was_concluded(walk)


def test_an_unmounted_share_leaves_an_empty_place_on_another_device(walk: Walk, share: Path) -> None:
    """A real mount over the folder: another device, another root, and nothing in it."""
    mounted = subprocess.run(["mount", "-t", "tmpfs", "none", str(share)], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("this account may not mount")
    try:
        walk.look()
        assert "another folder" in _offline(walk)
        _nothing_was_concluded(walk)
        (share / "stranger.m4a").write_bytes(SOUND + b"x")
        walk.settle()
        _nothing_was_concluded(walk)
    finally:
        subprocess.run(["umount", str(share)], check=True)
    walk.wait(60)
    assert list_folders(walk.house, None)[0].online
    _nothing_was_concluded(walk)


def test_without_its_marker_a_folder_is_offline_until_it_is_back(walk: Walk, share: Path, cast: Cast) -> None:
    (share / "marker.txt").write_text("the right share")
    walk.look()
    set_marker(walk.house, cast.ada, walk.folder_id, "marker.txt")
    walk.rounds.heed(watched(walk.house)[0])
    assert (lines(walk.house)["marker.txt"].state, lines(walk.house)["marker.txt"].reason_code) == (
        LedgerState.IGNORED,
        "marker",
    )
    walk.look()
    assert list_folders(walk.house, None)[0].online
    (share / "marker.txt").rename(share.with_name("elsewhere"))
    (share / "three.m4a").write_bytes(SOUND + b"three")
    walk.settle()
    assert "marker.txt" in _offline(walk)
    assert "three.m4a" not in lines(walk.house)
    (share.with_name("elsewhere")).rename(share / "marker.txt")
    walk.wait(60)
    assert list_folders(walk.house, None)[0].online
    assert [r.path for r in recordings(walk.house)] == ["one.m4a", "two.m4a", "three.m4a"]


def test_a_marker_file_is_never_taken_whatever_is_in_it(walk: Walk, share: Path, cast: Cast) -> None:
    (share / "root.m4a").write_bytes(SOUND + b"marker")
    set_marker(walk.house, cast.ada, walk.folder_id, "root.m4a")
    walk.rounds.heed(watched(walk.house)[0])
    before = portrait(share)
    walk.settle()
    assert lines(walk.house)["root.m4a"].reason_code == "marker"
    assert len(recordings(walk.house)) == 2
    set_marker(walk.house, cast.ada, walk.folder_id, "")
    assert lines(walk.house)["root.m4a"].reason_code == "was_marker"
    assert portrait(share) == before
