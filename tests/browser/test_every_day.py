"""Room: tests.browser.test_every_day. Every day of a user in one walk, everything real: from an empty house to its archive."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import PATIENCE_MS, Complaints
from tests.live import PASSWORD, SAMPLE, living

pytestmark = pytest.mark.browser
RUN_MS = 90_000  # a run of the sample takes some ten seconds; a busy machine gets more
HOTWORD = "Jon Millar"  # the sample says John Miller


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_every_day_of_a_user(chromium: Browser, tmp_path: Path, language: str) -> None:
    share = tmp_path / "share"
    share.mkdir()
    with living(tmp_path / "data") as house:
        context = chromium.new_context(locale=language, viewport={"width": 1280, "height": 800})
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        complaints = Complaints(page, house.base)
        _set_up(page, house.base)
        assert page.get_attribute("html", "lang") == {"en": "en", "zh-CN": "zh-Hans"}[language]
        _make_team_with_folder(page, house.base, share)
        recording = _drop_and_read(page, house.base, share)
        _correct_a_hotword_and_run_again(page, house.base, recording)
        _see_the_difference(page, recording)
        _archive_and_verify(page, house.base)
        _checksums_hold(house.data / "archive" / "sales")
        assert complaints.heard == []
        context.close()
    assert (share / "meeting.flac").read_bytes() == SAMPLE.read_bytes()


def _set_up(page: Page, base: str) -> None:
    page.goto(base)
    page.fill("#f-admin", "ada")
    page.fill("#f-password", PASSWORD)
    page.fill("#f-password_again", PASSWORD)
    page.fill("#f-team_name", "Choir")
    page.click("button.primary")
    page.wait_for_selector("#library")


def _make_team_with_folder(page: Page, base: str, share: Path) -> None:
    page.goto(base + "/teams")
    page.click(".drawer summary")
    page.fill("#f-name", "Sales")
    page.click(".drawer button.primary")
    page.wait_for_url("**/teams/sales")
    page.fill("#f-name", "ada")
    page.select_option("#f-role", "manager")
    page.click("form:has(#f-name) button")
    expect(page.locator(".people .title")).to_have_text("ada")
    page.goto(base + "/folders")
    page.click(".drawer summary")
    page.select_option("#f-team", "sales")
    page.fill("#f-path", str(share))
    page.select_option("#f-language", "en")
    page.click(".drawer button.primary")
    expect(page.locator("main")).to_contain_text(str(share))


def _drop_and_read(page: Page, base: str, share: Path) -> str:
    """The sample goes into the folder while the library is open, which shows by itself that it is done."""
    page.goto(base + "/")
    page.evaluate("window.neverReloaded = true")
    shutil.copy(SAMPLE, share / "meeting.flac")
    expect(page.locator("#library .row .pill.done")).to_be_visible(timeout=RUN_MS)
    assert page.evaluate("window.neverReloaded")
    page.click("#library .row .title")
    expect(page.locator("#segments")).to_contain_text("berlin", ignore_case=True)
    expect(page.locator("#segments")).to_contain_text("john miller", ignore_case=True)
    return page.url.split("?")[0]


def _correct_a_hotword_and_run_again(page: Page, base: str, recording: str) -> None:
    page.goto(base + "/teams/sales/hotwords")
    page.fill("#f-words", f"{HOTWORD} = john miller")
    page.click("main form.card button.primary")
    expect(page.locator(".history .row")).to_have_count(1)
    page.goto(recording)
    page.click("section.notice button")
    expect(page.locator("#segments")).to_contain_text(HOTWORD, timeout=RUN_MS)  # nobody reloads: it shows itself
    expect(page.locator(".swaps summary").first).to_contain_text(HOTWORD)


def _see_the_difference(page: Page, recording: str) -> None:
    page.goto(recording)
    page.click(".title-block a.changed-link")
    expect(page).to_have_url(recording + "/difference?from=1&to=2")
    went, came = page.locator(".passage del"), page.locator(".passage ins")
    expect(went.filter(has_text=re.compile("^john miller$", re.IGNORECASE))).to_have_count(1)
    expect(came.filter(has_text=HOTWORD)).to_have_count(1)
    page.locator(".passage", has=page.locator("ins", has_text=HOTWORD)).locator("a.at").click()
    expect(page.locator(".segment:target")).to_contain_text(HOTWORD)


def _archive_and_verify(page: Page, base: str) -> None:
    page.goto(base + "/archive")
    page.click("#sales details.rule summary")
    page.check("#sales input[name=on]")
    page.fill("#f-min_minutes-sales", "0")
    page.fill("#f-untouched_hours-sales", "0")
    page.click("#sales details.rule button.primary")
    page.click("#sales form[action$='/sales/now'] button")
    _wait_for_run(page, 1)
    page.click("#sales form[action$='/sales/verify'] button")
    _wait_for_run(page, 2)
    expect(page.locator("#sales p.notice.good")).to_contain_text("1")


def _wait_for_run(page: Page, count: int) -> None:
    """So many runs are in the team's list and done; the page says so by itself."""
    expect(page.locator("#sales .rows .row:not(:has(a.title)) .pill.done")).to_have_count(count, timeout=RUN_MS)


def _checksums_hold(team: Path) -> None:
    """Coreutils, which know nothing of us, find the bag as it was written."""
    [manifest] = team.rglob("manifest-sha256.txt")
    checked = subprocess.run(
        ["sha256sum", "--strict", "-c", manifest.name], cwd=manifest.parent, capture_output=True, text=True, timeout=60
    )
    assert checked.returncode == 0, checked.stderr
    assert len(re.findall(r": OK$", checked.stdout, re.MULTILINE)) >= 4  # audio, json, txt, srt
    assert HOTWORD in next((manifest.parent / "data").rglob("*.txt")).read_text("utf-8")
