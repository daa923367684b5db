"""Room: tests.browser.test_reading. Reading a long meeting: finding, following, playing, from a phone and without a script."""

import json
import re

import pytest
from playwright.sync_api import Browser, Page, Route, expect
from sqlalchemy import select

from nas_asr.store.models import Recording, SegmentRow
from nas_asr.web.wiring import WEB
from tests.browser.conftest import SAMPLE, Live
from tests.cast import make_recording
from tests.core.test_find_text import FOUND
from tests.long_meeting import waveform, write_meeting

pytestmark = pytest.mark.browser
CHINESE = {"locale": "zh-CN"}
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True, "color_scheme": "dark"}
NO_SCRIPT = {"java_script_enabled": False}
ROWS = 600  # four windows: rows come before and after the one that the page opens with


def meeting(live: Live, rows: int = ROWS, *, step_ms: int = 70) -> str:
    """A Chinese meeting in the sample's 43 seconds: its people speak fast."""
    with live.house.db.read() as session:
        folder = session.get_one(Recording, live.meeting).folder_id
    recording = make_recording(
        live.house, live.cast.choir, "第三季度周例会", language="zh", folder_id=folder, raw_path=b"meeting.flac",
        path="meeting.flac", container="flac", codec="flac", size_bytes=SAMPLE.stat().st_size,
    )  # fmt: skip
    write_meeting(live.house, recording, rows, step_ms=step_ms)
    return recording


def hear(page: Page, duration_ms: int = ROWS * 70) -> None:
    """Another room makes waveforms; here is one."""
    answer = json.dumps(waveform(duration_ms))
    page.route("**/waveform", lambda route: route.fulfill(body=answer, content_type="application/json"))


def in_view(page: Page, selector: str) -> bool:
    """Whether it can be seen, and nothing covers it."""
    return bool(
        page.evaluate(
            """selector => { const row = document.querySelector(selector), edges = row.getBoundingClientRect();
            const top = document.elementFromPoint(edges.left + edges.width / 2, edges.top + edges.height / 2);
            return edges.top >= 0 && edges.bottom <= innerHeight && row.contains(top) }""",
            selector,
        )
    )


def test_a_page_in_the_middle_of_a_long_meeting_opens_there_and_fills_in_the_rest(page: Page, live: Live) -> None:
    hear(page)
    held: list[Route] = []
    page.route(re.compile("/transcript[?]"), lambda route: held.append(route))
    recording = meeting(live)
    with live.house.db.write() as session:
        last = session.query(SegmentRow).filter_by(recording_id=recording, position=ROWS - 1).one()
        last.replacements = [[0, 1, "<i>was", "hotword", False]]
    page.goto(f"{live.url}/recordings/{recording}?t=28.0")
    expect(page.locator(".segment.playing")).to_have_attribute("data-start", "28000")
    expect(page.locator(".segment")).to_have_count(150)
    page.locator(".segment").first.scroll_into_view_if_needed()
    top = "id => document.getElementById(id).getBoundingClientRect().top"
    opening = page.locator(".segment").first.get_attribute("id")
    before = page.evaluate(top, opening)
    held[0].continue_()
    expect(page.locator(".segment")).to_have_count(ROWS)
    assert page.evaluate(top, opening) == pytest.approx(before, abs=1)  # what is read does not jump
    made = page.locator(".segment").last  # by the browser, as the server makes it
    expect(made.locator(".swaps:not(.doubts) summary")).to_have_text("<i>was → hotword")
    expect(made.locator(".swaps:not(.doubts) li")).to_contain_text("hotword stands here for “<i>was”")
    expect(made.locator("form [name=segment]")).to_have_value(made.get_attribute("data-id") or "")
    expect(made.locator(".doubts li")).to_have_text("The engine repeated itself here.")
    page.keyboard.press("b")
    page.wait_for_function(
        "() => Math.abs(document.querySelector('.segment.playing').getBoundingClientRect().top - 300) < 60"
    )
    starts = page.evaluate("[...document.querySelectorAll('.segment')].map(row => Number(row.dataset.start))")
    assert starts == [70 * number for number in range(ROWS)]
    assert in_view(page, ".segment.playing")
    expect(page.locator(".paged")).to_have_count(0)
    page.locator(".segment .at:not([tabindex])").focus()  # one stop of the Tab key in the whole text
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(page.locator(".segment .at:focus")).to_have_text("0:28")
    assert page.evaluate("document.activeElement.closest('.segment').dataset.start") == "28140"
    place = page.locator("#place")
    expect(place).to_have_attribute("aria-valuetext", "0:28 of 0:42")
    place.focus()
    page.keyboard.press("ArrowRight")
    expect(place).to_have_attribute("aria-valuetext", "0:33 of 0:42")
    page.locator("#time-line").click(position={"x": 4, "y": 20})
    expect(page.locator("#clock")).to_have_text("0:00")
    expect(page).to_have_url(re.compile(r"t=0\.\d$"))


