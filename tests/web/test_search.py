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


def test_titles_with_the_words_are_listed_even_where_nobody_said_them(visit: Visits, house: House, cast: Cast) -> None:
    recording = make_recording(house, cast.choir, "Budget 2027")
    make_recording(house, cast.garden, "Budget of the garden")
    make_recording(house, cast.choir, "rehearsal", path="budget.wav")
    browser = visit(cast.rita)
    page = browser.get("/search", query_string={"q": '"budget"'}).text
    titles = page.split('id="titles"')[1].split("</section>")[0]
    assert "Titles" in titles and f'href="/recordings/{recording}"' in titles and "garden" not in page
    assert "rehearsal" not in page
    assert "Nobody said that" in page
    assert 'id="titles"' not in browser.get("/search?q=%22").text
