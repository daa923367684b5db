"""Room: tests.web.test_events. Open pages hear that something changed, and nothing that they may not see."""

import pytest

from nas_asr.services.accounts import disable_user
from nas_asr.services.base import House
from nas_asr.services.teams import remove_member
from nas_asr.web import events
from nas_asr.web.app import WebSetup, create_app
from tests.cast import Cast, make_recording
from tests.web.conftest import SECRET, Visits, visitor


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second of the stream passes at once."""
    monkeypatch.setattr(events, "_TICK_S", 0.001)


def test_a_change_is_heard_without_its_content(visit: Visits, house: House, cast: Cast) -> None:
    answer = visit(cast.rita).client.get("/events", buffered=False)
    assert answer.mimetype == "text/event-stream"
    stream = answer.iter_encoded()
    assert next(stream) == b"retry: 3000\n\n"
    first = next(stream)
    make_recording(house, cast.choir, "a title")
    second = next(piece for piece in stream if piece.startswith(b"event: change"))
    assert first != second and b"a title" not in second
    answer.close()


def test_other_teams_changes_are_not_heard(visit: Visits, house: House, cast: Cast) -> None:
    browser = visit(cast.rita)
    before = browser.get("/events/now").text
    make_recording(house, cast.garden)
    assert browser.get("/events/now").text == before


def test_leaving_the_team_is_noticed_within_a_second(visit: Visits, house: House, cast: Cast) -> None:
    make_recording(house, cast.choir)
    answer = visit(cast.rita).client.get("/events", buffered=False)
    stream = answer.iter_encoded()
    next(stream), next(stream)
    remove_member(house, None, "choir", "rita")
    word = next(piece for piece in stream if piece.startswith(b"event: change"))
    assert b"data: 0-" in word
    answer.close()


def test_the_stream_of_a_disabled_person_ends(visit: Visits, house: House, cast: Cast) -> None:
    answer = visit(cast.rita).client.get("/events", buffered=False)
    stream = answer.iter_encoded()
    next(stream), next(stream)
    disable_user(house, None, "rita")
    assert list(stream)[-1].startswith(b"event: bye")
    answer.close()


def test_a_full_house_sends_pages_to_asking_and_takes_them_back(house: House, cast: Cast) -> None:
    app = create_app(house, WebSetup(secret_key=SECRET, streams=1))
    browser = visitor(app, cast.rita)
    first = browser.client.get("/events", buffered=False)
    assert browser.get("/events").status_code == 503
    assert browser.get("/events/now").status_code == 200
    first.close()
    again = browser.client.get("/events", buffered=False)
    assert again.status_code == 200
    again.close()


def test_all_streams_end_when_the_server_goes_down(house: House, cast: Cast) -> None:
    app = create_app(house, WebSetup(secret_key=SECRET))
    answer = visitor(app, cast.rita).client.get("/events", buffered=False)
    app.extensions["nas_asr_streams"].closing.set()
    assert len(list(answer.iter_encoded())) == 2
    answer.close()
