"""Room: tests.media.test_opus. What browsers cannot play comes out as Opus of the same length, what is no sound as a sentence."""

import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import cast

import av
import numpy as np
import pytest

from nas_asr.core.errors import Incomplete, MediaError, NotAudio, Unreadable
from nas_asr.core.playable import is_playable
from nas_asr.media import decode, probe, to_opus
from nas_asr.media.formats import OPUS_BYTES
from tests.media.made import RATE, Samples, cut, noise, speech, write_m4a, write_wav
from tests.media.processes import children
from tests.media.test_traps import traps

CUES = b"\x1c\x53\xbb\x6b"


@pytest.fixture(scope="module")
def said() -> Samples:
    """Some speech."""
    return speech(8)


def encoded(path: Path, kind: str, codec: str, sound: Samples, rate: int = RATE) -> Path:
    """The sound as a recorder of that kind writes it."""
    with av.open(str(path), "w", format=kind) as container:
        track = cast("av.AudioStream", container.add_stream(codec, rate=rate, layout="mono"))
        track.bit_rate = 12_200 if codec == "libopencore_amrnb" else 64_000
        frame = av.AudioFrame.from_ndarray(sound.reshape(1, -1), "s16", "mono")
        frame.sample_rate = RATE
        container.mux(track.encode(frame))
        container.mux(track.encode(None))
    return path


def opus_of(path: Path) -> Path:
    """What is made of the file."""
    made = path.with_name("made.webm")
    with made.open("wb") as file:
        shares = list(to_opus(bytes(path), b"", file.fileno()))
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    return made


def sound_of(path: Path) -> Samples:
    """What is heard in a file."""
    return np.concatenate(list(decode(bytes(path))))


RECORDERS: dict[str, Callable[[Path, Samples], Path]] = {
    "phone.amr": lambda path, sound: encoded(path, "amr", "libopencore_amrnb", sound, 8_000),
    "recorder.wma": lambda path, sound: encoded(path, "asf", "wmav2", sound),
    "apple.m4a": lambda path, sound: encoded(path, "mp4", "alac", sound),
    "phone.3gp": lambda path, sound: encoded(path, "3gp", "libopencore_amrnb", sound, 8_000),
}


