"""Room: tests.web.test_choice. The question about a folder's first files, as everybody of the team sees it."""

from pathlib import Path

import pytest
from sqlalchemy import select

from nas_asr.core.recording import LedgerState
from nas_asr.services.base import House
from nas_asr.services.folders import list_folders
from nas_asr.store.models import Folder, LedgerLine
from tests.cast import Cast, make_folder
from tests.services.test_first_look import waiting
from tests.web.conftest import Visits


@pytest.fixture
def folder(house: House, cast: Cast, tmp_path: Path) -> str:
    """A folder of the choir that asks."""
    folder_id = make_folder(house.db, cast.choir, tmp_path / "share")
    waiting(house, folder_id, {"today.mp3": (0, 1_000_000), "old.mp3": (400, 3_000_000)})
    return folder_id


def states(house: House) -> dict[str, LedgerState]:
    with house.db.read() as session:
        return {line.path: line.state for line in session.scalars(select(LedgerLine))}


def test_the_list_says_that_a_folder_waits_and_for_whom(visit: Visits, cast: Cast, folder: str) -> None:
    page = visit(cast.alice).get("/folders").text
    assert "waits for your choice" in page and "<b>2</b> waiting for your choice" in page
    assert "every 3s" in page
    assert "waits for a manager's choice" in visit(cast.rita).get("/folders").text


def test_the_question_says_how_much_each_answer_means(visit: Visits, house: House, cast: Cast, folder: str) -> None:
    page = visit(cast.alice).get(f"/folders/{folder}").text
    assert "2 files" in page and "4 MB" in page and "length not known yet" in page
    with house.db.write() as session:
        session.scalars(select(LedgerLine).where(LedgerLine.path == "old.mp3")).one().duration_ms = 9 * 3_600_000
    page = visit(cast.alice).get(f"/folders/{folder}").text
    assert "about 12 hours" in page and "done in about 3 hours on this machine" in page
    assert "1 of 2 files were looked into" in page
    chinese = visit(cast.alice, language="zh-CN").get(f"/folders/{folder}").text
    assert "约 12 小时" in chinese and "在这台机器上约 3 小时后完成" in chinese


def test_only_those_who_may_choose_get_buttons(visit: Visits, cast: Cast, folder: str) -> None:
    for viewer, may in ((cast.alice, True), (cast.ada, True), (cast.bob, False), (cast.rita, False)):
        page = visit(viewer).get(f"/folders/{folder}").text
        assert (f'action="/folders/{folder}/choice"><input' in page) is may
        assert ("A manager of the team or an admin chooses." in page) is not may


def test_an_answer_is_written_and_said(visit: Visits, house: House, cast: Cast, folder: str) -> None:
    browser = visit(cast.alice)
    browser.post(f"/folders/{folder}/choice", since="2026-11-01")
    assert states(house) == {"today.mp3": LedgerState.GROWING, "old.mp3": LedgerState.IGNORED}
    page = browser.get(f"/folders/{folder}").text
    assert "1 file is taken now." in page and "1 older file was left out" in page
    browser.post(f"/folders/{folder}/choice", since="all")
    page = browser.get(f"/folders/{folder}").text
    assert "older file" not in page and "files since" not in page


def test_one_file_that_was_left_out_is_taken(visit: Visits, house: House, cast: Cast, folder: str) -> None:
    visit(cast.alice).post(f"/folders/{folder}/choice", since="now")
    browser = visit(cast.bob)
    parts = browser.get(f"/folders/{folder}?q=old").text.split('action="')
    browser.post(next(part.split('"')[0] for part in parts if "look-again" in part))
    assert states(house) == {"today.mp3": LedgerState.IGNORED, "old.mp3": LedgerState.GROWING}


@pytest.mark.parametrize("since", ["", "soon", "2026-13-01"])
def test_what_is_no_day_is_said_and_nothing_is_taken(
    visit: Visits, house: House, cast: Cast, folder: str, since: str
) -> None:
    browser = visit(cast.alice)
    answer = browser.post(f"/folders/{folder}/choice", since=since)
    assert answer.status_code == 422 and "such as 2026-01-31" in answer.text
    assert set(states(house).values()) == {LedgerState.WAITING_CHOICE}
    assert browser.get(f"/folders/{folder}/choice?since=soon").status_code == 422


def test_before_the_first_look_is_over_there_are_no_numbers(
    visit: Visits, house: House, cast: Cast, folder: str
) -> None:
    with house.db.write() as session:
        session.get_one(Folder, folder).last_scan_at = None
    page = visit(cast.alice).get(f"/folders/{folder}").text
    assert "being looked through" in page and "Take these" not in page


def test_a_folder_that_somebody_adds_on_the_page_asks(visit: Visits, house: House, cast: Cast, tmp_path: Path) -> None:
    (tmp_path / "share").mkdir()
    (tmp_path / "share" / "old.mp3").touch()
    answer = visit(cast.ada).post("/folders", team="choir", language="en", path=str(tmp_path / "share"))
    (folder,) = list_folders(house, None)
    assert folder.awaiting_choice and answer.headers["Location"] == f"/folders/{folder.id}"
    (tmp_path / "empty").mkdir()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "old.mp3").touch()
    visit(cast.ada).post("/folders", team="choir", language="en", path=str(tmp_path / "other"), since="all")
    visit(cast.ada).post("/folders", team="choir", language="en", path=str(tmp_path / "empty"))
    asks = {one.name: one.awaiting_choice for one in list_folders(house, None)}
    assert asks == {"share": True, "other": False, "empty": False}
