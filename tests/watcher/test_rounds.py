"""Room: tests.watcher. What the rounds conclude: growing, settled, missing, offline; with real files and a clock by hand."""

import os
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event

from nas_asr.core.recording import LedgerState, Presence
from nas_asr.services.base import House
from nas_asr.services.folders import list_folders
from nas_asr.services.ledger_retry import retry_line
from nas_asr.store.models import Folder
from tests.cast import Cast, RememberingQueue, make_folder
from tests.drops import SOUND, lines, portrait, recordings, runs
from tests.watcher.walk import Walk


def test_a_dropped_file_becomes_a_queued_recording(walk: Walk, share: Path, queue: RememberingQueue) -> None:
    (share / "talk.m4a").write_bytes(SOUND)
    walk.settle()
    (recording,) = recordings(walk.house)
    line = lines(walk.house)["talk.m4a"]
    assert (line.state, line.recording_id) == (LedgerState.INGESTED, recording.id)
    assert queue.rung == [recording.run_id]


def test_a_file_shows_as_growing_before_it_is_taken(walk: Walk, share: Path) -> None:
    (share / "talk.m4a").write_bytes(SOUND)
    walk.look()
    line = lines(walk.house)["talk.m4a"]
    assert line.state == LedgerState.GROWING
    assert line.reason


def test_a_growing_file_is_not_taken_until_it_is_quiet(walk: Walk, share: Path) -> None:
    with (share / "talk.m4a").open("wb", buffering=0) as file:
        for _ in range(20):
            file.write(SOUND)
            walk.look()
            walk.wait(3)
    assert recordings(walk.house) == []
    walk.settle()
    assert [r.size_bytes for r in recordings(walk.house)] == [20 * len(SOUND)]


def test_the_next_turn_is_due_when_the_settle_time_is_over(walk: Walk, share: Path) -> None:
    (share / "talk.m4a").write_bytes(SOUND)
    walk.rounds.turn(500.0)
    (share / "other.m4a").write_bytes(SOUND)
    assert walk.rounds.turn(500.1) <= 510.0


def test_a_copy_that_gets_its_real_name_is_picked_up(walk: Walk, share: Path) -> None:
    (share / "talk.m4a.part").write_bytes(SOUND)
    walk.settle()
    assert lines(walk.house)["talk.m4a.part"].state == LedgerState.IGNORED
    (share / "talk.m4a.part").rename(share / "talk.m4a")
    walk.settle()
    assert [r.path for r in recordings(walk.house)] == ["talk.m4a"]


def test_a_file_that_the_system_never_reported_is_found_by_the_scan(walk: Walk, share: Path) -> None:
    walk.look()
    (share / "talk.m4a").write_bytes(SOUND)
    walk.wait(walk.house.options.scan_seconds + walk.house.options.settle_seconds + 0.1)
    assert len(recordings(walk.house)) == 1


def test_a_file_that_vanishes_before_it_settled_is_missing_and_no_recording(walk: Walk, share: Path) -> None:
    (share / "talk.m4a").write_bytes(SOUND)
    walk.look()
    (share / "talk.m4a").unlink()
    walk.settle()
    assert recordings(walk.house) == []
    assert lines(walk.house)["talk.m4a"].presence == Presence.MISSING


def test_a_file_that_vanishes_while_queued_is_missing_and_its_recording_stays(walk: Walk, share: Path) -> None:
    (share / "talk.m4a").write_bytes(SOUND)
    walk.settle()
    (share / "talk.m4a").unlink()
    walk.look()
    line = lines(walk.house)["talk.m4a"]
    assert (line.presence, line.state) == (Presence.MISSING, LedgerState.INGESTED)
    assert line.missing_since is not None
    assert len(recordings(walk.house)) == 1


def test_a_file_that_comes_back_is_present_and_not_taken_twice(walk: Walk, share: Path, tmp_path: Path) -> None:
    (share / "talk.m4a").write_bytes(SOUND)
    walk.settle()
    (share / "talk.m4a").rename(tmp_path / "away")
    walk.look()
    (tmp_path / "away").rename(share / "talk.m4a")
    walk.settle()
    line = lines(walk.house)["talk.m4a"]
    assert (line.presence, line.missing_since) == (Presence.PRESENT, None)
    assert len(recordings(walk.house)) == 1


