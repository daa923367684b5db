"""Room: tests.web.test_search. The search page, in Chinese and English, within one's teams."""

import pytest

from nas_asr.services.base import House
from tests.cast import Cast, make_recording, write_transcript
from tests.web.conftest import Visits


@pytest.fixture
def meeting(house: House, cast: Cast) -> str:
    """A Chinese meeting of the choir; the garden has the same words."""
    for team in (cast.garden, cast.choir):
        recording = make_recording(house, team, f"例会 {'choir' if team == cast.choir else 'garden'}", language="zh")
        write_transcript(house, recording, ["今天的会议讨论GPU显存", "see you <b>next</b> week", "服务器的会议纪要"])
    return recording


@pytest.mark.parametrize(
    ("query", "marked"),
    [
        ("会", "<mark>会</mark>议"), ("显存", "<mark>显存</mark>"), ("服务器", "<mark>服务器</mark>"),
        ("GPU显存", "<mark>GPU显存</mark>"), ("会议 纪要", "<mark>会议纪要</mark>"),
        ("NEXT", "&lt;b&gt;<mark>next</mark>&lt;/b&gt;"),
    ],
)  # fmt: skip
def test_words_are_found_and_marked(visit: Visits, cast: Cast, meeting: str, query: str, marked: str) -> None:
    page = visit(cast.rita).get("/search", query_string={"q": query}).text
    assert marked in page
    assert "garden" not in page


def test_a_hit_opens_the_recording_at_that_second(visit: Visits, cast: Cast, meeting: str) -> None:
    page = visit(cast.rita).get("/search?q=next").text
    assert f'href="/recordings/{meeting}?t=2.0&amp;q=next#s-' in page


def test_nothing_found_and_nothing_asked_are_said(visit: Visits, cast: Cast, meeting: str) -> None:
    browser = visit(cast.rita)
    assert "Nobody said that" in browser.get("/search?q=zebra").text
    assert "Search everything that was said" in browser.get("/search").text
    assert "Nobody said that" in browser.get("/search?q=%22").text


def test_results_come_alone_for_the_box(visit: Visits, cast: Cast, meeting: str) -> None:
    part = visit(cast.rita).get("/search?q=next", headers={"HX-Request": "true", "HX-Target": "results"}).text
    assert part.lstrip().startswith('<div id="results"') and "<html" not in part


def test_recordings_with_the_words_in_their_names_are_listed_even_where_nobody_said_them(
    visit: Visits, house: House, cast: Cast
) -> None:
    recording = make_recording(house, cast.choir, "Budget 2027")
    make_recording(house, cast.garden, "Budget of the garden")
    make_recording(house, cast.choir, "rehearsal", path="takes/budget.wav")
    browser = visit(cast.rita)
    page = browser.get("/search", query_string={"q": '"budget"'}).text
    titles = page.split('id="titles"')[1].split("</section>")[0]
    assert f'href="/recordings/{recording}"' in titles and "<mark>Budget</mark> 2027" in titles and "garden" not in page
    assert "takes/<mark>budget</mark>.wav" in titles
    assert "Nobody said that" in page and 'data-say="No hits, 2 recordings by their names"' in page
    assert 'id="titles"' not in browser.get("/search?q=%22").text


def test_filters_narrow_are_shown_and_can_be_taken_off(visit: Visits, house: House, cast: Cast, meeting: str) -> None:
    browser = visit(cast.rita)
    page = browser.get("/search?q=next&team=choir&from=2026-11-21&to=2026-11-21").text
    assert "<mark>next</mark>" in page and 'href="/search?q=next&amp;team=choir&amp;to=2026-11-21"' in page
    nothing = browser.get("/search?q=next&to=2026-11-20&speaker=Anna").text
    assert "Nobody said that" in nothing and "“next”" in nothing and "Search without filters" in nothing
    assert "20 Nov 2026" in nothing and "<b>Anna</b>" in nothing
    assert browser.get("/search?q=next&from=soon").status_code == 422


def test_hits_are_counted_for_eyes_and_ears(visit: Visits, house: House, cast: Cast, meeting: str) -> None:
    browser = visit(cast.rita)
    page = browser.get("/search?q=会议").text
    assert '<p class="search-total">2 hits</p>' in page and 'data-say="2 hits"' in page
    write_transcript(house, make_recording(house, cast.choir, "long"), ["zebra"] * 60)
    write_transcript(house, make_recording(house, cast.choir, "longer"), ["zebra"] * 1001)
    page = browser.get("/search?q=zebra").text
    assert '<p class="search-total">1,000+ hits</p>' in page
    more = page.split('hx-get="')[2].split('"')[0].replace("&amp;", "&")
    part = browser.get(more, headers={"HX-Request": "true", "HX-Target": "more"}).text
    assert part.count("<mark>zebra</mark>") == 50 and "<html" not in part and "autofocus" in part


def test_a_long_text_is_shown_around_its_word(visit: Visits, house: House, cast: Cast) -> None:
    write_transcript(house, make_recording(house, cast.choir), ["<i>before</i> " * 60 + "the needle " + "after " * 60])
    page = visit(cast.rita).get("/search?q=needle").text
    assert "<mark>needle</mark>" in page and "&lt;i&gt;" in page and "…" in page and page.count("after") < 40


def test_letters_added_to_a_word_are_no_step_back(visit: Visits, cast: Cast, meeting: str) -> None:
    browser = visit(cast.rita)
    before = {"HX-Request": "true", "HX-Target": "results", "HX-Current-URL": "http://here/search?q=ne"}
    assert browser.get("/search?q=next", headers=before).headers["HX-Replace-Url"] == "/search?q=next"
    assert browser.get("/search?q=week", headers=before).headers["HX-Push-Url"] == "/search?q=week"
