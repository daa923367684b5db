"""Room: tests.watcher. Settling, with time as an argument."""

from nas_asr.services.sightings import Stat
from nas_asr.watcher.settle import Settling

NAME = b"talk.m4a"
SMALL, BIG = Stat(1, 1, 7), Stat(2, 2, 7)


def test_a_file_is_settled_when_two_looks_apart_saw_the_same() -> None:
    settling = Settling(10)
    settling.saw(NAME, SMALL, 0)
    assert settling.due(9.9) == []
    assert settling.due(10) == [NAME]
    assert settling.settled(NAME, SMALL, 10)
    assert NAME not in settling


def test_the_second_look_is_due_exactly_when_the_settle_time_is_over() -> None:
    settling = Settling(10)
    settling.saw(NAME, SMALL, 3)
    settling.saw(NAME, SMALL, 8)
    assert settling.next_due() == 13


def test_a_file_that_grew_waits_anew() -> None:
    settling = Settling(10)
    settling.saw(NAME, SMALL, 0)
    assert not settling.settled(NAME, BIG, 10)
    assert settling.next_due() == 20


def test_the_same_size_with_another_time_or_inode_is_another_file() -> None:
    for other in (Stat(1, 2, 7), Stat(1, 1, 8)):
        settling = Settling(10)
        settling.saw(NAME, SMALL, 0)
        assert not settling.settled(NAME, other, 10)


def test_without_a_settle_time_two_looks_are_needed_all_the_same() -> None:
    settling = Settling(0)
    settling.saw(NAME, SMALL, 0)
    assert settling.due(0) == [NAME]
    assert settling.settled(NAME, SMALL, 0)


def test_a_copy_that_takes_an_hour_is_taken_after_the_hour() -> None:
    settling = Settling(10)
    for second in range(0, 3600, 5):
        settling.saw(NAME, Stat(second, second, 7), second)
        assert not settling.due(second)
    assert settling.settled(NAME, Stat(3595, 3595, 7), 3605)


def test_a_file_that_cannot_be_seen_just_now_is_waited_for() -> None:
    settling = Settling(10)
    settling.saw(NAME, SMALL, 0)
    assert not settling.settled(NAME, None, 10)
    assert settling.settled(NAME, SMALL, 20)


def test_a_file_that_is_gone_is_forgotten() -> None:
    settling = Settling(10)
    settling.saw(NAME, SMALL, 0)
    settling.forget([NAME])
    assert settling.next_due() is None


def test_of_ten_thousand_files_that_wait_those_that_are_due_are_found_in_the_order_of_their_times() -> None:
    settling = Settling(10)
    for number in range(10_000):
        settling.saw(b"%d" % number, SMALL, number)
    settling.saw(b"0", BIG, 5)  # it grew
    assert settling.due(12) == [b"1", b"2"]
    assert settling.settled(b"1", SMALL, 12)
    assert settling.settled(b"2", SMALL, 12)
    assert settling.next_due() == 13
    settling.be_quiet_for(20)
    assert settling.next_due() == 23
