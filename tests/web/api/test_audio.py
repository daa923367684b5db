"""Room: tests.web.api.test_audio. The sound of a recording: ranges, what browsers keep, and what is never opened."""

import os
from pathlib import Path

import pytest

from nas_asr.services.base import House
from tests.cast import Cast, make_folder, make_recording
from tests.web.api.conftest import SOUND, ByToken, Caller, sound_of


@pytest.fixture
def rita(by_token: ByToken, cast: Cast) -> Caller:
    """A reader."""
    return by_token(cast.rita)


def test_the_whole_sound_is_served_with_a_fixed_type(rita: Caller, meeting: str) -> None:
    answer = rita.get(f"/recordings/{meeting}/audio")
    assert answer.data == SOUND
    assert answer.mimetype == "audio/wav"
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["Content-Length"] == str(len(SOUND))
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"].startswith("inline;")


@pytest.mark.parametrize(
    ("wanted", "first", "after"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-99", 0, 100),
        ("bytes=5000-", 5000, len(SOUND)),
        ("bytes=-7", len(SOUND) - 7, len(SOUND)),
        ("bytes=10-999999", 10, len(SOUND)),
    ],
)
def test_a_range_is_that_part(wanted: str, first: int, after: int, rita: Caller, meeting: str) -> None:
    answer = rita.get(f"/recordings/{meeting}/audio", headers={"Range": wanted})
    assert answer.status_code == 206
    assert answer.data == SOUND[first:after]
    assert answer.headers["Content-Range"] == f"bytes {first}-{after - 1}/{len(SOUND)}"
    assert answer.headers["Content-Length"] == str(after - first)


@pytest.mark.parametrize("wanted", ["bytes=99999-", "bytes=0-1,5-6", "bytes=x", "pages=1-2", "bytes=5-2"])
def test_a_range_that_is_none_is_416(wanted: str, rita: Caller, meeting: str) -> None:
    answer = rita.get(f"/recordings/{meeting}/audio", headers={"Range": wanted})
    assert (answer.status_code, answer.json["error"]["code"]) == (416, "bad_range")


def test_unsatisfiable_names_the_length(rita: Caller, meeting: str) -> None:
    answer = rita.get(f"/recordings/{meeting}/audio", headers={"Range": "bytes=99999-"})
    assert answer.headers["Content-Range"] == f"bytes */{len(SOUND)}"


def test_head_tells_the_length_without_the_sound(rita: Caller, meeting: str) -> None:
    answer = rita.call("HEAD", f"/recordings/{meeting}/audio")
    assert (answer.status_code, answer.headers["Content-Length"], answer.data) == (200, str(len(SOUND)), b"")


def test_what_the_browser_has_is_not_sent_again(rita: Caller, meeting: str) -> None:
    first = rita.get(f"/recordings/{meeting}/audio")
    etag = first.headers["ETag"]
    assert rita.get(f"/recordings/{meeting}/audio", headers={"If-None-Match": etag}).status_code == 304
    good = rita.get(f"/recordings/{meeting}/audio", headers={"Range": "bytes=0-9", "If-Range": etag})
    stale = rita.get(f"/recordings/{meeting}/audio", headers={"Range": "bytes=0-9", "If-Range": '"other"'})
    assert (good.status_code, stale.status_code, stale.data) == (206, 200, SOUND)
    assert "private" in first.headers["Cache-Control"]


def test_a_page_named_like_sound_does_not_come_back_as_a_page(rita: Caller, house: House, cast: Cast) -> None:
    recording = sound_of(house, cast.choir, b"<script>alert(1)</script>", title="x.html", container="")
    answer = rita.get(f"/recordings/{recording}/audio")
    assert answer.mimetype == "application/octet-stream"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_file_that_is_gone_is_said_in_words(rita: Caller, house: House, meeting: str) -> None:
    next(house.uploads.glob("*/*.wav")).unlink()
    answer = rita.get(f"/recordings/{meeting}/audio")
    assert (answer.status_code, answer.json["error"]["code"]) == (404, "audio_gone")
    assert "is not on the disk of" in answer.json["error"]["message"]
    assert answer.json["error"]["remedy"]


def test_a_file_that_was_replaced_is_not_played_under_the_old_text(rita: Caller, house: House, meeting: str) -> None:
    next(house.uploads.glob("*/*.wav")).write_bytes(b"another meeting")
    answer = rita.get(f"/recordings/{meeting}/audio")
    assert (answer.status_code, answer.json["error"]["code"]) == (404, "audio_gone")


@pytest.fixture
def share(house: House, cast: Cast, tmp_path: Path) -> tuple[str, Path]:
    """A watched folder of the choir."""
    root = tmp_path / "share"
    return make_folder(house.db, cast.choir, root), root


def _in_folder(house: House, cast: Cast, folder: str, raw_path: bytes) -> str:
    return make_recording(house, cast.choir, "f", folder_id=folder, raw_path=raw_path, size_bytes=6, container="wav")


def test_a_file_of_a_share_is_served_by_its_raw_name(
    rita: Caller, house: House, cast: Cast, share: tuple[str, Path]
) -> None:
    folder, root = share
    name = b"\xff\xfe not utf-8.wav"
    Path(os.fsdecode(os.fsencode(root) + b"/" + name)).write_bytes(b"sounds")
    recording = _in_folder(house, cast, folder, name)
    assert rita.get(f"/recordings/{recording}/audio").data == b"sounds"


@pytest.mark.parametrize("raw_path", [b"link.wav", b"sub/x.wav", b"../secret.wav", b"pipe.wav"])
def test_no_link_leads_out_of_the_folder(
    raw_path: bytes, rita: Caller, house: House, cast: Cast, share: tuple[str, Path], tmp_path: Path
) -> None:
    folder, root = share
    (tmp_path / "secret.wav").write_bytes(b"secret")
    (tmp_path / "x.wav").write_bytes(b"secret")
    (root / "link.wav").symlink_to(tmp_path / "secret.wav")
    (root / "sub").symlink_to(tmp_path)
    os.mkfifo(root / "pipe.wav")
    answer = rita.get(f"/recordings/{_in_folder(house, cast, folder, raw_path)}/audio")
    assert answer.status_code == 404
    assert b"secret" not in answer.data


def test_no_descriptor_is_left_open(rita: Caller, meeting: str) -> None:
    def ask(**headers: str) -> None:
        rita.get(f"/recordings/{meeting}/audio", headers=headers).close()

    ask()
    before = _open_files()
    for _ in range(5):
        ask()
        ask(Range="bytes=0-9")
        ask(Range="bytes=99999-")
        rita.call("HEAD", f"/recordings/{meeting}/audio").close()
    assert _open_files() <= before


def _open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_a_form_that_there_is_none_of_is_refused(rita: Caller, meeting: str) -> None:
    answer = rita.get(f"/recordings/{meeting}/audio?as=mp3")
    assert (answer.status_code, answer.json["error"]["field"]) == (422, "as")
