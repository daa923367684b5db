"""Room: tests.web.test_recording. The transcript page: texts, marks, places, and what stands there before it is done."""

import re

import pytest

from nas_asr.core.flags import Flag
from nas_asr.core.recording import RunState
from nas_asr.services.base import House
from nas_asr.services.recordings import retry
from nas_asr.store.models import Recording, Run, SegmentRow
from tests.cast import Cast, make_recording, replace_something, write_transcript
from tests.web.conftest import Visits
from tests.web.test_library import in_state

SEEN = re.compile(r'id="state" hx-get="[^"]*seen=([^"&]+)"')


@pytest.fixture
def meeting(house: House, cast: Cast) -> str:
    """A transcribed meeting of the choir, with one place where written and spoken differ."""
    recording = make_recording(house, cast.choir, "autumn concert")
    write_transcript(house, recording, ["we met at nine", "two hundred chairs", "今天的会议讨论显存"])
    with house.db.write() as session:
        row = session.query(SegmentRow).filter_by(recording_id=recording, position=1).one()
        row.text = "200 chairs"
    return recording


def test_the_transcript_can_be_read_and_played(visit: Visits, cast: Cast, meeting: str) -> None:
    page = visit(cast.rita).get(f"/recordings/{meeting}").text
    assert "autumn concert" in page and "we met at nine" in page
    assert 'data-start="2000" data-end="3900"' in page
    assert f'src="/api/v1/recordings/{meeting}/audio"' in page
    assert "built-in English engine" in page
    for form in ("txt", "srt", "vtt", "json"):
        assert f"/export?format={form}" in page


def test_words_from_the_address_are_marked(visit: Visits, cast: Cast, meeting: str) -> None:
    page = visit(cast.rita).get(f"/recordings/{meeting}?q=会议&t=4.0").text
    assert "今天的<mark>会议</mark>讨论显存" in page
    assert 'data-start="4.0"' in page


def test_both_texts_are_there_and_the_address_chooses(visit: Visits, cast: Cast, meeting: str) -> None:
    browser = visit(cast.rita)
    page = browser.get(f"/recordings/{meeting}").text
    assert "200 chairs" in page and "two hundred chairs" in page
    assert '<div class="segments written"' in page
    assert '<div class="segments spoken"' in browser.get(f"/recordings/{meeting}?text=spoken").text


def test_a_doubtful_place_says_why_in_the_readers_language(
    visit: Visits, house: House, cast: Cast, meeting: str
) -> None:  # fmt: skip
    assert "Doubtful" not in visit(cast.rita).get(f"/recordings/{meeting}").text.split("<template")[0]
    with house.db.write() as session:
        row = session.query(SegmentRow).filter_by(recording_id=meeting, position=1).one()
        row.flags = [Flag.LOOP, Flag.WITHOUT_HOTWORDS, "of-another-program"]
    browser = visit(cast.rita)
    page = browser.get(f"/recordings/{meeting}").text
    assert page.split("<template")[0].count("Doubtful: listen") == 1
    page = page.split("<template")[0]
    assert "The engine repeated itself here." in page and "heard again without hotwords" in page
    assert "of-another-program" not in page
    page = browser.get(f"/recordings/{meeting}", headers={"Accept-Language": "zh-CN"}).text
    assert "可能有误" in page and "引擎在这里重复输出。" in page
    flags = browser.get(f"/api/v1/recordings/{meeting}/transcript").get_json()["segments"][1]["flags"]
    assert flags == ["loop", "without-hotwords", "of-another-program"]


@pytest.mark.parametrize(
    ("typed", "second"),
    [("12", "12.0"), ("1:02:03", "3723.0"), ("-5", "0.0"), ("nan", "0.0"), ("x", "0.0"), ("1e99", "0.0")],
)
def test_any_typed_second_is_taken_or_ignored(visit: Visits, cast: Cast, meeting: str, typed: str, second: str) -> None:
    assert f'data-start="{second}"' in visit(cast.rita).get(f"/recordings/{meeting}?t={typed}").text


def test_before_it_is_done_the_page_says_where_it_is(visit: Visits, house: House, cast: Cast) -> None:
    recording = make_recording(house, cast.choir)
    browser = visit(cast.bob)
    assert "It waits for its turn." in browser.get(f"/recordings/{recording}").text
    in_state(house, recording, RunState.TRANSCRIBING, progress=0.5)
    assert "transcribing 50 %" in browser.get(f"/recordings/{recording}").text
    live = {"HX-Request": "true", "HX-Target": "state"}
    assert "transcribing 50 %" in browser.get(f"/recordings/{recording}?seen=0", headers=live).text
    write_transcript(house, recording, ["done now"])
    assert browser.get(f"/recordings/{recording}?seen=0", headers=live).headers["HX-Refresh"] == "true"


