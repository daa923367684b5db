"""Room: tests.web.test_reach. Which recordings a hotword list would change, seen before anything is run again."""

import pytest
from flask import Flask

from nas_asr.bootstrap import _one_beside_us, near, near_elsewhere
from nas_asr.core.errors import Conflict
from nas_asr.core.hotwords import clean
from nas_asr.services.base import House
from nas_asr.services.hotword_reach import list_reach
from nas_asr.services.hotwords import set_hotwords
from nas_asr.services.recordings import one_recording
from nas_asr.web.app import WebSetup, create_app
from tests.cast import Cast, make_recording, write_transcript
from tests.web.conftest import SECRET, visitor


@pytest.fixture
def app(house: House) -> Flask:
    """An application that hears as the real one does."""
    return create_app(house, WebSetup(secret_key=SECRET, listen=near))


@pytest.fixture
def meetings(house: House, cast: Cast) -> dict[str, str]:
    """Two in which something sounds like a name of the list, and two others."""
    lines = {
        "about berlin": ["the new cooper netties cluster is in berlin", "we talk about cooper netties again"],
        "chinese": ["我们今天讨论张伟明的报告", "谢谢大家"],
        "nothing": ["good morning everybody", "see you next week"],
    }
    found = {}
    for title, said in lines.items():
        found[title] = make_recording(house, cast.choir, title)
        write_transcript(house, found[title], said)
    theirs = make_recording(house, cast.garden, "theirs")
    write_transcript(house, theirs, ["cooper netties"])
    return found


def test_what_sounds_like_a_word_of_the_list_is_found_with_its_places(
    house: House, cast: Cast, meetings: dict[str, str]
) -> None:
    found = list_reach(house, cast.alice, "choir", clean(["Kubernetes", "张卫明"]), near)
    assert {one.title: one.count for one in found.recordings} == {"about berlin": 2, "chinese": 1}
    assert found.looked_at == 3 and found.whole
    chinese = next(one for one in found.recordings if one.title == "chinese")
    assert [(place.was, place.hotword) for place in chinese.places] == [("张伟明", "张卫明")]


def test_a_manager_looks_saves_and_runs_the_ticked_ones_again(
    app: Flask, house: House, cast: Cast, meetings: dict[str, str]
) -> None:
    browser = visitor(app, cast.alice)
    page = browser.post("/teams/choir/hotwords/reach", words="Kubernetes").text
    assert "about berlin" in page and "chinese" not in page and "theirs" not in page
    assert "not saved yet" in page and "checked" not in page
    set_hotwords(house, cast.alice, "choir", clean(["Kubernetes"]))
    page = browser.post("/teams/choir/hotwords/reach", words="Kubernetes").text
    assert "not saved yet" not in page and "checked" in page
    browser.post("/teams/choir/hotwords/rerun/chosen", id=[meetings["about berlin"]])
    assert one_recording(house, cast.alice, meetings["about berlin"]).rerun
    assert not one_recording(house, cast.alice, meetings["nothing"]).rerun


def test_a_list_without_words_and_one_that_changes_nothing_are_said(
    app: Flask, cast: Cast, meetings: dict[str, str]
) -> None:
    browser = visitor(app, cast.alice)
    empty = browser.post("/teams/choir/hotwords/reach", words="")
    assert empty.status_code == 422 and "There is no word in this list." in empty.text
    assert "No recording would change" in browser.post("/teams/choir/hotwords/reach", words="Xylophon").text


def test_the_comparison_runs_in_a_program_of_its_own(house: House) -> None:
    there = near_elsewhere(house.options, ["Kubernetes"], ["cooper netties it is", "nothing"])
    assert there == near(["Kubernetes"], ["cooper netties it is", "nothing"]) and there[0] and not there[1]


def test_one_program_runs_beside_the_pages_whoever_asks(house: House) -> None:
    with _one_beside_us, pytest.raises(Conflict, match="look already"):
        near_elsewhere(house.options, ["Kubernetes"], ["cooper netties"])
    assert near_elsewhere(house.options, ["Kubernetes"], ["cooper netties"])[0]
