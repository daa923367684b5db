"""Room: tests.web.api.test_choice. The question about a folder's first files, by HTTP: who may, and what comes back."""

from pathlib import Path

import pytest

from nas_asr.core.access import TokenScope
from nas_asr.services.base import House
from tests.cast import Cast, make_folder
from tests.services.test_first_look import waiting
from tests.web.api.conftest import ByToken, Caller, InPerson


@pytest.fixture
def address(house: House, cast: Cast, tmp_path: Path) -> str:
    """The question of a folder of the choir."""
    folder_id = make_folder(house.db, cast.choir, tmp_path / "share")
    waiting(house, folder_id, {"today.mp3": (0, 1_000_000), "old.mp3": (400, 3_000_000)})
    return f"/folders/{folder_id}/choice"


ALL = {"json": {"since": "all"}}


def test_who_may_ask_and_who_may_choose(
    anonymous: Caller, by_token: ByToken, in_person: InPerson, cast: Cast, address: str
) -> None:
    assert (anonymous.get(address).status_code, anonymous.post(address, **ALL).status_code) == (401, 401)
    for caller in (by_token(cast.charlie), in_person(cast.charlie), by_token(cast.ada)):
        assert (caller.get(address).status_code, caller.post(address, **ALL).status_code) == (404, 404)
    # what a folder takes is for its manager in person, as all its settings: a token in a script never decides it
    for person in (cast.rita, cast.bob, cast.alice):
        for caller in (by_token(person), *([in_person(person)] if person != cast.alice else [])):
            assert (caller.get(address).status_code, caller.post(address, **ALL).status_code) == (200, 403)
    assert by_token(cast.alice, TokenScope.READ).get(address).status_code == 200
    for scope in (TokenScope.READ, TokenScope.INGEST, TokenScope.WIDGET):
        assert by_token(cast.alice, scope).post(address, **ALL).status_code == 403
    assert in_person(cast.alice, csrf=False).post(address, **ALL).status_code == 400
    assert in_person(cast.ada).post(address, **ALL).json == {"taken": 2}


def test_the_same_call_twice_takes_nothing_twice(in_person: InPerson, cast: Cast, address: str) -> None:
    alice = in_person(cast.alice)
    assert [alice.post(address, json={"since": "2026-11-01"}).json for _ in range(2)] == [{"taken": 1}, {"taken": 0}]
    assert alice.post(address, **ALL).json == {"taken": 1}


def test_the_question_has_numbers(by_token: ByToken, cast: Cast, address: str) -> None:
    alice = by_token(cast.alice)
    told = alice.get(address + "?since=2026-11-20").json
    assert (told["open"], told["looked"], told["files"], told["looked_into"]) == (True, True, 2, 0)
    assert [(one["name"], one["files"]) for one in told["choices"]] == [
        ("all", 2), ("week", 1), ("month", 1), ("year", 1), ("picked", 1), ("now", 0),
    ]  # fmt: skip
    assert alice.get("/folders").json["items"][0]["awaiting_choice"] is True


@pytest.mark.parametrize("body", [{}, {"since": ""}, {"since": "soon"}, {"since": "all", "more": 1}, {"since": 5}])
def test_what_is_no_answer_is_refused(in_person: InPerson, cast: Cast, address: str, body: dict[str, object]) -> None:
    answer = in_person(cast.alice).post(address, json=body)
    assert (answer.status_code, answer.json["error"]["field"]) == (422, "more" if "more" in body else "since")