def test_a_restart_reads_no_unchanged_file_again(walk: Walk, share: Path) -> None:
    for name in ("one.m4a", "two.m4a", "notes.txt"):
        (share / name).write_bytes(SOUND + name.encode())
    (share / "no.wav").write_bytes(b"TEXT")
    walk.settle()
    after = Walk(walk.house, walk.folder_id)
    after.settle()
    after.wait(3600)
    assert (after.handed_over, after.probe.asked) == ([], [])


def test_a_file_that_was_growing_when_we_stopped_is_taken_after_the_start(walk: Walk, share: Path) -> None:
    (share / "talk.m4a").write_bytes(SOUND)
    walk.look()
    Walk(walk.house, walk.folder_id).settle()
    assert len(recordings(walk.house)) == 1


def test_a_nas_that_touches_a_file_causes_no_second_recording(walk: Walk, share: Path) -> None:
    (share / "talk.m4a").write_bytes(SOUND)
    walk.settle()
    os.utime(share / "talk.m4a")
    walk.settle()
    assert len(recordings(walk.house)) == len(runs(walk.house)) == 1
    assert lines(walk.house)["talk.m4a"].generation == 1
    assert len(walk.probe.asked) == 1


def test_new_bytes_under_the_same_name_are_a_new_recording_and_the_old_one_stays(walk: Walk, share: Path) -> None:
    (share / "talk.m4a").write_bytes(SOUND)
    walk.settle()
    (share / "talk.m4a").write_bytes(SOUND + b" of today")
    walk.settle()
    line = lines(walk.house)["talk.m4a"]
    assert (line.generation, line.state, line.presence) == (2, LedgerState.INGESTED, Presence.PRESENT)
    assert [r.size_bytes for r in recordings(walk.house)] == [len(SOUND), len(SOUND) + 9]


def test_a_moved_file_keeps_its_recording(walk: Walk, share: Path) -> None:
    (share / "talk.m4a").write_bytes(SOUND)
    walk.settle()
    (share / "2026").mkdir()
    (share / "talk.m4a").rename(share / "2026" / "board.m4a")
    walk.settle()
    (recording,) = recordings(walk.house)
    assert (recording.raw_path, recording.path) == (b"2026/board.m4a", "2026/board.m4a")
    ledger = lines(walk.house)
    assert ledger["2026/board.m4a"].recording_id == ledger["talk.m4a"].recording_id == recording.id
    assert ledger["2026/board.m4a"].state == LedgerState.INGESTED
    assert ledger["talk.m4a"].presence == Presence.MISSING


def test_when_the_first_copy_goes_the_second_one_is_where_the_recording_is(walk: Walk, share: Path) -> None:
    (share / "first.m4a").write_bytes(SOUND)
    walk.settle()
    (share / "second.m4a").write_bytes(SOUND)
    walk.settle()
    assert lines(walk.house)["second.m4a"].state == LedgerState.DUPLICATE
    (share / "first.m4a").unlink()
    walk.look()
    assert [r.raw_path for r in recordings(walk.house)] == [b"second.m4a"]


@pytest.mark.parametrize("content", [b"", b"HALF of a file"])
def test_an_unfinished_file_grows_for_ten_minutes_then_fails(walk: Walk, share: Path, content: bytes) -> None:
    (share / "talk.m4a").write_bytes(content)
    walk.settle()
    assert lines(walk.house)["talk.m4a"].state == LedgerState.GROWING
    walk.wait(560)
    assert lines(walk.house)["talk.m4a"].state == LedgerState.GROWING
    walk.wait(60)
    line = lines(walk.house)["talk.m4a"]
    assert (line.state, line.reason_code, line.next_look_at) == (LedgerState.FAILED, "incomplete", None)
    tries = len(walk.handed_over)
    walk.wait(7200)
    assert len(walk.handed_over) == tries


def test_an_unfinished_file_that_is_finished_after_it_failed_is_taken(walk: Walk, share: Path) -> None:
    (share / "talk.m4a").write_bytes(b"HALF")
    walk.settle()
    walk.wait(900)
    (share / "talk.m4a").write_bytes(SOUND)
    walk.settle()
    assert lines(walk.house)["talk.m4a"].state == LedgerState.INGESTED


@pytest.mark.parametrize(
    ("content", "code"), [(b"TEXT", "not_audio"), (b"MUTE", "no_audio_track"), (b"HARD", "media_limit")]
)
def test_a_hopeless_file_is_looked_into_once(walk: Walk, share: Path, content: bytes, code: str) -> None:
    (share / "talk.wav").write_bytes(content)
    walk.settle()
    walk.wait(7200)
    line = lines(walk.house)["talk.wav"]
    assert (line.state, line.reason_code, line.next_look_at) == (LedgerState.FAILED, code, None)
    assert line.reason.count(".") == 2  # what is the matter, and what to do
    assert len(walk.probe.asked) == 1


