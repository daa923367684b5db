"""Room: tests.browser.test_choice. A person is asked about a folder's first files, and answers."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from nas_asr.core.recording import LedgerState
from nas_asr.store.models import Folder, LedgerLine
from tests.browser.conftest import PASSWORD, Live
from tests.cast import make_folder
from tests.services.test_first_look import waiting

pytestmark = pytest.mark.browser
FILES = 312


@pytest.fixture
def folder(live: Live, tmp_path: Path) -> str:
    """A folder of Alice's team, with some years of recordings that nobody has chosen."""
    folder_id = make_folder(live.house.db, live.cast.choir, tmp_path / "old recordings")
    waiting(live.house, folder_id, {f"meeting {i:03}.m4a": (i * 3 - 5, 14_000_000 + i) for i in range(FILES)})
    return folder_id


def look_into(live: Live, lines: int) -> None:
    """What the watcher writes down."""
    with live.house.db.write() as session:
        for line in session.scalars(select(LedgerLine).order_by(LedgerLine.id).limit(lines)):
            line.duration_ms = 1_600_000


def test_the_numbers_come_by_themselves_and_the_answer_is_one_click(page: Page, live: Live, folder: str) -> None:
    page.goto(live.url + "/folders")
    page.click("text=waits for your choice")
    everything = page.locator("#question .row", has_text="Everything")
    expect(everything).to_contain_text("312 files")
    expect(everything).to_contain_text("length not known yet")
    look_into(live, 100)
    expect(everything).to_contain_text("about 139 hours")
    expect(everything).to_contain_text("done in about")
    expect(page.locator("#question")).to_contain_text("100 of 312 files were looked into")
    page.locator("#question .row", has_text="Only what comes from now on").get_by_role("button").click()
    expect(page.locator(".flashes")).to_contain_text("None of these files is taken.")
    page.click("text=312 older files were left out")
    page.locator("#question .row", has_text="Everything").get_by_role("button").click()
    expect(page.locator(".flashes")).to_contain_text("312 files are taken now.")
    expect(page.locator("#question h2, #question summary")).to_have_count(0)


def test_a_day_of_ones_own_is_counted_and_taken(page: Page, live: Live, folder: str) -> None:
    page.goto(f"{live.url}/folders/{folder}")
    page.fill("#f-since", "2026-01-31")
    page.click("text=Count these")
    picked = page.locator("#question .row", has_text="Since")
    expect(picked).to_contain_text("files")
    expect(page.locator("#f-since")).to_have_value("2026-01-31")
    picked.get_by_role("button").click()
    expect(page.locator(".flashes")).to_contain_text("files are taken now.")
    with live.house.db.read() as session:
        states = set(session.scalars(select(LedgerLine.state).where(LedgerLine.folder_id == folder)))
        assert states == {LedgerState.GROWING, LedgerState.IGNORED}
        assert not session.get_one(Folder, folder).awaiting_choice


def test_one_can_choose_without_scripts(live: Live, chromium: Browser, folder: str) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(live.url + "/login")
    page.fill("#f-name", "alice")
    page.fill("#f-password", PASSWORD)
    page.click("button.primary")
    page.goto(f"{live.url}/folders/{folder}")
    page.fill("#f-since", "2026-01-31")
    page.click("text=Count these")
    page.locator("#question .row", has_text="Since").get_by_role("button").click()
    expect(page.locator(".flashes")).to_contain_text("files are taken now.")
    context.close()
