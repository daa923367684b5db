"""Room: tests.browser.test_parts. A recorder's files, joined with a click and listened to on one time line."""

from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from nas_asr.services import parts
from nas_asr.store.models import Folder, Recording
from tests.browser.conftest import Live
from tests.cast import make_recording, write_transcript
from tests.drops import write_wav

pytestmark = pytest.mark.browser
NO_SCRIPT = {"java_script_enabled": False}
SECONDS = 4


def split_files(live: Live) -> list[str]:
    """Two real files of four seconds, the second of which begins where the first ends."""
    with live.house.db.read() as session:
        folder = session.query(Folder).one()
    made: list[str] = []
    for number in (1, 2):
        name = f"REC001_P00{number}.WAV"
        path = write_wav(Path(folder.path) / name, SECONDS)
        one = make_recording(
            live.house, live.cast.choir, f"REC001_P00{number}", folder_id=folder.id, raw_path=name.encode(), path=name,
            container="wav", codec="pcm_s16le", sample_rate=16_000, channels=1, size_bytes=path.stat().st_size,
            duration_ms=SECONDS * 1000, recorded_from="container",
        )  # fmt: skip
        with live.house.db.write() as session:
            row = session.get_one(Recording, one)
            row.recorded_at = live.house.now() - timedelta(hours=1) + timedelta(seconds=SECONDS * number)
            if made:
                row.recorded_at = session.get_one(Recording, made[0]).recorded_at + timedelta(seconds=SECONDS)
        write_transcript(live.house, one, [f"part {number}, line {line}" for line in (1, 2)])
        made.append(one)
    return made


def joined(live: Live) -> str:
    """The same as one recording."""
    files = split_files(live)
    return parts.join(live.house, live.cast.alice, files[0], files)


def plays_part(page: Page, number: int) -> None:
    """Wait until that file sounds."""
    expect(page.locator(f"#audio[src$='part={number}']")).to_have_count(1)
    expect(page.locator("#play")).to_have_text("Pause")


def test_one_click_in_the_library_joins_and_one_takes_apart(page: Page, live: Live) -> None:
    split_files(live)
    page.goto(live.url)
    expect(page.locator(".split")).to_contain_text("These 2 files look like one recording: “REC001”.")
    page.locator(".split button.primary").click()
    expect(page.locator("h1")).to_have_text("REC001")
    expect(page.locator(".segment")).to_have_count(4)
    expect(page.locator(".time-line.drawn")).to_be_visible()  # one picture of both
    page.goto(live.url)
    expect(page.locator(".split")).to_have_count(0)
    expect(page.get_by_role("link", name="REC001", exact=True)).to_have_count(1)
    page.get_by_role("link", name="REC001", exact=True).click()
    page.locator("details.more summary").click()
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Undo the joining").click()
    expect(page.locator("h1")).to_have_text("REC001_P001")


@pytest.mark.parametrize("context", [NO_SCRIPT], indirect=True, ids=["no script"])
def test_joining_needs_no_script(page: Page, live: Live) -> None:
    split_files(live)
    page.goto(live.url)
    page.locator(".split button.primary").click()
    expect(page.locator("h1")).to_have_text("REC001")
    expect(page.locator("audio")).to_have_attribute("controls", "")
    page.locator("details.more summary").click()
    assert page.get_by_role("link", name="Listen").nth(1).get_attribute("href").endswith("part=2")  # type: ignore[union-attr]


def test_sound_goes_on_in_the_next_part_and_the_light_with_it(page: Page, live: Live) -> None:
    page.goto(f"{live.url}/recordings/{joined(live)}?t=3.2")
    page.wait_for_function("document.getElementById('audio').readyState >= 1")
    expect(page.locator("#clock")).to_have_text("0:03")
    page.locator("#play").click()
    expect(page.locator("#play")).to_have_text("Pause")
    plays_part(page, 2)
    expect(page.locator(".segment.playing")).to_have_attribute("data-start", "4000")
    expect(page.locator("#clock")).to_have_text("0:08")
    expect(page.locator("#play")).to_have_text("Play")


def test_places_keys_and_the_line_lead_to_the_right_part(page: Page, live: Live) -> None:
    page.goto(f"{live.url}/recordings/{joined(live)}?t=6.5")
    expect(page.locator("#audio[src$='part=2']")).to_have_count(1)
    expect(page.locator(".segment.playing")).to_have_attribute("data-start", "6000")
    page.wait_for_function("document.getElementById('audio').readyState >= 1")
    assert page.evaluate("document.getElementById('audio').currentTime") == pytest.approx(2.5)
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#audio[src$='part=1']")).to_have_count(1)
    expect(page.locator("#clock")).to_have_text("0:01")
    page.locator("#place").fill("5")
    expect(page.locator("#audio[src$='part=2']")).to_have_count(1)
    expect(page.locator("#clock")).to_have_text("0:05")
    page.locator(".segment p").nth(1).click()
    plays_part(page, 1)
    page.locator(".segment p").nth(3).click()
    plays_part(page, 2)
    expect(page.locator(".segment.playing")).to_have_attribute("data-start", "6000")


def test_a_part_whose_file_is_gone_says_so_and_the_other_still_sounds(page: Page, live: Live) -> None:
    whole = joined(live)
    with live.house.db.read() as session:
        (Path(session.query(Folder).one().path) / "REC001_P002.WAV").unlink()
    page.goto(f"{live.url}/recordings/{whole}")
    expect(page.locator(".segment")).to_have_count(4)
    page.locator(".segment p").nth(0).click()
    plays_part(page, 1)
    page.locator("#audio-trouble").wait_for(state="hidden")
