"""Room: tests.web.test_recording. The transcript page: texts, marks, places, and what stands there before it is done."""

import re
from datetime import timedelta

import pytest

from nas_asr.core.flags import Flag
from nas_asr.core.recording import RunState
from nas_asr.export import FORMATS
from nas_asr.services.base import House
from nas_asr.services.heartbeats import Beat, beat
from nas_asr.services.recordings import retry
from nas_asr.store.models import Recording, Run, SegmentRow, WaveformRow
from tests.cast import Cast, Clock, make_recording, replace_something, write_transcript
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


def test_what_waits_says_about_how_long_where_that_is_known(
    visit: Visits, house: House, cast: Cast, clock: Clock, meeting: str
) -> None:
    mine = make_recording(house, cast.choir, "mine", duration_ms=60_000)
    browser = visit(cast.rita)
    assert 'class="eta"' not in browser.get(f"/recordings/{mine}").text, "nobody works, nothing was measured"
    offers = [{"engine": "sphinx", "languages": ["en"]}]
    beat(house, Beat("worker", "w", "boot", {"state": "busy", "offers": offers}))
    in_state(house, meeting, RunState.DONE, started_at=clock.now - timedelta(seconds=40), ended_at=clock.now)  # RTFx 1
    live = {"HX-Request": "true", "HX-Target": "state"}
    assert "about 1 minute<" in browser.get(f"/recordings/{mine}?seen=0", headers=live).text
    retry(house, cast.bob, meeting)
    later = make_recording(house, cast.choir, "later", duration_ms=200_000)
    page = browser.get(f"/recordings/{later}", headers={"Accept-Language": "zh-CN"}).text
    assert "约 5 分钟，前面还有 2 个" in page
    assert 'class="eta"' in browser.get(f"/recordings/{meeting}").text, "beside the text that is read meanwhile"
    clock.pass_seconds(3600)
    assert 'class="eta"' not in browser.get(f"/recordings/{mine}").text, "the worker is silent"


def test_a_page_asks_for_a_waveform_only_where_there_is_one(
    visit: Visits, house: House, cast: Cast, meeting: str
) -> None:
    assert (
        f'data-waveform="/api/v1/recordings/{meeting}/waveform"' in visit(cast.rita).get(f"/recordings/{meeting}").text
    )
    with house.db.write() as session:
        session.delete(session.get_one(WaveformRow, meeting))
    assert "data-waveform" not in visit(cast.rita).get(f"/recordings/{meeting}").text


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
    assert "what a person changed is shown instead" in part and "/history" in part and "data-fresh" not in part


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


ROW = re.compile(r'<div class="segment[^"]*" role="listitem"[^>]* data-start="(\d+)"')
LINES = [f"line {n} about {'显存' if n in (250, 290) else '预算'}" for n in range(400)]


@pytest.fixture
def long_meeting(house: House, cast: Cast) -> str:
    """More than a page opens with."""
    recording = make_recording(house, cast.choir, "周例会", language="zh", duration_ms=800_000)
    write_transcript(house, recording, LINES)
    return recording


@pytest.mark.parametrize(
    ("address", "first", "last"),
    [
        ("", 0, 149), ("?t=500", 210, 359), ("?t=799", 359, 399), ("?q=显存", 210, 359), ("?q=显存&t=570", 245, 394),
        ("?from=150", 150, 299), ("?from=9999", 399, 399), ("?q=nobody", 0, 149), ("?t=99999", 359, 399),
    ],
)  # fmt: skip
def test_a_long_transcript_opens_with_a_window_around_its_place(
    visit: Visits, cast: Cast, long_meeting: str, address: str, first: int, last: int
) -> None:
    page = visit(cast.rita).get(f"/recordings/{long_meeting}{address}").text
    starts = [int(start) for start in ROW.findall(page)]
    assert (starts[0] // 2000, starts[-1] // 2000, len(starts)) == (first, last, last - first + 1)
    assert ("Earlier" in page, "Later" in page) == (first > 0, last < 399)
    assert 'data-total="400"' in page and f'data-first="{first}"' in page


def test_a_word_opens_at_its_first_place_also_as_a_part_of_a_word(visit: Visits, cast: Cast, long_meeting: str) -> None:
    browser = visit(cast.rita)
    for words in ("显存", "显", "存", "显存 abou", "“about 显存”"):
        page = browser.get(f"/recordings/{long_meeting}?q={words}").text
        here = re.search(r'data-here="(\w+)"', page)
        assert here is not None and f'id="s-{here[1]}" data-id="{here[1]}" data-start="500000"' in page, words
        assert "2 places" in page


def test_the_rest_of_a_transcript_comes_without_the_times_of_words(visit: Visits, house: House, cast: Cast) -> None:
    recording = make_recording(house, cast.choir)
    write_transcript(house, recording, ["we met"])
    with house.db.write() as session:
        session.query(SegmentRow).filter_by(recording_id=recording).one().words = [["we", 0, 900], ["met", 900, 1900]]
    address = f"/api/v1/recordings/{recording}/transcript"
    browser = visit(cast.rita)
    assert len(browser.get(address).get_json()["segments"][0]["words"]) == 2
    assert browser.get(f"{address}?words=false").get_json()["segments"][0]["words"] == []


def test_the_head_says_who_speaks_and_lets_only_those_who_may_change_the_title(
    visit: Visits, house: House, cast: Cast, meeting: str
) -> None:
    with house.db.write() as session:
        rows = session.query(SegmentRow).filter_by(recording_id=meeting).order_by(SegmentRow.position).all()
        for row, speaker in zip(rows, ("Zoe", "Anna", "Zoe"), strict=True):
            row.speaker = speaker
    page = visit(cast.bob).get(f"/recordings/{meeting}").text
    assert '<span class="speakers">Zoe, Anna</span>' in page and 'id="f-title"' in page
    assert 'id="f-title"' not in visit(cast.rita).get(f"/recordings/{meeting}").text


def test_what_runs_can_be_stopped_where_its_state_stands(visit: Visits, house: House, cast: Cast, meeting: str) -> None:
    waiting = make_recording(house, cast.choir)
    stop = 'action="/recordings/{}/stop"'
    before_details = visit(cast.bob).get(f"/recordings/{waiting}").text.split('<details class="more">')[0]
    assert stop.format(waiting) in before_details
    assert stop.format(waiting) not in visit(cast.rita).get(f"/recordings/{waiting}").text
    assert stop.format(meeting) not in visit(cast.bob).get(f"/recordings/{meeting}").text
    visit(cast.bob).post(f"/recordings/{meeting}/retry")
    assert stop.format(meeting) in visit(cast.bob).get(f"/recordings/{meeting}").text


def test_every_format_of_the_table_can_be_exported(visit: Visits, cast: Cast, meeting: str) -> None:
    page = visit(cast.rita).get(f"/recordings/{meeting}").text
    assert set(re.findall(r'data-format="(\w+)"', page)) == set(FORMATS)


@pytest.mark.parametrize(("language", "lang"), [("zh", ' lang="zh-Hans"'), ("ja", ' lang="ja"'), ("auto", "")])
def test_the_text_says_which_language_it_is_in(
    visit: Visits, house: House, cast: Cast, language: str, lang: str
) -> None:
    recording = make_recording(house, cast.choir, language=language)
    write_transcript(house, recording, ["会议"])
    page = visit(cast.rita).get(f"/recordings/{recording}").text
    assert f'role="list" aria-label="Transcript"{lang} data-version' in page