@pytest.mark.parametrize("name", RECORDERS)
def test_what_browsers_cannot_play_is_heard_as_opus(tmp_path: Path, said: Samples, name: str) -> None:
    path = RECORDERS[name](tmp_path / name, said)
    before = probe(bytes(path))
    assert not is_playable(before.container, before.codec, before.channels)
    made = opus_of(path)
    after = probe(bytes(made))
    assert (after.container, after.codec, after.channels, after.sample_rate) == ("matroska", "opus", 1, 48_000)
    assert is_playable(after.container, after.codec, after.channels)
    # At a moment there is what is written there: same length, same loudness step by step
    old, new = sound_of(path), sound_of(made)
    assert abs(len(new) - len(old)) <= RATE // 50
    ours, theirs = (np.abs(each[: 7 * RATE].astype(float)).reshape(-1, RATE // 20).mean(axis=1) for each in (new, old))
    assert np.corrcoef(ours, theirs)[0, 1] > 0.97


def test_players_are_told_the_length_and_where_to_seek(tmp_path: Path, said: Samples) -> None:
    made = opus_of(write_m4a(tmp_path / "a.m4a", np.tile(said, 2)))
    with av.open(str(made)) as container:
        assert container.duration == pytest.approx(16_000_000, abs=100_000)
        container.seek(12_000_000)
        packet = next(container.demux(audio=0))
        assert packet.pts is not None and packet.time_base is not None
        assert 6 < packet.pts * packet.time_base <= 12
    assert made.read_bytes().count(CUES) >= 1


def test_two_channels_stay_two_and_more_are_mixed(tmp_path: Path, said: Samples) -> None:
    sound = said[: 3 * RATE]
    two, eight = (
        opus_of(write_wav(tmp_path / f"{count}.wav", sound, channels=count)).rename(tmp_path / f"{count}.webm")
        for count in (2, 8)
    )
    assert (probe(bytes(two)).channels, probe(bytes(eight)).channels) == (2, 1)
    left, right = (np.concatenate(list(decode(bytes(two), channel=channel))) for channel in (0, 1))
    assert np.abs(left).max() < np.abs(right).max() / 20  # the speaker is on the last one
    assert np.abs(sound_of(eight)).max() > 300


def test_a_copy_that_broke_off_is_as_long_as_what_there_is_or_a_sentence(tmp_path: Path) -> None:
    most = cut(write_m4a(tmp_path / "a.m4a", noise(20), index_first=True), 0.8)
    assert 14 < len(sound_of(opus_of(most))) / RATE < 17
    little = cut(write_m4a(tmp_path / "b.m4a", noise(20), index_first=True), 0.3)
    with pytest.raises(Incomplete, match="of 20 seconds"):
        opus_of(little)


@pytest.mark.parametrize("name", ["song.mp3", "memo.wav", "dash.mp4"])
def test_a_playlist_named_amr_is_refused_and_names_nothing_that_is_read(tmp_path: Path, name: str) -> None:
    canary = write_wav(tmp_path / "canary.wav", noise(2))
    (tmp_path / "a.amr").write_text(traps(canary)[name])
    with pytest.raises(NotAudio):
        opus_of(tmp_path / "a.amr")


@pytest.mark.parametrize("content", [b"", b"#!AMR\n", b"#!AMR\n" + b"\xff" * 5000, b"MZ" * 900])
def test_what_only_has_the_name_of_sound_is_a_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.amr").write_bytes(content)
    with pytest.raises(MediaError) as told:
        opus_of(tmp_path / "a.amr")
    assert told.value.message.endswith(".")


def test_the_encoder_is_fenced_in_and_gone_when_nobody_listens(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", noise(150))
    with (tmp_path / "made.webm").open("wb") as file:
        shares = to_opus(bytes(path), b"", file.fileno())
        assert 0 < next(shares) < 1
        (child,) = children("nas_asr.media.child")
        assert resource.prlimit(child, resource.RLIMIT_FSIZE) == (0, 0)
        assert resource.prlimit(child, resource.RLIMIT_AS)[0] <= 1 << 30
        assert str(tmp_path / "made.webm") not in [
            str(one.readlink()) for one in Path(f"/proc/{child}/fd").iterdir() if one.is_symlink()
        ]
        shares.close()
    assert not children("nas_asr.media.child")
    assert (tmp_path / "made.webm").stat().st_size < OPUS_BYTES


def test_a_file_that_is_another_one_by_now_is_not_encoded(tmp_path: Path) -> None:
    from tests.media.test_listening import content_of

    path = write_wav(tmp_path / "a.wav", noise(2))
    content = content_of(path)
    write_wav(tmp_path / "b.wav", noise(2, 0.02)).rename(path)
    with (tmp_path / "made.webm").open("wb") as file, pytest.raises(Unreadable, match="another one by now"):
        list(to_opus(bytes(path), b"", file.fileno(), content=content))


def test_a_recording_without_an_end_is_left_when_a_day_is_over(tmp_path: Path) -> None:
    """With a day of a hundred seconds."""
    script = (
        "import sys; from nas_asr.media import child, formats\n"
        "formats.MAX_LENGTH_S = 100; sys.argv = ['child', 'opus', sys.argv[1]]; child.main()"
    )
    with write_wav(tmp_path / "a.wav", noise(130)).open("rb") as file:
        done = subprocess.run(
            [sys.executable, "-c", script, str(file.fileno())],
            pass_fds=[file.fileno()], capture_output=True, check=True, cwd=Path(__file__).parents[2],
        )  # fmt: skip
    assert b"longer than a day" in done.stdout[-200:]
