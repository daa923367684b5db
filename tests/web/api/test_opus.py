"""Room: tests.web.api.test_opus. A player in a browser and recordings that it cannot play: made, waited for, served in ranges."""

import errno
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from flask import Flask

from nas_asr.core.ports import Fingerprint
from nas_asr.media.shelf import Shelf
from nas_asr.services import parts
from nas_asr.services.base import House
from nas_asr.services.ingest import Taken, ingest
from nas_asr.services.opus import OpusDesk
from nas_asr.services.sightings import Sighting, Stat
from tests.cast import Cast, make_folder
from tests.live import wait_for
from tests.media.made import noise, write_wav
from tests.media.test_opus import encoded
from tests.media.test_traps import traps
from tests.web.api.conftest import Answer, ByToken, Caller, sound_of


@pytest.fixture
def rita(by_token: ByToken, cast: Cast) -> Caller:
    """A reader."""
    return by_token(cast.rita)


def voice_memo(path: Path, seed: int = 1) -> bytes:
    """What a phone of the year 2005 writes."""
    sound = noise(3, 0.02)
    return encoded(path, "amr", "libopencore_amrnb", np.roll(sound, seed), 8_000).read_bytes()


@pytest.fixture
def memo(house: House, cast: Cast, tmp_path: Path) -> str:
    """A recording that no browser plays."""
    return sound_of(house, cast.choir, voice_memo(tmp_path / "a.amr"), container="amr", codec="amr_nb", channels=1)


def opus(caller: Caller, recording: str, more: str = "") -> Answer:
    """The answer, when it is no longer that it is being made."""

    def look() -> Answer | None:
        answer = caller.get(f"/recordings/{recording}/audio?as=opus{more}")
        return None if answer.status_code == 202 else answer

    return wait_for(look, 30, "made")


def test_a_page_knows_at_once_that_it_has_to_ask_for_opus(rita: Caller, house: House, cast: Cast, memo: str) -> None:
    plain = sound_of(house, cast.choir, b"RIFF", title="plain", codec="pcm_s16le", channels=2)
    assert rita.get(f"/recordings/{memo}").json["playable"] is False
    assert rita.get(f"/recordings/{plain}").json["playable"] is True


def test_opus_is_sound_like_any_other(rita: Caller, memo: str) -> None:
    whole = opus(rita, memo)
    assert (whole.status_code, whole.mimetype) == (200, "audio/webm")
    assert whole.data.startswith(b"\x1a\x45\xdf\xa3")
    assert whole.headers["Accept-Ranges"] == "bytes"
    assert ".webm" in whole.headers["Content-Disposition"]
    part = rita.get(f"/recordings/{memo}/audio?as=opus", headers={"Range": "bytes=100-199"})
    assert (part.status_code, part.data) == (206, whole.data[100:200])
    assert part.headers["Content-Range"] == f"bytes 100-199/{len(whole.data)}"
    etag = whole.headers["ETag"]
    assert rita.get(f"/recordings/{memo}/audio?as=opus", headers={"If-None-Match": etag}).status_code == 304
    resumed = rita.get(f"/recordings/{memo}/audio?as=opus", headers={"Range": "bytes=0-9", "If-Range": etag})
    assert resumed.status_code == 206
    original = rita.get(f"/recordings/{memo}/audio")
    assert (original.mimetype, original.data[:5]) == ("audio/amr", b"#!AMR")
    assert original.headers["ETag"] != etag


def test_while_it_is_made_the_page_is_told_how_far_it_is(app: Flask, house: House, rita: Caller, memo: str) -> None:
    def never(path: bytes, root: bytes, into: int, *, content: Fingerprint | None = None) -> Iterator[float]:
        yield 0.375
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    app.extensions["nas_asr_opus"] = desk = OpusDesk(Shelf(house.options.data / "cache", 1), never, moment_s=0)
    desk._at_work |= {"another one", "and one more"}  # nothing is begun
    answer = rita.get(f"/recordings/{memo}/audio?as=opus")
    assert (answer.status_code, answer.json) == (202, {"state": "converting", "progress": 0.0})
    assert answer.headers["Retry-After"] == "1"
    assert answer.headers["Cache-Control"] == "no-store"
    desk._at_work.clear()
    full = opus(rita, memo)
    assert (full.status_code, full.json["error"]["code"]) == (507, "storage_full")
    assert "No space left" in full.json["error"]["message"]
    assert full.json["error"]["remedy"]


@pytest.mark.parametrize("content", [traps(Path("/canary"))["song.mp3"].encode(), b"#!AMR\n", b"MZ" * 99])
def test_what_is_no_sound_is_a_sentence_and_stays_one(rita: Caller, house: House, cast: Cast, content: bytes) -> None:
    recording = sound_of(house, cast.choir, content, container="amr", codec="amr_nb")
    for _ in range(2):
        answer = opus(rita, recording)
        assert (answer.status_code, answer.json["error"]["code"][:3]) in {(415, "not"), (415, "inc")}
        assert answer.json["error"]["message"].endswith(".")


def test_another_file_in_its_place_is_not_played_and_the_share_stays_as_it_is(
    rita: Caller, house: House, cast: Cast, tmp_path: Path
) -> None:
    root = tmp_path / "share"
    folder = make_folder(house.db, cast.choir, root)
    voice_memo(root / "REC001.amr")

    def take() -> str:
        taken = ingest(house, folder, Sighting(b"REC001.amr", Stat.of((root / "REC001.amr").lstat())))
        assert isinstance(taken, Taken)
        return taken.recording_id

    first = take()
    assert rita.get(f"/recordings/{first}").json["playable"] is False
    old = opus(rita, first)
    assert old.status_code == 200
    (root / "REC001.amr").unlink()
    voice_memo(root / "REC001.amr", seed=5000)
    second = take()
    assert opus(rita, first).json["error"]["code"] == "audio_gone"
    new = opus(rita, second)
    assert (new.status_code, new.data != old.data) == (200, True)
    assert [place.name for place in root.rglob("*")] == ["REC001.amr"]
    kept = {place.name[:64] for place in (house.options.data / "cache" / "opus").glob("*/*")}
    assert hashlib.sha256((root / "REC001.amr").read_bytes()).hexdigest() in kept


def test_the_cache_may_be_emptied_at_any_time(rita: Caller, house: House, memo: str) -> None:
    before = opus(rita, memo).data
    for place in (house.options.data / "cache" / "opus").glob("*/*"):
        place.unlink()
    assert len(opus(rita, memo).data) == len(before)


def test_each_file_of_a_joined_recording_is_opus_of_its_own(
    rita: Caller, house: House, cast: Cast, memo: str, tmp_path: Path
) -> None:
    plain = sound_of(
        house,
        cast.choir,
        write_wav(tmp_path / "b.wav", noise(2)).read_bytes(),
        title="b",
        codec="pcm_s16le",
        channels=1,
    )
    whole = parts.join(house, cast.bob, memo, [memo, plain])
    told = rita.get(f"/recordings/{whole}").json
    assert (told["playable"], [part["playable"] for part in told["parts"]]) == (False, [False, True])
    assert rita.get(f"/recordings/{whole}/audio?as=opus").status_code == 422
    assert rita.get(f"/recordings/{whole}/audio?part=2").mimetype == "audio/wav"
    first = opus(rita, whole, "&part=1")
    assert (first.status_code, first.mimetype) == (200, "audio/webm")
