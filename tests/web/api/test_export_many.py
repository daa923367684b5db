"""Room: tests.web.api.test_export_many. Many transcripts in one zip: whose, which, what is left out, and when access ends."""

import io
import json
import zipfile
from typing import Any

import pytest

from nas_asr.core.access import Role, TokenScope
from nas_asr.core.recording import RunState
from nas_asr.services.accounts import disable_user
from nas_asr.services.base import House
from nas_asr.services.teams import add_member, remove_member
from nas_asr.store.models import AuditLine, Recording
from nas_asr.web import watched
from tests.cast import Cast, make_recording, write_transcript
from tests.web.api.conftest import Answer, ByToken, Caller, InPerson

PATH = "/recordings/export"


def manifest_of(answer: Answer) -> dict[str, Any]:
    """The zip, looked at, and its manifest."""
    assert (answer.status_code, answer.mimetype) == (200, "application/zip"), answer.text
    packed = zipfile.ZipFile(io.BytesIO(answer.data))
    assert packed.testzip() is None
    answer.close()
    found: dict[str, Any] = json.loads(packed.read("manifest.json"))
    return found | {"names": packed.namelist()}


@pytest.fixture
def roses(house: House, cast: Cast) -> str:
    """A recording of the other team."""
    recording = make_recording(house, cast.garden, "roses")
    write_transcript(house, recording, ["the roses bloom"])
    return recording


def ids(answer: Answer) -> list[str]:
    return [one["id"] for one in manifest_of(answer)["recordings"]]


def test_everybody_has_what_they_may_read_and_nobody_more(
    by_token: ByToken, in_person: InPerson, anonymous: Caller, cast: Cast, meeting: str, roses: str
) -> None:
    body = {"id": [meeting, roses], "format": ["txt"]}
    assert anonymous.post(PATH, json=body).status_code == 401
    assert in_person(cast.rita, csrf=False).post(PATH, json=body).status_code == 400
    for caller in (
        in_person(cast.rita),
        by_token(cast.rita, TokenScope.READ),
        by_token(cast.bob),
        in_person(cast.alice),
    ):
        assert ids(caller.post(PATH, json=body)) == [meeting]
    assert ids(by_token(cast.charlie).post(PATH, json=body)) == [roses]
    for scope in (TokenScope.INGEST, TokenScope.WIDGET):
        assert by_token(cast.rita, scope).post(PATH, json=body).status_code == 403
    nobody = in_person(cast.ada).post(PATH, json=body)
    assert nobody.status_code == 404
    assert nobody.json == in_person(cast.ada).post(PATH, json={"id": ["nosuch"]}).json


def test_what_has_no_transcript_or_is_somebody_elses_is_named(
    by_token: ByToken, house: House, cast: Cast, meeting: str, roses: str
) -> None:
    waiting = make_recording(house, cast.choir, "later")
    answer = by_token(cast.rita).post(
        PATH, json={"id": [waiting, meeting, roses, meeting], "format": ["srt", "docx", "srt"]}
    )
    manifest = manifest_of(answer)
    assert [one["id"] for one in manifest["recordings"]] == [meeting]
    left = {one["id"]: (one["code"], one["title"]) for one in manifest["not_exported"]}
    assert left == {waiting: ("queued", "later"), roses: ("not_found", "")}
    assert manifest["names"] == [
        "2026-11-21_meeting/2026-11-21_meeting.srt", "2026-11-21_meeting/2026-11-21_meeting.docx", "NOT-EXPORTED.txt",
        "manifest.json", "SHA256SUMS",
    ]  # fmt: skip


def test_everything_that_the_library_shows(
    by_token: ByToken, house: House, cast: Cast, meeting: str, roses: str
) -> None:
    other = make_recording(house, cast.choir, "another")
    write_transcript(house, other, ["x"])
    rita = by_token(cast.rita)
    assert set(ids(rita.post(PATH, json={"everything": True}))) == {meeting, other}
    assert ids(rita.post(PATH, json={"everything": True, "q": "anoth"})) == [other]
    assert ids(rita.post(PATH, json={"everything": True, "state": "done", "team": "choir", "to": "2026-11-22"}))
    nothing = rita.post(PATH, json={"everything": True, "q": "nothing like it"})
    assert (nothing.status_code, nothing.json["error"]["field"]) == (422, "everything")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "id"),
        ({"id": []}, "id"),
        ({"id": ["a"], "format": []}, "format"),
        ({"id": ["a"], "format": ["exe"]}, "format"),
        ({"id": ["a"], "everything": True}, "everything"),
        ({"id": ["a"], "team": "choir"}, "everything"),
        ({"id": ["a"], "format": ["srt", "json"], "timestamps": False}, "timestamps"),
        ({"id": ["a"], "colour": "red"}, "colour"),
    ],
)
def test_what_cannot_be_is_said(body: dict[str, Any], field: str, by_token: ByToken, cast: Cast) -> None:
    answer = by_token(cast.rita).post(PATH, json=body)
    assert (answer.status_code, answer.json["error"]["field"]) == (422, field)


