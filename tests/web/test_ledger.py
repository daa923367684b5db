"""Room: tests.web.test_ledger. The ledger of all folders, one line in full, and looking again, as people see and use them."""

from pathlib import Path
from urllib.parse import urlencode

import pytest

from nas_asr.core.recording import LedgerState, Presence
from nas_asr.services.base import House
from nas_asr.services.ledger import LedgerFilter, list_ledger
from nas_asr.services.looks import note_look, note_news
from nas_asr.services.paging import PageOrder
from nas_asr.services.sightings import Look, News, Sighting, Stat
from nas_asr.store.models import LedgerLine
from nas_asr.watcher.ignore import HIDDEN
from tests.cast import Cast, Clock, make_folder, make_recording
from tests.web.conftest import Visitor, Visits


@pytest.fixture
def folder(house: House, cast: Cast, tmp_path: Path) -> str:
    """A folder of the choir: two files that failed, one that grows, and 300 that are ignored by their names."""
    folder_id = make_folder(house.db, cast.choir, tmp_path / "choir share")
    files = [Sighting(name.encode(), Stat(9, 10**18, 1)) for name in ("第一次会议/a.m4a", "b.m4a", "c.m4a")]
    junk = [Sighting(b"._%d" % number, Stat(1, 1, number), HIDDEN) for number in range(300)]
    note_news(house, folder_id, News(growing=files, ignored=junk))
    note_look(house, folder_id, Look(1, 1, 303, 10))
    with house.db.write() as session:
        for line in session.query(LedgerLine).filter(LedgerLine.path.in_(["第一次会议/a.m4a", "b.m4a"])):
            line.state, line.reason_code, line.reason = LedgerState.FAILED, "incomplete", "The file is empty."
    return folder_id


@pytest.fixture
def other(house: House, cast: Cast, tmp_path: Path) -> str:
    """A folder of the garden with one file."""
    folder_id = make_folder(house.db, cast.garden, tmp_path / "garden share")
    note_news(house, folder_id, News(growing=[Sighting(b"roses.m4a", Stat(1, 1, 1))]))
    return folder_id


def _line(house: House, cast: Cast, path: str) -> str:
    return next(one.id for one in list_ledger(house, cast.ada, LedgerFilter(q=path), PageOrder()).items)


def _get(browser: Visitor, **query: str) -> str:
    return browser.get(f"/folders/ledger?{urlencode(query)}").text


def test_the_ledger_of_all_folders_is_ones_own_teams_and_an_admins_of_all(
    visit: Visits, cast: Cast, folder: str, other: str
) -> None:
    for who, theirs, not_theirs in ((cast.rita, "c.m4a", "roses.m4a"), (cast.charlie, "roses.m4a", "c.m4a")):
        page = _get(visit(who))
        assert theirs in page and not_theirs not in page
    page = _get(visit(cast.ada))
    assert "roses.m4a" in page and "c.m4a" in page and "All teams" in page
    assert "roses.m4a" not in _get(visit(cast.ada), team="choir")
    assert "roses.m4a" not in _get(visit(cast.rita), folder=other)


def test_one_file_is_one_file(visit: Visits, cast: Cast, other: str) -> None:
    assert "<b>1</b> file</a>" in _get(visit(cast.charlie))


def test_what_is_ignored_is_a_number_that_leads_to_it(visit: Visits, cast: Cast, folder: str) -> None:
    browser = visit(cast.rita)
    page = _get(browser)
    assert "._1" not in page and "<b>3</b> files, without the ignored ones" in page
    assert 'href="/folders/ledger?state=ignored"><b>300</b> ignored' in page
    page = _get(browser, state="ignored")
    assert page.count("Its name begins with a dot") == 100 and "c.m4a" not in page
    older = page.rpartition('class="button" href="')[2].split('"')[0].replace("&amp;", "&")
    page = browser.get(older).text
    assert page.count("Its name begins with a dot") == 100 and "Newest" in page


def test_a_name_is_looked_for_everywhere(visit: Visits, cast: Cast, folder: str) -> None:
    page = _get(visit(cast.rita), q="._7 ")
    assert "._7" in page and "<b>11</b> files<" in page
    page = _get(visit(cast.rita), q="第一次")
    assert "a.m4a" in page and "b.m4a" not in page


def test_states_presence_and_nonsense_narrow_or_are_said(
    visit: Visits, house: House, cast: Cast, folder: str, clock: Clock
) -> None:
    note_news(house, folder, News(missing=[b"c.m4a"]))
    browser = visit(cast.rita)
    page = _get(browser, presence="unseen")
    assert "c.m4a" in page and "b.m4a" not in page and "not seen since 21 Nov 2026, 10:00" in page
    assert "c.m4a" not in _get(browser, presence="missing")
    clock.pass_seconds(24 * 3600)
    note_look(house, folder, Look(1, 1, 302, 10))
    page = _get(browser, presence="missing")
    assert "c.m4a" in page and "missing since 21 Nov 2026" in page
    assert "c.m4a" not in _get(browser, state="failed") and "b.m4a" in _get(browser, state="failed")
    assert browser.get("/folders/ledger?state=odd").status_code == 422
    assert browser.get("/folders/ledger?presence=odd").status_code == 422


