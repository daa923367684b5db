"""Room: tests.browser.test_people. People at their browsers: invited, taken out while they read, in the dark, on a phone."""

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from nas_asr.core.access import Role
from nas_asr.services.invitations import make_invitation
from nas_asr.services.password_resets import make_reset
from nas_asr.services.teams import add_member, remove_member
from tests.browser.conftest import PASSWORD, Live

pytestmark = pytest.mark.browser
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}


def test_what_somebody_reads_goes_when_they_are_taken_out_and_the_rest_stays(page: Page, live: Live) -> None:
    add_member(live.house, None, "garden", "alice", Role.MEMBER)
    page.goto(live.url + "/account")
    page.fill("#f-zone", "half a word")
    reader = page.context.new_page()  # its console may say 404
    with reader.expect_response("**/events?*"):
        reader.goto(f"{live.url}/recordings/{live.meeting}")
    expect(reader.get_by_text("line 7 of the meeting")).to_be_visible()
    remove_member(live.house, None, "choir", "alice")
    expect(reader.get_by_text("line 7 of the meeting")).to_have_count(0)
    expect(reader.locator("h1")).to_contain_text("nothing here under this address")
    expect(page.locator("#f-zone")).to_have_value("half a word")


def test_a_link_is_made_copied_and_opened(page: Page, live: Live) -> None:
    page.goto(live.url + "/teams/choir")
    page.select_option("#f-invite-role", "reader")
    page.click("form:has(#f-invite-role) button")
    link = page.locator("#link").inner_text()
    browser = page.context.browser
    assert browser is not None
    stranger = browser.new_context(locale="zh-CN").new_page()
    stranger.goto(link)
    stranger.fill("#f-name", "王小明")
    stranger.fill("#f-password", PASSWORD)
    stranger.fill("#f-password_again", PASSWORD)
    stranger.click("button.primary")
    expect(stranger.locator("#library")).to_contain_text("周例会")
    stranger.context.close()


@pytest.mark.parametrize("context", [PHONE], indirect=True, ids=["phone"])
def test_pages_about_people_fit_a_phone(page: Page, live: Live, context: BrowserContext) -> None:
    add_member(live.house, None, "choir", "ada", Role.MANAGER)
    with live.house.db.write() as session:
        session.connection().exec_driver_sql("UPDATE users SET is_admin = 1 WHERE name = 'alice'")
    link, reset = make_invitation(live.house, None, "choir", Role.MEMBER), make_reset(live.house, None, "bob")
    for path in (
        "/account", "/teams", "/teams/choir", "/admin/users", f"/invitations/{link.secret}", f"/reset/{reset.secret}",
    ):  # fmt: skip
        page.goto(live.url + path)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path
        small = page.evaluate(
            """[...document.querySelectorAll('button, summary, select, input:not([type=hidden], [type=checkbox])')]
            .filter(e => e.checkVisibility() && e.getBoundingClientRect().height < 24).map(e => e.outerHTML)"""
        )
        assert small == [], path
