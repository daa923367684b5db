"""Room: tests.web.api.test_who_may_call. Every call with everybody of the cast; a call that is not in the table fails."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from nas_asr.core.access import Role, TokenScope
from nas_asr.services.accounts import disable_user
from nas_asr.services.base import House
from nas_asr.services.teams import add_member, remove_member
from nas_asr.services.tokens import NewToken, create_token, list_tokens, revoke_token
from tests.cast import Cast, Clock, make_recording, write_transcript
from tests.web.api.conftest import ByToken, Caller, InPerson


@dataclass(frozen=True)
class Call:
    """A call, and what those answer who may make it."""

    method: str
    rule: str
    good: int = 200
    writes: bool = False
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def of_a_recording(self) -> bool:
        return "<recording_id>" in self.rule

    def path(self, recording_id: str) -> str:
        return self.rule.replace("<recording_id>", recording_id).replace("<token_id>", "none")


CALLS = (
    Call("GET", "/recordings"),
    Call("GET", "/recordings/<recording_id>"),
    Call("GET", "/recordings/<recording_id>/transcript"),
    Call("GET", "/recordings/<recording_id>/transcript/changes"),
    Call("GET", "/recordings/<recording_id>/versions"),
    Call("GET", "/recordings/<recording_id>/export"),
    Call("GET", "/recordings/<recording_id>/audio"),
    Call("GET", "/recordings/<recording_id>/waveform"),
    Call("POST", "/recordings/<recording_id>/retry", 202, writes=True),
    Call("POST", "/recordings/<recording_id>/language", 202, writes=True, more={"json": {"language": "en"}}),
    Call("POST", "/recordings/<recording_id>/stop", 409, writes=True),
    Call(
        "PATCH",
        "/recordings/<recording_id>/transcript",
        writes=True,
        more={
            "json": {"edits": [{"op": "replace_all", "find": "nine", "replace": "ten"}]},
            "headers": {"If-Match": "1"},
        },
    ),
    Call("POST", "/recordings/<recording_id>/restore", writes=True, more={"json": {"version": 1}}),
    Call("POST", "/recordings/<recording_id>/carry", 409, writes=True, more={"json": {}}),
    Call(
        "POST",
        "/recordings/<recording_id>/replacements",
        404,
        writes=True,
        more={"json": {"segment": "none", "index": 0}, "headers": {"If-Match": "1"}},
    ),  # fmt: skip
    Call("GET", "/recordings/<recording_id>/split"),
    Call("POST", "/recordings/<recording_id>/join", 422, writes=True, more={"json": {"parts": ["none"]}}),
    Call("POST", "/recordings/<recording_id>/unjoin", 409, writes=True),
    Call("POST", "/recordings/<recording_id>/keep-apart", writes=True),
    Call("DELETE", "/recordings/<recording_id>", 202, writes=True),
    Call("GET", "/trash"),
    Call("GET", "/search"),
    Call("GET", "/teams"),
    Call("GET", "/folders"),
    Call("GET", "/ledger"),
    Call("GET", "/summary"),
    Call("GET", "/openapi.json"),
)
TOKENS = {("GET", "/tokens"), ("POST", "/tokens"), ("DELETE", "/tokens/<token_id>")}
# Of a team, with roles of their own: test_hotwords.py, test_drafts.py and test_ledger.py beside this have everybody.
OF_A_TEAM = {
    ("GET", "/teams/<slug>/hotwords"),
    ("PUT", "/teams/<slug>/hotwords"),
    ("POST", "/teams/<slug>/hotwords/rerun"),
    ("POST", "/teams/<slug>/hotwords/reach"),
    ("POST", "/teams/<slug>/drafts/rerun"),
    ("POST", "/ledger/<line_id>/retry"),
}
# test_choice.py beside this has everybody of the cast.
OF_A_FOLDER = {("GET", "/folders/<folder_id>/choice"), ("POST", "/folders/<folder_id>/choice")}
# test_export_many.py beside this has everybody of the cast.
EXPORTS = {("POST", "/recordings/export")}
# test_people.py beside this has everybody of the cast.
OF_PEOPLE = {
    ("GET", "/account"), ("PATCH", "/account"), ("PUT", "/account/password"), ("GET", "/sessions"), ("DELETE", "/sessions"),
    ("DELETE", "/sessions/<session_id>"), ("GET", "/users"), ("POST", "/users"), ("PATCH", "/users/<name>"),
    ("POST", "/users/<name>/reset"), ("POST", "/teams"), ("PATCH", "/teams/<slug>"), ("DELETE", "/teams/<slug>"),
    ("GET", "/teams/<slug>/members"), ("PUT", "/teams/<slug>/members/<name>"), ("DELETE", "/teams/<slug>/members/<name>"),
    ("GET", "/teams/<slug>/invitations"), ("POST", "/teams/<slug>/invitations"),
    ("DELETE", "/teams/<slug>/invitations/<invitation_id>"), ("POST", "/invitations"),
}  # fmt: skip
# test_pieces.py and test_trash.py beside this.
IN_PIECES = {("GET", "/uploads"), ("POST", "/uploads")} | {
    (method, "/uploads/<upload_id>") for method in ("GET", "PATCH", "DELETE")
}
# test_admin.py beside this.
OF_THE_HOUSE = {("GET", f"/admin/{name}") for name in ("queue", "audit", "storage", "check")} | {
    ("POST", f"/admin/queue/{name}")
    for name in ("pause", "resume", "<run_id>/first", "<run_id>/back", "<run_id>/stop", "<run_id>/again")
}
OF_MANY = {("POST", "/recordings/bulk"), ("DELETE", "/trash/<recording_id>")}
ELSEWHERE = {("POST", "/recordings")} | TOKENS | OF_A_TEAM | OF_A_FOLDER | IN_PIECES | OF_MANY | EXPORTS
ELSEWHERE |= OF_PEOPLE | OF_THE_HOUSE
OF_A_RECORDING = [call for call in CALLS if call.of_a_recording]
LISTS = [call for call in CALLS if not call.of_a_recording]


def _name(call: Call) -> str:
    return f"{call.method} {call.rule}"


def test_every_call_is_in_the_table(app: Flask) -> None:
    there = {
        (method, rule.rule.removeprefix("/api/v1"))
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/v1")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert there == {(call.method, call.rule) for call in CALLS} | ELSEWHERE


@pytest.mark.parametrize("call", CALLS, ids=_name)
def test_nobody_comes_in_without_a_name(call: Call, anonymous: Caller, meeting: str) -> None:
    answer = anonymous.call(call.method, call.path(meeting), **call.more)
    assert (answer.status_code, answer.json["error"]["code"]) == (401, "not_signed_in")
    assert answer.json["error"]["remedy"]


@pytest.mark.parametrize("call", OF_A_RECORDING, ids=_name)
@pytest.mark.parametrize("person", ["charlie", "ada"])
def test_what_is_not_yours_does_not_exist(
    call: Call, person: str, by_token: ByToken, in_person: InPerson, cast: Cast, meeting: str
) -> None:
    for caller in (by_token(getattr(cast, person)), in_person(getattr(cast, person))):
        answer = caller.call(call.method, call.path(meeting), **call.more)
        nothing = caller.call(call.method, call.path("nosuchrecording"), **call.more)
        assert answer.status_code == nothing.status_code == 404
        assert answer.json == nothing.json


@pytest.mark.parametrize("call", OF_A_RECORDING, ids=_name)
@pytest.mark.parametrize("person", ["rita", "bob", "alice"])
def test_readers_read_and_members_write(
    call: Call, person: str, by_token: ByToken, in_person: InPerson, cast: Cast, meeting: str
) -> None:
    wanted = 403 if call.writes and person == "rita" else call.good
    caller = by_token(getattr(cast, person)) if person != "alice" else in_person(cast.alice)
    assert caller.call(call.method, call.path(meeting), **call.more).status_code == wanted


@pytest.mark.parametrize("call", LISTS, ids=_name)
def test_lists_show_only_ones_own(
    call: Call, by_token: ByToken, in_person: InPerson, cast: Cast, house: House, meeting: str
) -> None:
    query = {"q": "budget"} if call.rule == "/search" else {}
    for caller in (by_token(cast.charlie), in_person(cast.charlie), in_person(cast.ada)):
        answer = caller.call(call.method, call.rule, query_string=query)
        assert answer.status_code == 200
        assert meeting not in answer.text
        assert "budget" not in answer.text
    mine = by_token(cast.rita).call(call.method, call.rule, query_string=query)
    if call.rule in ("/recordings", "/search"):
        assert meeting in mine.text


@pytest.mark.parametrize("call", [*CALLS, Call("POST", "/recordings", 422)], ids=_name)
def test_a_token_does_what_its_scope_says(call: Call, by_token: ByToken, cast: Cast, meeting: str) -> None:
    upload = (call.method, call.rule) == ("POST", "/recordings")
    more = {"data": {}, "content_type": "multipart/form-data"} if upload else call.more
    allowed = {
        TokenScope.READ: call.method == "GET",
        TokenScope.INGEST: upload,
        TokenScope.WIDGET: call.rule == "/summary",
    }
    for scope, good in allowed.items():
        answer = by_token(cast.alice, scope).call(call.method, call.path(meeting), **more)
        assert answer.status_code == (call.good if good else 403), scope


@pytest.mark.parametrize(("method", "rule"), sorted(TOKENS))
def test_tokens_are_made_in_person_only(method: str, rule: str, by_token: ByToken, cast: Cast) -> None:
    body = {"json": {"name": "x", "scope": "read"}} if method == "POST" else {}
    answer = by_token(cast.alice).call(method, rule.replace("<token_id>", "any"), **body)
    assert answer.status_code == 403
    assert "token" in answer.json["error"]["message"]


def test_a_token_of_a_team_shows_that_team_only(by_token: ByToken, cast: Cast, house: House, meeting: str) -> None:
    add_member(house, None, "garden", "alice", Role.MEMBER)
    other = make_recording(house, cast.garden, "roses")
    write_transcript(house, other, ["the budget of roses"])
    bound = by_token(cast.alice, TokenScope.WRITE, team="garden")
    assert [item["id"] for item in bound.get("/recordings").json["items"]] == [other]
    assert bound.get(f"/recordings/{meeting}").status_code == 404
    assert [hit["recording_id"] for hit in bound.get("/search?q=budget").json["items"]] == [other]
    assert [team["slug"] for team in bound.get("/teams").json["items"]] == ["garden"]
    assert bound.get("/summary").json["counts"]["total"] == 1


def test_a_token_ends_with_its_days(app: Flask, house: House, cast: Cast, clock: Clock) -> None:
    secret = create_token(house, None, "alice", NewToken("short", TokenScope.READ, days=1))
    caller = Caller(app.test_client(), {"X-API-Key": secret})
    assert caller.get("/teams").status_code == 200
    clock.now += timedelta(days=1)
    assert caller.get("/teams").status_code == 401


def test_a_revoked_token_is_over_at_once(by_token: ByToken, house: House, cast: Cast) -> None:
    caller = by_token(cast.alice)
    assert caller.get("/teams").status_code == 200
    revoke_token(house, cast.alice, list_tokens(house, cast.alice)[0].id)
    answer = caller.get("/teams")
    assert (answer.status_code, answer.json["error"]["code"]) == (401, "not_signed_in")


def test_who_leaves_the_team_sees_nothing_any_more(
    by_token: ByToken, in_person: InPerson, house: House, cast: Cast, meeting: str
) -> None:
    callers = (by_token(cast.bob), in_person(cast.bob))
    assert all(caller.get(f"/recordings/{meeting}").status_code == 200 for caller in callers)
    remove_member(house, None, "choir", "bob")
    assert all(caller.get(f"/recordings/{meeting}").status_code == 404 for caller in callers)


def test_a_disabled_person_and_their_tokens_are_out(
    by_token: ByToken, in_person: InPerson, house: House, cast: Cast
) -> None:
    callers = (by_token(cast.bob), in_person(cast.bob))
    disable_user(house, None, "bob")
    assert [caller.get("/teams").status_code for caller in callers] == [401, 401]


def test_an_admins_token_does_not_run_the_house(by_token: ByToken, in_person: InPerson, cast: Cast) -> None:
    assert by_token(cast.ada).get("/teams").json["items"] == []
    assert {team["slug"] for team in in_person(cast.ada).get("/teams").json["items"]} == {"choir", "garden"}


@pytest.mark.parametrize("call", [call for call in CALLS if call.writes], ids=_name)
def test_a_session_needs_the_csrf_token_for_changes(call: Call, in_person: InPerson, cast: Cast, meeting: str) -> None:
    answer = in_person(cast.alice, csrf=False).call(call.method, call.path(meeting), **call.more)
    assert answer.status_code == 400
    assert "error" in answer.json


@pytest.mark.parametrize("path", ["/recordings?token={}", "/summary?token={}", "/recordings/x/audio?token={}"])
def test_a_token_in_the_address_is_refused(path: str, app: Flask, house: House, cast: Cast) -> None:
    secret = create_token(house, None, "alice", NewToken("leaky", TokenScope.READ))
    answer = Caller(app.test_client()).get(path.format(secret))
    assert answer.status_code == 422
    assert secret not in answer.text


@pytest.mark.parametrize(
    "headers", [{"Authorization": "Bearer nasr_wrong"}, {"X-API-Key": "x"}, {"Authorization": "Basic YTpi"}]
)
def test_a_wrong_token_is_401(headers: dict[str, str], app: Flask) -> None:
    answer = Caller(app.test_client(), headers).get("/teams")
    assert (answer.status_code, answer.json["error"]["code"]) == (401, "not_signed_in")


def test_a_wrong_token_is_not_helped_by_a_session(in_person: InPerson, cast: Cast) -> None:
    answer = in_person(cast.alice).get("/teams", headers={"Authorization": "Bearer nasr_wrong"})
    assert answer.status_code == 401


def test_a_stranger_is_refused_before_the_upload_is_read(anonymous: Caller, house: House) -> None:
    answer = anonymous.post(
        "/recordings", headers={"Authorization": "Bearer nasr_wrong"}, content_type="multipart/form-data; boundary=x",
        data=b"--x\r\nnot even a form",
    )  # fmt: skip
    assert answer.status_code == 401
    assert not house.uploads.exists()
