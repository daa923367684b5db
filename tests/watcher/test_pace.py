"""Room: tests.watcher. How long until the next look."""

from nas_asr.watcher.pace import Pace


def test_after_news_soon_again_then_half_as_often_each_time_but_never_less_often_than_the_base() -> None:
    pace = Pace()
    waits = [pace.after(news, 0.01, 32.0, network=False) for news in (True, *[False] * 6, True)]
    assert waits == [2, 4, 8, 16, 32, 32, 32, 2]


def test_a_base_of_a_second_is_a_second() -> None:
    pace = Pace()
    assert [pace.after(news, 0.01, 1.0, network=False) for news in (True, False, False)] == [1, 1, 1]


def test_a_look_that_costs_much_is_repeated_for_a_sixth_of_the_time_at_most() -> None:
    pace = Pace()
    assert pace.after(True, 20.0, 30.0, network=False) == 100
    assert pace.after(False, 20.0, 30.0, network=True) == 100


def test_on_a_network_share_the_base_alone_counts() -> None:
    pace = Pace()
    assert [pace.after(news, 0.01, 30.0, network=True) for news in (True, False, True)] == [30, 30, 30]


def test_after_a_year_without_news_the_base_still_counts() -> None:
    pace = Pace()
    for _ in range(2000):
        wait = pace.after(False, 0.01, 30.0, network=False)
    assert wait == 30
