"""Room: tests.web.test_check. What the doctor finds, as a page."""

from collections.abc import Sequence

from nas_asr.core.errors import Unexpected
from nas_asr.core.findings import Finding, Verdict
from nas_asr.services.base import House
from nas_asr.web.app import WebSetup, create_app
from tests.cast import Cast
from tests.web.conftest import SECRET, visitor

FOUND = (
    Finding("python", Verdict.OK, "3.11 on Linux"),
    Finding("workers", Verdict.NOTE, "none is running", "Start everything with: make run"),
    Finding("folder", Verdict.BROKEN, "<b>/share</b> is offline: it is not there", "Mount it again."),
)


def test_the_page_comes_at_once_and_brings_what_was_found_behind(house: House, cast: Cast) -> None:
    browser = visitor(create_app(house, WebSetup(secret_key=SECRET, examine=lambda: FOUND)), cast.ada)
    assert "Looking" in browser.get("/admin/check").text
    part = browser.get("/admin/check", headers={"HX-Target": "findings"}).text
    assert "1 thing is broken." in part and "Mount it again." in part and "<b>/share" not in part
    assert "none is running" in browser.get("/admin/check/findings").text


def test_in_chinese_the_findings_are_chinese(house: House, cast: Cast) -> None:
    app = create_app(house, WebSetup(secret_key=SECRET, examine=lambda: FOUND))
    page = visitor(app, cast.ada, "zh-CN").get("/admin/check/findings").text
    assert "Mount it again" not in page and "none is running" not in page and "is offline" not in page


def test_a_doctor_that_does_not_answer_is_said(house: House, cast: Cast) -> None:
    def silent() -> Sequence[Finding]:
        raise Unexpected("The system check did not come to an end.", "Run `nas-asr doctor` in a terminal on that machine.")

    browser = visitor(create_app(house, WebSetup(secret_key=SECRET, examine=silent)), cast.ada)
    assert "did not come to an end" in browser.get("/admin/check/findings").text
