"""Room: tests.media.test_traps. Files made to harm: what they name is not read, and the process that opens them is fenced in."""

import os
import random
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nas_asr.core.errors import DecoderLost, MediaError, MediaTooHard, NotAudio, Unreadable
from nas_asr.media import decode, probe
from tests.media.made import noise, speech, write_wav
from tests.media.processes import children, environment, gone

ROOT = Path(__file__).parents[2]


def decoders() -> list[int]:
    """Decoding processes that belong to this test."""
    return children("nas_asr.media.child")


def was_read(path: Path) -> bool:
    """Whether the file's access time moved since unread()."""
    return path.stat().st_atime_ns != 1_000_000_000


def unread(path: Path) -> Path:
    """Set the access time long before the change, so that any reader moves it even where the disk is lazy about it."""
    os.utime(path, ns=(1_000_000_000, time.time_ns()))
    return path


def traps(canary: Path) -> dict[str, str]:
    """Texts that make a careless decoder open another file."""
    return {
        "song.mp3": f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{canary}\n#EXT-X-ENDLIST\n",
        "talk.m4a": f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile:{canary}\n#EXT-X-ENDLIST\n",
        "memo.wav": f"ffconcat version 1.0\nfile {canary.name}\n",
        "memo.flac": f"ffconcat version 1.0\nfile '{canary}'\n",
        "call.ogg": f"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\na=x:{canary}\n",
        "dash.mp4": f'<?xml version="1.0"?><MPD><Period><AdaptationSet><Representation><BaseURL>{canary}</BaseURL>'
        "</Representation></AdaptationSet></Period></MPD>",
    }


@pytest.mark.parametrize("name", traps(Path("x")))
def test_a_playlist_with_a_recordings_name_is_refused_and_what_it_names_stays_unread(tmp_path: Path, name: str) -> None:
    canary = write_wav(tmp_path / "canary.wav", speech(2))
    control = unread(write_wav(tmp_path / "control.wav", speech(2)))
    (tmp_path / name).write_text(traps(canary)[name])
    unread(canary)
    for look in (probe, lambda path: list(decode(path))):
        with pytest.raises(NotAudio):
            look(bytes(tmp_path / name))
    probe(bytes(control))
    if was_read(control):  # a disk that keeps no access times can prove nothing here
        assert not was_read(canary)


def test_links_and_pipes_are_refused_before_any_process_starts(tmp_path: Path) -> None:
    (tmp_path / "link.wav").symlink_to(write_wav(tmp_path / "a.wav", speech(1)))
    os.mkfifo(tmp_path / "pipe.wav")
    for name in ("link.wav", "pipe.wav"):
        with pytest.raises(Unreadable):
            probe(bytes(tmp_path / name))
        with pytest.raises(Unreadable):
            next(decode(bytes(tmp_path / name)))


def test_the_decoding_process_gets_no_secrets_and_is_limited(tmp_path: Path) -> None:
    blocks = decode(bytes(write_wav(tmp_path / "a.wav", noise(120))))
    next(blocks)
    (child,) = decoders()
    assert environment(child) == b""
    assert resource.prlimit(child, resource.RLIMIT_FSIZE) == (0, 0)
    assert resource.prlimit(child, resource.RLIMIT_AS)[0] <= 1 << 30
    assert resource.prlimit(child, resource.RLIMIT_NOFILE)[0] <= 32
    assert resource.prlimit(child, resource.RLIMIT_CPU)[0] <= 60
    blocks.close()
    assert not decoders()


@pytest.mark.parametrize("how", [signal.SIGSEGV, signal.SIGXCPU])
def test_a_codec_that_crashes_is_a_sentence(tmp_path: Path, how: signal.Signals) -> None:
    blocks = decode(bytes(write_wav(tmp_path / "a.wav", noise(120))))
    next(blocks)
    os.kill(decoders()[0], how)
    with pytest.raises(MediaTooHard, match="time" if how == signal.SIGXCPU else "broke"):
        list(blocks)
    assert not decoders()


def test_a_decoder_that_somebody_kills_may_be_tried_again(tmp_path: Path) -> None:
    blocks = decode(bytes(write_wav(tmp_path / "a.wav", noise(120))))
    next(blocks)
    os.kill(decoders()[0], signal.SIGKILL)
    with pytest.raises(DecoderLost, match="killed") as caught:
        list(blocks)
    assert not caught.value.permanent
    assert not decoders()


def test_a_share_that_stops_answering_is_unreadable_for_now(tmp_path: Path) -> None:
    blocks = decode(bytes(write_wav(tmp_path / "a.wav", noise(120))), patience_s=5)  # within which the decoder begins
    next(blocks)
    os.kill(decoders()[0], signal.SIGSTOP)
    with pytest.raises(Unreadable, match="gave us nothing") as caught:
        list(blocks)
    assert not caught.value.permanent
    assert not decoders()


def test_damage_anywhere_in_a_recording_never_breaks_more_than_the_recording(tmp_path: Path) -> None:
    whole = (ROOT / "tests" / "sample" / "meeting.flac").read_bytes()
    chance = random.Random(3)
    for _ in range(8):
        broken = bytearray(whole)
        for _ in range(200):
            broken[chance.randrange(len(broken))] = chance.randrange(256)
        path = tmp_path / "a.flac"
        path.write_bytes(broken)
        try:
            list(decode(bytes(path)))
        except MediaError as error:
            assert error.code != "media_limit"


def test_the_decoding_process_dies_with_its_parent(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", noise(120))
    script = (
        "import sys; from nas_asr.media import decode\n"
        "blocks = decode(sys.argv[1].encode()); next(blocks)\n"
        "print('listening', flush=True); sys.stdin.read()"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    )
    assert parent.stdout and parent.stdin
    assert parent.stdout.readline() == b"listening\n"
    (child,) = children("nas_asr.media.child", parent.pid)
    parent.kill()
    parent.wait()
    assert gone(child)
    parent.stdin.close()
    parent.stdout.close()


def test_looking_at_a_file_loads_no_codec_and_no_numpy_into_the_web_or_watcher(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", noise(1))
    script = (
        "import sys; from nas_asr.media import fingerprint, open_no_follow, probe\n"
        "probe(sys.argv[1].encode()); fingerprint(open_no_follow(sys.argv[1].encode()))\n"
        "print(sorted({'av', 'numpy', 'torch', 'onnxruntime'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.strip() == "[]"
