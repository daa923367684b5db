"""Room: tests.browser.test_admin_looks_in. An admin who looks in once a week: what is broken, full or waiting, and the people."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from nas_asr.core.findings import Finding, Verdict
from nas_asr.services.accounts import set_password
from nas_asr.web.wiring import WebSetup
from tests.browser.conftest import PASSWORD, Complaints, Live
from tests.cast import make_recording

pytestmark = pytest.mark.browser
NEW_PASSWORD = "another sentence that is long enough"
FOUND = (
    Finding("database", Verdict.OK, "The database answers."),
    Finding("model", Verdict.BROKEN, "Fun-ASR-Nano is not here.", "Get it: nas-asr model pull"),
)


@pytest.fixture
def ada(context: BrowserContext, live: Live, monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    """The admin, signed in; the doctor finds one thing broken. At the end her browser had nothing to complain about."""
    setup = WebSetup(secret_key="of this test", examine=lambda: FOUND)
    monkeypatch.setattr("nas_asr.web.pages.check.wiring", lambda: setup)
    set_password(live.house, None, "ada", PASSWORD)
    page = context.new_page()
    complaints = Complaints(page, live.url)
    page.on("dialog", lambda dialog: dialog.accept())
    _sign_in(page, live, "ada", PASSWORD)
    yield page
    assert complaints.heard == []


def _sign_in(page: Page, live: Live, name: str, password: str) -> None:
    page.goto(live.url + "/login")
    page.fill("#f-name", name)
    page.fill("#f-password", password)
    page.click("button.primary")
    page.wait_for_selector("nav[aria-label]")


def test_an_admin_looks_in(ada: Page, live: Live) -> None:
    make_recording(live.house, live.cast.choir, "Urgent")
    make_recording(live.house, live.cast.choir, "By mistake")
    ada.click("nav a[href$='/admin']")
    _what_is_broken_and_what_is_full(ada)
    _the_queue_is_put_in_order(ada)
    browser = ada.context.browser
    assert browser is not None
    theirs = browser.new_context(locale="zh-CN", viewport={"width": 390, "height": 844})
    theirs.set_default_timeout(30_000)
    guest = theirs.new_page()
    _somebody_comes_in_by_a_link(ada, guest, live)
    _their_password_is_lost_and_found(ada, guest, live)
    _they_are_taken_out_while_they_read(ada, guest, live)
    theirs.close()
    _all_of_it_is_in_the_audit(ada)


def _what_is_broken_and_what_is_full(ada: Page) -> None:
    ada.click(".subtabs a[href$='/admin/check']")
    expect(ada.locator("#findings")).to_contain_text("1 thing is broken.")
    expect(ada.locator("#findings .row.broken")).to_contain_text("nas-asr model pull")
    ada.click(".subtabs a[href$='/admin/storage']")
    expect(ada.locator("table", has_text="Choir")).to_contain_text("Recordings")
    expect(ada.locator("main")).to_contain_text("free of")


def _the_queue_is_put_in_order(ada: Page) -> None:
    """Titles are the team's own: the admin sees whose turn it is, not what it is called."""
    ada.click(".subtabs a[href$='/admin/queue']")
    rows = ada.locator("ol.queue > li")
    expect(rows).to_have_count(3)
    ada.click("text=Pause")
    expect(ada.locator(".notice.warn")).to_contain_text("Paused by ada")
    rows.nth(1).get_by_role("button", name="Put first").click()
    expect(rows.first).to_contain_text("put first")
    rows.nth(2).get_by_role("button", name="Stop").click()
    expect(rows).to_have_count(2)
    ended = ada.locator("ul.ended > li")
    ended.get_by_role("button", name="Try again").click()
    expect(rows).to_have_count(3)
    expect(ended).to_have_count(0)
    ada.click("text=Go on")
    expect(ada.locator(".notice.warn")).to_have_count(0)


def _somebody_comes_in_by_a_link(ada: Page, guest: Page, live: Live) -> None:
    ada.goto(live.url + "/teams/choir")
    ada.select_option("#f-invite-role", "member")
    ada.click("form:has(#f-invite-role) button")
    guest.goto(ada.locator("#link").inner_text())
    guest.fill("#f-name", "王小明")
    guest.fill("#f-password", PASSWORD)
    guest.fill("#f-password_again", PASSWORD)
    guest.click("button.primary")
    expect(guest.locator("#library")).to_contain_text("周例会")


def _their_password_is_lost_and_found(ada: Page, guest: Page, live: Live) -> None:
    ada.goto(live.url + "/admin/users")
    row = ada.locator(".rows .row", has_text="王小明")
    row.locator("summary").click()
    row.get_by_role("button", name="Link to a new password").click()
    guest.goto(ada.locator("#link").inner_text())
    guest.fill("#f-password", NEW_PASSWORD)
    guest.fill("#f-password_again", NEW_PASSWORD)
    guest.click("button.primary")
    _sign_in(guest, live, "王小明", NEW_PASSWORD)
    expect(guest.locator("#library")).to_contain_text("By mistake")


def _they_are_taken_out_while_they_read(ada: Page, guest: Page, live: Live) -> None:
    with guest.expect_response("**/events?*"):
        guest.goto(f"{live.url}/recordings/{live.chinese}")
    expect(guest.locator("#segments")).to_contain_text("下周再开会")
    ada.goto(live.url + "/teams/choir")
    ada.get_by_role("button", name="Remove 王小明").click()
    expect(ada.locator(".flashes")).to_contain_text("王小明 is no longer in this team.")
    expect(guest.locator("#segments")).to_have_count(0)
    expect(guest.locator("h1")).to_contain_text("没有您可以看到的内容")


def _all_of_it_is_in_the_audit(ada: Page) -> None:
    ada.click("nav a[href$='/admin']")
    ada.click(".subtabs a[href$='/admin/audit']")
    log = ada.locator("table.lines")
    for deed in (
        "paused the queue", "put first recording", "stopped recording", "let the queue go on", "came into a team by invitation",
        "made a link to a new password for", "set a new password by a link for", "removed from a team",
    ):  # fmt: skip
        expect(log).to_contain_text(deed)
    with ada.expect_navigation():
        ada.select_option("select[name=kind]", "queue")
    expect(log).to_contain_text("paused the queue")
    expect(log).not_to_contain_text("removed from a team")
