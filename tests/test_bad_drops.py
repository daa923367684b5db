"""Room: tests. What people, recorders and attackers put into a folder: each ends in a state that a person can read.

Real files, the real database and media's real child process; only the queue and the clock are the tests'.
"""

import csv
import os
import shutil
from pathlib import Path

import pytest

from nas_asr import media
from nas_asr.core.ports import MediaInfo
from nas_asr.core.recording import LedgerState, Presence
from nas_asr.services.base import House
from tests.cast import Cast, RememberingQueue, make_folder
from tests.drops import FakeProbe, lines, portrait, recordings, runs, with_settings, write_wav, write_with_av
from tests.watcher.walk import Walk


class RealProbe(FakeProbe):
    """Media's own, which remembers what it was asked."""

    def __call__(self, path: bytes, root: bytes) -> MediaInfo:
        """What is in the file, from a child process."""
        self.asked.append(path[len(root) + 1 :])
        return media.probe(path, root)


@pytest.fixture
def share(tmp_path: Path) -> Path:
    return tmp_path / "share"


@pytest.fixture
def house(house: House) -> House:
    """The tests' house, with usual intervals: ten minutes go by in most tests."""
    return with_settings(house, scan_seconds=30.0)


@pytest.fixture
def walk(house: House, cast: Cast, share: Path) -> Walk:
    return Walk(house, make_folder(house.db, cast.choir, share), RealProbe())


def after_a_while(walk: Walk) -> tuple[LedgerState, str]:
    """State and reason code of the only file, once everything was tried."""
    walk.settle()
    walk.wait(700)
    (line,) = lines(walk.house).values()
    assert (line.reason != "") == (line.state != LedgerState.INGESTED)
    return line.state, line.reason_code


def test_zero_bytes_are_an_unfinished_copy(walk: Walk, share: Path) -> None:
    (share / "talk.m4a").touch()
    assert after_a_while(walk) == (LedgerState.FAILED, "incomplete")


def test_a_text_named_wav_is_no_audio(walk: Walk, share: Path) -> None:
    (share / "talk.wav").write_text("Dear all,\nplease find attached the minutes of the meeting.\n" * 50)
    assert after_a_while(walk) == (LedgerState.FAILED, "not_audio")


def test_a_truncated_m4a_is_an_unfinished_copy_until_the_rest_comes(walk: Walk, share: Path, tmp_path: Path) -> None:
    whole = write_with_av(tmp_path / "whole.m4a", "mp4").read_bytes()
    (share / "talk.m4a").write_bytes(whole[: len(whole) // 2])
    assert after_a_while(walk) == (LedgerState.FAILED, "incomplete")
    (share / "talk.m4a").write_bytes(whole)
    walk.settle()
    assert lines(walk.house)["talk.m4a"].state == LedgerState.INGESTED


def test_a_playlist_named_mp3_reads_no_other_file(walk: Walk, share: Path, tmp_path: Path) -> None:
    secret = write_wav(tmp_path / "secret.wav")
    (share / "talk.mp3").write_text(f"#EXTM3U\n#EXT-X-VERSION:3\n#EXTINF:10,\nfile://{secret}\n#EXT-X-ENDLIST\n")
    assert after_a_while(walk) == (LedgerState.FAILED, "not_audio")


@pytest.mark.parametrize("chord", [(), (220.0, 277.2, 329.6)], ids=["silence", "music"])
def test_silence_and_music_are_recordings_like_any_other(walk: Walk, share: Path, chord: tuple[float, ...]) -> None:
    write_wav(share / "talk.wav", 3, chord=chord)
    assert after_a_while(walk) == (LedgerState.INGESTED, "")
    assert [r.duration_ms for r in recordings(walk.house)] == [3000]


def test_a_video_with_speech_is_a_recording(walk: Walk, share: Path) -> None:
    write_with_av(share / "call.mp4", "mp4", picture=True)
    assert after_a_while(walk) == (LedgerState.INGESTED, "")


def test_a_video_without_sound_says_so(walk: Walk, share: Path) -> None:
    write_with_av(share / "call.mp4", "mp4", picture=True, sound=False)
    assert after_a_while(walk) == (LedgerState.FAILED, "no_audio_track")


def test_eight_channels_are_a_recording(walk: Walk, share: Path) -> None:
    write_wav(share / "room.wav", channels=8, chord=(300.0,))
    assert after_a_while(walk) == (LedgerState.INGESTED, "")
    assert [r.channels for r in recordings(walk.house)] == [8]


def test_an_audio_file_without_any_ending_is_a_recording(walk: Walk, share: Path) -> None:
    write_wav(share / "talk.wav").rename(share / "voice message")
    assert after_a_while(walk) == (LedgerState.INGESTED, "")


def test_a_name_in_chinese_with_spaces_and_emoji_is_the_title(walk: Walk, share: Path) -> None:
    write_wav(share / "录音 2025-01-02 09.00 周会 🎤.wav")
    after_a_while(walk)
    (recording,) = recordings(walk.house)
    assert recording.title == "录音 2025-01-02 09.00 周会 🎤"
    assert (recording.recorded_from, recording.recorded_at.isoformat()) == ("name", "2025-01-02T08:00:00+00:00")


def test_a_name_that_is_not_utf8_can_be_opened_and_shown(walk: Walk, share: Path) -> None:
    write_wav(share / "talk.wav").rename(os.fsdecode(os.fsencode(share) + b"/\xb4\xba\xcc\xec.wav"))
    after_a_while(walk)
    (recording,) = recordings(walk.house)
    assert recording.raw_path == b"\xb4\xba\xcc\xec.wav"
    recording.title.encode()


def test_a_file_that_vanishes_while_queued_is_missing_and_harms_nothing(walk: Walk, share: Path) -> None:
    write_wav(share / "talk.wav")
    write_wav(share / "other.wav", 2)
    walk.settle()
    (share / "talk.wav").unlink()
    walk.wait(60)
    assert {name: line.presence for name, line in lines(walk.house).items()} == {
        "talk.wav": Presence.MISSING,
        "other.wav": Presence.PRESENT,
    }
    assert len(recordings(walk.house)) == 2


def test_a_second_copy_of_the_same_bytes_is_a_duplicate(walk: Walk, share: Path, queue: RememberingQueue) -> None:
    write_wav(share / "one.wav")
    walk.settle()
    shutil.copy(share / "one.wav", share / "two.wav")
    walk.settle()
    assert lines(walk.house)["two.wav"].state == LedgerState.DUPLICATE
    assert len(runs(walk.house)) == len(queue.rung) == 1


def test_every_odd_file_of_the_real_ones_ends_in_a_state_with_a_sentence(walk: Walk, share: Path, audio: Path) -> None:
    with (audio / "MANIFEST.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["kind"] != "speech"]
    for row in rows:
        shutil.copy(audio / row["path"], share / row["path"].replace("/", " "))
    before = portrait(share)
    walk.settle()
    walk.wait(700)
    ledger = lines(walk.house)
    assert len(ledger) == len(rows) >= 29
    for row in rows:
        line = ledger[row["path"].replace("/", " ")]
        assert line.state in (LedgerState.INGESTED, LedgerState.FAILED, LedgerState.DUPLICATE), line.path
        assert line.state == LedgerState.INGESTED or line.reason, line.path
        if row["kind"] in ("non-speech", "wrong extension"):
            assert line.state == LedgerState.INGESTED, f"{line.path}: {line.reason}"
    assert portrait(share) == before
