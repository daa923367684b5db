"""Room: tests.services. Reading the ledger: whose lines, in which order, how many."""

from pathlib import Path

import pytest
from sqlalchemy import select

from nas_asr.core.errors import Conflict, Invalid, NotPermitted, NotVisible
from nas_asr.core.recording import LedgerState, Presence
from nas_asr.services.base import House
from nas_asr.services.folders import list_folders
from nas_asr.services.ledger import LedgerFilter, LedgerView, count_ledger, line_in_full, list_ledger
from nas_asr.services.ledger_retry import count_failed, retry_failed, retry_line
from nas_asr.services.looks import due_looks, note_look, note_news, note_offline
from nas_asr.services.paging import PageOrder
from nas_asr.services.presence import Standing, files_of
from nas_asr.services.sightings import Look, News, Sighting, Stat, new_line
from nas_asr.store.models import AuditLine, Folder, LedgerLine
from nas_asr.watcher.ignore import LINK, OTHER_KIND
from tests.cast import Cast, Clock, make_folder, make_recording


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


# -- files that the looks no longer see -----------------------------------------------------------------------------------

DAY = 24 * 3600


def _line(house: House, cast: Cast, path: str) -> LedgerView:
    (line,) = list_ledger(house, cast.rita, LedgerFilter(q=path), PageOrder()).items
    return line


def _look(house: House, folder_id: str) -> None:
    note_look(house, folder_id, Look(1, 1, 5, 10))


def _paths(house: House, cast: Cast, wanted: LedgerFilter) -> list[str]:
    return [line.path for line in list_ledger(house, cast.rita, wanted, PageOrder()).items]


def test_a_file_is_missing_when_the_looks_of_a_whole_day_did_not_see_it(
    house: House, cast: Cast, folder_id: str, clock: Clock
) -> None:
    note_news(house, folder_id, News(missing=[b"3.m4a"]))
    gone_at = clock.now
    for seconds, told in ((0, Presence.PRESENT), (DAY - 1, Presence.PRESENT), (1, Presence.MISSING)):
        clock.pass_seconds(seconds)
        _look(house, folder_id)
        line = _line(house, cast, "3.m4a")
        assert (line.presence, line.missing_since) == (told, gone_at)
        missing = told == Presence.MISSING
        assert _paths(house, cast, LedgerFilter(presence=Presence.MISSING)) == (["3.m4a"] if missing else [])
        assert _paths(house, cast, LedgerFilter(unseen=True)) == ([] if missing else ["3.m4a"])
        assert ("3.m4a" in _paths(house, cast, LedgerFilter(presence=Presence.PRESENT))) is not missing
    note_news(house, folder_id, News(back=[b"3.m4a"]))
    assert (_line(house, cast, "3.m4a").presence, _line(house, cast, "3.m4a").missing_since) == (Presence.PRESENT, None)


def test_old_names_of_what_was_moved_or_replaced_or_never_taken_are_missed_by_nobody(
    house: House, cast: Cast, folder_id: str, clock: Clock
) -> None:
    recording = make_recording(house, cast.choir, folder_id=folder_id, raw_path=b"elsewhere.m4a")
    with house.db.write() as session:
        moved, replaced = (session.scalars(select(LedgerLine).where(LedgerLine.path == f"{n}.m4a")).one() for n in (1, 2))
        moved.state, moved.recording_id = LedgerState.INGESTED, recording
        session.add(new_line(house, folder_id, Sighting(b"2.m4a", Stat(1, 1, 1)), generation=2))
        replaced.presence, replaced.missing_since = Presence.MISSING, clock.now
    note_news(house, folder_id, News(ignored=[Sighting(b"x.tmp", Stat(1, 1, 1), OTHER_KIND)]))
    before = list_folders(house, cast.rita)[0]
    note_news(house, folder_id, News(missing=[b"1.m4a", b"x.tmp", b"3.m4a"]))
    clock.pass_seconds(DAY)
    _look(house, folder_id)
    after = list_folders(house, cast.rita)[0]
    assert _paths(house, cast, LedgerFilter(presence=Presence.MISSING)) == ["3.m4a"]
    assert _paths(house, cast, LedgerFilter(unseen=True)) == []
    assert (after.missing, after.unseen) == (1, 0)
    assert sum(before.files.values()) - sum(after.files.values()) == 3
    assert (_line(house, cast, "1.m4a").left, _line(house, cast, "1.m4a").presence) == (True, Presence.MISSING)
    assert not _line(house, cast, "3.m4a").left


