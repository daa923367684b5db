"""Room: tests.web.test_difference. The page that shows what changed between two versions."""

import pytest

from nas_asr.services.base import House
from nas_asr.services.recordings import retry
from tests.cast import Cast, make_recording, write_transcript
from tests.web.conftest import Visits


@pytest.fixture
def meeting(house: House, cast: Cast) -> str:
    """A recording that was run twice."""
    recording = make_recording(house, cast.choir, "autumn concert")
    write_transcript(house, recording, ["we met at nine", "john miller sings", "the end"])
    retry(house, cast.bob, recording)
    write_transcript(house, recording, ["we met at nine", "Jon Millar sings", "<b>the end</b>"])
    return recording


def test_what_went_and_came_is_marked_and_linked_to_its_second(visit: Visits, cast: Cast, meeting: str) -> None:
    page = visit(cast.rita).get(f"/recordings/{meeting}/difference?from=1&to=2").text
    assert "<del>john miller</del> <ins>Jon Millar</ins> sings" in page
    assert f'href="/recordings/{meeting}?t=2.0#s-' in page
    assert "2 places changed." in page and "1 place without a change" in page


def test_words_that_look_like_markup_are_only_words(visit: Visits, cast: Cast, meeting: str) -> None:
    page = visit(cast.rita).get(f"/recordings/{meeting}/difference?from=1&to=2").text
    assert "<b>" not in page and "&lt;b&gt;" in page


def test_it_can_be_read_in_chinese(visit: Visits, cast: Cast, meeting: str) -> None:
    page = visit(cast.rita, "zh-CN").get(f"/recordings/{meeting}/difference").text
    assert "<ins>Jon Millar</ins>" in page and "What changed" not in page


def test_the_recording_leads_to_it(visit: Visits, cast: Cast, meeting: str) -> None:
    page = visit(cast.rita).get(f"/recordings/{meeting}").text
    assert f'href="/recordings/{meeting}/difference?from=1&amp;to=2"' in page
    assert page.count(f'href="/recordings/{meeting}/history"') == 3, "beside the title, with who edited, and in the details"


def test_the_same_version_twice_has_no_change(visit: Visits, cast: Cast, meeting: str) -> None:
    assert "Nothing changed" in visit(cast.rita).get(f"/recordings/{meeting}/difference?from=2&to=2").text


@pytest.mark.parametrize("numbers", ["from=1&to=3", "from=0&to=2", "from=-1", f"to={10**30}"])
def test_a_version_that_is_not_there_is_not_found(visit: Visits, cast: Cast, meeting: str, numbers: str) -> None:
    assert visit(cast.rita).get(f"/recordings/{meeting}/difference?{numbers}").status_code == 404


def test_outsiders_see_no_difference(visit: Visits, cast: Cast, meeting: str) -> None:
    for viewer in (cast.charlie, cast.ada):
        assert visit(viewer).get(f"/recordings/{meeting}/difference").status_code == 404
