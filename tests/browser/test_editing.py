"""Room: tests.browser.test_editing. People correct a transcript where it stands: alone, together, without a line, in Chinese."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, CDPSession, Dialog, Page, Route, expect

from nas_asr.services.accounts import set_password
from nas_asr.services.hotwords import read_hotwords
from nas_asr.services.transcripts import list_versions, read_transcript
from nas_asr.services.versions import restore_version
from nas_asr.store.models import Recording, SegmentRow
from tests.browser.conftest import PASSWORD, PATIENCE_MS, SAMPLE, Complaints, Live, open_house
from tests.cast import make_recording, write_transcript

pytestmark = pytest.mark.browser
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 780}, "is_mobile": True, "has_touch": True}
SPOKEN = ["good morning to everybody", "we talk about Miler today", "Miler sold more", "that is all for now"]
# What a browser says by itself when an answer is no 2xx, or when there is none: here that is the point.
MEANT = ("status of 409", "status of 401", "ERR_FAILED", "ERR_INTERNET_DISCONNECTED")


@dataclass
class Desk:
    """A house that these tests share, and the people who write in it, each in a browser profile of their own."""

    live: Live
    browser: Browser
    cookies: dict[str, Path] = field(default_factory=dict)
    complaints: list[Complaints] = field(default_factory=list)
    contexts: list[BrowserContext] = field(default_factory=list)

    def recording(self, lines: Sequence[str] = SPOKEN, language: str = "en") -> str:
        """A transcribed recording that can be played."""
        with self.live.house.db.read() as session:
            folder = session.get_one(Recording, self.live.meeting).folder_id
        made = make_recording(
            self.live.house, self.live.cast.choir, "a talk", language=language, folder_id=folder,
            raw_path=b"meeting.flac", path="meeting.flac", container="flac", codec="flac",
            size_bytes=SAMPLE.stat().st_size,
        )  # fmt: skip
        write_transcript(self.live.house, made, list(lines))
        return made

    def sit(self, recording: str, who: str = "alice", **options: Any) -> Page:
        """The person has the recording open and edits."""
        wide: dict[str, Any] = {"locale": "en-US", "viewport": {"width": 1280, "height": 800}}
        context = self.browser.new_context(**(wide | options), storage_state=self.cookies[who])
        context.set_default_timeout(PATIENCE_MS)
        self.contexts.append(context)
        page = context.new_page()
        self.complaints.append(Complaints(page, self.live.url))
        page.goto(f"{self.live.url}/recordings/{recording}")
        page.click("#edit-switch")
        expect(page.locator("#edit-bar")).to_be_visible()
        return page

    def texts(self, recording: str) -> list[str]:
        """What readers see by now."""
        return [
            one.text for one in read_transcript(self.live.house, self.live.cast.alice, recording).transcript.segments
        ]


@pytest.fixture(scope="module")
def shared(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """One house for all; signed in once."""
    directory = tmp_path_factory.mktemp("editing")
    house = open_house(directory)
    live = next(house)
    set_password(live.house, None, "bob", PASSWORD)
    desk = Desk(live, chromium)
    for who in ("alice", "bob"):
        context = chromium.new_context()
        page = context.new_page()
        page.goto(live.url + "/login")
        page.fill("#f-name", who)
        page.fill("#f-password", PASSWORD)
        page.click("button.primary")
        page.wait_for_selector("#library")
        desk.cookies[who] = directory / f"{who}.json"
        context.storage_state(path=desk.cookies[who])
        context.close()
    yield desk
    next(house, None)


@pytest.fixture
def desk(shared: Desk) -> Iterator[Desk]:
    """The house, with nobody in it; at the end no browser had anything to complain about that was not meant."""
    shared.contexts, shared.complaints = [], []
    yield shared
    for context in shared.contexts:
        context.close()
    heard = [line for one in shared.complaints for line in one.heard]
    assert [line for line in heard if not any(meant in line for meant in MEANT)] == []


def write(page: Page, number: int, words: str) -> None:
    """Click into a text and write at its end."""
    page.locator(".segment .said.written").nth(number).click()
    page.keyboard.press("End")
    page.keyboard.insert_text(words)


def no_line(route: Route) -> None:
    if route.request.method == "PATCH":
        route.abort()
    else:
        route.fallback()


def saved(page: Page) -> None:
    expect(page.locator("#save-state")).to_have_attribute("data-state", "saved")


def shown(page: Page) -> list[str]:
    return page.locator(".segment .said.written").all_inner_texts()


def test_a_word_is_corrected_while_it_plays(desk: Desk) -> None:
    recording = desk.recording()
    page = desk.sit(recording)
    box = page.locator(".segment .said.written").nth(1)
    box.dblclick(position={"x": 20, "y": 10})
    expect(box).to_be_focused()
    expect(box).to_have_attribute("aria-label", "Text at 0:02")
    page.keyboard.press("Tab")
    expect(page.locator("#play.plays")).to_be_visible()
    page.keyboard.type("They")
    expect(page.locator("#save-state")).to_have_attribute("data-state", "saving")
    saved(page)  # by itself, after a rest
    expect(page.locator("#play.plays")).to_be_visible()
    page.keyboard.press("Control+Space")
    expect(page.locator("#play:not(.plays)")).to_be_visible()
    page.keyboard.type(" all")
    page.keyboard.press("Control+z")
    expect(box).to_have_text("They talk about Miler today")
    page.keyboard.press("Escape")
    saved(page)
    page.reload()
    expect(page.locator(".segment .said.written").nth(1)).to_have_text("They talk about Miler today")
    expect(page.locator("#edited-by")).to_contain_text("Edited by you")
    assert desk.texts(recording)[1] == "They talk about Miler today"
    machine = read_transcript(desk.live.house, desk.live.cast.alice, recording, 1).transcript.segments
    assert machine[1].text == SPOKEN[1]


def test_a_segment_is_split_and_merged_and_taken_back(desk: Desk) -> None:
    recording = desk.recording()
    page = desk.sit(recording)
    page.locator(".segment .said.written").nth(2).click()
    page.keyboard.press("Home")
    for _ in "Miler":
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.keyboard.type("really ")  # while the server still gives the new segment its name
    expect(page.locator(".segment .said.written").nth(3)).to_have_text("really sold more")
    saved(page)
    assert desk.texts(recording)[2:4] == ["Miler", "really sold more"]
    page.keyboard.press("ArrowUp")
    page.keyboard.press("End")
    page.keyboard.press("Delete")
    expect(page.locator(".segment")).to_have_count(4)
    page.keyboard.press("Control+s")
    saved(page)
    assert desk.texts(recording)[2] == "Miler really sold more"
    while page.locator("#bar-undo").is_enabled():
        page.keyboard.press("Control+z")
    page.keyboard.press("Control+s")
    saved(page)
    assert desk.texts(recording) == shown(page) == SPOKEN


def test_a_speaker_is_named_once_for_all(desk: Desk) -> None:
    recording = desk.recording()
    page = desk.sit(recording)
    page.locator(".segment").nth(1).hover()
    page.locator(".segment").nth(1).locator(".name-speaker").click()
    page.fill("#f-speaker", "Anna")
    page.check("[name=scope][value=all]")
    page.keyboard.press("Enter")
    expect(page.locator(".segment .speaker")).to_have_text(["Anna"] * 4)
    saved(page)  # nothing moves under the pointer any more
    page.locator(".segment .speaker").nth(2).click()
    assert page.input_value("#f-speaker") == "Anna"
    page.fill("#f-speaker", "<b>Ben</b>")
    page.check("[name=scope][value=from_here]")
    page.keyboard.press("Enter")
    expect(page.locator(".segment .speaker")).to_have_text(["Anna", "Anna", "<b>Ben</b>", "<b>Ben</b>"])
    page.click("#speakers summary")
    expect(page.locator("#speakers li").first).to_contain_text("0:03 · 50 %")
    saved(page)
    segments = read_transcript(desk.live.house, desk.live.cast.alice, recording).transcript.segments
    assert [one.speaker for one in segments] == ["Anna", "Anna", "<b>Ben</b>", "<b>Ben</b>"]


def test_two_people_at_once_lose_nothing(desk: Desk) -> None:
    recording = desk.recording()
    alice, bob = desk.sit(recording), desk.sit(recording, "bob")
    write(bob, 0, ", says Bob")
    bob.keyboard.press("Escape")
    saved(bob)
    write(alice, 1, ", says Alice")  # another place: hers goes on top of his by itself
    alice.keyboard.press("Escape")
    saved(alice)
    expect(alice.locator(".segment .said.written").first).to_have_text("good morning to everybody, says Bob")
    expect(bob.locator(".segment .said.written").nth(1)).to_have_text(
        "we talk about Miler today, says Alice"
    )  # by itself
    bob.route("**/transcript", no_line)
    write(bob, 3, ", says Bob")
    bob.keyboard.press("Control+s")
    expect(bob.locator("#save-state")).to_have_attribute("data-state", "offline")
    write(alice, 3, ", says Alice")  # the same place: both are shown, and he goes on writing in his own words
    alice.keyboard.press("Escape")
    saved(alice)
    bob.unroute("**/transcript")
    bob.evaluate("window.dispatchEvent(new Event('online'))")
    card = bob.locator(".clash")
    expect(card).to_contain_text("alice changed the text at 0:06 too")
    expect(card.locator("[data-part=mine]")).to_have_text("that is all for now, says Bob")
    expect(card.locator("[data-part=theirs]")).to_have_text("that is all for now, says Alice")
    assert desk.texts(recording)[3] == "that is all for now, says Alice"
    expect(card.locator("textarea")).to_be_focused()
    bob.keyboard.insert_text(" and Alice")
    bob.click(".clash form button")
    saved(bob)
    expect(bob.locator("#clashes")).to_be_hidden()
    assert desk.texts(recording)[0::3] == [
        "good morning to everybody, says Bob",
        "that is all for now, says Bob and Alice",
    ]
    authors = {one.author for one in list_versions(desk.live.house, desk.live.cast.alice, recording)}
    assert authors == {None, "alice", "bob"}


def test_a_reader_sees_what_others_save_where_it_stands_and_stays_where_they_read(desk: Desk) -> None:
    recording = desk.recording([f"line {number} of what was said" for number in range(60)])
    alice, bob = desk.sit(recording), desk.sit(recording, "bob")
    bob.click("#bar-done")
    bob.evaluate("window.samePage = true")
    bob.locator(".segment").nth(40).scroll_into_view_if_needed()
    bob.evaluate("window.scrollBy(0, 200)")
    top = "document.querySelectorAll('.segment')[40].getBoundingClientRect().top"
    before = bob.evaluate(top)
    texts = bob.locator(".segment .said.written")
    write(
        alice, 1, ", says Alice, and goes on for so long that the line becomes two and what is below would move. " * 3
    )
    alice.keyboard.press("Control+s")
    saved(alice)
    expect(texts.nth(1)).to_contain_text("says Alice", timeout=20_000)
    write(alice, 2, " again")
    alice.keyboard.press("Control+s")
    expect(texts.nth(2)).to_have_text("line 2 of what was said again", timeout=20_000)
    assert bob.evaluate(top) == pytest.approx(before, abs=1)
    assert bob.evaluate("window.samePage") and bob.locator("[data-fresh]").count() == 0
    restore_version(desk.live.house, desk.live.cast.alice, recording, 1)  # another text altogether: loaded anew
    expect(texts.nth(1)).to_have_text("line 1 of what was said", timeout=20_000)


def test_a_lost_line_loses_nothing_and_a_reload_offers_what_was_not_saved(desk: Desk) -> None:
    recording = desk.recording()
    page = desk.sit(recording)
    questions: list[str] = []

    def leave(dialog: Dialog) -> None:
        questions.append(dialog.type)
        dialog.accept()

    page.on("dialog", leave)
    page.route("**/transcript", no_line)
    write(page, 0, " and everyone")
    page.keyboard.press("Escape")
    expect(page.locator("#save-state")).to_have_text("not saved: no connection, kept here")
    page.unroute("**/transcript")
    page.evaluate("window.dispatchEvent(new Event('online'))")
    saved(page)
    assert desk.texts(recording)[0] == "good morning to everybody and everyone"
    page.route("**/transcript", no_line)
    write(page, 1, " <img src=x onerror=alert(1)>")
    page.keyboard.press("Escape")
    expect(page.locator("#save-state")).to_have_attribute("data-state", "offline")
    page.reload()
    assert questions == ["beforeunload"]
    page.unroute("**/transcript")
    expect(page.locator("#left-over")).to_contain_text("were not saved")
    page.click("#left-over [data-part=back]")
    expect(page.locator("#left-over")).to_be_hidden()
    hostile = "we talk about Miler today <img src=x onerror=alert(1)>"
    expect(page.locator(".segment .said.written").nth(1)).to_have_text(hostile)
    saved(page)
    assert desk.texts(recording)[1] == hostile
    page.reload()
    expect(page.locator(".segment .said.written").nth(1)).to_have_text(hostile)
    assert page.locator(".segment img").count() == 0
    assert page.evaluate("Object.keys(localStorage).filter((key) => key.includes('unsaved'))") == []


def compose(keys: CDPSession, words: str) -> None:
    keys.send("Input.imeSetComposition", {"text": words, "selectionStart": len(words), "selectionEnd": len(words)})


def test_chinese_is_typed_through_an_input_method(desk: Desk) -> None:
    recording = desk.recording(["今天的会议讨论县存", "下周再开会"], "zh")
    page = desk.sit(recording, locale="zh-CN")
    keys = page.context.new_cdp_session(page)
    box = page.locator(".segment .said.written").first
    box.click()
    page.keyboard.press("End")
    compose(keys, "he")
    compose(keys, "he jia ge")
    expect(box).to_have_text("今天的会议讨论县存he jia ge")
    assert page.evaluate("Object.keys(localStorage).filter((key) => key.includes('unsaved'))") == []
    keys.send("Input.insertText", {"text": "和价格"})
    expect(box).to_have_text("今天的会议讨论县存和价格")
    page.keyboard.press("Escape")
    saved(page)
    assert desk.texts(recording) == ["今天的会议讨论县存和价格", "下周再开会"]
    box.click()
    page.keyboard.press("End")
    page.keyboard.press("Delete")
    page.keyboard.press("Control+s")
    saved(page)
    assert desk.texts(recording) == ["今天的会议讨论县存和价格下周再开会"]


def test_doubtful_places_are_walked_and_corrected_everywhere(desk: Desk) -> None:
    recording = desk.recording()
    with desk.live.house.db.write() as session:
        rows = session.query(SegmentRow).filter_by(recording_id=recording).order_by(SegmentRow.position).all()
        for row in rows:
            row.confidence = 0.9
        rows[1].confidence = 0.3
        rows[3].flags = ["loop"]
    page = desk.sit(recording)
    page.click("#bar-done")
    page.keyboard.press("n")
    bar = page.locator("#doubts")
    expect(bar).to_contain_text("1 of 2")
    expect(bar).to_contain_text("The engine was not sure here (30 %).")
    expect(page.locator("#play.plays")).to_be_visible()
    page.keyboard.press("p")
    expect(bar).to_contain_text("2 of 2")
    bar.locator("[data-part=right]").click()
    expect(bar).to_contain_text("1 of 2")
    bar.locator("[data-part=correct]").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text("we talk about Miller today")
    page.keyboard.press("Escape")
    expect(bar.locator("[name=find]")).to_have_value("Miler")
    expect(bar.locator("[name=replace]")).to_have_value("Miller")
    expect(bar).to_contain_text("replace it everywhere here (1)")
    bar.locator("[data-part=fix] .primary").click()
    expect(bar).to_contain_text("“Miller” is on the team’s hotword list now.")
    saved(page)
    assert desk.texts(recording)[1:3] == ["we talk about Miller today", "Miller sold more"]
    assert "Miller" in read_hotwords(desk.live.house, desk.live.cast.alice, "choir").words
    bob = desk.sit(recording, "bob")  # members correct, managers keep the hotwords
    assert bob.locator("#doubts [name=hotword]").count() == 0
    expect(bob.locator("#edit-switch")).to_be_visible()
    expect(bob.locator("#doubts-open")).to_be_hidden()  # what is right is asked of nobody again
    assert read_transcript(desk.live.house, desk.live.cast.bob, recording).transcript.segments[3].flags == ("right",)


def test_a_phone_has_room_to_edit(desk: Desk) -> None:
    page = desk.sit(desk.recording(), **PHONE)
    page.locator(".segment .said.written").nth(1).tap()
    page.locator("#bar-merge").tap()
    expect(page.locator(".segment")).to_have_count(3)
    expect(page.locator(".segment .said.written").first).to_be_focused()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    small = page.evaluate(
        """[...document.querySelectorAll('.edit-dock button, .segment button')].filter(e => e.checkVisibility())
        .filter(e => e.getBoundingClientRect().height < 24 || e.getBoundingClientRect().width < 24).map(e => e.outerHTML)"""
    )
    assert small == []
    page.locator("#bar-undo").tap()
    expect(page.locator(".segment")).to_have_count(4)
    saved(page)
