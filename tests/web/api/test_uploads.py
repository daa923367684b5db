"""Room: tests.web.api.test_uploads. Handing in a recording: real sound through the real media child, twice, too large, none."""

import io
import math
import struct
import tempfile
import wave
from pathlib import Path
from typing import Any

import pytest

from nas_asr.core.access import TokenScope
from nas_asr.services.base import House
from tests.cast import Cast, RememberingQueue
from tests.web.api.conftest import Answer, ByToken, Caller, InPerson


def tone(seconds: float = 1.0, hertz: int = 440) -> bytes:
    """A WAV of one tone, 8 kHz mono."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        samples = (int(9000 * math.sin(2 * math.pi * hertz * i / 8000)) for i in range(int(8000 * seconds)))
        file.writeframes(b"".join(struct.pack("<h", sample) for sample in samples))
    return out.getvalue()


def hand_in(caller: Caller, content: bytes, name: str = "tone.wav", key: str = "", **fields: Any) -> Answer:
    """Upload as a program does."""
    data = {"file": (io.BytesIO(content), name), "team": "choir", **fields}
    return caller.post("/recordings", data=data, headers={"Idempotency-Key": key} if key else {})


@pytest.fixture
def bob(by_token: ByToken, cast: Cast) -> Caller:
    """A member."""
    return by_token(cast.bob)


def test_an_upload_becomes_a_queued_recording(bob: Caller, queue: RememberingQueue) -> None:
    answer = hand_in(bob, tone(), "周例会 😀.wav", title="2026", language="en")
    assert answer.status_code == 202
    assert answer.headers["Location"] == f"/api/v1/recordings/{answer.json['id']}"
    found = bob.get(f"/recordings/{answer.json['id']}").json
    assert (found["state"], found["title"], found["language"]) == ("queued", "2026", "en")
    assert (found["path"], found["author"], found["folder"]) == ("周例会 😀.wav", "bob", None)
    assert found["duration_ms"] == 1000
    assert len(queue.rung) == 1


def test_its_sound_comes_back_byte_for_byte(bob: Caller) -> None:
    content = tone(1.5)
    recording = hand_in(bob, content).json["id"]
    answer = bob.get(f"/recordings/{recording}/audio")
    assert (answer.data, answer.mimetype) == (content, "audio/wav")


def test_a_phone_with_an_ingest_token_may_hand_in_and_nothing_else(by_token: ByToken, cast: Cast) -> None:
    phone = by_token(cast.bob, TokenScope.INGEST)
    recording = hand_in(phone, tone()).json["id"]
    assert phone.get(f"/recordings/{recording}").status_code == 403
    assert phone.get("/recordings").status_code == 403


def test_a_page_uploads_with_session_and_csrf(in_person: InPerson, cast: Cast) -> None:
    assert hand_in(in_person(cast.bob), tone()).status_code == 202
    assert hand_in(in_person(cast.bob, csrf=False), tone()).status_code == 400


def test_readers_and_outsiders_hand_in_nothing(by_token: ByToken, cast: Cast, house: House) -> None:
    assert hand_in(by_token(cast.rita), tone()).status_code == 403
    assert hand_in(by_token(cast.charlie), tone()).status_code == 404
    assert hand_in(by_token(cast.bob, TokenScope.READ), tone()).status_code == 403
    assert not list(house.uploads.glob("*/*"))


def test_the_same_key_again_is_the_same_recording(bob: Caller, queue: RememberingQueue) -> None:
    first = hand_in(bob, tone(), key="abc", language="en")
    second = hand_in(bob, tone(), key="abc")
    assert (second.status_code, second.json["id"], second.json["existing"]) == (202, first.json["id"], True)
    assert len(queue.rung) == 1


def test_the_same_key_for_another_file_is_a_conflict(bob: Caller) -> None:
    hand_in(bob, tone(), key="abc")
    other = hand_in(bob, tone(hertz=500), key="abc")
    assert (other.status_code, other.json["error"]["code"]) == (409, "conflict")
    assert other.json["error"]["message"] == "This key was used for another file."


def test_the_same_bytes_again_are_one_recording(bob: Caller) -> None:
    first, second = hand_in(bob, tone()), hand_in(bob, tone(), "copy.wav")
    assert first.json["id"] == second.json["id"]
    assert len(bob.get("/recordings").json["items"]) == 1


def test_the_same_bytes_in_another_team_are_its_own(by_token: ByToken, cast: Cast, bob: Caller) -> None:
    mine = hand_in(bob, tone()).json
    theirs = hand_in(by_token(cast.charlie), tone(), team="garden").json
    assert mine["id"] != theirs["id"]
    assert theirs["existing"] is False


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"team": ""}, "team"),
        ({"language": "klingon"}, "language"),
        ({"title": "x" * 301}, "title"),
        ({"title": "a\0b"}, "title"),
    ],
)
def test_a_bad_field_is_named(fields: dict[str, str], field: str, bob: Caller) -> None:
    answer = hand_in(bob, tone(), **fields)
    assert (answer.status_code, answer.json["error"]["field"]) == (422, field)


def test_a_missing_file_is_named(bob: Caller) -> None:
    answer = bob.post("/recordings", data={"team": "choir"}, content_type="multipart/form-data")
    assert (answer.status_code, answer.json["error"]["field"]) == (422, "file")


def test_a_key_that_is_too_long_is_named(bob: Caller) -> None:
    answer = hand_in(bob, tone(), key="k" * 121)
    assert (answer.status_code, answer.json["error"]["field"]) == (422, "Idempotency-Key")


@pytest.mark.parametrize("content", [b"", b"just a letter", b"#EXTM3U\n/etc/passwd\n", tone()[:30]])
def test_what_is_no_sound_is_415_and_leaves_nothing(content: bytes, bob: Caller, house: House) -> None:
    answer = hand_in(bob, content)
    assert answer.status_code == 415
    assert answer.json["error"]["message"].endswith(".")
    assert not [path for path in house.uploads.glob("*/*") if path.is_file()]
    assert bob.get("/recordings").json["items"] == []


def test_another_form_of_body_is_415(bob: Caller) -> None:
    assert bob.post("/recordings", json={"team": "choir"}).status_code == 415


def test_too_large_is_413(bob: Caller, app: Any) -> None:
    app.config["MAX_CONTENT_LENGTH"] = 50_000
    answer = hand_in(bob, tone(10))
    assert (answer.status_code, answer.json["error"]["code"]) == (413, "too_large")


def test_gigabytes_are_not_let_in_from_who_may_hand_in_nothing(by_token: ByToken, in_person: InPerson, cast: Cast) -> None:
    for reader in (by_token(cast.rita), in_person(cast.rita)):
        assert hand_in(reader, b"x" * (17 << 20)).status_code == 413


def test_brackets_without_end_are_wrong_json_like_any_other(bob: Caller) -> None:
    for body in ("[" * 100_000, '{"a":' * 50_000):
        answer = bob.post("/recordings/any/language", data=body, content_type="application/json")
        assert (answer.status_code, answer.json["error"]["code"]) == (422, "invalid")


def test_a_very_long_name_gives_a_title_that_a_person_could_have_typed(bob: Caller) -> None:
    recording = hand_in(bob, tone(), "a" * 5000 + ".wav").json["id"]
    assert bob.get(f"/recordings/{recording}").json["title"] == "a" * 300


def test_a_title_cannot_garble_a_terminal(bob: Caller) -> None:
    recording = hand_in(bob, tone(), title="\x1b[31m red \u202e\n").json["id"]
    assert bob.get(f"/recordings/{recording}").json["title"] == "\ufffd[31m red \ufffd"


def test_other_calls_take_small_bodies_only(bob: Caller) -> None:
    answer = bob.post("/recordings/any/language", json={"language": "x" * (2 << 20)})
    assert answer.status_code == 413


def test_an_upload_waits_on_the_disk_of_data(
    bob: Caller, house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = b"".join(
        [
            b'--x\r\nContent-Disposition: form-data; name="team"\r\n\r\nchoir\r\n',
            b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n', tone(60), b"\r\n--x--\r\n",
        ]
    )  # fmt: skip
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    assert bob.post("/recordings", data=body, content_type="multipart/form-data; boundary=x").status_code == 202
    assert [path.suffix for path in house.uploads.glob("*/*")] == [".wav"]
