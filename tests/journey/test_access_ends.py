"""Room: tests.journey.test_access_ends. A whole house: what somebody has open ends within seconds of their access."""

import http.client
import threading
import time
import wave
from pathlib import Path

from tests.live import PASSWORD, Browser, Live, living, wait_for

MOST_S = 5.0  # as promised to whoever takes somebody out of a team


def test_a_removed_member_hears_and_sees_nothing_more_within_five_seconds(tmp_path: Path) -> None:
    with living(tmp_path / "data") as live:
        recording, token = _a_long_recording(live, tmp_path)
        bob = _sign_in(live, "bob")
        streams = [
            _open(live, "/events", bob),
            _open(live, f"/api/v1/recordings/{recording}/audio", bob),
            _open(live, f"/api/v1/recordings/{recording}/audio", bob, Range="bytes=5000-"),
            _open(live, f"/api/v1/recordings/{recording}/audio", bob="", Authorization=f"Bearer {token}"),
        ]
        ended: dict[int, float] = {}
        readers = [threading.Thread(target=_drip, args=(stream, n, ended)) for n, stream in enumerate(streams)]
        for reader in readers:
            reader.start()
        live.run("member", "remove", "choir", "bob")
        removed = time.monotonic()
        for reader in readers:
            reader.join(30)
        assert {n: at - removed < MOST_S for n, at in ended.items()} == dict.fromkeys(range(4), True), ended


def _drip(stream: http.client.HTTPResponse, number: int, ended: dict[int, float]) -> None:
    """Read as a player does that has enough: a little, now and then."""
    try:
        while stream.read1(2000):
            time.sleep(0.05)
    except (OSError, http.client.HTTPException):
        pass
    ended[number] = time.monotonic()


def _open(live: Live, path: str, bob: str, **headers: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", live.port, timeout=20)
    connection.request("GET", path, headers={**({"Cookie": bob} if bob else {}), **headers})
    answer = connection.getresponse()
    assert answer.status in (200, 206)
    return answer


def _sign_in(live: Live, name: str) -> str:
    browser = Browser(live.base)
    assert "Sign out" in browser.post("/login", "/login", name=name, password=PASSWORD).text
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in browser.jar)


def _a_long_recording(live: Live, tmp_path: Path) -> tuple[str, str]:
    """Silence of twenty minutes in a folder of the choir, of which bob is a member, and a token of his."""
    live.run("user", "add", "bob", "--password-stdin", stdin=f"{PASSWORD}\n")
    live.run("team", "add", "choir")
    live.run("member", "add", "choir", "bob", "--role", "member")
    share = tmp_path / "share"
    share.mkdir()
    with wave.open(str(share / "long.wav"), "wb") as sound:
        sound.setparams((1, 2, 16000, 0, "NONE", "not compressed"))
        sound.writeframes(bytes(16000 * 2 * 1200))
    live.run("folder", "add", "choir", str(share), "--language", "zh")
    token = live.run("token", "add", "bob", "--name", "player", "--scope", "read").strip()

    def found() -> str:
        items = Browser(live.base).get("/api/v1/recordings", Authorization=f"Bearer {token}").json["items"]
        return str(items[0]["id"]) if items else ""

    return wait_for(found, 60, "the recording is in the library"), token
