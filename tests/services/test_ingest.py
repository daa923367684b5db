"""Room: tests.services. From a settled file to a recording: whose, how often, from when. The rounds are tests.watcher."""

import os
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import cast as cast_to

import pytest

from nas_asr.core.access import Viewer
from nas_asr.core.errors import NotPermitted, NotVisible
from nas_asr.core.ports import MediaInfo
from nas_asr.core.recording import LedgerState, RunState, Waiting
from nas_asr.services.base import House
from nas_asr.services.folders import remove_folder
from nas_asr.services.ingest import Gone, Linked, Outcome, Refused, StillGrowing, Taken, ingest
from nas_asr.services.ledger_retry import retry_line
from nas_asr.services.recordings import trash
from nas_asr.services.sightings import Sighting, Stat
from nas_asr.store.models import Folder, HotwordVersion, Recording, Run
from tests.cast import Cast, Clock, RememberingQueue, make_folder
from tests.drops import SOUND, FakeProbe, lines, recordings, runs


class Drop:
    """Drops files into one folder and has each taken at once."""

    def __init__(self, house: House, folder: Path, team_id: str, language: str = "en") -> None:
        self.house, self.folder = house, folder
        self.folder_id = make_folder(house.db, team_id, folder, language)
        self.probe = FakeProbe()

    def __call__(self, name: str, content: bytes = SOUND) -> Outcome:
        """Write the file and take it."""
        (self.folder / name).write_bytes(content)
        return self.take(name)

    def take(self, name: str) -> Outcome:
        """Take the file as it is."""
        path = self.folder / name
        sighting = Sighting(os.fsencode(name), Stat.of(path.lstat()))
        return ingest(self.house, self.folder_id, sighting, probe=self.probe)


@pytest.fixture
def drop(house: House, cast: Cast, tmp_path: Path) -> Drop:
    return Drop(house, tmp_path / "share", cast.choir)


def test_a_recording_carries_what_is_known_about_its_file(drop: Drop, house: House, cast: Cast) -> None:
    drop("录音 会议 🎤.m4a")
    (recording,) = recordings(house)
    assert (recording.team_id, recording.folder_id) == (cast.choir, drop.folder_id)
    assert (recording.title, recording.path) == ("录音 会议 🎤", "录音 会议 🎤.m4a")
    assert (recording.duration_ms, recording.codec, recording.language) == (40_000, "pcm_s16le", "en")
    assert recording.size_bytes == len(SOUND)


def test_a_run_remembers_the_hotwords_of_its_day(drop: Drop, house: House, cast: Cast) -> None:
    with house.db.write() as session:
        session.add(HotwordVersion(id="h", team_id=cast.choir, number=3, words=["x"], created_at=house.now()))
    drop("talk.m4a")
    assert [run.hotwords_version for run in runs(house)] == [3]


def test_what_nobody_declared_english_waits_for_the_model(
    house: House, cast: Cast, tmp_path: Path, queue: RememberingQueue
) -> None:
    Drop(house, tmp_path / "zh", cast.choir, "zh")("talk.m4a")
    assert [run.waiting_for for run in runs(house)] == [Waiting.MODEL]
    assert queue.rung == []


def test_a_queue_that_is_down_loses_nothing(drop: Drop, house: House, queue: RememberingQueue) -> None:
    queue.down = True
    assert isinstance(drop("talk.m4a"), Taken)
    assert [run.state for run in runs(house)] == [RunState.QUEUED]


def test_the_same_file_twice_is_one_recording(drop: Drop, house: House) -> None:
    first, second = drop("talk.m4a"), drop("copy.m4a")
    assert isinstance(first, Taken)
    assert second == Linked(first.recording_id)
    assert len(recordings(house)) == len(runs(house)) == 1
    line = lines(house)["copy.m4a"]
    assert (line.state, line.recording_id) == (LedgerState.DUPLICATE, first.recording_id)
    assert "“talk.m4a”" in line.reason


def test_the_same_file_in_two_folders_of_a_team_is_one_recording(
    drop: Drop, house: House, cast: Cast, tmp_path: Path
) -> None:
    drop("talk.m4a")
    Drop(house, tmp_path / "other", cast.choir)("talk.m4a")
    assert len(recordings(house)) == 1


