"""Room: tests.web.test_exports. The library's form for many transcripts, and the formats that the recording's page offers."""

import io
import json
import zipfile

import pytest

from nas_asr.export import FORMATS
from nas_asr.services.base import House
from tests.cast import Cast, make_recording, write_transcript
from tests.web.conftest import Visits


@pytest.fixture
def meetings(house: House, cast: Cast) -> list[str]:
    """Two of the choir's, transcribed."""
    found = [make_recording(house, cast.choir, title) for title in ("周例会", "budget")]
    for recording in found:
        write_transcript(house, recording, ["the budget is two hundred"])
    return found


def test_the_form_gives_a_zip_of_what_was_chosen(visit: Visits, cast: Cast, meetings: list[str]) -> None:
    answer = visit(cast.rita).post(
        "/recordings/export", id=meetings, format=["txt", "docx"], text="spoken", timestamps=["0", ""], speakers="1"
    )
    assert (answer.status_code, answer.mimetype) == (200, "application/zip")
    assert "2026-11-21_recordings.zip" in answer.headers["Content-Disposition"]
    manifest = json.loads(zipfile.ZipFile(io.BytesIO(answer.data)).read("manifest.json"))
    assert [one["id"] for one in manifest["recordings"]] == meetings
    assert (manifest["formats"], manifest["options"]["text"]) == (["txt", "docx"], "spoken")


def test_everything_is_what_the_filters_let_pass(visit: Visits, cast: Cast, meetings: list[str]) -> None:
    answer = visit(cast.rita).post(
        "/recordings/export", everything="1", format="srt", q="周", team="choir", state="done"
    )
    assert json.loads(zipfile.ZipFile(io.BytesIO(answer.data)).read("manifest.json"))["exported"] == 1


def test_reasons_and_documents_speak_the_readers_language(
    visit: Visits, house: House, cast: Cast, meetings: list[str]
) -> None:
    waiting = make_recording(house, cast.choir, "later")
    answer = visit(cast.rita, "zh").post("/recordings/export", id=[waiting], format="docx")
    told = zipfile.ZipFile(io.BytesIO(answer.data)).read("NOT-EXPORTED.txt").decode()
    assert told.startswith("以下录音")
    assert "later" in told and "There is" not in told


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"format": "txt"}, "No recording is chosen."),
        ({"id": "x"}, "No format is chosen."),
        ({"id": "x", "format": "exe"}, "There is no export format"),
        ({"id": "x", "format": "txt", "text": "sung"}, "There is no such text."),
        ({"id": "x", "format": "txt", "timestamps": "perhaps"}, "This is either 0 or 1."),
        ({"everything": "1", "format": "txt", "state": "odd"}, "There is no such state."),
        ({"everything": "1", "format": "txt", "q": "nothing like it"}, "No recording fits what was asked for."),
    ],
)
def test_what_is_wrong_is_said_on_a_page(fields: dict[str, str], said: str, visit: Visits, cast: Cast) -> None:
    answer = visit(cast.rita).post("/recordings/export", **fields)
    assert answer.status_code == 422
    assert said in answer.text


def test_the_page_of_a_recording_offers_every_format(visit: Visits, cast: Cast, meetings: list[str]) -> None:
    page = visit(cast.rita).get(f"/recordings/{meetings[0]}").text
    for name in FORMATS:
        assert f"/export?format={name}&amp;text=written" in page
    chinese = visit(cast.rita, "zh").get(f"/recordings/{meetings[0]}").text
    assert "Word 文档" in chinese
    assert not [form.label for form in FORMATS.values() if f">{form.label} <" in chinese]
