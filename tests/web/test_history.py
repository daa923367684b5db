"""Room: tests.web.test_history. The page that says who changed a transcript, and takes it back; the machine's newer version."""

import pytest

from nas_asr.core.edits import Edit
from nas_asr.services.base import House
from nas_asr.services.edits import edit_transcript
from nas_asr.services.transcripts import read_transcript
from tests.cast import Cast, Clock, make_recording, write_transcript
from tests.services.test_edits import run_again, texts
from tests.web.conftest import Visits


@pytest.fixture
def meeting(house: House, cast: Cast, clock: Clock) -> str:
    """A recording that Bob corrected twice, and Alice an hour later."""
    recording = make_recording(house, cast.choir, "autumn <i>concert</i>")
    write_transcript(house, recording, ["we met jon at nine", "the end"])
    for pause, person, text in (
        (0, "bob", "we met"),
        (9, "bob", "we met John"),
        (3600, "alice", "<img src=x onerror=alert(1)>"),
    ):
        clock.pass_seconds(pause)
        view = read_transcript(house, cast.bob, recording)
        edit = Edit(id=view.transcript.segments[0].id, text=text)
        edit_transcript(house, getattr(cast, person), recording, view.version.number, [edit])
    return recording


def test_the_history_shows_sittings_and_leads_to_what_changed(visit: Visits, cast: Cast, meeting: str) -> None:
    page = visit(cast.rita).get(f"/recordings/{meeting}/history").text
    assert page.count('class="sitting') - page.count('class="sitting-') == 3 + 1, "three, in one list"
    assert "2 texts corrected" in page and "versions 2 to 3" in page
    assert f'href="/recordings/{meeting}/difference?from=1&amp;to=3"' in page
    assert f'href="/recordings/{meeting}/difference?from=3&amp;to=4"' in page
    assert "Restore" not in page and "Transcribe again" not in page, "a reader changes nothing"
    changed = visit(cast.rita).get(f"/recordings/{meeting}/difference?from=3&to=4").text
    assert "<img src=x" not in changed and "&lt;" in changed


def test_the_last_change_is_undone_and_an_old_version_restored(
    visit: Visits, house: House, cast: Cast, meeting: str
) -> None:
    bob = visit(cast.bob)
    assert "Undo the last change" in bob.get(f"/recordings/{meeting}/history").text
    bob.post(f"/recordings/{meeting}/history/restore", version="3")
    assert texts(house, cast, meeting)[0] == "we met John"
    bob.post(f"/recordings/{meeting}/history/restore", version="1")
    assert texts(house, cast, meeting)[0] == "we met jon at nine"
    assert "restored version 3" in bob.get(f"/recordings/{meeting}/history").text


def test_a_newer_version_by_the_machine_is_offered_and_carried_over(
    visit: Visits, house: House, cast: Cast, meeting: str
) -> None:
    bob = visit(cast.bob)
    bob.post(f"/recordings/{meeting}/history/restore", version="3")
    run_again(house, cast, meeting, ["we met joan at nine", "the very end"])
    for page in (f"/recordings/{meeting}", f"/recordings/{meeting}/history"):
        offer = bob.get(page).text
        assert "Carry the edits over" in offer and "Use it without the edits" in offer
        assert f"/recordings/{meeting}/difference?from=5&amp;to=6" in offer
    answer = bob.post(f"/recordings/{meeting}/history/carry", onto="6")
    page = bob.get(answer.location).text
    assert "1 edit could not be carried over" in page and "<ins>John</ins>" in page and "joan" in page
    assert "Carry the edits over" not in page
    assert texts(house, cast, meeting) == ["we met joan at nine", "the very end"]


def test_who_types_is_not_told_of_it_and_others_are(visit: Visits, house: House, cast: Cast, meeting: str) -> None:
    live = {"HX-Request": "true", "HX-Target": "state"}
    asks = f"/recordings/{meeting}?seen=3-3"
    assert "data-fresh" not in visit(cast.alice).get(asks, headers=live).text
    assert "data-fresh" in visit(cast.bob).get(asks, headers=live).text


def test_one_more_run_with_another_engine(visit: Visits, house: House, cast: Cast, meeting: str) -> None:
    bob = visit(cast.bob)
    bob.post(f"/recordings/{meeting}/history/again", engine="fun-asr-nano", language="zh")
    assert "Transcribe again" not in bob.get(f"/recordings/{meeting}/history").text
    assert bob.post(f"/recordings/{meeting}/history/again", engine="sphinx").status_code == 409


def test_it_can_be_read_in_chinese(visit: Visits, cast: Cast, meeting: str) -> None:
    page = visit(cast.bob, "zh-CN").get(f"/recordings/{meeting}/history").text
    assert "恢复" in page and "改正文字 2 处" in page and "Restore" not in page
