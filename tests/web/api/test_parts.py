"""Room: tests.web.api.test_parts. Programs see what is offered, join it, hear each part, and take it apart."""

from datetime import timedelta

import pytest

from nas_asr.core.access import TokenScope
from nas_asr.services.base import House
from tests.cast import START, Cast, write_transcript
from tests.web.api.conftest import ByToken, Caller, sound_of


@pytest.fixture
def bob(by_token: ByToken, cast: Cast) -> Caller:
    """A member."""
    return by_token(cast.bob)


@pytest.fixture
def files(house: House, cast: Cast) -> list[str]:
    """Two transcribed files of a recorder, forty seconds each."""
    made = [
        sound_of(
            house, cast.choir, content=b"ab"[number - 1 : number] * 50, title=f"REC_00{number}",
            path=f"REC_00{number}.WAV", recorded_from="container", recorded_at=START + timedelta(seconds=40 * number),
        )
        for number in (1, 2)
    ]  # fmt: skip
    for one in made:
        write_transcript(house, one, ["we met"])
    return made


def joined(bob: Caller, files: list[str]) -> str:
    """The id of the joined recording."""
    answer = bob.post(f"/recordings/{files[0]}/join", json={"parts": files})
    assert answer.status_code == 200
    return str(answer.json["id"])


def test_what_is_offered_can_be_joined_as_it_is(bob: Caller, files: list[str]) -> None:
    offer = bob.get(f"/recordings/{files[1]}/split").json["offer"]
    assert (offer["title"], offer["whole"], offer["duration_ms"]) == ("REC", None, 80_000)
    assert [part["id"] for part in offer["parts"]] == files
    whole = joined(bob, [part["id"] for part in offer["parts"]])
    told = bob.get(f"/recordings/{whole}").json
    assert [(part["id"], part["start_ms"], part["duration_ms"]) for part in told["parts"]] == [
        (files[0], 0, 40_000),
        (files[1], 40_000, 40_000),
    ]
    assert [item["id"] for item in bob.get("/recordings").json["items"]] == [whole]
    assert bob.get(f"/recordings/{files[0]}").json["whole"] == whole
    assert [hit["start_ms"] for hit in bob.get("/search?q=met").json["items"]] == [0, 40_000]
    assert "00:00:40,000" in bob.get(f"/recordings/{whole}/export?format=srt").text
    assert bob.get(f"/recordings/{whole}/split").json == {"offer": None}


def test_each_part_is_heard_in_ranges_and_a_whole_asks_which(bob: Caller, files: list[str]) -> None:
    whole = joined(bob, files)
    assert bob.get(f"/recordings/{whole}/audio?part=2").data == b"b" * 50
    ranged = bob.get(f"/recordings/{whole}/audio?part=1", headers={"Range": "bytes=10-19"})
    assert (ranged.status_code, ranged.data) == (206, b"a" * 10)
    for wrong in ("", "?part=3"):
        answer = bob.get(f"/recordings/{whole}/audio{wrong}")
        assert (answer.status_code, answer.json["error"]["field"]) == (422, "part")
        assert answer.json["error"]["message"] == "This recording has 2 files."
    assert bob.get(f"/recordings/{files[0]}/audio?part=1").data == b"a" * 50


def test_taken_apart_and_kept_apart(bob: Caller, files: list[str]) -> None:
    whole = joined(bob, files)
    assert bob.post(f"/recordings/{whole}/unjoin").json == {"parts": files}
    assert bob.get(f"/recordings/{whole}").status_code == 404
    assert bob.get(f"/recordings/{files[0]}/split").json == {"offer": None}
    assert bob.post(f"/recordings/{whole}/unjoin").status_code == 404


def test_no_answer_is_asked_for_again(bob: Caller, files: list[str]) -> None:
    assert bob.post(f"/recordings/{files[1]}/keep-apart").status_code == 200
    assert [bob.get(f"/recordings/{one}/split").json["offer"] for one in files] == [None, None]


def test_a_token_that_only_reads_sees_the_offer_and_joins_nothing(
    by_token: ByToken, cast: Cast, files: list[str]
) -> None:
    reader = by_token(cast.bob, TokenScope.READ)
    assert reader.get(f"/recordings/{files[0]}/split").json["offer"]
    assert reader.post(f"/recordings/{files[0]}/join", json={"parts": files}).status_code == 403
