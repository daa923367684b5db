"""Room: tests.watcher. One look through a folder."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from nas_asr.core.recording import LedgerState
from nas_asr.media import open_folder
from nas_asr.watcher.memory import Memory
from nas_asr.watcher.scan import Away, Scan, Seen, scan


def seen(share: Path, memory: Memory | None = None) -> Seen:
    found = scan(os.fsencode(share), memory or Memory())
    assert isinstance(found, Scan)
    return found.seen


def names(found: Seen) -> list[bytes]:
    return sorted(sighting.raw_path for sighting in found.fresh)


def rules(found: Seen) -> dict[bytes, str]:
    return {sighting.raw_path: sighting.rule.code for sighting in found.fresh if sighting.rule}


def remembered(found: Seen) -> Memory:
    memory = Memory()
    for sighting in found.fresh:
        memory.note(sighting.raw_path, sighting.stat)
    return memory


def test_files_are_found_at_any_depth(share: Path) -> None:
    deep = share.joinpath(*["d"] * 60)
    deep.mkdir(parents=True)
    (deep / "talk.m4a").write_bytes(b"x")
    assert names(seen(share)) == [b"d/" * 60 + b"talk.m4a"]


def test_a_name_that_is_not_utf8_is_kept_byte_for_byte(share: Path) -> None:
    Path(os.fsdecode(os.fsencode(share) + b"/\xb4\xba.wav")).write_bytes(b"x")
    assert names(seen(share)) == [b"\xb4\xba.wav"]


def test_of_what_is_as_it_was_nothing_is_told(share: Path) -> None:
    (share / "day").mkdir()
    for name in ("a.m4a", "day/b.m4a", "day/notes.txt", ".DS_Store"):
        (share / name).write_bytes(b"x")
    (share / ".hidden").mkdir()
    before = seen(share)
    after = seen(share, remembered(before))
    assert (after.fresh, after.unseen) == ([], [])
    assert (after.files, after.recognised) == (before.files, True) == (4, True)


def test_what_is_new_changed_or_gone_is_told(share: Path) -> None:
    (share / "day").mkdir()
    (share / "night").mkdir()
    for name in ("a.m4a", "b.m4a", "day/c.m4a", "day/d.m4a", "night/e.m4a"):
        (share / name).write_bytes(b"x")
    memory = remembered(seen(share))
    (share / "a.m4a").write_bytes(b"xx")
    (share / "new.m4a").write_bytes(b"x")
    (share / "day" / "c.m4a").unlink()
    (share / "night" / "e.m4a").unlink()
    (share / "night").rmdir()
    found = seen(share, memory)
    assert names(found) == [b"a.m4a", b"new.m4a"]
    assert sorted(found.unseen) == [b"day/c.m4a", b"night/e.m4a"]


def test_links_are_not_followed_and_each_has_its_rule(share: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "board.wav").write_bytes(b"x")
    (share / "folder").symlink_to(secret)
    (share / "link.wav").symlink_to(secret / "board.wav")
    (share / "dangling").symlink_to(share / "nowhere")
    os.mkfifo(share / "pipe.wav")
    os.mkfifo(share / "pipe")
    assert rules(seen(share)) == {
        b"folder": "link", b"link.wav": "link", b"dangling": "link", b"pipe.wav": "special", b"pipe": "special"
    }  # fmt: skip


def test_a_link_in_the_folders_place_is_away(share: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "board.wav").write_bytes(b"x")
    share.rmdir()
    share.symlink_to(secret)
    away = scan(os.fsencode(share), Memory())
    assert isinstance(away, Away)
    assert "symbolic link" in away.reason


def test_junk_is_seen_with_its_rule_and_a_folder_that_is_not_looked_into_is_one_line(share: Path) -> None:
    (share / "@eaDir").mkdir()
    for number in range(300):
        (share / "@eaDir" / f"{number}.wav").touch()
    for name in ("#recycle/talk.wav", ".stversions/talk.wav", ".DS_Store", "day/._talk.wav", "day/Thumbs.db"):
        path = share / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
    found = seen(share)
    assert rules(found) == {
        b"@eaDir/": "system_folder", b"#recycle/": "system_folder", b".stversions/": "hidden_folder", b".DS_Store": "system",
        b"day/._talk.wav": "system", b"day/Thumbs.db": "system",
    }  # fmt: skip
    again = seen(share, remembered(found))
    assert (again.fresh, again.unseen) == ([], [])
    assert not again.recognised  # every disk has such files: they do not tell one share from another


def test_a_folder_that_is_not_there_is_away_with_a_reason(tmp_path: Path) -> None:
    away = scan(os.fsencode(tmp_path / "nowhere"), Memory())
    assert isinstance(away, Away)
    assert "mounted" in away.reason


def test_a_file_in_the_folders_place_is_away(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    assert isinstance(scan(os.fsencode(tmp_path / "file"), Memory()), Away)


def test_without_its_marker_a_folder_is_away(share: Path) -> None:
    assert isinstance(scan(os.fsencode(share), Memory(), b".our-share"), Away)
    (share / ".our-share").touch()
    assert isinstance(scan(os.fsencode(share), Memory(), b".our-share"), Scan)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read_names_the_account(share: Path) -> None:
    share.chmod(0)
    try:
        away = scan(os.fsencode(share), Memory())
    finally:
        share.chmod(0o700)
    assert isinstance(away, Away)
    assert str(os.geteuid()) in away.reason


def test_nothing_is_concluded_about_a_folder_that_could_not_be_listed(
    share: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("private/deep/talk.wav", "privately/talk.wav", "private/here.wav"):
        (share / name).parent.mkdir(parents=True, exist_ok=True)
        (share / name).write_bytes(b"x")
    memory = remembered(seen(share))
    shutil.rmtree(share / "privately")

    def closed(root: bytes, below: bytes = b"") -> int:
        if below == b"private":
            raise PermissionError(errno.EACCES, "Permission denied")
        return open_folder(root, below)

    with monkeypatch.context() as patch:
        patch.setattr("nas_asr.watcher.scan.open_folder", closed)
        found = seen(share, memory)
    assert found.unseen == [b"privately/talk.wav"]
    (line,) = found.fresh
    assert (line.raw_path, line.rule is not None and line.rule.state) == (b"private/", LedgerState.FAILED)
    assert line.rule is not None
    assert f"user number {os.geteuid()}" in line.rule.sentence
    memory.note(line.raw_path, line.stat)
    memory.note_missing(b"privately/talk.wav")
    open_again = seen(share, memory)
    assert (open_again.fresh, open_again.unseen) == ([], [b"private/"])


def test_a_file_that_lies_too_deep_to_be_opened_says_so(share: Path) -> None:
    descriptor = os.open(share, os.O_RDONLY)
    for name in ["d" * 240] * 20:
        os.mkdir(name, dir_fd=descriptor)
        below = os.open(name, os.O_RDONLY, dir_fd=descriptor)
        os.close(descriptor)
        descriptor = below
    os.close(os.open("talk.m4a", os.O_CREAT, dir_fd=descriptor))
    os.close(descriptor)
    assert list(rules(seen(share)).values()) == ["too_deep"]


def test_a_file_whose_name_became_a_folder_is_missed(share: Path) -> None:
    (share / "talk.m4a").write_bytes(b"x")
    memory = remembered(seen(share))
    (share / "talk.m4a").unlink()
    (share / "talk.m4a").mkdir()
    (share / "talk.m4a" / "inside.m4a").write_bytes(b"x")
    found = seen(share, memory)
    assert (found.unseen, names(found)) == ([b"talk.m4a"], [b"talk.m4a/inside.m4a"])


def test_one_broken_name_keeps_nothing_beside_it_waiting(share: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a.m4a", "broken.m4a", "z.m4a"):
        (share / name).write_bytes(b"x")
    before = remembered(seen(share))
    with monkeypatch.context() as broken:
        break_file(broken, "broken.m4a", errno.EIO)
        found = seen(share)
        assert names(found) == [b"a.m4a", b"broken.m4a", b"z.m4a"]
        assert rules(found) == {b"broken.m4a": "broken_entry"}
        again = seen(share, remembered(found))
        assert (again.fresh, again.unseen) == ([], [])
        assert seen(share, before).unseen == []  # it is there, so it is not missing
    assert names(seen(share, remembered(found))) == [b"broken.m4a"]


def test_a_server_that_does_not_answer_is_away_all_the_same(share: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (share / "talk.m4a").write_bytes(b"x")
    break_file(monkeypatch, "talk.m4a", errno.ETIMEDOUT)
    assert isinstance(scan(os.fsencode(share), Memory()), Away)


def break_file(monkeypatch: pytest.MonkeyPatch, name: str, number: int) -> None:
    """As a damaged disk does: the name is listed, but looking at its file fails."""
    listed = os.scandir

    class Broken:
        """An entry that cannot be looked at."""

        def __init__(self, name: str) -> None:
            self.name = name

        def is_dir(self, *, follow_symlinks: bool) -> bool:
            """What the listing itself tells."""
            return follow_symlinks

        def stat(self, *, follow_symlinks: bool) -> os.stat_result:
            """What the disk tells."""
            raise OSError(number, os.strerror(number), f"{self.name}{follow_symlinks}")

    @contextmanager
    def scandir(folder: int) -> Iterator[Iterator[object]]:
        with listed(folder) as entries:
            yield (Broken(entry.name) if entry.name == name else entry for entry in entries)

    monkeypatch.setattr("nas_asr.watcher.scan.os.scandir", scandir)