def test_the_same_file_in_two_teams_is_two_recordings_that_know_nothing_of_each_other(
    drop: Drop, house: House, cast: Cast, tmp_path: Path
) -> None:
    drop("talk.m4a")
    other = Drop(house, tmp_path / "garden", cast.garden)
    assert isinstance(other("talk.m4a"), Taken)
    assert {recording.team_id for recording in recordings(house)} == {cast.choir, cast.garden}
    assert other.probe.asked == [b"talk.m4a"]


def test_a_file_moved_to_another_folder_of_the_team_keeps_its_recording(
    drop: Drop, house: House, cast: Cast, tmp_path: Path
) -> None:
    drop("talk.m4a")
    (drop.folder / "talk.m4a").unlink()
    other = Drop(house, tmp_path / "other", cast.choir)
    other("board.m4a")
    (recording,) = recordings(house)
    assert (recording.folder_id, recording.raw_path) == (other.folder_id, b"board.m4a")


def test_a_copy_from_a_share_that_is_away_is_a_duplicate_not_a_move(
    drop: Drop, house: House, cast: Cast, tmp_path: Path
) -> None:
    drop("talk.m4a")
    drop.folder.rename(tmp_path / "unmounted")
    Drop(house, tmp_path / "other", cast.choir)("copy.m4a")
    assert [recording.raw_path for recording in recordings(house)] == [b"talk.m4a"]


def test_a_folder_that_was_removed_and_added_again_finds_its_recordings(drop: Drop, house: House, cast: Cast) -> None:
    drop("talk.m4a")
    remove_folder(house, None, drop.folder_id)
    again = Drop(house, drop.folder, cast.choir)
    again.take("talk.m4a")
    assert [recording.folder_id for recording in recordings(house)] == [again.folder_id]


def test_what_is_in_the_trash_can_be_dropped_again(drop: Drop, house: House, cast: Cast) -> None:
    drop("talk.m4a")
    trash(house, cast.bob, recordings(house)[0].id)
    assert isinstance(drop("talk again.m4a"), Taken)


def test_a_nas_that_touches_a_file_brings_nothing_back_from_the_trash(drop: Drop, house: House, cast: Cast) -> None:
    drop("talk.m4a")
    trash(house, cast.bob, recordings(house)[0].id)
    os.utime(drop.folder / "talk.m4a")
    assert isinstance(drop.take("talk.m4a"), Linked)
    assert len(recordings(house)) == 1


def test_a_file_that_comes_back_elsewhere_is_transcribed_after_all(
    drop: Drop, house: House, queue: RememberingQueue
) -> None:
    drop("talk.m4a")
    with house.db.write() as session:
        run = session.get_one(Run, queue.rung[0])
        run.state, run.failure_code = RunState.FAILED, "unreadable"
        session.get_one(Recording, run.recording_id).state = RunState.FAILED
    (drop.folder / "talk.m4a").rename(drop.folder / "found.m4a")
    drop.take("found.m4a")
    assert [recording.state for recording in recordings(house)] == [RunState.QUEUED]
    assert len(queue.rung) == 2


def test_a_file_that_changes_while_it_is_looked_into_is_still_growing(drop: Drop, house: House) -> None:
    class Writes(FakeProbe):
        def __call__(self, path: bytes, root: bytes) -> MediaInfo:
            with Path(os.fsdecode(path)).open("ab") as file:
                file.write(b"more")
            return super().__call__(path, root)

    drop.probe = Writes()
    assert drop("talk.m4a") == StillGrowing()
    assert recordings(house) == []


def test_a_file_that_is_exchanged_between_look_and_read_is_still_growing(drop: Drop, house: House) -> None:
    (drop.folder / "talk.m4a").write_bytes(SOUND)
    seen = Sighting(b"talk.m4a", Stat.of((drop.folder / "talk.m4a").lstat()))
    (drop.folder / "new").write_bytes(SOUND[::-1])
    (drop.folder / "new").rename(drop.folder / "talk.m4a")
    assert ingest(house, drop.folder_id, seen, probe=drop.probe) == StillGrowing()
    assert (recordings(house), drop.probe.asked) == ([], [])


