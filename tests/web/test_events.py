"""Room: tests.web.test_events. Open pages hear that something changed, and nothing that they may not see."""

import socket
import threading
import time

import pytest
from werkzeug.serving import make_server

from nas_asr.core.access import Role
from nas_asr.services.accounts import disable_user
from nas_asr.services.base import House
from nas_asr.services.teams import add_member, remove_member
from nas_asr.web import events
from nas_asr.web.app import WebSetup, create_app
from tests.cast import Cast, make_recording
from tests.web.conftest import SECRET, Visitor, Visits, visitor


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
    assert list(stream) == [b"event: left\ndata: \n\n"]
    answer.close()


def test_a_role_that_was_lost_ends_the_stream_and_one_that_was_won_does_not(
    visit: Visits, house: House, cast: Cast
) -> None:
    answer = visit(cast.bob).client.get("/events", buffered=False)
    stream = answer.iter_encoded()
    next(stream), next(stream)
    add_member(house, None, "garden", "bob", Role.READER)
    next(piece for piece in stream if piece.startswith(b"event: change"))
    add_member(house, None, "choir", "bob", Role.READER)
    assert list(stream)[-1].startswith(b"event: left")
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
    assert browser.get("/events").status_code == 204
    assert browser.get("/events/now").status_code == 200
    first.close()
    again = browser.client.get("/events", buffered=False)
    assert again.status_code == 200
    again.close()


def test_one_person_with_many_pages_leaves_places_to_others(house: House, cast: Cast) -> None:
    app = create_app(house, WebSetup(secret_key=SECRET, streams=4))
    browser = visitor(app, cast.rita)
    mine = [browser.client.get("/events", buffered=False) for _ in range(12)]
    assert {answer.status_code for answer in mine} == {200}
    other = visitor(app, cast.bob).client.get("/events", buffered=False)
    assert other.status_code == 200
    oldest, newest = mine[0].iter_encoded(), mine[-1].iter_encoded()
    assert list(oldest)[-1].startswith(b"event: full")
    assert [next(newest) for _ in range(4)][-1] == b": still here\n\n"
    for answer in (*mine, other):
        answer.close()
    assert browser.client.get("/events", buffered=False).status_code == 200


def test_a_page_that_was_left_gives_its_place_back_at_once(house: House, cast: Cast) -> None:
    app = create_app(house, WebSetup(secret_key=SECRET, streams=1))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    cookie = session_cookie(visitor(app, cast.rita))
    streams = app.extensions["nas_asr_streams"]
    with socket.create_connection(("127.0.0.1", server.server_port)) as page:
        page.sendall(f"GET /events HTTP/1.0\r\nHost: localhost\r\nCookie: {cookie}\r\n\r\n".encode())
        assert b" 200 " in page.recv(100)
        assert streams.take("another") is None
    place, deadline = None, time.monotonic() + 15
    while place is None and time.monotonic() < deadline:
        place = streams.take("another")
    server.shutdown()
    assert place is not None


def session_cookie(browser: Visitor) -> str:
    """What the browser sends to show who it is."""
    cookie = browser.client.get_cookie("nas_asr_session")
    assert cookie is not None
    return f"nas_asr_session={cookie.value}"


def test_all_streams_end_when_the_server_goes_down(house: House, cast: Cast) -> None:
    app = create_app(house, WebSetup(secret_key=SECRET))
    answer = visitor(app, cast.rita).client.get("/events", buffered=False)
    app.extensions["nas_asr_streams"].closing.set()
    assert len(list(answer.iter_encoded())) == 2
    answer.close()