def test_an_unreadable_file_is_tried_less_and_less_often(walk: Walk, share: Path) -> None:
    (share / "talk.wav").write_bytes(b"LOST")
    walk.settle()
    walk.wait(600)
    in_ten_minutes = len(walk.probe.asked)
    walk.wait(6 * 3600)
    assert 3 <= in_ten_minutes <= 7
    assert len(walk.probe.asked) - in_ten_minutes <= 12
    assert lines(walk.house)["talk.wav"].state == LedgerState.FAILED


def test_somebody_who_asks_has_a_failed_file_looked_at_again(walk: Walk, share: Path, cast: Cast) -> None:
    (share / "talk.wav").write_bytes(b"TEXT")
    walk.settle()
    retry_line(walk.house, cast.bob, lines(walk.house)["talk.wav"].id)
    walk.wait(60)
    assert len(walk.probe.asked) == 2


def test_somebody_who_asks_gets_a_file_taken_in_spite_of_its_name(walk: Walk, share: Path, cast: Cast) -> None:
    (share / "talk.txt").write_bytes(SOUND)
    walk.settle()
    retry_line(walk.house, cast.bob, lines(walk.house)["talk.txt"].id)
    walk.wait(60)
    assert lines(walk.house)["talk.txt"].state == LedgerState.INGESTED


def test_from_now_on_means_what_is_there_already_is_left_alone(house: House, cast: Cast, share: Path) -> None:
    (share / "old.m4a").write_bytes(SOUND)
    os.utime(share / "old.m4a", (1_000_000_000, 1_000_000_000))
    folder_id = make_folder(house.db, cast.choir, share)
    with house.db.write() as session:
        session.get_one(Folder, folder_id).since = house.now()
    walk = Walk(house, folder_id)
    walk.settle()
    line = lines(house)["old.m4a"]
    assert (line.state, line.reason_code) == (LedgerState.IGNORED, "older")
    (share / "copied later.m4a").write_bytes(SOUND + b"2")
    os.utime(share / "copied later.m4a", (1_000_000_000, 1_000_000_000))
    walk.settle()
    assert [r.path for r in recordings(house)] == ["copied later.m4a"]


# -- folders that are away ------------------------------------------------------------------------------------------------


def test_a_root_replaced_by_an_empty_directory_concludes_nothing(walk: Walk, share: Path, tmp_path: Path) -> None:
    (share / "talk.m4a").write_bytes(SOUND)
    walk.settle()
    share.rename(tmp_path / "unmounted")
    share.mkdir()
    walk.look()
    (folder,) = list_folders(walk.house, None)
    assert not folder.online
    assert "another folder" in folder.offline_reason
    assert lines(walk.house)["talk.m4a"].presence == Presence.PRESENT


def test_what_lies_in_another_folder_in_the_roots_place_is_not_taken(walk: Walk, share: Path, tmp_path: Path) -> None:
    (share / "talk.m4a").write_bytes(SOUND)
    walk.settle()
    share.rename(tmp_path / "unmounted")
    share.mkdir()
    (share / "stranger.m4a").write_bytes(SOUND + b"x")
    walk.settle()
    assert [r.path for r in recordings(walk.house)] == ["talk.m4a"]


def test_a_share_that_comes_back_goes_on(walk: Walk, share: Path, tmp_path: Path) -> None:
    (share / "talk.m4a").write_bytes(SOUND)
    walk.settle()
    share.rename(tmp_path / "unmounted")
    walk.look()
    assert [f.online for f in list_folders(walk.house, None)] == [False]
    (tmp_path / "unmounted" / "new.m4a").write_bytes(SOUND + b"x")
    (tmp_path / "unmounted").rename(share)
    walk.wait(60)
    (folder,) = list_folders(walk.house, None)
    assert (folder.online, folder.offline_reason) == (True, "")
    assert [r.path for r in recordings(walk.house)] == ["talk.m4a", "new.m4a"]


def test_the_same_files_on_another_device_are_the_same_folder(walk: Walk, share: Path, tmp_path: Path) -> None:
    """A remounted share, or one after a reboot, may have another device number."""
    (share / "talk.m4a").write_bytes(SOUND)
    walk.settle()
    share.rename(tmp_path / "before")
    share.mkdir()
    (tmp_path / "before" / "talk.m4a").rename(share / "talk.m4a")
    walk.look()
    assert [f.online for f in list_folders(walk.house, None)] == [True]