@pytest.mark.parametrize("context", [CHINESE, CHINESE | PHONE], indirect=True, ids=["wide", "phone"])
def test_finding_counts_marks_and_goes_round(page: Page, live: Live, context: object) -> None:
    hear(page)
    page.goto(f"{live.url}/recordings/{meeting(live)}")
    expect(page.locator(".segment")).to_have_count(ROWS)
    with live.house.db.read() as session:
        texts = session.scalars(select(SegmentRow.text).join(Recording).where(Recording.language == "zh"))
        total = "".join(texts).count("显") - "今天的会议主要讨论显存".count("显")
    page.keyboard.press("/")
    page.keyboard.type("显")
    expect(page.locator("#hits")).to_have_text(f"第 1 处，共 {total} 处")
    expect(page.locator(".said.written mark")).to_have_count(total)
    page.keyboard.press("Enter")
    expect(page.locator("#hits")).to_have_text(f"第 2 处，共 {total} 处")
    page.keyboard.press("Shift+Enter")
    page.keyboard.press("Shift+Enter")
    expect(page.locator("#hits")).to_have_text(f"第 {total} 处，共 {total} 处")
    page.wait_for_function("() => document.querySelector('mark.here').getBoundingClientRect().bottom < innerHeight")
    page.wait_for_function("() => document.querySelector('mark.here').getBoundingClientRect().top > 0")
    page.reload()
    expect(page.locator("#hits")).to_contain_text(f"{total} 处")  # which of them, where the sound was there already
    page.fill("#find input", "没有人说过的话")
    expect(page.locator("#hits")).to_have_text("未找到")
    expect(page.locator("mark")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_the_browser_finds_what_the_server_finds(chromium: Browser) -> None:
    page = chromium.new_page()
    page.route("**/find_text.js", lambda route: route.fulfill(path=WEB / "static" / "recording" / "find_text.js"))
    page.route("**/empty", lambda route: route.fulfill(body="", content_type="text/html"))
    page.goto("http://127.0.0.1:9/empty")
    found = page.evaluate(
        """async cases => { const { findTerms, findPlaces } = await import('/find_text.js');
        return cases.map(([text, query]) => findPlaces(text, findTerms(query)).map(([a, b]) => text.slice(a, b))) }""",
        [[text, query] for text, query, _ in FOUND],
    )
    page.close()
    assert found == [words for _, _, words in FOUND]


def test_listening_at_ones_own_speed_again_and_without_the_silence(page: Page, live: Live) -> None:
    hear(page)
    page.goto(f"{live.url}/recordings/{meeting(live)}")
    expect(page.locator(".segment")).to_have_count(ROWS)
    page.keyboard.press("]")
    expect(page.locator("#speed")).to_have_value("1.05")
    page.select_option("#speed", "3")
    page.keyboard.press("r")
    expect(page.locator("#loop")).to_have_attribute("aria-pressed", "true")
    page.locator(".segment p").nth(40).click()
    page.evaluate(
        """() => { const audio = document.getElementById('audio'); window.back = 0; let last = 0;
        audio.addEventListener('seeked', () => (window.back += 1)) }"""
    )
    page.wait_for_function("() => window.back > 2")  # it ends after 70 ms and begins again
    expect(page.locator(".segment.playing")).to_have_attribute("data-start", "2800")
    page.keyboard.press("r")
    page.click("#skip")
    page.keyboard.press("k")
    page.evaluate("document.getElementById('place').value = 17.9")
    page.locator("#place").dispatch_event("input")
    page.keyboard.press("k")
    page.wait_for_function("() => document.getElementById('audio').currentTime > 19.8")
    page.reload()
    expect(page.locator("#speed")).to_have_value("3")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_contain_text("repeat this segment")


def test_a_lock_screen_knows_the_recording_and_its_keys_seek_in_it(page: Page, live: Live) -> None:
    page.add_init_script(
        """window.acts = {}; navigator.mediaSession.setActionHandler = (name, act) => (window.acts[name] = act);
        navigator.mediaSession.setPositionState = state => (window.told = state);
        Object.defineProperty(navigator, 'clipboard', { value: { writeText: () => Promise.reject(new Error('no')) } })"""
    )
    page.goto(f"{live.url}/recordings/{meeting(live)}")
    expect(page.locator(".segment")).to_have_count(ROWS)
    metadata = page.evaluate("(({ title, artist }) => [title, artist])(navigator.mediaSession.metadata)")
    assert metadata == ["第三季度周例会", "Choir"]
    page.wait_for_function("() => document.getElementById('audio').readyState >= 1")
    page.evaluate("acts.seekto({ seekTime: 30 })")
    page.wait_for_function("() => Math.abs(window.told?.position - 30) < 0.5 && told.duration === 42")
    page.evaluate("acts.seekbackward({})")
    expect(page.locator("#clock")).to_have_text("0:20")
    page.evaluate("acts.play()")
    page.wait_for_function("() => navigator.mediaSession.playbackState === 'playing'")
    page.evaluate("acts.pause()")
    page.wait_for_function("() => navigator.mediaSession.playbackState === 'paused'")
    page.locator("#link").click()
    expect(page.locator("#player-says")).to_contain_text("The address above leads to this second now.")


def test_who_scrolled_away_is_left_alone_and_led_back(page: Page, live: Live) -> None:
    hear(page, 42_000)
    page.goto(f"{live.url}/recordings/{meeting(live, 60, step_ms=700)}")
    expect(page.locator("#to-playing")).to_be_hidden()
    page.locator(".segment p").nth(2).click()
    page.mouse.wheel(0, 2000)
    page.locator("#to-playing").click()
    page.wait_for_function("() => document.querySelector('.segment.playing').getBoundingClientRect().top > 100")
    expect(page.locator("#to-playing")).to_be_hidden()
    # Marking text to copy it plays nothing.
    page.keyboard.press("k")
    before = page.evaluate("document.getElementById('audio').currentTime")
    box = page.locator(".segment p").nth(5).bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 2, box["y"] + 12)
    page.mouse.down()
    page.mouse.move(box["x"] + 160, box["y"] + 12)
    page.mouse.up()
    assert len(page.evaluate("String(getSelection())")) > 4
    assert page.evaluate("document.getElementById('audio').currentTime") == before


