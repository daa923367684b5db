"""Room: tests.watcher. What is remembered of files."""

import os
from pathlib import Path

from nas_asr.services.sightings import KnownFile, Stat
from nas_asr.watcher.memory import Memory, mark, mark_of

SMALL, BIG = Stat(1, 1, 7), Stat(2, 2, 7)


def test_a_file_is_known_by_its_size_its_time_and_its_inode() -> None:
    assert len({mark(stat) for stat in (SMALL, BIG, Stat(1, 2, 7), Stat(1, 1, 8), Stat(7, 1, 1))}) == 5
    assert mark(SMALL) == mark(Stat(1, 1, 7))


def test_the_system_and_the_ledger_give_the_same_mark_also_for_numbers_that_no_database_holds(tmp_path: Path) -> None:
    (tmp_path / "talk.m4a").write_bytes(b"x")
    status = (tmp_path / "talk.m4a").stat()
    assert mark_of(status) == mark(Stat.of(status))
    times = {"st_mtime_ns": 2**63 + 5}  # a share's clock gone wrong
    for inode, others in ((2**64 - 3, {"st_mtime_ns": 1}), (7, times)):
        odd = os.stat_result((0o100644, inode, 1, 1, 0, 0, 5, 0, 0, 0), others)
        assert mark_of(odd) == mark(Stat.of(odd))


def test_of_the_generations_of_a_file_the_last_one_counts() -> None:
    memory = Memory()
    memory.learn([KnownFile(b"day/talk.m4a", SMALL, False), KnownFile(b"day/talk.m4a", BIG, True)])
    assert memory.folder(b"day") == {b"talk.m4a": mark(BIG)}
    assert not memory.is_missing(b"day/talk.m4a")


def test_a_file_that_went_and_came_back_is_as_it_was() -> None:
    memory = Memory()
    memory.note(b"day/talk.m4a", SMALL)
    memory.note_missing(b"day/talk.m4a")
    assert list(memory.folders()) == []
    assert memory.is_missing(b"day/talk.m4a")
    assert b"day/talk.m4a" in memory
    memory.note_back(b"day/talk.m4a")
    assert memory.folder(b"day") == {b"talk.m4a": mark(SMALL)}


def test_a_folders_own_line_stands_under_its_own_path() -> None:
    memory = Memory()
    memory.note(b"day/@eaDir/", Stat(0, 0, 0))
    assert list(memory.here()) == [(b"day/@eaDir", b"")]


def test_a_file_in_doubt_is_news_whatever_it_looks_like() -> None:
    memory = Memory()
    memory.note(b"talk.m4a", SMALL)
    memory.doubt(b"talk.m4a")
    assert b"talk.m4a" in memory
    assert memory.mark(b"talk.m4a") != mark(SMALL)