def test_a_line_says_why_and_since_when(visit: Visits, house: House, cast: Cast, folder: str) -> None:
    line = _line(house, cast, "b.m4a")
    page = visit(cast.rita).get(f"/folders/{folder}/lines/{line}").text
    assert "The file is empty." in page and "It is looked at again by itself when it changes." in page
    assert "21 Nov 2026, 10:00" in page and "Look again now" not in page
    assert "文件是空的" in visit(cast.rita, language="zh-CN").get(f"/folders/{folder}/lines/{line}").text
    assert visit(cast.charlie).get(f"/folders/{folder}/lines/{line}").status_code == 404


def test_a_file_without_an_index_is_not_said_to_be_taken_once_it_is_quiet(
    visit: Visits, house: House, cast: Cast, folder: str
) -> None:
    line = _line(house, cast, "b.m4a")
    with house.db.write() as session:
        row = session.get_one(LedgerLine, line)
        row.state, row.reason_code, row.reason = LedgerState.GROWING, "incomplete", "The file is empty. Copy it again."
    page = visit(cast.rita).get(f"/folders/{folder}/lines/{line}").text
    assert "it is called not readable" in page and "It is taken when its size and time" not in page


def test_a_line_is_found_under_its_own_folder_only(
    visit: Visits, house: House, cast: Cast, folder: str, other: str
) -> None:
    line = _line(house, cast, "b.m4a")
    assert visit(cast.ada).get(f"/folders/{other}/lines/{line}").status_code == 404


def test_a_line_leads_to_its_recording_and_the_older_contents_of_its_name(
    visit: Visits, house: House, cast: Cast, folder: str
) -> None:
    recording = make_recording(house, cast.choir, folder_id=folder)
    with house.db.write() as session:
        old = session.query(LedgerLine).filter_by(path="b.m4a").one()
        old.recording_id, old.state, old.presence = recording, LedgerState.INGESTED, Presence.MISSING
        old.reason_code, old.reason = "replaced", "A newer file of the same name took its place."
        new = session.query(LedgerLine).filter_by(path="c.m4a").one()
        new.raw_path, new.path, new.generation = old.raw_path, old.path, 2
        address = f"/folders/{folder}/lines/{new.id}"
    page = visit(cast.rita).get(address).text
    assert "Other contents of the same name" in page and f"/recordings/{recording}" in page
    assert f"/recordings/{recording}" not in visit(cast.ada).get(address).text


def test_all_that_failed_is_looked_at_again_by_one_button_that_needs_no_script(
    visit: Visits, house: House, cast: Cast, folder: str
) -> None:
    browser = visit(cast.bob)
    page = _get(browser, state="failed")
    assert "Look again at all 2 that are not readable" in page
    answer = browser.post("/folders/ledger/look-again", next="/folders/ledger?state=failed")
    assert answer.headers["Location"] == "/folders/ledger?state=failed"
    page = _get(browser)
    assert "2 files are looked at again." in page and page.count("Somebody asked to look again.") == 2
    assert "Look again at all" not in _get(visit(cast.rita))


def test_a_file_that_is_ignored_is_taken_all_the_same(visit: Visits, house: House, cast: Cast, folder: str) -> None:
    browser = visit(cast.bob)
    line = _line(house, cast, "._299")
    assert "Take it all the same" in _get(browser, state="ignored")
    answer = browser.post(f"/folders/{folder}/lines/{line}/look-again", next="/folders/ledger?state=ignored")
    assert answer.headers["Location"] == "/folders/ledger?state=ignored"
    page = _get(browser)
    assert "It is looked at again in a moment." in page and "._299" in page


def test_a_part_of_the_page_comes_alone_and_keeps_its_filter(visit: Visits, cast: Cast, folder: str) -> None:
    part = visit(cast.rita).get("/folders/ledger?state=failed", headers={"HX-Target": "lines"}).text
    assert part.lstrip().startswith('<div id="lines"') and "<html" not in part
    assert 'hx-get="/folders/ledger?state=failed"' in part


def test_an_empty_ledger_says_what_will_be_there(visit: Visits, cast: Cast) -> None:
    assert "Nothing was seen in any folder yet." in _get(visit(cast.rita))


def test_a_missing_file_is_said_in_the_library_and_with_its_recording(
    visit: Visits, house: House, cast: Cast, folder: str, clock: Clock
) -> None:
    recording = make_recording(house, cast.choir, folder_id=folder)
    with house.db.write() as session:
        session.query(LedgerLine).filter_by(path="c.m4a").one().recording_id = recording
    note_news(house, folder, News(missing=[b"c.m4a"]))
    browser = visit(cast.rita)
    assert "file missing" not in browser.get("/").text
    assert "Its file has not been seen in the folder" in browser.get(f"/recordings/{recording}").text
    clock.pass_seconds(24 * 3600)
    note_look(house, folder, Look(1, 1, 302, 10))
    assert "file missing since 21 Nov 2026" in browser.get("/").text
    page = browser.get(f"/recordings/{recording}").text
    assert (
        "Its file is missing from the folder “choir share”" in page and "The transcript stays and can be read" in page
    )