def test_all_files_gone_at_once_conclude_nothing(walk: Walk, share: Path) -> None:
    for name in ("one.m4a", "two.m4a"):
        (share / name).write_bytes(SOUND + name.encode())
    walk.settle()
    for path in share.iterdir():
        path.unlink()
    walk.look()
    assert [f.online for f in list_folders(walk.house, None)] == [False]
    assert {line.presence for line in lines(walk.house).values()} == {Presence.PRESENT}


def test_a_folder_that_was_emptied_on_purpose_goes_on_with_the_next_file(walk: Walk, share: Path) -> None:
    for name in ("one.m4a", "two.m4a"):
        (share / name).write_bytes(SOUND + name.encode())
    walk.settle()
    for path in share.iterdir():
        path.unlink()
    walk.look()
    (share / "three.m4a").write_bytes(SOUND)
    walk.settle()
    assert [f.online for f in list_folders(walk.house, None)] == [True]
    assert lines(walk.house)["one.m4a"].presence == Presence.MISSING
    assert len(recordings(walk.house)) == 3


# -- the disk of the database, the share itself -----------------------------------------------------------------------------


def test_a_full_disk_leaves_nothing_half_and_every_file_is_taken_later(walk: Walk, share: Path) -> None:
    if not walk.house.db.is_sqlite:
        pytest.skip("a server's disk cannot be filled from here")
    for number in range(40):
        (share / f"{number}.m4a").write_bytes(SOUND + bytes([number]))
    walk.look()
    limit_pages(walk.house, spare=2)
    walk.wait(walk.house.options.settle_seconds + 1)
    taken = len(recordings(walk.house))
    assert taken < 40
    assert len(walk.handed_over) == 40
    assert len(runs(walk.house)) == taken
    assert sum(line.recording_id is not None for line in lines(walk.house).values()) == taken
    limit_pages(walk.house, spare=1_000_000)
    walk.wait(60)
    assert len(recordings(walk.house)) == len(runs(walk.house)) == 40


def limit_pages(house: House, spare: int) -> None:
    """From now on the database can grow by so many pages, as on a disk that is nearly full."""
    with house.db.engine.connect() as connection:
        used = connection.exec_driver_sql("PRAGMA page_count").scalar_one()

    def on_connect(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute(f"PRAGMA max_page_count={used + spare}").close()

    event.listen(house.db.engine, "connect", on_connect)
    house.db.engine.dispose()


def test_the_share_is_never_written(walk: Walk, share: Path) -> None:
    for name, content in {"talk.m4a": SOUND, "no.wav": b"TEXT", "half.m4a": b"HALF", "empty.mp3": b""}.items():
        (share / name).write_bytes(content)
    (share / "2026").mkdir()
    (share / "2026" / "copy.m4a").write_bytes(SOUND)
    (share / "link.m4a").symlink_to(share / "talk.m4a")
    if os.geteuid() != 0:
        share.chmod(0o500)
    before = portrait(share)
    walk.settle()
    walk.wait(1200)
    assert len(lines(walk.house)) == 6
    assert portrait(share) == before
    share.chmod(0o700)


def test_one_file_that_stumbles_holds_up_no_other(walk: Walk, share: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Stumbles(type(walk.probe)):  # type: ignore[misc]
        def __call__(self, path: bytes, root: bytes) -> object:
            if path.endswith(b"bug.m4a"):
                raise ZeroDivisionError
            return super().__call__(path, root)

    walk.probe = Stumbles()
    (share / "bug.m4a").write_bytes(SOUND + b"bug")
    (share / "good.m4a").write_bytes(SOUND)
    walk.settle()
    walk.wait(60)
    assert [r.path for r in recordings(walk.house)] == ["good.m4a"]
    assert lines(walk.house)["bug.m4a"].state == LedgerState.GROWING


def test_five_thousand_files_at_once_are_all_in_the_ledger(walk: Walk, share: Path) -> None:
    for number in range(5000):
        (share / f"{number}.txt").touch()
    walk.look()
    (folder,) = list_folders(walk.house, None)
    assert folder.files[LedgerState.IGNORED] == folder.files_seen == 5000
    assert folder.last_scan_at is not None
    assert walk.house.now() - folder.last_scan_at < timedelta(seconds=1)
