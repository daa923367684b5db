"""Room: tests.web.test_watched. What is being heard or downloaded ends with its listener's access, also while they pause."""

import socket
import threading
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from werkzeug.serving import make_server

from nas_asr.core.access import TokenScope
from nas_asr.services.accounts import disable_user
from nas_asr.services.base import House
from nas_asr.services.recordings import trash
from nas_asr.services.sessions import end_session, list_sessions
from nas_asr.services.teams import remove_member
from nas_asr.services.tokens import NewToken, create_token, list_tokens, revoke_token
from nas_asr.web import watched
from tests.cast import Cast, make_recording, write_transcript
from tests.live import wait_for
from tests.web.api.conftest import sound_of
from tests.web.conftest import visitor

# More than the buffers of both kernels hold, so that the sender has to wait for a listener who pauses
LONG = bytes(range(256)) * (64 << 10)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two seconds of the watch pass in a twentieth."""
    monkeypatch.setattr(watched, "EVERY_S", 0.05)


@pytest.fixture
def port(app: Flask) -> Iterator[int]:
    """A real server behind a real socket."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    serving = threading.Thread(target=server.serve_forever, daemon=True)
    serving.start()
    yield server.server_port
    server.shutdown()
    serving.join(10)


def listen(port: int, recording: str, *headers: str) -> socket.socket:
    """A player that has asked for the sound, and reads nothing after its first piece."""
    player = socket.create_connection(("127.0.0.1", port), timeout=10)
    lines = [f"GET /api/v1/recordings/{recording}/audio HTTP/1.1", "Host: localhost", *headers, "", ""]
    player.sendall("\r\n".join(lines).encode())
    assert b" 20" in player.recv(1000)
    return player


def rest_of(player: socket.socket) -> int:
    """How many bytes still come until the connection ends."""
    count = 0
    with player:
        try:
            while piece := player.recv(1 << 20):
                count += len(piece)
        except ConnectionResetError:
            pass
    return count


def open_streams(app: Flask) -> int:
    """How many are watched."""
    return len(app.extensions["nas_asr_watch"]._open)


ENDS: dict[str, Callable[[House, Cast], None]] = {
    "taken out of the team": lambda house, cast: remove_member(house, None, "choir", "rita"),
    "disabled": lambda house, cast: disable_user(house, None, "rita"),
    "session ended": lambda house, cast: end_session(house, cast.rita, list_sessions(house, cast.rita)[0].id),
    "token revoked": lambda house, cast: revoke_token(house, cast.rita, list_tokens(house, cast.rita)[0].id),
}


@pytest.mark.parametrize("end", ENDS)
def test_a_paused_player_is_cut_off_when_access_ends(app: Flask, house: House, cast: Cast, port: int, end: str) -> None:
    recording = sound_of(house, cast.choir, LONG)
    cookie = visitor(app, cast.rita).client.get_cookie("nas_asr_session")
    secret = create_token(house, cast.rita, "rita", NewToken("player", TokenScope.READ))
    assert cookie is not None
    who = f"X-API-Key: {secret}" if end == "token revoked" else f"Cookie: nas_asr_session={cookie.value}"
    whole, part = listen(port, recording, who), listen(port, recording, who, "Range: bytes=1000-")
    other = listen(
        port, recording, f"X-API-Key: {create_token(house, cast.bob, 'bob', NewToken('b', TokenScope.READ))}"
    )
    ENDS[end](house, cast)
    wait_for(lambda: open_streams(app) == 1, 10, "both of hers are cut")
    assert rest_of(whole) < len(LONG) / 2 and rest_of(part) < len(LONG) / 2
    assert rest_of(other) > len(LONG) * 0.99


def test_what_is_put_into_the_trash_plays_on_for_nobody(app: Flask, house: House, cast: Cast) -> None:
    recording, kept = sound_of(house, cast.choir, LONG), sound_of(house, cast.choir, LONG)
    browser = visitor(app, cast.rita).client
    heard, other = (browser.get(f"/api/v1/recordings/{one}/audio", buffered=False) for one in (recording, kept))
    pieces, others = heard.iter_encoded(), other.iter_encoded()
    assert next(pieces) and next(others)
    trash(house, cast.bob, recording)
    app.extensions["nas_asr_watch"].look()
    with pytest.raises(ConnectionResetError):
        next(pieces)
    assert next(others), "of another recording"
    heard.close()
    other.close()


def test_a_zip_is_cut_when_a_team_of_which_it_has_something_is_lost(app: Flask, house: House, cast: Cast) -> None:
    meetings = [make_recording(house, cast.choir, f"meeting {number}") for number in range(3)]
    for meeting in meetings:
        write_transcript(house, meeting, ["we met at nine"])
    browser = visitor(app, cast.rita)
    fields = {"csrf_token": browser.csrf, "id": meetings, "format": "txt"}
    answer = browser.client.post("/recordings/export", data=fields, buffered=False)
    pieces = answer.iter_encoded()
    assert next(pieces) and open_streams(app) == 1
    app.extensions["nas_asr_watch"].look()
    assert next(pieces)
    remove_member(house, None, "choir", "rita")
    app.extensions["nas_asr_watch"].look()
    with pytest.raises(ConnectionResetError):
        next(pieces)
    answer.close()
    assert open_streams(app) == 0


def test_who_heard_everything_is_watched_no_longer(app: Flask, house: House, cast: Cast) -> None:
    recording = sound_of(house, cast.choir)
    browser = visitor(app, cast.rita)
    for headers, status in (({}, 200), ({"Range": "bytes=5-9"}, 206), ({"Range": "bytes=999999-"}, 416)):
        answer = browser.get(f"/api/v1/recordings/{recording}/audio", headers=headers)
        assert answer.status_code == status
        answer.close()
    browser.client.head(f"/api/v1/recordings/{recording}/audio").close()
    assert open_streams(app) == 0


def test_a_server_without_sockets_of_its_own_stops_between_two_pieces(app: Flask, house: House, cast: Cast) -> None:
    recording = sound_of(house, cast.choir, LONG)
    answer = visitor(app, cast.rita).client.get(f"/api/v1/recordings/{recording}/audio", buffered=False)
    pieces = answer.iter_encoded()
    assert next(pieces)
    remove_member(house, None, "choir", "rita")
    app.extensions["nas_asr_watch"].look()
    with pytest.raises(ConnectionResetError):
        next(pieces)
    answer.close()