def test_nothing_goes_missing_while_a_folder_is_offline_or_nobody_looks(
    house: House, cast: Cast, folder_id: str, clock: Clock
) -> None:
    note_news(house, folder_id, News(missing=[b"3.m4a"]))
    _look(house, folder_id)
    note_offline(house, folder_id, "The share does not answer.")
    clock.pass_seconds(30 * DAY)
    line = _line(house, cast, "3.m4a")
    assert (line.presence, line.online) == (Presence.PRESENT, False)
    assert _paths(house, cast, LedgerFilter(presence=Presence.MISSING)) == []


def test_a_recording_says_where_its_file_stands(house: House, cast: Cast, folder_id: str, clock: Clock) -> None:
    recording = make_recording(house, cast.choir, folder_id=folder_id, raw_path=b"3.m4a", path="3.m4a")
    upload = make_recording(house, cast.choir, "upload")
    with house.db.write() as session:
        session.query(LedgerLine).filter_by(path="3.m4a").one().recording_id = recording

    def standing() -> Standing:
        found = files_of(house, cast.rita, [recording, upload])
        assert list(found) == [recording]
        return found[recording].standing

    _look(house, folder_id)
    seen = [standing()]
    note_offline(house, folder_id, "The share does not answer.")
    seen.append(standing())
    note_news(house, folder_id, News(missing=[b"3.m4a"]))
    _look(house, folder_id)
    seen.append(standing())
    clock.pass_seconds(DAY)
    _look(house, folder_id)
    seen.append(standing())
    assert seen == [Standing.THERE, Standing.OFFLINE, Standing.UNSEEN, Standing.MISSING]
    for stranger in (cast.charlie, cast.ada):
        assert files_of(house, stranger, [recording]) == {}


# -- looking again --------------------------------------------------------------------------------------------------------


def _fail(house: House, called: str, /, state: LedgerState = LedgerState.FAILED, **fields: object) -> str:
    with house.db.write() as session:
        line = session.query(LedgerLine).filter_by(path=called).one()
        line.state, line.next_look_at = state, None
        for name, value in fields.items():
            setattr(line, name, value)
        return line.id


def test_a_file_that_is_ignored_by_its_name_can_be_taken_all_the_same(house: House, cast: Cast, folder_id: str) -> None:
    line = _line(house, cast, "会议")
    assert line.retry == "take" and line.rule == "other_kind"
    retry_line(house, cast.bob, line.id)
    assert "会议.txt".encode() in due_looks(house)[folder_id]
    assert _line(house, cast, "会议").retry == ""
    with house.db.read() as session:
        assert session.query(AuditLine.action, AuditLine.subject).all() == [("ledger.retried", "会议.txt")]


def test_links_folders_markers_and_files_that_are_gone_cannot_be_asked_for(
    house: House, cast: Cast, folder_id: str
) -> None:
    lines = [
        _fail(house, "0.m4a", LedgerState.IGNORED, reason_code=LINK.code),
        _fail(house, "1.m4a", LedgerState.IGNORED, reason_code="marker"),
        _fail(house, "2.m4a", path="below/"),
        _fail(house, "3.m4a", presence=Presence.MISSING),
    ]
    for line in lines:
        with pytest.raises(Conflict) as refused:
            retry_line(house, cast.bob, line)
        assert refused.value.remedy
    assert {
        one.retry for one in list_ledger(house, cast.bob, LedgerFilter(), PageOrder()).items if one.id in lines
    } == {""}
    assert due_looks(house) == {}