def test_a_file_that_changes_while_it_is_hashed_is_still_growing(
    drop: Drop, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.pread

    def growing(descriptor: int, size: int, at: int) -> bytes:
        with (drop.folder / "talk.m4a").open("ab") as file:
            file.write(b"more")
        return real(descriptor, size, at)

    monkeypatch.setattr(os, "pread", growing)
    assert drop("talk.m4a") == StillGrowing()
    assert recordings(house) == []


def test_a_copy_seen_before_an_empty_mount_point_was_noticed_is_a_duplicate_not_a_move(
    drop: Drop, house: House, cast: Cast, tmp_path: Path
) -> None:
    drop("talk.m4a")
    root = drop.folder.lstat()
    with house.db.write() as session:
        folder = session.get_one(Folder, drop.folder_id)
        folder.root_device, folder.root_inode = root.st_dev, root.st_ino
    drop.folder.rename(tmp_path / "unmounted")
    drop.folder.mkdir()
    Drop(house, tmp_path / "other", cast.choir)("copy.m4a")
    assert [recording.raw_path for recording in recordings(house)] == [b"talk.m4a"]


def test_a_file_that_is_gone_leaves_no_trace(drop: Drop, house: House) -> None:
    gone = Sighting(b"talk.m4a", Stat(5, 5, 5))
    assert ingest(house, drop.folder_id, gone, probe=drop.probe) == Gone()
    assert recordings(house) == []


def test_a_link_out_of_the_folder_is_never_opened(drop: Drop, house: House, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "board.wav").write_bytes(SOUND)
    (drop.folder / "way").symlink_to(secret)
    assert isinstance(drop.take("way/board.wav"), Refused)
    assert (drop.probe.asked, recordings(house)) == ([], [])


def test_a_text_named_wav_says_what_is_wrong_with_it(drop: Drop, house: House) -> None:
    assert drop("talk.wav", b"TEXT") == Refused("not_audio")
    line = lines(house)["talk.wav"]
    assert (line.state, line.reason) == (LedgerState.FAILED, "There is no sound in the file. Record again.")


def test_the_container_says_when_it_was_recorded(drop: Drop, house: House) -> None:
    drop.probe.recorded_at = "2026-03-01T08:00:00Z"
    drop("20250102_090000.m4a")
    (recording,) = recordings(house)
    assert (recording.recorded_at, recording.recorded_from) == (datetime(2026, 3, 1, 8, tzinfo=UTC), "container")


def test_else_its_name_says_it_in_the_sites_zone(drop: Drop, house: House) -> None:
    drop("20250702_090000.m4a")
    assert [r.recorded_at for r in recordings(house)] == [datetime(2025, 7, 2, 7, tzinfo=UTC)]  # Berlin in summer


def test_inodes_of_all_64_bits_fit_into_the_ledger() -> None:
    status = SimpleNamespace(st_size=7, st_mtime_ns=1, st_ino=(1 << 64) - 5)
    assert Stat.of(cast_to(os.stat_result, status)) == Stat(7, 1, -5)


@pytest.mark.parametrize("name", ["rita", "charlie"])
def test_readers_and_outsiders_cannot_ask_for_another_look(drop: Drop, house: House, cast: Cast, name: str) -> None:
    drop("talk.wav", b"TEXT")
    viewer: Viewer = getattr(cast, name)
    with pytest.raises(NotPermitted if name == "rita" else NotVisible):
        retry_line(house, viewer, lines(house)["talk.wav"].id)


def test_an_admin_can_ask_for_another_look(drop: Drop, house: House, cast: Cast, clock: Clock) -> None:
    drop("talk.wav", b"TEXT")
    retry_line(house, cast.ada, lines(house)["talk.wav"].id)
    line = lines(house)["talk.wav"]
    assert (line.state, line.next_look_at) == (LedgerState.GROWING, clock.now)


def test_asking_for_what_was_taken_changes_nothing(drop: Drop, house: House, cast: Cast) -> None:
    drop("talk.m4a")
    retry_line(house, cast.bob, lines(house)["talk.m4a"].id)
    assert lines(house)["talk.m4a"].state == LedgerState.INGESTED
