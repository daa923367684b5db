"""Room: tests.browser.test_library. A person narrows, chooses many, throws away, and drops files while the connection breaks."""

import base64
import io

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from nas_asr.services import upload_pieces
from nas_asr.services.listing import RecordingFilter, list_recordings
from nas_asr.services.paging import PageOrder
from nas_asr.services.uploads import UploadOrder
from tests.browser.conftest import PASSWORD, SAMPLE, Live
from tests.cast import make_recording, write_transcript

pytestmark = pytest.mark.browser
PHONE_ZH = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True, "locale": "zh-CN"}


def drop(page: Page, *files: tuple[str, bytes]) -> None:
    """Let go of files over the page, as a file manager's window does."""
    told = [{"name": name, "content": base64.b64encode(content).decode()} for name, content in files]
    page.evaluate(
        """(files) => {
            const dataTransfer = new DataTransfer();
            for (const { name, content } of files) {
                const bytes = Uint8Array.from(atob(content), (sign) => sign.charCodeAt(0));
                dataTransfer.items.add(new File([bytes], name, { lastModified: 1 }));
            }
            for (const kind of ["dragover", "drop"]) {
                document.body.dispatchEvent(new DragEvent(kind, { dataTransfer, bubbles: true, cancelable: true }));
            }
        }""",
        told,
    )


def titles(live: Live) -> list[str]:
    return sorted(
        view.title for view in list_recordings(live.house, live.cast.alice, RecordingFilter(), PageOrder()).items
    )


def test_many_are_chosen_narrowed_and_thrown_away(page: Page, live: Live) -> None:
    for number in range(5):
        write_transcript(
            live.house, make_recording(live.house, live.cast.choir, f"Memo {number}", language="ja"), ["la"]
        )
    page.goto(live.url + "/")
    page.click(".narrowing summary")
    page.select_option("#n-language", "ja")
    expect(page.locator(".chip")).to_have_text(["Japanese"])
    expect(page.locator(".row")).to_have_count(5)
    page.select_option(".sort", "title")
    expect(page.locator(".row .title")).to_have_text([f"Memo {number}" for number in range(5)])
    expect(page.locator("#bulk")).to_be_hidden()
    page.locator(".pick").nth(1).click()
    page.locator(".pick").nth(3).click(modifiers=["Shift"])
    expect(page.locator(".bulk-count")).to_have_text("3 chosen")
    page.locator(".pick").nth(2).click()
    live.progress(0.3)
    page.evaluate("document.getElementById('library').dataset.old = 1")
    page.evaluate("document.body.dispatchEvent(new CustomEvent('recordings-changed'))")
    page.wait_for_selector("#library:not([data-old])")
    expect(page.locator(".pick:checked")).to_have_count(2)
    expect(page.locator(".bulk-count")).to_have_text("2 chosen")
    page.click("#bulk [value=trash]")
    expect(page.locator(".flashes")).to_contain_text("2 moved to the trash.")
    assert "language=ja" in page.url and "sort=title" in page.url
    expect(page.locator(".row .title")).to_have_text(["Memo 0", "Memo 2", "Memo 4"])
    page.locator("#pick-page").check()
    expect(page.locator(".bulk-count")).to_have_text("3 chosen")
    page.click(".chip")
    expect(page.locator(".row", has_text="Interview")).to_be_visible()
    page.goto(live.url + "/trash")
    page.locator("#pick-page").check()
    page.click("text=Delete for ever…")
    page.click("text=Keep them")
    page.locator(".pick").first.click()
    page.click("text=Restore")
    expect(page.locator(".flashes")).to_contain_text("1 is back in the library.")


def test_dropped_files_arrive_although_the_connection_breaks(context: BrowserContext, live: Live) -> None:
    """Not in the tab that complains of every error: what breaks here is meant to."""
    page, faults = context.new_page(), list[str]()
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(live.url + "/login")
    page.fill("#f-name", "alice")
    page.fill("#f-password", PASSWORD)
    page.click("button.primary")
    page.wait_for_selector("#library")
    sound, lost = SAMPLE.read_bytes(), list[str]()

    def break_off(route: Route) -> None:
        if route.request.method == "PATCH" and len(lost) < 2:
            lost.append(route.request.url)
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route("**/api/v1/uploads/*", break_off)
    page.evaluate("window.stayed = true")
    drop(page, ("周例会 <b>.flac", sound), ("letter.txt", b"no sound at all"))
    uploads = page.locator("#uploads .upload")
    expect(uploads.nth(0)).to_contain_text("in the queue")
    expect(uploads.nth(0)).to_contain_text("周例会 <b>.flac")
    expect(uploads.nth(1)).to_have_attribute("data-kind", "stopped")
    expect(uploads.nth(1).locator("[data-again]")).to_be_hidden()
    expect(page.locator(".row", has_text="周例会 <b>")).to_be_visible()
    assert len(lost) == 2 and page.evaluate("window.stayed")
    drop(page, ("again.flac", sound))
    expect(uploads.nth(2)).to_contain_text("was here already")
    assert titles(live).count("周例会 <b>") == 1 and "again" not in titles(live)
    assert faults == []


@pytest.mark.parametrize("context", [PHONE_ZH], indirect=True)
def test_what_broke_off_is_named_after_a_reload_and_goes_on_when_the_file_is_chosen_again(
    page: Page, live: Live
) -> None:
    sound = SAMPLE.read_bytes()
    order = UploadOrder("choir", "会议.flac", size_bytes=len(sound))
    begun = upload_pieces.begin(live.house, live.cast.alice, order)
    upload_pieces.add_piece(live.house, live.cast.alice, (begun.id, 0), io.BytesIO(sound[:300_000]))
    page.goto(live.url + "/")
    expect(page.locator("#uploads")).to_contain_text("会议.flac")
    expect(page.locator("#uploads")).to_contain_text("再次选择同一个文件，就会从那里继续")
    # As the browser remembers it since it began
    name = f"tus::nas_asr/choir/会议.flac/{len(sound)}/1::1"
    told = {
        "size": len(sound),
        "metadata": {},
        "creationTime": "x",
        "uploadUrl": f"{live.url}/api/v1/uploads/{begun.id}",
    }
    page.evaluate("([name, told]) => localStorage.setItem(name, JSON.stringify(told))", [name, told])
    with page.expect_request(lambda asked: asked.method == "PATCH") as sent:
        drop(page, ("会议.flac", sound))
    assert sent.value.headers["upload-offset"] == "300000"
    expect(page.locator("#uploads .upload")).to_have_count(1)
    expect(page.locator("#uploads .upload")).to_contain_text("已排队")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
