"""Room: tests.watcher. One look through a folder."""

import os
from pathlib import Path

import pytest

from nas_asr.watcher import ignore
from nas_asr.watcher.scan import Away, Root, Scan, scan


def seen(share: Path) -> Scan:
    found = scan(os.fsencode(share))
    assert isinstance(found, Scan)
    return found


def test_files_are_found_at_any_depth(share: Path) -> None:
    deep = share.joinpath(*["d"] * 60)
    deep.mkdir(parents=True)
    (deep / "talk.m4a").write_bytes(b"x")
    (raw_path,) = seen(share).files
    assert raw_path == b"d/" * 60 + b"talk.m4a"


def test_a_name_that_is_not_utf8_is_kept_byte_for_byte(share: Path) -> None:
    Path(os.fsdecode(os.fsencode(share) + b"/\xb4\xba.wav")).write_bytes(b"x")
    assert list(seen(share).files) == [b"\xb4\xba.wav"]


def test_links_are_not_followed(share: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "board.wav").write_bytes(b"x")
    (share / "folder").symlink_to(secret)
    (share / "link.wav").symlink_to(secret / "board.wav")
    (share / "dangling").symlink_to(share / "nowhere")
    os.mkfifo(share / "pipe.wav")
    rules = {raw: sighting.rule for raw, sighting in seen(share).files.items()}
    assert rules == {b"link.wav": ignore.LINK, b"pipe.wav": ignore.SPECIAL}


def test_a_link_in_the_folders_place_is_away(share: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "board.wav").write_bytes(b"x")
    share.rmdir()
    share.symlink_to(secret)
    away = scan(os.fsencode(share))
    assert isinstance(away, Away)
    assert "symbolic link" in away.reason


def test_junk_is_not_seen(share: Path) -> None:
    for name in ("@eaDir/talk.wav", "#recycle/talk.wav", ".DS_Store", "day/._talk.wav", "day/Thumbs.db"):
        path = share / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
    assert seen(share).files == {}


def test_a_folder_that_is_not_there_is_away_with_a_reason(tmp_path: Path) -> None:
    away = scan(os.fsencode(tmp_path / "nowhere"))
    assert isinstance(away, Away)
    assert "mounted" in away.reason


def test_a_file_in_the_folders_place_is_away(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    assert isinstance(scan(os.fsencode(tmp_path / "file")), Away)


def test_without_its_marker_a_folder_is_away(share: Path) -> None:
    assert isinstance(scan(os.fsencode(share), b".our-share"), Away)
    (share / ".our-share").touch()
    assert isinstance(scan(os.fsencode(share), b".our-share"), Scan)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read_names_the_account(share: Path) -> None:
    share.chmod(0)
    try:
        away = scan(os.fsencode(share))
    finally:
        share.chmod(0o700)
    assert isinstance(away, Away)
    assert str(os.geteuid()) in away.reason


def test_nothing_is_concluded_about_a_folder_that_could_not_be_listed() -> None:
    found = Scan(Root(1, 2), {}, unread=(b"private",))
    assert not found.tells_about(b"private/talk.wav")
    assert found.tells_about(b"privately.wav")
    assert found.tells_about(b"talk.wav")
