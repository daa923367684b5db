"""Room: tests.web.test_folders. The watched folders, their ledger, and what a manager may change."""

from pathlib import Path

import pytest

from nas_asr.core.ids import new_id
from nas_asr.core.recording import LedgerState, RunState
from nas_asr.services.base import House
from nas_asr.services.folders import list_folders
from nas_asr.services.heartbeats import Beat, beat
from nas_asr.services.ledger import LedgerFilter, list_ledger
from nas_asr.services.looks import note_look, note_offline
from nas_asr.services.paging import PageOrder
from nas_asr.services.recordings import one_recording
from nas_asr.services.sightings import Look
from nas_asr.store.models import Folder, LedgerLine
from tests.cast import START, Cast, Clock, RememberingQueue, make_folder, make_recording
from tests.web.conftest import Visits
from tests.web.test_library import in_state


@pytest.fixture
def folder(house: House, cast: Cast, tmp_path: Path) -> str:
    """A folder of the choir with a line of each kind that matters here."""
    folder_id = make_folder(house.db, cast.choir, tmp_path / "choir share", language="auto")
    lines = [
        ("good.wav", LedgerState.INGESTED, ""), ("broken.wav", LedgerState.FAILED, "The file is empty. Copy it again."),
        (".hidden", LedgerState.IGNORED, "Its name begins with a dot: so programs name what they hide or have not finished."),
    ]  # fmt: skip
    with house.db.write() as session:
        for path, state, reason in lines:
            session.add(
                LedgerLine(
                    id=new_id(),
                    folder_id=folder_id,
                    raw_path=path.encode(),
                    path=path,
                    size_bytes=1234,
                    mtime_ns=0,
                    inode=1,
                    state=state,
                    reason=reason,
                    first_seen_at=START,
                    changed_at=START,
                )  # fmt: skip
            )
    return folder_id


def test_the_list_says_how_the_folder_is(visit: Visits, cast: Cast, folder: str) -> None:
    page = visit(cast.rita).get("/folders").text
    assert "choir share" in page and "not looked through yet" in page
    assert "not watched" in page and "It was never looked through: the watcher is not running." in page
    assert "<b>1</b> taken" in page and "<b>1</b> not readable" in page
    assert "Add folder" not in page


def test_the_ledger_says_why_each_file_is_in_its_state(visit: Visits, cast: Cast, folder: str) -> None:
    page = visit(cast.bob).get(f"/folders/{folder}").text
    assert "The file is empty. Copy it again." in page and page.count("Look again now") == 1
    assert "Its name begins with a dot" not in page  # what is ignored by its name is behind its number
    assert "<b>1</b> ignored" in page
    page = visit(cast.bob).get(f"/folders/{folder}?state=ignored").text
    assert "Its name begins with a dot" in page and "broken.wav" not in page


def test_a_reason_of_two_sentences_is_translated(visit: Visits, cast: Cast, folder: str) -> None:
    assert "文件是空的。请重新复制。" in visit(cast.bob, language="zh-CN").get(f"/folders/{folder}").text


def test_an_admin_sees_the_ledger_but_no_link_into_content(
    visit: Visits, house: House, cast: Cast, folder: str
) -> None:
    recording = make_recording(house, cast.choir, folder_id=folder)
    with house.db.write() as session:
        session.query(LedgerLine).filter_by(path="good.wav").one().recording_id = recording
    assert f"/recordings/{recording}" in visit(cast.rita).get(f"/folders/{folder}").text
    assert f"/recordings/{recording}" not in visit(cast.ada).get(f"/folders/{folder}").text


def test_a_failed_file_is_looked_at_again(visit: Visits, house: House, cast: Cast, folder: str) -> None:
    browser = visit(cast.bob)
    action = browser.get(f"/folders/{folder}").text.split('action="')
    address = next(part.split('"')[0] for part in action if "look-again" in part)
    browser.post(address)
    assert "Somebody asked to look again." in browser.get(f"/folders/{folder}").text


def test_a_language_for_the_folder_frees_what_waits_in_it(
    visit: Visits, house: House, cast: Cast, folder: str, queue: RememberingQueue
) -> None:
    waits = make_recording(house, cast.choir, "waits", folder_id=folder, language="auto")
    declared = make_recording(house, cast.choir, "declared", folder_id=folder, language="ja")
    for recording in (waits, declared):
        in_state(house, recording, RunState.QUEUED, waiting_for="model")
    browser = visit(cast.alice)
    browser.post(f"/folders/{folder}/language", language="en")
    assert "It also applies to 1 recording" in browser.get(f"/folders/{folder}").text
    assert one_recording(house, cast.alice, waits).waiting_for is None
    assert one_recording(house, cast.alice, declared).waiting_for == "model"
    assert len(queue.rung) == 1


