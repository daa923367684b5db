"""Room: tests.browser.test_help. Help where it is needed: terms explained by key and finger, and what went wrong in words."""

import pytest
from playwright.sync_api import Page, expect

from nas_asr.store.models import User
from nas_asr.web.security import limiter
from tests.browser.conftest import Live

pytestmark = pytest.mark.browser
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}


@pytest.mark.parametrize("context", [PHONE], indirect=True, ids=["phone"])
def test_a_term_is_explained_by_key_and_by_finger(page: Page, live: Live) -> None:
    with live.house.db.write() as session:
        session.query(User).filter_by(name="alice").one().is_admin = True
    page.goto(live.url + "/admin/models")
    button = page.get_by_role("button", name="What is RTFx?")
    note = page.locator("#term-rtfx")
    expect(button).to_have_accessible_description(
        "How many seconds of sound are transcribed in one second. RTFx 3: an hour takes 20 minutes."
    )
    expect(note).to_be_hidden()
    button.focus()
    page.keyboard.press("Enter")
    expect(note).to_be_visible()
    page.keyboard.press("Escape")
    expect(note).to_be_hidden()
    expect(button).to_be_focused()
    for path, name in (("/admin/settings", "What is a worker?"), ("/folders/ledger", "What is the ledger?")):
        page.goto(live.url + path)
        button = page.get_by_role("button", name=name)
        button.tap()
        note = page.locator(".term-says:popover-open")
        expect(note).to_be_visible()
        edges = note.bounding_box()
        assert edges is not None and edges["x"] >= 0 and edges["x"] + edges["width"] <= 390
        size = button.bounding_box()
        assert size is not None and min(size["width"], size["height"]) >= 24
        page.mouse.click(5, 830)
        expect(note).to_have_count(0)


@pytest.mark.parametrize("context", [{"locale": "zh-CN"}], indirect=True, ids=["zh"])
def test_a_part_of_a_page_that_fails_says_why_until_it_works_again(
    page: Page, live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    search = page.context.new_page()  # its console may say 429
    search.goto(live.url + "/search")
    notice = search.locator(".trouble")
    with monkeypatch.context() as patched:
        patched.setattr(limiter.limiter, "hit", lambda *_, **__: False)
        search.fill("#f-q", "会")
        expect(notice).to_contain_text("一分钟内的请求太多。请等待")
    search.fill("#f-q", "会议")
    expect(search.locator("#results mark").first).to_have_text("会议")
    expect(notice).to_have_count(0)
    search.route("**/search?*", lambda route: route.abort())
    search.fill("#f-q", "显存")
    expect(notice).to_contain_text("服务器没有应答")
    notice.get_by_role("button").click()
    expect(notice).to_have_count(0)
