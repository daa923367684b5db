"""Room: tests.media.test_opening. What of a share is opened at all, and how a file's bytes are told from others'."""

import hashlib
import os
from pathlib import Path

import pytest

from nas_asr.core.errors import Unreadable
from nas_asr.media import fingerprint, open_no_follow


def _read(path: Path, root: Path | None = None) -> bytes:
    descriptor = open_no_follow(bytes(path), bytes(root) if root else b"")
    with os.fdopen(descriptor, "rb") as file:
        return file.read()


def test_a_plain_file_is_opened_with_and_without_its_folder(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b.wav"
    path.parent.mkdir()
    path.write_bytes(b"sound")
    assert _read(path) == _read(path, tmp_path) == b"sound"


@pytest.mark.parametrize("name", [b"caf\xe9.wav", "会议 记录 😀.wav".encode(), b"two\nlines.wav"])
def test_any_name_a_share_can_hold_is_opened(tmp_path: Path, name: bytes) -> None:
    path = bytes(tmp_path) + b"/" + name
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY)
    os.close(descriptor)
    os.close(open_no_follow(path, bytes(tmp_path)))


def test_a_link_to_a_file_is_never_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"x")
    link = tmp_path / "a.wav"
    link.symlink_to(tmp_path / "secret")
    for root in (None, tmp_path):
        with pytest.raises(Unreadable, match="symbolic link"):
            _read(link, root)


def test_a_linked_folder_below_the_watched_one_is_never_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "a.wav").write_bytes(b"x")
    root = tmp_path / "root"
    root.mkdir()
    (root / "in").symlink_to(outside)
    with pytest.raises(Unreadable):
        _read(root / "in" / "a.wav", root)


@pytest.mark.parametrize("exchanged", ["root", "share/root", "share/deep/root"])
def test_a_link_that_took_the_watched_folders_place_is_not_followed(tmp_path: Path, exchanged: str) -> None:
    # Whoever may write beside the folder could put another team's there
    other, root = tmp_path / "other", tmp_path / exchanged
    (other / "root").mkdir(parents=True)
    (other / "a.wav").write_bytes(b"x")
    (other / "root" / "a.wav").write_bytes(b"x")
    parents = list(Path(exchanged).parts)
    for depth in range(1, len(parents) + 1):
        link = tmp_path.joinpath(*parents[:depth])
        link.symlink_to(other)
        with pytest.raises(Unreadable, match="symbolic link"):
            _read(root / "a.wav", root)
        link.unlink()
        link.mkdir()
    (root / "a.wav").write_bytes(b"mine")
    assert _read(root / "a.wav", root) == b"mine"


@pytest.mark.parametrize(
    "path", ["{root}/../other.wav", "{root}/x/../../other.wav", "{root}other.wav", "{root}", "/etc/passwd"]
)
def test_a_path_outside_its_folder_is_refused(tmp_path: Path, path: str) -> None:
    root = tmp_path / "root"
    (root / "x").mkdir(parents=True)
    (tmp_path / "other.wav").write_bytes(b"x")
    with pytest.raises(Unreadable):
        os.close(open_no_follow(path.format(root=root).encode(), bytes(root)))


def test_a_pipe_named_like_a_recording_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.wav")
    with pytest.raises(Unreadable, match="not a regular file"):
        _read(tmp_path / "a.wav", tmp_path)


def test_a_folder_and_a_file_that_is_gone_are_unreadable(tmp_path: Path) -> None:
    with pytest.raises(Unreadable):
        _read(tmp_path)
    with pytest.raises(Unreadable, match="gone"):
        _read(tmp_path / "gone.wav")


def test_no_descriptor_is_left_open_by_refusals(tmp_path: Path) -> None:
    (tmp_path / "a.wav").symlink_to("/etc/passwd")
    os.mkfifo(tmp_path / "b.wav")
    before = len(list(Path("/proc/self/fd").iterdir()))
    for name in ("a.wav", "b.wav", "gone.wav"):
        with pytest.raises(Unreadable):
            _read(tmp_path / name, tmp_path)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_fingerprint_is_the_hash_of_all_bytes(tmp_path: Path) -> None:
    content = os.urandom(3_000_001)
    (tmp_path / "a").write_bytes(content)
    descriptor = open_no_follow(bytes(tmp_path / "a"))
    os.lseek(descriptor, 1000, os.SEEK_SET)
    found = fingerprint(descriptor)
    status = os.fstat(descriptor)
    os.close(descriptor)
    assert found.sha256 == hashlib.sha256(content).hexdigest()
    assert (found.size, found.mtime_ns, found.inode) == (3_000_001, status.st_mtime_ns, status.st_ino)


def test_a_file_that_grows_while_it_is_read_has_no_fingerprint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"x" * 10)
    descriptor = open_no_follow(bytes(path))
    real = os.pread

    def read_while_it_grows(fd: int, length: int, offset: int) -> bytes:
        piece = real(fd, length, offset)
        with path.open("ab") as file:
            file.write(b"y" if offset == 0 else b"")
        return piece

    monkeypatch.setattr(os, "pread", read_while_it_grows)
    with pytest.raises(Unreadable, match="changed"):
        fingerprint(descriptor)
    os.close(descriptor)
