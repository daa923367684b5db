"""Room: tests.web.test_hotwords. The list's page, what it explains, and undoing a hotword on the recording's page."""

import logging

import pytest

from nas_asr.core.hotwords import clean
from nas_asr.services.base import House
from nas_asr.services.hotwords import read_hotwords, set_hotwords
from nas_asr.services.recordings import retry
from nas_asr.store.models import Run, TranscriptVersion
from tests.cast import Cast, make_recording, replace_something, write_transcript
from tests.web.conftest import Visits

PAGE = "/teams/choir/hotwords"


def test_a_manager_writes_the_list_and_members_read_it(visit: Visits, house: House, cast: Cast) -> None:
    alice = visit(cast.alice)
    assert alice.post(PAGE, version="0", words="Kubernetes\r\nIPO = I P O\r\n").status_code == 302
    page = alice.get(PAGE).text
    assert "Kubernetes\nIPO = I P O</textarea>" in page and "version 1" in page and "alice" in page
    read_only = visit(cast.rita).get(PAGE).text
    assert "<li>IPO = I P O</li>" in read_only and "<textarea" not in read_only
    assert 'href="/teams/choir/hotwords"' in visit(cast.rita).get("/teams/choir").text


def test_each_line_that_was_refused_is_explained_in_the_viewers_language(visit: Visits, cast: Cast) -> None:
    answer = visit(cast.alice).post(PAGE, version="0", words="Kubernetes\n[x]\n<b>")
    assert answer.status_code == 200
    assert "Line 2:" in answer.text and "Brackets are not allowed" in answer.text and "&lt;b&gt;" in answer.text
    assert "热词中不能有括号。" in visit(cast.alice, language="zh").post(PAGE, version="1", words="[x]").text


def test_what_was_written_survives_a_conflict(visit: Visits, house: House, cast: Cast) -> None:
    set_hotwords(house, None, "choir", clean(["quicker"]))
    answer = visit(cast.alice).post(PAGE, version="0", words="slower")
    assert answer.status_code == 409 and "slower</textarea>" in answer.text and "version 1" in answer.text
    assert read_hotwords(house, cast.alice, "choir").words == ("quicker",)


def test_an_older_version_can_be_looked_at_and_saved_again(visit: Visits, house: House, cast: Cast) -> None:
    for word in ("first", "second"):
        set_hotwords(house, cast.alice, "choir", clean([word]))
    alice = visit(cast.alice)
    page = alice.get(f"{PAGE}?version=1").text
    assert "first</textarea>" in page and "Save it to make it the newest again" in page
    assert "<ins>second</ins>" in page and "<del>first</del>" in page
    assert alice.get(f"{PAGE}?version=9").status_code == 404


def test_a_place_is_undone_and_done_again_on_the_page(visit: Visits, house: House, cast: Cast) -> None:
    recording = make_recording(house, cast.choir)
    write_transcript(house, recording, ["we met at nine"])
    segment = replace_something(house, recording)
    bob = visit(cast.bob)
    assert "Wii stands here for “we”" in bob.get(f"/recordings/{recording}").text
    assert "Undo" not in visit(cast.rita).get(f"/recordings/{recording}").text
    bob.post(f"/recordings/{recording}/replacements", segment=segment, index="0", version="1")
    page = bob.get(f"/recordings/{recording}").text
    assert "we met at nine" in page and "Replace again" in page
    assert bob.post(f"/recordings/{recording}/replacements", segment=segment, index="0", version="1").status_code == 409
    assert "Wii met at nine" in bob.get(f"/recordings/{recording}?version=1").text
    bob.post(f"/recordings/{recording}/history/restore", version="1")
    assert "Wii met at nine" in bob.get(f"/recordings/{recording}").text


def test_what_a_hotword_replaced_is_seen_without_a_click_and_undone_everywhere(
    visit: Visits, house: House, cast: Cast
) -> None:
    recording = make_recording(house, cast.choir)
    write_transcript(house, recording, ["we met at nine", "there we are"])
    segment = replace_something(house, recording)
    bob = visit(cast.bob)
    page = bob.get(f"/recordings/{recording}").text
    assert "we → <b>Wii</b>" in page and "places</button>" not in page, "it is the only place"
    replace_something(house, recording)
    assert "Undo in all 2 places" in bob.get(f"/recordings/{recording}").text
    bob.post(f"/recordings/{recording}/replacements", segment=segment, index="0", version="1", everywhere="1")
    page = bob.get(f"/recordings/{recording}").text
    assert page.count("<s>we → Wii</s>") == 2 and "Replace again in all 2 places" in page


def test_a_version_of_the_list_that_another_house_had_is_named_and_not_linked(
    visit: Visits, house: House, cast: Cast
) -> None:
    recording = make_recording(house, cast.choir)
    write_transcript(house, recording, ["from another house"])
    with house.db.write() as session:
        session.query(TranscriptVersion).filter_by(recording_id=recording).one().hotwords_version = 5
    page = visit(cast.bob).get(f"/recordings/{recording}").text
    assert "<dd>version 5</dd>" in page and "Run again with the new list" not in page
    set_hotwords(house, None, "choir", clean(["Kubernetes"]))
    assert "Run again with the new list" in visit(cast.bob).get(f"/recordings/{recording}").text


def test_a_new_list_offers_to_run_again_until_that_was_done(visit: Visits, house: House, cast: Cast) -> None:
    recording = make_recording(house, cast.choir)
    write_transcript(house, recording, ["compare needs"])
    page = f"/recordings/{recording}"
    assert "Run again with the new list" not in visit(cast.bob).get(page).text
    set_hotwords(house, None, "choir", clean(["Kubernetes"]))
    assert "Run again with the new list" in visit(cast.bob).get(page).text
    assert "Run again with the new list" not in visit(cast.rita).get(page).text
    run = retry(house, cast.bob, recording)
    with house.db.read() as session:
        assert session.get_one(Run, run).hotwords_version == 1
    assert "Run again with the new list" not in visit(cast.bob).get(page).text


def test_a_teams_days_run_again_from_the_page(visit: Visits, house: House, cast: Cast) -> None:
    recording = make_recording(house, cast.choir)
    write_transcript(house, recording, ["compare needs"])
    set_hotwords(house, None, "choir", clean(["Kubernetes"]))
    alice = visit(cast.alice)
    assert alice.post(f"{PAGE}/rerun", days="7").status_code == 302
    assert "1 recording is in the queue again." in alice.get(PAGE).text
    alice.post(f"{PAGE}/rerun", days="30")
    assert "There is nothing to run again: what was recorded in the last 30 days has this list" in alice.get(PAGE).text
    assert alice.post(f"{PAGE}/rerun", days="x").status_code == 422


def test_no_hotword_reaches_the_log(
    visit: Visits, house: House, cast: Cast, caplog: pytest.LogCaptureFixture
) -> None:  # fmt: skip
    with caplog.at_level(logging.DEBUG, "nas_asr"):
        visit(cast.alice).post(PAGE, version="0", words="Zanzibar\n[Xanadu]")
    assert "Zanzibar" not in caplog.text and "Xanadu" not in caplog.text
