"""Room: tests.browser.test_pages. What a person does with the pages: read, listen, find, export, watch it happen."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from nas_asr.store.models import Folder
from tests.browser.conftest import PASSWORD, SAMPLE, Live
from tests.cast import write_transcript

pytestmark = pytest.mark.browser
CHINESE = {"locale": "zh-CN"}
PHONE = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True}
DARK = {"color_scheme": "dark"}


def current_time(page: Page) -> float:
    return float(page.evaluate("document.getElementById('audio').currentTime"))


def wait_for_audio(page: Page) -> None:
    page.wait_for_function("document.getElementById('audio').readyState >= 1")


@pytest.mark.parametrize("context", [{}, CHINESE], indirect=True, ids=["en", "zh"])
def test_a_click_on_a_segment_plays_from_there_and_lights_it(page: Page, live: Live) -> None:
    page.goto(f"{live.url}/recordings/{live.meeting}")
    wait_for_audio(page)
    page.locator(".segment p").nth(10).click()
    page.wait_for_function("document.getElementById('audio').currentTime >= 20")
    assert 20 <= current_time(page) < 23
    page.wait_for_function("!document.getElementById('audio').paused")
    expect(page.locator(".segment.playing")).to_have_attribute("data-start", "20000")
    page.locator(".segment .at").nth(3).click()
    page.wait_for_function("document.getElementById('audio').currentTime < 9")
    assert current_time(page) >= 6


def test_the_light_moves_on_while_it_plays(page: Page, live: Live) -> None:
    page.goto(f"{live.url}/recordings/{live.meeting}?t=3.5")
    wait_for_audio(page)
    expect(page.locator(".segment.playing")).to_have_attribute("data-start", "2000")
    page.keyboard.press("k")
    expect(page.locator(".segment.playing")).to_have_attribute("data-start", "4000")


def test_keys_move_in_the_recording(page: Page, live: Live) -> None:
    page.goto(f"{live.url}/recordings/{live.meeting}?t=20")
    wait_for_audio(page)
    page.wait_for_function("document.getElementById('audio').currentTime == 20")
    page.keyboard.press("j")
    assert current_time(page) == 10
    page.keyboard.press("ArrowRight")
    assert current_time(page) == 15
    page.keyboard.press("]")
    assert page.evaluate("document.getElementById('audio').playbackRate") == 1.05
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("Escape")
    page.fill(".find input[type=search]", "jkl")  # letters typed into a box are letters
    assert current_time(page) == 15


@pytest.mark.parametrize(
    ("context", "words", "hit"),
    [({}, "line 7", 14.0), (CHINESE, "会议", 0.0), (CHINESE, "开", 2.0)],
    indirect=["context"],
    ids=["en", "zh two", "zh one"],
)
def test_a_word_is_found_and_opens_at_its_second(page: Page, live: Live, words: str, hit: float) -> None:
    page.goto(live.url + "/search")
    page.fill("#f-q", words)
    page.locator("#results mark").first.wait_for()
    expect(page.locator("#f-q")).to_be_focused()
    expect(page.locator("#said")).not_to_be_empty()
    page.locator(".hits-list a").first.click()
    page.wait_for_selector(".segment.found mark")
    assert f"t={hit}" in page.url
    expect(page.locator(".segment.playing")).to_have_attribute("data-start", str(int(hit * 1000)))


def test_an_export_comes_down(page: Page, live: Live) -> None:
    page.goto(f"{live.url}/recordings/{live.meeting}")
    page.click("details.exports summary")
    with page.expect_download() as waiting:
        page.click("[data-format=srt]")
    text = Path(waiting.value.path()).read_text("utf-8")
    assert "00:00:02,000 --> 00:00:03,900" in text and "we sold 25% more" in text
    assert waiting.value.suggested_filename.endswith(".srt")


def test_the_spoken_text_is_a_click_away_and_exported(page: Page, live: Live) -> None:
    page.goto(f"{live.url}/recordings/{live.meeting}")
    expect(page.get_by_text("we sold 25% more")).to_be_visible()
    page.click("[data-text=spoken]")
    expect(page.get_by_text("we sold twenty five percent more")).to_be_visible()
    expect(page.get_by_text("we sold 25% more")).to_be_hidden()
    assert "text=spoken" in (page.locator("[data-format=txt]").get_attribute("href") or "")
    page.reload()
    expect(page.get_by_text("we sold twenty five percent more")).to_be_visible()


def test_states_change_without_reloading(page: Page, live: Live) -> None:
    page.evaluate("window.sameePage = true")
    row = page.locator(".row", has_text="Interview")
    expect(row).to_contain_text("queued")
    live.progress(0.25)
    expect(row).to_contain_text("transcribing 25 %")
    live.progress(0.5)
    expect(row.locator("progress")).to_have_attribute("value", "0.500")
    write_transcript(live.house, live.running, ["good morning"])
    expect(row).to_contain_text("done")
    assert page.evaluate("window.sameePage")
    expect(page.locator("#said")).to_contain_text("3 done")


def test_pages_that_get_no_stream_ask(page: Page, live: Live) -> None:
    page.route("**/events", lambda route: route.fulfill(status=204))
    page.goto(live.url + "/")
    live.progress(0.75)
    expect(page.locator(".row", has_text="Interview")).to_contain_text("transcribing 75 %")


def test_a_person_with_many_pages_sees_changes_on_all_of_them(page: Page, live: Live) -> None:
    page.goto(live.url + "/")
    others = [page.context.new_page() for _ in range(4)]
    for other in others:
        other.goto(live.url + "/")
    live.progress(0.75)
    for one in (page, *others):
        expect(one.locator(".row", has_text="Interview")).to_contain_text("transcribing 75 %")


def test_the_transcript_appears_when_it_is_done(page: Page, live: Live) -> None:
    live.progress(0.5)
    page.route("**/audio", lambda route: route.fulfill(path=SAMPLE, content_type="audio/flac"))
    page.goto(f"{live.url}/recordings/{live.running}")
    expect(page.locator("#state")).to_contain_text("transcribing 50 %")
    write_transcript(live.house, live.running, ["good morning"])
    expect(page.locator(".segment")).to_contain_text("good morning")


def test_typing_narrows_the_library(page: Page, live: Live) -> None:
    page.fill("#f-q", "周例")
    expect(page.locator(".row")).to_have_count(1)
    assert "q=" in page.url


def test_a_file_is_uploaded(page: Page, live: Live) -> None:
    page.click("details.drawer summary")
    page.set_input_files("#f-file", SAMPLE)
    page.select_option("#f-language", "en")
    page.click(".sheet button.primary")
    expect(page.locator("#uploads .upload")).to_contain_text("in the queue")


@pytest.mark.parametrize("context", [PHONE, PHONE | CHINESE, PHONE | DARK], indirect=True, ids=["en", "zh", "dark"])
def test_a_phone_scrolls_down_only(page: Page, live: Live) -> None:
    live.progress(0.4)
    with live.house.db.read() as session:
        folder_id = session.query(Folder).one().id
    meeting = f"/recordings/{live.meeting}"
    paths = ("/", f"{meeting}?q=line", f"{meeting}/history", "/search?q=line", "/folders", f"/folders/{folder_id}", "/teams",
             "/teams/choir", "/account")  # fmt: skip
    for path in paths:
        page.goto(live.url + path)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path
        small = page.evaluate(
            """[...document.querySelectorAll('button, summary.button, select, input:not([type=hidden], [type=checkbox])')]
            .filter(e => e.checkVisibility() && e.getBoundingClientRect().height < 24).map(e => e.outerHTML)"""
        )
        assert small == [], path


def test_everything_can_be_read_without_scripts(live: Live, chromium: Browser) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(live.url + "/login")
    page.fill("#f-name", "alice")
    page.fill("#f-password", PASSWORD)
    page.click("button.primary")
    page.click("text=Sales meeting")
    expect(page.get_by_text("line 7 of the meeting")).to_be_visible()
    page.goto(live.url + "/search")
    page.fill("#f-q", "line 7")
    page.click("button.primary")
    expect(page.locator("mark").first).to_be_visible()
    context.close()