def test_a_manager_adds_the_teams_own_folder_and_an_admin_any(
    visit: Visits, house: House, cast: Cast, tmp_path: Path
) -> None:
    visit(cast.alice).post("/folders", team="choir", language="en")
    assert [folder.path for folder in list_folders(house, None)] == [str(tmp_path / "data" / "recordings" / "choir")]
    share = tmp_path / "share"
    share.mkdir()
    refused = visit(cast.alice).post("/folders", team="choir", language="en", path=str(share))
    assert refused.status_code == 403 and "Only an admin may choose a path" in refused.text
    visit(cast.ada).post("/folders", team="choir", language="en", path=str(share))
    assert str(share) in [folder.path for folder in list_folders(house, None)]
    again = visit(cast.ada).post("/folders", team="choir", language="en", path=str(share))
    assert again.status_code == 409 and "is already watched" in again.text


def test_the_list_tells_how_the_watch_goes(visit: Visits, house: House, cast: Cast, folder: str, clock: Clock) -> None:
    beat(house, Beat("watcher", "watcher@nas", "boot"))
    note_look(house, folder, Look(1, 1, 312, 400))
    with house.db.write() as session:
        row = session.get_one(Folder, folder)
        row.mount, row.scan_every_ms, row.note = "cifs", 120_000, "No events come."
    page = visit(cast.rita).get("/folders").text
    assert "online" in page and "312 files seen in 0.4 s" in page and "every 2 min" in page
    assert "cifs" in page and "No events come." in page
    clock.pass_seconds(9 * 60)
    page = visit(cast.rita).get("/folders").text
    assert "not watched" in page and "No look for 9 minutes: the watcher is not running." in page
    assert "已有 9 分钟没有查看" in visit(cast.rita, language="zh-CN").get("/folders").text
    assert "No look for 9 minutes" in visit(cast.rita).get("/").text
    assert "No look for 9 minutes" not in visit(cast.charlie).get("/").text


def test_while_a_folder_is_offline_its_files_are_as_they_were_last_seen(
    visit: Visits, house: House, cast: Cast, folder: str
) -> None:
    recording = make_recording(house, cast.choir, folder_id=folder)
    with house.db.write() as session:
        session.query(LedgerLine).filter_by(path="good.wav").one().recording_id = recording
        session.query(LedgerLine).filter_by(path="good.wav").one().next_look_at = START
    beat(house, Beat("watcher", "watcher@nas", "boot"))
    note_look(house, folder, Look(1, 1, 3, 400))
    browser = visit(cast.bob)
    line = next(one.id for one in list_ledger(house, cast.bob, LedgerFilter(q="good"), PageOrder()).items)
    pages = (f"/folders/{folder}", "/folders/ledger", f"/folders/{folder}/lines/{line}")
    assert all('class="sign there"' in (text := browser.get(page).text) and "Next look" in text for page in pages)
    note_offline(house, folder, "The share does not answer.")
    for page in pages:
        text = browser.get(page).text
        assert (
            "Next look" not in text
            and 'class="sign there"' not in text
            and "as last seen on 21 Nov 2026, 10:00" in text
        )
        assert "The share does not answer." in text
    assert "Nothing is concluded about its files meanwhile." in browser.get("/folders").text
    assert "The share does not answer." in browser.get("/").text and "folder offline" in browser.get("/").text
    assert "Its file was there when it was last seen" in browser.get(f"/recordings/{recording}").text


def test_an_admin_names_the_marker_file_and_a_wrong_name_is_said(
    visit: Visits, house: House, cast: Cast, folder: str, tmp_path: Path
) -> None:
    browser = visit(cast.ada)
    browser.post(f"/folders/{folder}/marker", marker=".root")
    assert "There is no file “.root” in the folder." in browser.get(f"/folders/{folder}").text
    (tmp_path / "choir share" / ".root").touch()
    browser.post(f"/folders/{folder}/marker", marker=".root")
    page = browser.get(f"/folders/{folder}").text
    assert "The marker file is saved." in page and "marker file .root" in page
    assert "f-marker" not in visit(cast.alice).get(f"/folders/{folder}").text


def test_a_removed_folder_leaves_its_recordings(visit: Visits, house: House, cast: Cast, folder: str) -> None:
    make_recording(house, cast.choir, "stays", folder_id=folder)
    browser = visit(cast.alice)
    browser.post(f"/folders/{folder}/remove")
    assert list_folders(house, None) == []
    assert "stays" in browser.get("/").text


def test_a_manager_says_how_a_folder_is_written(visit: Visits, house: House, cast: Cast, folder: str) -> None:
    browser = visit(cast.alice)
    assert "Each channel is one speaker" in browser.get(f"/folders/{folder}").text
    browser.post(f"/folders/{folder}/reading", itn="off", apart="1")
    page = browser.get(f"/folders/{folder}").text
    assert "<span>Numbers and dates: as they were spoken</span><span>each channel is one speaker</span>" in page
    told = browser.get("/api/v1/folders").get_json()
    assert [(one["itn"], one["apart"]) for one in told["items"]] == [("off", True)]
    browser.post(f"/folders/{folder}/reading", itn="rules")
    assert [(one.itn, one.apart) for one in list_folders(house, None)] == [("rules", False)]
    assert browser.post(f"/folders/{folder}/reading", itn="roman").status_code == 422


def test_a_new_folder_says_how_it_is_written(visit: Visits, house: House, cast: Cast) -> None:
    visit(cast.alice).post("/folders", team="choir", language="en", itn="model", apart="1")
    assert [(one.itn, one.apart) for one in list_folders(house, None)] == [("model", True)]