def test_options_go_to_the_formats_that_take_them(by_token: ByToken, cast: Cast, meeting: str) -> None:
    body = {"id": [meeting], "format": ["txt", "srt"], "timestamps": False}
    packed = zipfile.ZipFile(io.BytesIO(by_token(cast.rita).post(PATH, json=body).data))
    texts = {name[-3:]: packed.read(name).decode() for name in packed.namelist()}
    assert texts["txt"] == "we met at nine the budget is two hundred\n"
    assert "00:00:00,000 --> " in texts["srt"]


@pytest.fixture
def unwatched(monkeypatch: pytest.MonkeyPatch) -> None:
    """The watch over streams looks too late to cut one: what is read here is how the zip itself ends."""
    monkeypatch.setattr(watched, "EVERY_S", 600.0)


@pytest.mark.usefixtures("unwatched")
@pytest.mark.parametrize("by_filter", [True, False])
def test_access_ends_in_the_middle(
    by_filter: bool, in_person: InPerson, house: House, cast: Cast, meeting: str
) -> None:
    more = [make_recording(house, cast.choir, f"m{number}") for number in range(3)]
    for recording in more:
        write_transcript(house, recording, ["x"])
    add_member(house, None, "garden", "rita", Role.READER)
    body: dict[str, Any] = {"everything": True} if by_filter else {"id": [*more, meeting]}
    answer = in_person(cast.rita).post(PATH, json=body)
    assert answer.headers["X-Accel-Buffering"] == "no"
    pieces = answer.iter_encoded()
    begun = next(iter(pieces))
    remove_member(house, None, "choir", "rita")
    packed = zipfile.ZipFile(io.BytesIO(begun + b"".join(pieces)))
    manifest = json.loads(packed.read("manifest.json"))
    assert manifest["exported"] == 1
    assert {one["code"] for one in manifest["not_exported"]} == {"not_found"}
    assert len(manifest["not_exported"]) == 3
    assert "m1" not in packed.read("NOT-EXPORTED.txt").decode()


@pytest.mark.usefixtures("unwatched")
@pytest.mark.parametrize("by_token_", [True, False])
def test_who_is_shut_out_has_no_more(
    by_token_: bool, by_token: ByToken, in_person: InPerson, house: House, cast: Cast, meeting: str
) -> None:
    second = make_recording(house, cast.choir, "second")
    write_transcript(house, second, ["x"])
    caller = (by_token if by_token_ else in_person)(cast.rita)
    pieces = caller.post(PATH, json={"id": [meeting, second]}).iter_encoded()
    begun = next(iter(pieces))
    disable_user(house, None, "rita")
    packed = zipfile.ZipFile(io.BytesIO(begun + b"".join(pieces)))
    manifest = json.loads(packed.read("manifest.json"))
    assert (manifest["exported"], manifest["complete"]) == (1, False)
    assert "Your access ended" in packed.read("NOT-EXPORTED.txt").decode()


def test_the_audit_log_says_how_many(by_token: ByToken, house: House, cast: Cast, meeting: str) -> None:
    waiting = make_recording(house, cast.choir, "later")
    manifest_of(by_token(cast.rita).post(PATH, json={"id": [meeting, waiting, "nosuch"], "format": ["txt", "md"]}))
    by_token(cast.rita).post(PATH, json={"id": ["nosuch"]})
    with house.db.read() as session:
        lines = session.query(AuditLine).filter_by(action="recordings.exported").all()
        assert [(one.actor, one.detail) for one in lines] == [("rita", {"count": "2", "formats": "txt,md"})]


def test_a_failed_recording_says_so(by_token: ByToken, house: House, cast: Cast, meeting: str) -> None:
    failed = make_recording(house, cast.choir, "broken")
    with house.db.write() as session:
        session.get_one(Recording, failed).state = RunState.FAILED
    manifest = manifest_of(by_token(cast.rita).post(PATH, json={"id": [failed, meeting]}))
    assert [(one["code"], one["reason"]) for one in manifest["not_exported"]] == [
        ("failed", "There is no transcript: transcribing it failed.")
    ]


def test_two_at_once_are_enough_for_one(by_token: ByToken, cast: Cast, meeting: str) -> None:
    rita, bob = by_token(cast.rita), by_token(cast.bob)
    rita.post(PATH, json={"id": ["nosuch"]})
    first, second = (rita.post(PATH, json={"id": [meeting]}) for _ in range(2))
    refused = rita.post(PATH, json={"id": [meeting]})
    assert (refused.status_code, refused.json["error"]["code"]) == (409, "conflict")
    assert ids(bob.post(PATH, json={"id": [meeting]})) == [meeting]
    assert ids(first) == [meeting]
    first.close()
    second.close()
    assert ids(rita.post(PATH, json={"id": [meeting]})) == [meeting]
