"""Room: tests.web.api.test_pieces. Uploads in pieces: they go on where they stood, whoever else asks sees nothing of them."""

import base64
import io
import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask

from nas_asr.core.access import TokenScope
from nas_asr.services import upload_pieces
from nas_asr.services.base import House
from nas_asr.services.teams import remove_member
from nas_asr.store.models import Upload
from tests.cast import Cast, Clock
from tests.web.api.conftest import Answer, ByToken, Caller, InPerson

SAMPLE = Path(__file__).parents[2] / "sample" / "meeting.flac"
SOUND = SAMPLE.read_bytes()
THIRD = len(SOUND) // 3


def metadata(**fields: str) -> str:
    return ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in fields.items())


def begin(caller: Caller, size: int = len(SOUND), **fields: str) -> Answer:
    told = {"filename": "周例会.flac", "team": "choir", "language": "zh", **fields}
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": str(size), "Upload-Metadata": metadata(**told)}
    return caller.post("/uploads", headers=headers)


def piece(caller: Caller, where: str, offset: int, content: bytes, **more: Any) -> Answer:
    headers = {"Tus-Resumable": "1.0.0", "Upload-Offset": str(offset)}
    path = where.removeprefix("/api/v1")
    return caller.call(
        "PATCH", path, headers=headers, data=content, content_type="application/offset+octet-stream", **more
    )


def stands_at(caller: Caller, where: str) -> int:
    answer = caller.call("HEAD", where.removeprefix("/api/v1"))
    assert answer.status_code == 200 and answer.headers["Cache-Control"] == "no-store"
    return int(answer.headers["Upload-Offset"])


def test_pieces_become_a_recording_once(by_token: ByToken, house: House, cast: Cast) -> None:
    caller = by_token(cast.bob, TokenScope.INGEST)
    begun = begin(caller)
    where = begun.headers["Location"]
    assert (begun.status_code, stands_at(caller, where)) == (201, 0)
    first = piece(caller, where, 0, SOUND[:THIRD])
    assert (first.status_code, first.headers["Upload-Offset"]) == (204, str(THIRD))
    assert piece(caller, where, 0, SOUND[:THIRD]).status_code == 409
    assert [one["offset_bytes"] for one in caller.get("/uploads").json["items"]] == [THIRD]
    last = piece(caller, where, THIRD, SOUND[THIRD:])
    assert (last.status_code, last.headers["Upload-Offset"]) == (204, str(len(SOUND)))
    made = caller.get(where.removeprefix("/api/v1")).json
    recording = by_token(cast.rita).get(f"/recordings/{made['recording']}").json
    assert (recording["title"], recording["language"], recording["author"], recording["state"]) == (
        "周例会", "zh", "bob", "queued",
    )  # fmt: skip
    assert [path.name for path in (house.uploads / cast.choir).iterdir()] == [f"{made['recording']}.flac"]
    again = begin(caller, filename="copy.flac").headers["Location"]
    piece(caller, again, 0, SOUND)
    known = caller.get(again.removeprefix("/api/v1")).json
    assert (known["recording"], known["existing"]) == (made["recording"], True)


def test_a_lost_connection_keeps_what_came(by_token: ByToken, house: House, cast: Cast) -> None:
    caller = by_token(cast.bob)
    where = begin(caller).headers["Location"]
    view = upload_pieces.add_piece(house, cast.bob, (where.rpartition("/")[2], 0), io.BytesIO(SOUND[:1000]))
    assert view.offset_bytes == stands_at(caller, where) == 1000
    assert piece(caller, where, 1000, SOUND[1000:]).status_code == 204


_SENDER = """
import sys, os, pathlib
from nas_asr.core.access import Role, Viewer
from nas_asr.services import upload_pieces
from nas_asr.services.base import House
from nas_asr.settings import Settings
from nas_asr.store.database import Database
from tests.cast import RememberingQueue
data, upload, user, team = sys.argv[1:]
house = House(Database(f"sqlite:///{data}/nas_asr.sqlite3"), RememberingQueue(), Settings(data=pathlib.Path(data)))
sound = pathlib.Path("tests/sample/meeting.flac").open("rb")
class Stuck:
    def read(self, size):
        found = sound.read(min(size, 70_000))
        if sound.tell() > 200_000:
            print("stuck", flush=True); sys.stdin.read()
        return found
upload_pieces.STEP = 65_536
upload_pieces.add_piece(house, Viewer(user, "bob", False, {team: Role.MEMBER}), (upload, 0), Stuck())
"""


