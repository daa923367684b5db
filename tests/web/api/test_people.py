"""Room: tests.web.api.test_people. People, roles, invitations and one's own account by calls: who may, and what comes of it."""

from typing import Any

import pytest
from flask import Flask

from nas_asr.core.access import Role, TokenScope
from nas_asr.services.accounts import set_password
from nas_asr.services.base import House
from nas_asr.services.invitations import list_invitations, make_invitation
from nas_asr.services.teams import add_member, list_members
from tests.cast import Cast, Clock, make_recording
from tests.people import GOOD, quick_hashes
from tests.web.api.conftest import ByToken, Caller, InPerson
from tests.web.api.test_who_may_call import OF_PEOPLE

quick = pytest.fixture(autouse=True)(quick_hashes)

# charlie (of another team), rita (reader), bob (member), alice (manager), ada (admin), in this order; of team choir
EVERYBODY = ("charlie", "rita", "bob", "alice", "ada")
ALL, ADMINS, MANAGING = (204,) * 5, (404, 404, 404, 404, 204), (404, 403, 403, 204, 204)
TABLE: dict[tuple[str, str], tuple[tuple[int, ...], dict[str, Any]]] = {
    ("GET", "/account"): ((200,) * 5, {}),
    ("PATCH", "/account"): ((200,) * 5, {"theme": "dark"}),
    ("PUT", "/account/password"): ((422,) * 5, {"old_password": "not it", "password": GOOD}),
    ("GET", "/sessions"): ((200,) * 5, {}),
    ("DELETE", "/sessions"): (ALL, {}),
    ("DELETE", "/sessions/<session_id>"): ((404,) * 5, {}),
    ("GET", "/users"): ((404, 404, 404, 404, 200), {}),
    ("POST", "/users"): (ADMINS, {"name": "zoe", "password": GOOD}),
    ("PATCH", "/users/<name>"): (ADMINS, {"disabled": False}),
    ("POST", "/users/<name>/reset"): ((404, 404, 404, 404, 201), {}),
    ("POST", "/teams"): (ADMINS, {"slug": "tenors"}),
    ("PATCH", "/teams/<slug>"): (MANAGING, {"name": "The choir"}),
    ("DELETE", "/teams/<slug>"): ((404, 404, 404, 404, 409), {}),
    ("GET", "/teams/<slug>/members"): ((404, 200, 200, 200, 200), {}),
    ("PUT", "/teams/<slug>/members/<name>"): (MANAGING, {"role": "reader"}),
    ("DELETE", "/teams/<slug>/members/<name>"): ((404, 403, 403, 204, 404), {}),  # whom one took out, the next cannot
    ("GET", "/teams/<slug>/invitations"): ((404, 403, 403, 200, 200), {}),
    ("POST", "/teams/<slug>/invitations"): ((404, 403, 403, 201, 201), {"role": "reader"}),
    ("DELETE", "/teams/<slug>/invitations/<invitation_id>"): ((404, 403, 403, 404, 404), {}),
    ("POST", "/invitations"): ((404,) * 5, {"secret": "nasi_made_up"}),
}
# What a token of scope write may call for all that, as a member does in person
BY_TOKEN = {("GET", "/teams/<slug>/members")}


def path_of(rule: str) -> str:
    """The rule's path about bob, of the choir."""
    for name, value in {"<slug>": "choir", "<name>": "bob"}.items():
        rule = rule.replace(name, value)
    return rule.replace("<session_id>", "none").replace("<invitation_id>", "none")


def test_every_call_is_in_the_table() -> None:
    assert set(TABLE) == OF_PEOPLE


def test_everybody_is_answered_as_their_role_allows(
    app: Flask, in_person: InPerson, by_token: ByToken, anonymous: Caller, house: House, cast: Cast
) -> None:
    make_recording(house, cast.choir)
    people = {name: in_person(getattr(cast, name)) for name in EVERYBODY}
    program = by_token(cast.alice)
    for (method, rule), (wanted, body) in TABLE.items():
        path, more = path_of(rule), {"json": body} if body else {}
        answers = {name: caller.call(method, path, **more).status_code for name, caller in people.items()}
        add_member(house, None, "choir", "bob", Role.MEMBER)
        assert answers == dict(zip(EVERYBODY, wanted, strict=True)), (method, rule)
        assert anonymous.call(method, path, **more).status_code == 401
        by_program = program.call(method, path, **more)
        assert by_program.status_code == (200 if (method, rule) in BY_TOKEN else 403), (method, rule)
        if method != "GET":
            unsigned = in_person(cast.alice, csrf=False).call(method, path, **more)
            assert unsigned.status_code == 400, (method, rule)


