"""Room: tests.media.test_listening. Recordings as recorders, phones and NAS copies leave them: what is heard, what is said."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from nas_asr.core.errors import Incomplete, MediaError, NoAudioTrack, NotAudio, Unreadable
from nas_asr.media import Fingerprint, decode, fingerprint, open_no_follow, probe
from tests.media.made import (
    SAMPLE,
    cut,
    noise,
    speech,
    wav_header,
    write_m4a,
    write_video,
    write_wav,
)


def seconds(path: Path) -> float:
    """How much sound comes out."""
    return sum(len(block) for block in decode(bytes(path))) / 16_000


def test_the_sample_meeting_is_described_and_decoded_to_its_full_length() -> None:
    info = probe(bytes(SAMPLE))
    assert (info.container, info.codec, info.sample_rate, info.channels) == ("flac", "flac", 16_000, 1)
    assert abs(info.duration_ms / 1000 - seconds(SAMPLE)) < 0.01


def test_sound_arrives_unchanged_in_blocks_of_at_most_a_second(tmp_path: Path) -> None:
    sound = speech(3.3)
    blocks = list(decode(bytes(write_wav(tmp_path / "a.wav", sound))))
    assert [len(block) for block in blocks] == [16_000, 16_000, 16_000, 4_800]
    assert all(block.dtype == np.int16 for block in blocks)
    assert np.array_equal(np.concatenate(blocks), sound)


def test_an_m4a_of_a_phone_is_heard(tmp_path: Path) -> None:
    path = write_m4a(tmp_path / "录音 1.m4a", speech(6))
    assert probe(bytes(path)).codec == "aac"
    assert seconds(path) == pytest.approx(6, abs=0.1)


def test_the_sound_of_a_video_is_heard(tmp_path: Path) -> None:
    path = write_video(tmp_path / "call.mp4", speech(8))
    info = probe(bytes(path))
    assert (info.container, info.codec) == ("mp4", "aac")
    assert seconds(path) == pytest.approx(8, abs=0.1)


def test_a_video_without_sound_says_so(tmp_path: Path) -> None:
    with pytest.raises(NoAudioTrack, match="no sound"):
        probe(bytes(write_video(tmp_path / "mute.mp4", None)))


@pytest.mark.parametrize("name", ["table.wav", "table.m4a"])
def test_one_speaker_on_the_last_of_eight_channels_is_heard(tmp_path: Path, name: str) -> None:
    sound = speech(4)
    path = tmp_path / name
    if name.endswith("wav"):
        write_wav(path, sound, channels=8)
    else:
        write_m4a(path, sound, layout="7.1")
    assert probe(bytes(path)).channels == 8
    heard = np.concatenate(list(decode(bytes(path)))).astype(float)
    assert np.sqrt(np.square(heard).mean()) > np.sqrt(np.square(sound.astype(float)).mean()) / 10


def test_zero_bytes_are_incomplete(tmp_path: Path) -> None:
    (tmp_path / "a.mp3").touch()
    with pytest.raises(Incomplete, match="empty"):
        probe(bytes(tmp_path / "a.mp3"))


def test_a_length_reserved_with_zeros_by_a_copying_client_is_incomplete(tmp_path: Path) -> None:
    (tmp_path / "a.m4a").write_bytes(b"\0" * 100_000)
    with pytest.raises(Incomplete):
        probe(bytes(tmp_path / "a.m4a"))


def test_a_header_without_sound_is_incomplete(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", noise(0))
    for look in (probe, lambda name: list(decode(name))):
        with pytest.raises(Incomplete):
            look(bytes(path))


def test_text_named_wav_is_not_audio(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_text("Minutes of the meeting\n" * 200)
    with pytest.raises(NotAudio):
        probe(bytes(tmp_path / "a.wav"))


def test_an_m4a_whose_index_is_not_written_yet_is_incomplete(tmp_path: Path) -> None:
    path = cut(write_m4a(tmp_path / "a.m4a", noise(20)), 0.9)
    with pytest.raises(Incomplete, match="index"):
        probe(bytes(path))


def test_most_of_a_damaged_recording_is_heard(tmp_path: Path) -> None:
    path = cut(write_m4a(tmp_path / "a.m4a", noise(20), index_first=True), 0.8)
    assert probe(bytes(path)).duration_ms == pytest.approx(20_000, abs=200)
    assert 14 < seconds(path) < 17


def test_a_copy_that_broke_off_early_is_incomplete_after_what_there_is(tmp_path: Path) -> None:
    path = cut(write_m4a(tmp_path / "a.m4a", noise(20), index_first=True), 0.3)
    heard = 0
    with pytest.raises(Incomplete, match="of 20 seconds"):
        for block in decode(bytes(path)):
            heard += len(block)
    assert heard > 3 * 16_000


def test_a_wav_whose_recorder_lost_power_is_heard_as_far_as_it_goes(tmp_path: Path) -> None:
    path = cut(write_wav(tmp_path / "a.wav", noise(20)), 0.3)
    assert seconds(path) == pytest.approx(6, abs=0.1)


@pytest.mark.parametrize(
    ("rate", "channels"),
    [(0, 1), (1, 1), (4_000_000_000, 1), (1_092_676, 2), (16_000, 0), (16_000, 65_535), (16_000, 200)],
)
def test_absurd_headers_are_answered_with_a_sentence(tmp_path: Path, rate: int, channels: int) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(wav_header(rate, channels))
    for look in (probe, lambda name: list(decode(name))):
        with pytest.raises(MediaError) as caught:
            look(bytes(path))
        assert caught.value.message.endswith(".")
        assert caught.value.code != "media_limit"


def test_many_channels_that_no_layout_names_are_mixed(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", speech(2), channels=24)
    assert seconds(path) == pytest.approx(2, abs=0.05)


def test_what_nobody_dated_has_no_date() -> None:
    assert probe(bytes(SAMPLE)).recorded_at == ""


def tagged(path: Path, kind: str, codec: str, **tags: str) -> Path:
    """A moment of silence with tags."""
    import av

    with av.open(str(path), "w", format=kind) as container:
        container.metadata.update(tags)
        stream = cast("av.AudioStream", container.add_stream(codec, rate=16_000, layout="mono"))
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1152), np.float32), "fltp", "mono")
        frame.sample_rate = 16_000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(
    ("tags", "read"),
    [
        ({"creation_time": "2025-01-02T09:00:00+08:00"}, "2025-01-02T01:00:00+00:00"),
        ({"creation_time": "1970-01-01T00:00:00Z"}, ""),
        ({"date": "2025-01-02T09:00:00+0800"}, "2025-01-02T01:00:00+00:00"),
        ({"date": "2025-01-02 09:00:00"}, "2025-01-02T09:00:00"),
        ({"date": "2025:01:02"}, "2025-01-02"),
        ({"date": "2025"}, ""),
    ],
)
def test_the_recorders_clock_is_read_where_it_was_set(tmp_path: Path, tags: dict[str, str], read: str) -> None:
    assert probe(bytes(tagged(tmp_path / "a.m4a", "mp4", "aac", **tags))).recorded_at == read


def test_an_mp3_says_when_it_was_recorded(tmp_path: Path) -> None:
    path = tagged(tmp_path / "a.mp3", "mp3", "libmp3lame", date="2025-01-02 09:00")
    assert probe(bytes(path)).recorded_at == "2025-01-02T09:00:00"


@pytest.mark.parametrize(("day", "time"), [("2025-01-02", "09:00:05"), ("2025:01:02", "09-00-05")])
def test_a_broadcast_wav_says_when_it_was_recorded_in_its_own_zone(tmp_path: Path, day: str, time: str) -> None:
    plain = write_wav(tmp_path / "a.wav", noise(1)).read_bytes()
    said = bytes(256 + 32 + 32) + day.encode() + time.encode() + bytes(8 + 2 + 254)
    chunk = b"bext" + len(said).to_bytes(4, "little") + said
    (tmp_path / "b.wav").write_bytes(
        b"RIFF" + (len(plain) - 8 + len(chunk)).to_bytes(4, "little") + b"WAVE" + chunk + plain[12:]
    )
    assert probe(bytes(tmp_path / "b.wav")).recorded_at == "2025-01-02T09:00:05"


def content_of(path: Path) -> Fingerprint:
    """What the ledger remembers of a file."""
    descriptor = open_no_follow(bytes(path))
    try:
        return fingerprint(descriptor)
    finally:
        os.close(descriptor)


def test_a_file_that_was_only_touched_is_heard(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", noise(2))
    content = content_of(path)
    os.utime(path, (1, 1))
    assert sum(len(block) for block in decode(bytes(path), content=content)) == 2 * 16_000


@pytest.mark.parametrize("same_times", [False, True])
def test_another_file_of_the_same_size_is_not_heard_in_its_place(tmp_path: Path, same_times: bool) -> None:
    path = write_wav(tmp_path / "a.wav", noise(2))
    content, was = content_of(path), path.stat()
    other = write_wav(tmp_path / "b.wav", speech(2))
    assert other.stat().st_size == was.st_size
    if same_times:
        os.utime(other, ns=(was.st_atime_ns, was.st_mtime_ns))
    other.rename(path)
    with pytest.raises(Unreadable, match="another one by now"):
        next(decode(bytes(path), content=content))


def test_a_file_that_is_replaced_while_it_is_heard_is_heard_to_its_own_end(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", noise(30))
    whole = np.concatenate(list(decode(bytes(path))))
    blocks = decode(bytes(path), content=content_of(path))
    first = next(blocks)
    write_wav(tmp_path / "b.wav", speech(30)).rename(path)
    assert np.array_equal(np.concatenate([first, *blocks]), whole)


def test_a_file_that_is_written_over_while_it_is_heard_is_found_out(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", noise(30))
    blocks = decode(bytes(path), content=content_of(path))
    next(blocks)
    path.write_bytes(write_wav(tmp_path / "b.wav", speech(30)).read_bytes())
    with pytest.raises(Unreadable, match="changed while it was read"):
        list(blocks)


def test_an_hour_is_decoded_in_constant_memory(tmp_path: Path) -> None:
    path = tmp_path / "hour.wav"
    path.write_bytes(wav_header(16_000, 1, b"")[:40] + (3600 * 32_000).to_bytes(4, "little"))
    with path.open("r+b") as file:
        file.truncate(44 + 3600 * 32_000)  # sparse: an hour of silence that takes no disk
    script = (
        "import json, sys; from nas_asr.media import decode; from tests.media.processes import children\n"
        "peak = lambda pid: int(open(f'/proc/{pid}/status').read().split('VmHWM:')[1].split()[0]) // 1024\n"
        "total = childs = 0\n"
        "for block in decode(sys.argv[1].encode()):\n"
        "    total += len(block)\n"
        "    if total % (600 * 16000) == 0 and total < 3600 * 16000:\n"
        "        childs = peak(children('nas_asr.media.child')[0])\n"
        "print(json.dumps([total, peak('self'), childs]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)], capture_output=True, check=True, cwd=Path(__file__).parents[2]
    )
    samples, own_mb, childs_mb = json.loads(done.stdout)
    assert samples == 3600 * 16_000
    assert own_mb < 100
    assert 10 < childs_mb < 100


def test_every_real_recording_is_heard_or_answered_with_a_sentence(audio: Path) -> None:
    with (audio / "MANIFEST.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    silent = []
    for row in rows:
        path = bytes(audio / row["path"])
        try:
            info, heard = probe(path), sum(len(block) for block in decode(path))
        except MediaError as error:
            assert error.message.endswith("."), row["path"]
            assert error.code != "media_limit", row["path"]
            silent.append((row["path"], row["kind"]))
            continue
        assert heard > 0, row["path"]
        assert abs(info.duration_ms / 1000 - heard / 16_000) < 0.5, row["path"]
    assert {kind for _, kind in silent} == {"malformed"}
