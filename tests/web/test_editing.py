"""Room: tests.web.test_editing. What is beside the text: names for all, tools for those who write, hotwords for managers."""

from nas_asr.services.base import House
from tests.cast import Cast, make_recording, replace_something, write_transcript
from tests.web.conftest import Visits


def test_tools_are_for_those_who_may_use_them(visit: Visits, house: House, cast: Cast) -> None:
    meeting = make_recording(house, cast.choir)
    write_transcript(house, meeting, ["we met at nine", "two hundred chairs"])
    pages = {who.name: visit(who).get(f"/recordings/{meeting}").text for who in (cast.rita, cast.bob, cast.alice)}
    assert all('id="speakers"' in page for page in pages.values())
    assert [name for name, page in pages.items() if 'id="edit-switch"' in page] == ["bob", "alice"]
    assert [name for name, page in pages.items() if "data-patch=" in page] == ["bob", "alice"]
    assert [name for name, page in pages.items() if 'name="hotword"' in page] == ["alice"]


def test_an_older_version_is_not_edited_and_the_page_says_who_edited(visit: Visits, house: House, cast: Cast) -> None:
    meeting = make_recording(house, cast.choir)
    write_transcript(house, meeting, ["we met at nine"])
    segment = replace_something(house, meeting)
    browser = visit(cast.bob)
    browser.post(f"/recordings/{meeting}/replacements", segment=segment, index="0", version="1")
    assert "Edited by you" in browser.get(f"/recordings/{meeting}").text
    assert "Edited by bob" in visit(cast.alice).get(f"/recordings/{meeting}").text
    assert 'id="edit-switch"' not in browser.get(f"/recordings/{meeting}?version=1").text