def test_sound_that_the_browser_cannot_play_is_converted_when_it_is_wanted(page: Page, live: Live) -> None:
    asked: list[str] = []

    def answer(route: Route) -> None:
        asked.append(route.request.url)
        if "as=opus" not in asked[-1]:
            route.fulfill(body="#!AMR", content_type="audio/amr")
        elif sum("as=opus" in url for url in asked) == 1:
            route.fulfill(status=202, json={"state": "converting", "progress": 0.4})
        else:
            route.fulfill(path=SAMPLE, content_type="audio/flac")

    page.route("**/audio**", answer)
    page.goto(f"{live.url}/recordings/{live.meeting}?t=7")
    expect(page.locator("#player-says")).to_contain_text("cannot play the file as it was recorded")
    assert not any("as=opus" in url for url in asked)
    page.keyboard.press("k")
    expect(page.locator("#player-says")).to_have_text("It is being converted for this browser: 40 %")
    page.wait_for_function("() => document.getElementById('audio').currentTime >= 7")
    expect(page.locator("#player-says")).to_be_empty()


@pytest.mark.parametrize("context", [NO_SCRIPT], indirect=True, ids=["no script"])
def test_all_the_text_can_be_reached_without_a_script(page: Page, live: Live) -> None:
    page.goto(f"{live.url}/recordings/{meeting(live)}")
    seen = page.locator(".segment").count()
    while page.get_by_role("link", name="Later").count():
        with page.expect_navigation():
            page.get_by_role("link", name="Later").click()
        seen += page.locator(".segment").count()
    assert seen == ROWS
    expect(page.get_by_role("link", name="Earlier")).to_be_visible()