def test_kill_9_in_the_middle_of_a_piece_goes_on_where_the_disk_stands(
    by_token: ByToken, house: House, cast: Cast
) -> None:
    if not house.db.is_sqlite:
        pytest.skip("the killed process opens the file by its name")
    caller = by_token(cast.bob)
    where = begin(caller).headers["Location"]
    arguments = [str(house.options.data), where.rpartition("/")[2], cast.bob.user_id, cast.choir]
    root = Path(__file__).parents[3]
    sender = subprocess.Popen(
        [sys.executable, "-c", _SENDER, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
    )  # fmt: skip
    assert sender.stdout is not None and sender.stdout.readline() == b"stuck\n"
    sender.send_signal(signal.SIGKILL)
    sender.communicate()
    offset = stands_at(caller, where)
    assert offset == 3 * 65_536 < len(SOUND)
    assert piece(caller, where, offset, SOUND[offset:]).status_code == 204
    recording = caller.get(where.removeprefix("/api/v1")).json["recording"]
    assert (house.uploads / cast.choir / f"{recording}.flac").read_bytes() == SOUND


def test_nobody_else_sees_an_upload(
    by_token: ByToken, in_person: InPerson, anonymous: Caller, house: House, cast: Cast
) -> None:
    bob = by_token(cast.bob)
    where = begin(bob).headers["Location"]
    piece(bob, where, 0, SOUND[:THIRD])
    path = where.removeprefix("/api/v1")
    for other in (
        by_token(cast.alice),
        by_token(cast.charlie),
        in_person(cast.ada),
        by_token(cast.bob, TokenScope.WIDGET),
    ):
        wanted = {other.get(path).status_code, piece(other, where, THIRD, SOUND[THIRD:]).status_code}
        assert wanted <= {404, 403} and other.call("DELETE", path).status_code in (404, 403)
    assert by_token(cast.alice).get("/uploads").json["items"] == []
    assert [anonymous.get(path).status_code, begin(anonymous).status_code] == [401, 401]
    assert begin(by_token(cast.rita)).status_code == 403 and begin(by_token(cast.charlie)).status_code == 404
    remove_member(house, None, "choir", "bob")
    assert piece(bob, where, THIRD, SOUND[THIRD:]).status_code == 404


def test_what_is_wrong_is_said_before_anything_is_sent(by_token: ByToken, app: Flask, house: House, cast: Cast) -> None:
    caller = by_token(cast.bob)
    too_large = begin(caller, (house.options.max_upload_mb << 20) + 1)
    assert (too_large.status_code, too_large.json["error"]["code"]) == (413, "too_large")
    assert "NAS_ASR_MAX_UPLOAD_MB" in too_large.json["error"]["remedy"]
    assert begin(caller, 0).status_code == 415
    assert begin(caller, team="").json["error"]["field"] == "team"
    assert begin(caller, language="xx").json["error"]["field"] == "language"
    assert begin(caller, 1 << 70).json["error"]["field"] == "Upload-Length"
    assert begin(caller, filename="a\0b").json["error"]["field"] == "Upload-Metadata"
    assert begin(caller, 1 << 40).status_code == 413
    asked = caller.call("OPTIONS", "/uploads")
    assert asked.headers["Tus-Version"] == "1.0.0" and "creation" in asked.headers["Tus-Extension"]


def test_a_full_disk_is_said_before_anything_is_sent(
    by_token: ByToken, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    caller = by_token(cast.bob)
    monkeypatch.setattr("nas_asr.services.uploads.shutil.disk_usage", lambda _path: SimpleNamespace(free=100 << 20))
    assert begin(caller, 20 << 20).status_code == 201
    assert begin(caller, 20 << 20).status_code == 507  # the first one's room is spoken for


def test_who_announces_much_and_sends_nothing_keeps_nobody_else_out(
    by_token: ByToken, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nas_asr.services.uploads.shutil.disk_usage", lambda _path: SimpleNamespace(free=100 << 20))
    assert begin(by_token(cast.bob), 30 << 20).status_code == 201
    assert begin(by_token(cast.alice), 20 << 20).status_code == 201


def test_what_is_no_audio_is_refused_and_gone(by_token: ByToken, house: House, cast: Cast) -> None:
    caller = by_token(cast.bob)
    where = begin(caller, 9, filename="letter.txt").headers["Location"]
    answer = piece(caller, where, 0, b"no sound!")
    assert answer.status_code == 415 and answer.json["error"]["message"]
    assert caller.get(where.removeprefix("/api/v1")).status_code == 404
    assert list((house.uploads / cast.choir).iterdir()) == []
    more = begin(caller, 9).headers["Location"]
    assert piece(caller, more, 0, b"more than announced").status_code == 422
    assert stands_at(caller, more) == 0


def test_uploads_are_given_up_or_forgotten_after_a_day(
    by_token: ByToken, house: House, cast: Cast, clock: Clock
) -> None:
    caller = by_token(cast.bob)
    where = begin(caller).headers["Location"]
    piece(caller, where, 0, SOUND[:THIRD])
    assert caller.call("DELETE", where.removeprefix("/api/v1")).status_code == 204
    assert list((house.uploads / cast.choir).iterdir()) == []
    piece(caller, begin(caller).headers["Location"], 0, SOUND[:THIRD])
    clock.now += timedelta(hours=23)
    assert upload_pieces.clear_abandoned(house) == 0
    clock.now += timedelta(hours=2)
    assert upload_pieces.clear_abandoned(house) == 1
    assert list((house.uploads / cast.choir).iterdir()) == []
    with house.db.read() as session:
        assert session.query(Upload).count() == 0


def test_a_page_needs_its_csrf_token_and_is_told_in_its_language(in_person: InPerson, cast: Cast) -> None:
    assert begin(in_person(cast.bob, csrf=False)).status_code == 400
    caller = in_person(cast.bob)
    caller.client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "zh"
    assert begin(caller, 0).json["error"]["message"] == "文件是空的。"
