"""Room: tests.web.test_drafts. Drafts and the missing model on the pages: badge, banner, and the way to something better."""

from dataclasses import replace

import pytest

from nas_asr.core.offers import BUILT_IN_OFFER, Skills
from nas_asr.core.recording import RunState
from nas_asr.services.base import House
from nas_asr.services.engines import remember
from nas_asr.services.heartbeats import Beat, beat
from nas_asr.services.house_settings import overlay
from nas_asr.services.recordings import one_recording
from nas_asr.store.models import Recording
from nas_asr.web.app import WebSetup, create_app
from tests.cast import Cast, make_recording, write_transcript
from tests.services.test_engines import LARGE, SMALL, alive
from tests.web.conftest import SECRET, Visits, visitor
from tests.web.test_library import in_state

WAITS = "Recordings wait for Fun-ASR-Nano, which is not here yet."


@pytest.fixture
def draft(house: House, cast: Cast) -> str:
    """English that the built-in engine wrote for want of the model."""
    write_transcript(house, recording := make_recording(house, cast.choir, "rehearsal"), ["we met at nine"])
    with house.db.write() as session:
        session.get_one(Recording, recording).draft = True
    return recording


def test_a_draft_is_marked_and_not_offered_what_is_not_here(visit: Visits, house: House, cast: Cast, draft: str) -> None:
    alive(house, SMALL)
    browser = visit(cast.bob)
    assert 'class="pill draft"' in browser.get("/").text and "Transcribe them again" not in browser.get("/").text
    page = browser.get(f"/recordings/{draft}").text
    assert "not to quote from" in page and "once Fun-ASR-Nano is here" in page and "again with Fun-ASR-Nano" not in page


def test_a_draft_is_done_again_by_the_model_from_its_page(visit: Visits, house: House, cast: Cast, draft: str) -> None:
    alive(house, LARGE)
    browser = visit(cast.bob)
    assert "Transcribe again with Fun-ASR-Nano" in browser.get(f"/recordings/{draft}").text
    assert "Transcribe again with Fun-ASR-Nano" not in visit(cast.rita).get(f"/recordings/{draft}").text
    browser.post(f"/recordings/{draft}/retry")
    assert one_recording(house, cast.bob, draft).rerun


def test_a_team_s_drafts_are_done_again_from_the_library(visit: Visits, house: House, cast: Cast, draft: str) -> None:
    alive(house, LARGE)
    write_transcript(house, make_recording(house, cast.choir, "concert"), ["no draft"])
    browser = visit(cast.bob)
    assert "1 draft in Choir can be better now." in browser.get("/").text
    alone = browser.get("/?team=choir&drafts=1").text
    assert "rehearsal" in alone and "concert" not in alone
    browser.post("/teams/choir/drafts")
    page = browser.get("/").text
    assert "1 recording is in the queue again." in page and "can be better now" not in page


def test_the_banner_says_what_waits_and_how_to_get_it_to_those_who_can(visit: Visits, house: House, cast: Cast) -> None:
    recording = make_recording(house, cast.choir, language="zh")
    in_state(house, recording, RunState.QUEUED, waiting_for="model")
    assert WAITS not in visit(cast.bob).get("/").text, "before a worker has told, nobody knows"
    alive(house, SMALL)
    for path in ("/", f"/recordings/{recording}"):
        page = visit(cast.bob).get(path).text
        assert WAITS in page and "An admin of this server can get it." in page and "model pull" not in page
    assert WAITS in visit(cast.ada).get("/admin").text
    alive(house, LARGE)
    assert WAITS not in visit(cast.bob).get("/").text


def test_the_banner_says_that_the_model_is_on_its_way(visit: Visits, house: House, cast: Cast) -> None:
    in_state(house, make_recording(house, cast.choir, language="zh"), RunState.QUEUED, waiting_for="model")
    pull = {"state": "pulling", "model": "Fun-ASR-Nano-2512"}
    beat(house, Beat("worker", "w", "boot", {**SMALL.told(), "models": {"pull": pull}}))
    page = visit(cast.ada).get("/admin").text
    assert WAITS in page and "It is being downloaded now." in page and "Get the model" not in page
    assert "It is being downloaded now." in visit(cast.bob).get("/").text
    pull["state"] = "failed"
    beat(house, Beat("worker", "w", "boot", {**SMALL.told(), "models": {"pull": pull}}))
    assert "Get the model" in visit(cast.ada).get("/admin").text


def test_without_anything_that_waits_only_the_admin_page_speaks_of_it(visit: Visits, house: House, cast: Cast) -> None:
    make_recording(house, cast.choir)
    alive(house, SMALL)
    assert WAITS not in visit(cast.bob).get("/").text


def test_a_model_that_vanished_is_said_loudly_even_while_nothing_waits(visit: Visits, house: House, cast: Cast) -> None:
    remember(house, LARGE)
    alive(house, SMALL)
    for person, path in ((cast.bob, "/"), (cast.ada, "/admin")):
        assert "worked here, and no running worker has it any more" in visit(person).get(path).text


def test_an_engine_that_was_chosen_and_is_nowhere_is_named(visit: Visits, house: House, cast: Cast) -> None:
    visit(cast.ada).post("/admin/settings", engine="sensevoice")
    alive(house, Skills((BUILT_IN_OFFER,), choice="sensevoice"))
    live = create_app(replace(house, options=overlay(house.options, house.db)), WebSetup(secret_key=SECRET))
    page = visitor(live, cast.ada).get("/admin").text
    assert "No running worker has the engine that the settings name: SenseVoice." in page and WAITS not in page