def test_an_open_page_hears_of_a_new_version(visit: Visits, house: House, cast: Cast, meeting: str) -> None:
    browser = visit(cast.bob)
    seen = SEEN.search(browser.get(f"/recordings/{meeting}").text)
    assert seen is not None
    asks = f"/recordings/{meeting}?seen={seen[1]}"
    live = {"HX-Request": "true", "HX-Target": "state"}
    assert "new" not in browser.get(asks, headers=live).text
    retry(house, cast.bob, meeting)
    write_transcript(house, meeting, ["heard once more"])
    assert "data-fresh" in browser.get(asks, headers=live).text


def test_an_open_page_hears_of_a_new_version_that_does_not_replace_what_a_person_changed(
    visit: Visits, house: House, cast: Cast
) -> None:
    meeting = make_recording(house, cast.choir)
    write_transcript(house, meeting, ["we met at nine"])
    segment = replace_something(house, meeting)
    browser = visit(cast.bob)
    browser.post(f"/recordings/{meeting}/replacements", segment=segment, index="0", version="1")
    seen = SEEN.search(browser.get(f"/recordings/{meeting}").text)
    assert seen is not None
    retry(house, cast.bob, meeting)
    write_transcript(house, meeting, ["heard once more"])
    with house.db.write() as session:
        session.get_one(Recording, meeting).version = 2
    live = {"HX-Request": "true", "HX-Target": "state"}
    part = browser.get(f"/recordings/{meeting}?seen={seen[1]}", headers=live).text
    assert "what a person changed is shown instead" in part and "version=3" in part and "data-fresh" not in part


def test_a_run_under_way_beside_a_transcript_says_how_far_it_is(
    visit: Visits, house: House, cast: Cast, meeting: str
) -> None:
    browser = visit(cast.bob)
    browser.post(f"/recordings/{meeting}/retry")
    assert '<span class="pill queued">queued</span>' in browser.get(f"/recordings/{meeting}").text
    with house.db.write() as session:
        run = session.get_one(Run, session.get_one(Recording, meeting).run_id)
        run.state, run.progress = RunState.TRANSCRIBING, 0.25
    assert '<span class="pill transcribing">transcribing 25 %</span>' in browser.get(f"/recordings/{meeting}").text


def test_silence_is_not_an_error(visit: Visits, house: House, cast: Cast) -> None:
    recording = make_recording(house, cast.choir)
    write_transcript(house, recording, [])
    assert "Nobody speaks here" in visit(cast.rita).get(f"/recordings/{recording}").text


def test_a_new_title_is_seen_everywhere(visit: Visits, cast: Cast, meeting: str) -> None:
    browser = visit(cast.bob)
    browser.post(f"/recordings/{meeting}/title", title="  spring   concert ")
    assert "spring concert" in browser.get("/").text


def test_the_trash_hides_it(visit: Visits, cast: Cast, meeting: str) -> None:
    browser = visit(cast.bob)
    browser.post(f"/recordings/{meeting}/trash")
    assert browser.get(f"/recordings/{meeting}").status_code == 404


def test_a_way_back_outside_is_not_taken(visit: Visits, cast: Cast, meeting: str) -> None:
    answer = visit(cast.bob).post(f"/recordings/{meeting}/title", title="x", next="https://evil.example")
    assert answer.headers["Location"] == f"/recordings/{meeting}"


def test_a_speaker_known_as_a_channel_is_named_in_the_viewers_language(
    visit: Visits, house: House, cast: Cast, meeting: str
) -> None:
    with house.db.write() as session:
        rows = session.query(SegmentRow).filter_by(recording_id=meeting).order_by(SegmentRow.position).all()
        rows[0].speaker, rows[1].speaker = "1", "Anna"
        rows[0].flags = ["channels_alike"]
    page = visit(cast.rita).get(f"/recordings/{meeting}").text
    assert '<b class="speaker">Channel 1</b>' in page and '<b class="speaker">Anna</b>' in page
    assert "read once and names no speakers" in page
    chinese = visit(cast.rita, language="zh-CN")
    assert '<b class="speaker">声道1</b>' in chinese.get(f"/recordings/{meeting}").text
    address = f"/api/v1/recordings/{meeting}/export?format="
    assert chinese.get(f"{address}srt").text.startswith("1\n00:00:00,000 --> 00:00:01,900\n声道1")
    assert visit(cast.rita).get(f"{address}txt").text.startswith("Channel 1 00:00:00\n")
    assert '"speaker": "1"' in visit(cast.rita).get(f"{address}json").text


def test_the_export_follows_the_text_that_is_read(visit: Visits, cast: Cast, meeting: str) -> None:
    page = visit(cast.rita).get(f"/recordings/{meeting}?text=spoken").text
    assert f"/recordings/{meeting}/export?format=txt&amp;text=spoken" in page
    address = f"/api/v1/recordings/{meeting}/export?format=txt&text="
    assert "two hundred chairs" in visit(cast.rita).get(f"{address}spoken").text
    assert "200 chairs" in visit(cast.rita).get(f"{address}written").text