def test_who_may_not_write_may_not_ask(house: House, cast: Cast, folder_id: str) -> None:
    line = _fail(house, "0.m4a")
    with pytest.raises(NotPermitted):
        retry_line(house, cast.rita, line)
    with pytest.raises(NotVisible):
        retry_line(house, cast.charlie, line)
    assert [count_failed(house, who, LedgerFilter()) for who in (cast.rita, cast.charlie, cast.bob, cast.ada)] == [
        0,
        0,
        1,
        1,
    ]
    assert retry_failed(house, cast.rita, LedgerFilter()) == retry_failed(house, cast.charlie, LedgerFilter()) == 0
    assert _line(house, cast, "0.m4a").state == LedgerState.FAILED


def test_all_failed_files_of_a_filter_are_looked_at_again_at_once(house: House, cast: Cast, folder_id: str) -> None:
    for path in ("0.m4a", "1.m4a", "2.m4a", "3.m4a"):
        _fail(house, path)
    _fail(house, "2.m4a", path="below/")
    _fail(house, "3.m4a", presence=Presence.MISSING)
    assert count_failed(house, cast.bob, LedgerFilter(q="0")) == 1
    assert count_failed(house, cast.bob, LedgerFilter()) == retry_failed(house, cast.bob, LedgerFilter()) == 2
    assert sorted(due_looks(house)[folder_id]) == [b"0.m4a", b"1.m4a"]
    assert count_failed(house, cast.bob, LedgerFilter()) == 0


# -- one line in full -----------------------------------------------------------------------------------------------------


def test_a_line_in_full_has_its_other_contents_and_places_but_none_of_another_team(
    house: House, cast: Cast, folder_id: str, tmp_path: Path
) -> None:
    recording = make_recording(house, cast.choir, folder_id=folder_id)
    elsewhere = make_folder(house.db, cast.choir, tmp_path / "elsewhere")
    stranger = make_folder(house.db, cast.garden, tmp_path / "stranger")
    for place in (elsewhere, stranger):
        note_news(house, place, News(growing=[Sighting(b"copy.m4a", Stat(1, 1, 1))]))
    with house.db.write() as session:
        first = session.query(LedgerLine).filter_by(path="0.m4a").one()
        first.recording_id, first.state = recording, LedgerState.INGESTED
        session.query(LedgerLine).filter_by(folder_id=elsewhere).one().recording_id = recording
        newer = session.query(LedgerLine).filter_by(path="1.m4a").one()
        newer.raw_path, newer.path, newer.generation = first.raw_path, first.path, 2
        ids = (first.id, newer.id)
    old, new = (line_in_full(house, cast.rita, line) for line in ids)
    assert [one.id for one in old.generations] == [ids[1]] and [one.id for one in new.generations] == [ids[0]]
    assert [one.path for one in old.places] == ["copy.m4a"] and list(new.places) == []
    assert old.line.readable and not line_in_full(house, cast.ada, ids[0]).line.readable
    with pytest.raises(NotVisible):
        line_in_full(house, cast.charlie, ids[0])


def test_what_is_ignored_stays_out_only_where_that_was_asked_for(house: House, cast: Cast, folder_id: str) -> None:
    assert "会议.txt" not in _paths(house, cast, LedgerFilter(without_ignored=True))
    assert _paths(house, cast, LedgerFilter(without_ignored=True, state=LedgerState.IGNORED)) == ["会议.txt"]
    assert count_ledger(house, cast.rita, LedgerFilter(without_ignored=True))[LedgerState.IGNORED] == 1


def test_folders_that_were_never_looked_through_miss_nothing(house: House, cast: Cast, folder_id: str) -> None:
    note_news(house, folder_id, News(missing=[b"3.m4a"]))
    with house.db.read() as session:
        assert session.get_one(Folder, folder_id).last_scan_at is None
    assert _paths(house, cast, LedgerFilter(presence=Presence.MISSING)) == []