def test_a_token_of_narrow_scope_sees_no_people(by_token: ByToken, cast: Cast) -> None:
    for scope in (TokenScope.INGEST, TokenScope.WIDGET):
        assert by_token(cast.alice, scope).get("/teams/choir/members").status_code == 403


def test_an_invitation_is_made_listed_used_and_listed_no_more(in_person: InPerson, house: House, cast: Cast) -> None:
    alice, charlie = in_person(cast.alice), in_person(cast.charlie)
    made = alice.post("/teams/choir/invitations", json={"role": "member"}).json
    assert made["link"].startswith("http://localhost/invitations/nasi_") and made["expires_at"].startswith("2026-11-28")
    (listed,) = alice.get("/teams/choir/invitations").json["items"]
    assert (listed["role"], listed["by"]) == ("member", "alice") and "nasi_" not in str(listed)
    secret = made["link"].rpartition("/")[2]
    assert charlie.post("/invitations", json={"secret": secret}).json == {"team": "choir"}
    assert {one.name: one.role for one in list_members(house, cast.alice, "choir")}["charlie"] == Role.MEMBER
    assert alice.get("/teams/choir/invitations").json["items"] == []
    again = in_person(cast.ada).post("/invitations", json={"secret": secret})
    assert (again.status_code, again.json["error"]["code"]) == (410, "gone")


def test_an_invitation_is_withdrawn(in_person: InPerson, house: House, cast: Cast) -> None:
    secret = make_invitation(house, cast.alice, "choir", Role.READER).secret
    (one,) = list_invitations(house, cast.alice, "choir")
    assert in_person(cast.alice).call("DELETE", f"/teams/choir/invitations/{one.id}").status_code == 204
    assert in_person(cast.charlie).post("/invitations", json={"secret": secret}).status_code == 410


def test_ones_profile_is_read_and_changed_in_parts(in_person: InPerson, cast: Cast) -> None:
    bob = in_person(cast.bob)
    changed = bob.call("PATCH", "/account", json={"zone": "Asia/Shanghai", "theme": "dark"}).json
    assert changed == {
        "name": "bob",
        "is_admin": False,
        "email": "",
        "language": "",
        "theme": "dark",
        "zone": "Asia/Shanghai",
    }
    assert bob.call("PATCH", "/account", json={"email": "bob@example.org"}).json["theme"] == "dark"
    wrong = bob.call("PATCH", "/account", json={"zone": "Mars"})
    assert (wrong.status_code, wrong.json["error"]["field"]) == (422, "zone")


def test_a_new_password_changes_the_cookie_and_ends_the_others(in_person: InPerson, house: House, cast: Cast) -> None:
    set_password(house, None, "bob", GOOD)
    here, there = in_person(cast.bob), in_person(cast.bob)
    assert len(here.get("/sessions").json["items"]) == 2
    changed = here.call("PUT", "/account/password", json={"old_password": GOOD, "password": f"{GOOD}, or longer"})
    assert changed.status_code == 204
    assert [one["this"] for one in here.get("/sessions").json["items"]] == [True]
    assert there.get("/sessions").status_code == 401


def test_a_session_is_ended_by_its_id(in_person: InPerson, cast: Cast, clock: Clock) -> None:
    here, there = in_person(cast.bob), in_person(cast.bob)
    (other,) = [one["id"] for one in here.get("/sessions").json["items"] if not one["this"]]
    assert here.call("DELETE", f"/sessions/{other}").status_code == 204
    assert there.get("/account").status_code == 401 and here.get("/account").status_code == 200


def test_an_admin_keeps_people_out_and_gives_links(in_person: InPerson, cast: Cast) -> None:
    ada, bob = in_person(cast.ada), in_person(cast.bob)
    link = ada.post("/users/bob/reset").json["link"]
    assert "/reset/nasp_" in link
    assert ada.call("PATCH", "/users/bob", json={"disabled": True}).status_code == 204
    assert bob.get("/account").status_code == 401
    (listed,) = [one for one in ada.get("/users").json["items"] if one["name"] == "bob"]
    assert listed["disabled"] is True and listed["teams"] == ["choir"]
    assert ada.call("PATCH", "/users/ada", json={"is_admin": False}).status_code == 409
