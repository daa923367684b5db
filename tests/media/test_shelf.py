"""Room: tests.media.test_shelf. What is made of recordings is there whole or not at all, and never takes more than its room."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from nas_asr.core.errors import StorageFull
from nas_asr.media.shelf import Shelf

ROOT = Path(__file__).parents[2]


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "cache" / "opus", 100)


def make(shelf: Shelf, name: str, content: bytes) -> None:
    """Make a file and tidy up."""
    with shelf.draft(name) as into:
        assert into is not None
        os.write(into, content)
    shelf.tidy()


def read(shelf: Shelf, name: str) -> bytes | None:
    """What is made, or None."""
    descriptor = shelf.open(name)
    if descriptor is None:
        return None
    with os.fdopen(descriptor, "rb") as file:
        return file.read()


def left(shelf: Shelf) -> list[str]:
    """The names of all files there are."""
    return sorted(str(place.relative_to(shelf.root)) for place in shelf.root.glob("*/*"))


def test_a_file_is_found_when_it_is_whole(shelf: Shelf) -> None:
    with shelf.draft("team/a") as into:
        assert into is not None
        os.write(into, b"half")
        assert read(shelf, "team/a") is None
        os.write(into, b" whole")
    assert read(shelf, "team/a") == b"half whole"
    assert left(shelf) == ["team/a"]


def test_two_who_make_the_same_are_told(shelf: Shelf) -> None:
    with shelf.draft("team/a") as into:
        assert into is not None
        with shelf.draft("team/a") as second:
            assert second is None
        os.write(into, b"x")
    with shelf.draft("team/a") as late:
        assert late is None
    assert read(shelf, "team/a") == b"x"
    assert left(shelf) == ["team/a"]


def test_what_fails_leaves_nothing(shelf: Shelf) -> None:
    with pytest.raises(KeyError), shelf.draft("team/a") as into:
        assert into is not None
        os.write(into, b"half")
        raise KeyError
    assert left(shelf) == []


def test_a_maker_that_is_killed_leaves_nothing_that_is_found_or_kept(shelf: Shelf) -> None:
    script = (
        "import os, sys; from pathlib import Path; from nas_asr.media.shelf import Shelf\n"
        "with Shelf(Path(sys.argv[1]), 100).draft('team/a') as into:\n"
        "    os.write(into, b'half of what was to be there'); print('half', flush=True); sys.stdin.read()"
    )
    maker = subprocess.Popen(
        [sys.executable, "-c", script, str(shelf.root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    )
    assert maker.stdin and maker.stdout
    assert maker.stdout.readline() == b"half\n"
    with shelf.draft("team/a") as into:
        assert into is None
    shelf.tidy()
    assert left(shelf) == ["team/a.part"]
    maker.kill()
    maker.wait()
    maker.stdin.close()
    maker.stdout.close()
    assert read(shelf, "team/a") is None
    make(shelf, "team/b", b"b")
    assert left(shelf) == ["team/b"]
    make(shelf, "team/a", b"whole")
    assert read(shelf, "team/a") == b"whole"


def test_what_was_not_used_for_longest_goes_first(shelf: Shelf) -> None:
    for name in ("team/a", "other/b", "team/c"):
        make(shelf, name, bytes(30))
    for age, name in enumerate(("team/a", "other/b", "team/c")):
        os.utime(shelf.root / name, (1000 + age, 1000))
    assert read(shelf, "team/a") == bytes(30)
    make(shelf, "team/d", bytes(30))
    assert left(shelf) == ["team/a", "team/c", "team/d"]


def test_one_that_is_larger_than_the_room_is_kept_alone(shelf: Shelf) -> None:
    make(shelf, "team/a", bytes(30))
    make(shelf, "team/b", bytes(300))
    assert left(shelf) == ["team/b"]


def test_a_disk_that_takes_no_more_is_said_in_words(shelf: Shelf) -> None:
    with pytest.raises(StorageFull, match="No space left on device") as told, shelf.draft("team/a") as into:
        assert into is not None
        with Path("/dev/full").open("wb", buffering=0) as full:
            full.write(b"x")
    assert told.value.remedy
    assert left(shelf) == []
