"""Room: tests.services. Reading the ledger: whose lines, in which order, how many."""

from pathlib import Path

import pytest

from nas_asr.core.errors import Invalid
from nas_asr.core.recording import LedgerState, Presence
from nas_asr.services.base import House
from nas_asr.services.ledger import LedgerFilter, count_ledger, list_ledger
from nas_asr.services.paging import PageOrder
from nas_asr.services.sightings import News, Sighting, Stat, due_looks, note_news
from nas_asr.watcher.ignore import OTHER_KIND
from tests.cast import Cast, Clock, make_folder


@pytest.fixture
def folder_id(house: House, cast: Cast, clock: Clock, tmp_path: Path) -> str:
    """A folder with five growing files and one ignored."""
    folder_id = make_folder(house.db, cast.choir, tmp_path / "share")
    for number in range(5):
        note_news(house, folder_id, News(growing=[Sighting(f"{number}.m4a".encode(), Stat(number, 10**18, number))]))
        clock.pass_seconds(1)
    note_news(house, folder_id, News(ignored=[Sighting("会议.txt".encode(), Stat(1, 10**18, 9), OTHER_KIND)]))
    return folder_id


def test_pages_follow_each_other_newest_first(house: House, cast: Cast, folder_id: str) -> None:
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = list_ledger(house, cast.rita, LedgerFilter(), PageOrder(2, cursor))
        seen += [item.path for item in page.items]
        cursor = page.next
    assert seen == ["会议.txt", "4.m4a", "3.m4a", "2.m4a", "1.m4a", "0.m4a"]


def test_a_line_says_why(house: House, cast: Cast, folder_id: str) -> None:
    (line,) = list_ledger(house, cast.rita, LedgerFilter(state=LedgerState.IGNORED), PageOrder()).items
    assert (line.path, line.reason_code, line.presence) == ("会议.txt", "other_kind", Presence.PRESENT)
    assert line.reason == OTHER_KIND.sentence
    assert line.mtime is not None and line.mtime.year == 2001


def test_filters_narrow(house: House, cast: Cast, folder_id: str) -> None:
    def count(wanted: LedgerFilter) -> int:
        return len(list_ledger(house, cast.ada, wanted, PageOrder()).items)

    assert count(LedgerFilter(folder=folder_id)) == count(LedgerFilter(team="choir")) == 6
    assert count(LedgerFilter(team="garden")) == count(LedgerFilter(presence=Presence.MISSING)) == 0
    assert count(LedgerFilter(q="会议")) == 1
    assert count(LedgerFilter(q="%")) == 0


def test_counts_go_by_state(house: House, cast: Cast, folder_id: str) -> None:
    counted = count_ledger(house, cast.rita, LedgerFilter())
    assert (counted[LedgerState.GROWING], counted[LedgerState.IGNORED], counted[LedgerState.FAILED]) == (5, 1, 0)


def test_an_outsider_sees_nothing_and_an_admin_all(house: House, cast: Cast, folder_id: str) -> None:
    assert list_ledger(house, cast.charlie, LedgerFilter(folder=folder_id), PageOrder()).items == []
    assert len(list_ledger(house, cast.ada, LedgerFilter(), PageOrder()).items) == 6


def test_a_made_up_cursor_is_refused(house: House, cast: Cast) -> None:
    with pytest.raises(Invalid):
        list_ledger(house, cast.rita, LedgerFilter(), PageOrder(cursor="x"))


def test_a_look_that_a_clock_which_was_set_back_puts_off_for_hours_is_due(
    house: House, folder_id: str, clock: Clock
) -> None:
    clock.pass_seconds(-5)
    assert due_looks(house) == {}
    clock.pass_seconds(-3 * 3600)
    assert sorted(due_looks(house)[folder_id]) == [f"{number}.m4a".encode() for number in range(5)]
