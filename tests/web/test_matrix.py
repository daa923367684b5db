"""Room: tests.web.test_matrix. Every page with everybody of the cast. A route that is not in a table fails the test."""

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from nas_asr.core.access import Role, Viewer
from nas_asr.core.hotwords import clean
from nas_asr.core.ids import new_id
from nas_asr.core.recording import LedgerState
from nas_asr.services.base import House
from nas_asr.services.hotwords import set_hotwords
from nas_asr.services.invitations import list_invitations, make_invitation
from nas_asr.services.password_resets import make_reset
from nas_asr.store.models import LedgerLine, Recording
from tests.cast import START, Cast, make_folder, make_recording, replace_something, write_transcript
from tests.web.api.test_who_may_call import CALLS, ELSEWHERE
from tests.web.conftest import visitor

EVERYBODY = ("anonymous", "outsider", "reader", "member", "manager", "admin")
# anonymous, outsider, reader, member, manager, admin; all look at team choir, of which the admin is no member
OPEN = (200, 200, 200, 200, 200, 200)
MINE = (302, 200, 200, 200, 200, 200)
SENT = (302, 302, 302, 302, 302, 302)
CONTENT = (302, 404, 200, 200, 200, 404)
WRITING = (302, 404, 403, 302, 302, 404)
SEEN = (302, 404, 200, 200, 200, 200)
KEEPING = (302, 404, 403, 403, 302, 404)
MANAGING = (302, 404, 403, 403, 302, 302)
ADMINS = (302, 404, 404, 404, 404, 200)
ADMINS_SEND = (302, 404, 404, 404, 404, 302)
GONE = (404, 404, 404, 404, 404, 404)

PASSWORD = "long enough for everybody"


@dataclass
class World:
    """What the routes are about, made anew for each visitor who may change it."""

    house: House
    cast: Cast
    tmp_path: Path
    ids: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.ids["recording_id"] = make_recording(self.house, self.cast.choir)
        write_transcript(self.house, self.ids["recording_id"], ["we met at nine"])
        self.ids["folder_id"] = make_folder(self.house.db, self.cast.choir, self.tmp_path / new_id())
        self.ids["line_id"] = new_id()
        with self.house.db.write() as session:
            session.add(
                LedgerLine(
                    id=self.ids["line_id"],
                    folder_id=self.ids["folder_id"],
                    raw_path=b"x.wav",
                    path="x.wav",
                    size_bytes=1,
                    mtime_ns=0,
                    inode=1,
                    state=LedgerState.FAILED,
                    first_seen_at=START,
                    changed_at=START,
                )  # fmt: skip
            )
        with self.house.db.read() as session:
            waiting = make_recording(self.house, self.cast.garden)
            self.ids["run_id"] = session.get_one(Recording, waiting).run_id or ""
        invitation = make_invitation(self.house, self.cast.alice, "choir", Role.READER)
        self.ids["invitation_id"] = list_invitations(self.house, self.cast.alice, "choir")[-1].id
        self.ids["invitation"] = invitation.secret
        self.ids["reset"] = make_reset(self.house, None, "bob").secret
        self.ids |= {"slug": "choir", "session_id": "none", "token_id": "none"}
        self.ids |= {"any(now, verify):kind": "verify", "filename": "app.css"}

    def new_directory(self) -> str:
        path = self.tmp_path / new_id()
        path.mkdir()
        return str(path)


Form = Callable[[World, str], dict[str, Any]]


def _form(**fields: Any) -> Form:
    return lambda _world, _who: fields


def _folder(world: World, who: str) -> dict[str, Any]:
    return {"team": "choir", "language": "en", "path": world.new_directory() if who == "admin" else ""}


def _hotword(world: World, _who: str) -> dict[str, Any]:
    return {"segment": replace_something(world.house, world.ids["recording_id"]), "index": "0", "version": "1"}


def _two_files(world: World, _who: str) -> dict[str, Any]:
    return {"part": [world.ids["recording_id"], make_recording(world.house, world.cast.choir)]}


@dataclass(frozen=True)
class Row:
    """A route, what each of the cast is answered, and what is sent."""

    method: str
    rule: str
    wanted: tuple[int, ...]
    form: Form = field(default=_form())


PAGES = (
    Row("GET", "/static/<path:filename>", OPEN),
    Row("GET", "/login", (200, 302, 302, 302, 302, 302)),
    Row("POST", "/login", (401,) * 6, lambda _world, who: {"name": who, "password": "not it"}),
    Row("POST", "/logout", SENT),
    Row("POST", "/language", SENT, _form(language="zh_Hans")),
    Row("GET", "/setup", GONE),
    Row("POST", "/setup", GONE),
    Row("GET", "/", MINE),
    Row("GET", "/events", (401, 200, 200, 200, 200, 200)),
    Row("GET", "/events/now", (401, 200, 200, 200, 200, 200)),
    Row("POST", "/upload", WRITING, lambda _w, _who: {"team": "choir", "file": (io.BytesIO(b"no sound"), "a.wav")}),
    Row("POST", "/recordings/export", CONTENT, lambda world, _who: {"id": world.ids["recording_id"], "format": "txt"}),
    # Each is refused by itself, in words: test_library.py and test_trash.py
    Row("POST", "/recordings/bulk", SENT, lambda world, _who: {"action": "retry", "id": world.ids["recording_id"]}),
    Row("GET", "/trash", MINE),
    Row("POST", "/trash/restore", SENT, lambda world, _who: {"id": world.ids["recording_id"]}),
    Row("POST", "/trash/delete", SENT, lambda world, _who: {"id": world.ids["recording_id"], "sure": "1"}),
    Row("GET", "/recordings/<recording_id>", CONTENT),
    Row("GET", "/recordings/<recording_id>/difference", CONTENT),
    Row("POST", "/recordings/<recording_id>/retry", WRITING),
    Row("POST", "/recordings/<recording_id>/language", WRITING, _form(language="en")),
    Row("POST", "/recordings/<recording_id>/title", WRITING, _form(title="another")),
    Row("POST", "/recordings/<recording_id>/replacements", WRITING, _hotword),
    Row("GET", "/recordings/<recording_id>/history", CONTENT),
    Row("POST", "/recordings/<recording_id>/history/restore", WRITING, _form(version="1")),
    Row("POST", "/recordings/<recording_id>/history/carry", (302, 404, 403, 409, 409, 404)),  # nobody edited it
    Row("POST", "/recordings/<recording_id>/history/again", WRITING),
    Row("POST", "/recordings/<recording_id>/stop", (302, 404, 403, 409, 409, 404)),
    Row("POST", "/recordings/<recording_id>/trash", WRITING),
    Row("POST", "/recordings/<recording_id>/join", WRITING, _two_files),
    Row("POST", "/recordings/<recording_id>/unjoin", (302, 404, 403, 409, 409, 404)),  # it is none that was joined
    Row("POST", "/recordings/<recording_id>/keep-apart", WRITING),
    Row("GET", "/search", MINE),
    Row("GET", "/folders", MINE),
    Row("POST", "/folders", MANAGING, _folder),
    Row("GET", "/folders/<folder_id>", SEEN),
    Row("GET", "/folders/<folder_id>/choice", SEEN),
    Row("POST", "/folders/<folder_id>/choice", MANAGING, _form(since="all")),
    Row("POST", "/folders/<folder_id>/language", MANAGING, _form(language="en")),
    Row("POST", "/folders/<folder_id>/reading", MANAGING, _form(itn="off", apart="1")),
    Row("GET", "/folders/ledger", MINE),
    Row("POST", "/folders/ledger/look-again", SENT),  # of what one may ask for: tests/services/test_ledger.py
    Row("GET", "/folders/<folder_id>/lines/<line_id>", SEEN),
    Row("POST", "/folders/<folder_id>/lines/<line_id>/look-again", (302, 404, 403, 302, 302, 302)),
    Row("POST", "/folders/<folder_id>/marker", (302, 404, 403, 403, 403, 302), _form(marker="")),
    Row("POST", "/folders/<folder_id>/remove", MANAGING),
    Row("GET", "/archive", MINE),
    Row("POST", "/archive/<slug>/rule", MANAGING, _form(on="1", min_minutes="5", untouched_hours="12")),
    Row("POST", "/archive/<slug>/<any(now, verify):kind>", MANAGING),
    Row("GET", "/teams", MINE),
    Row("GET", "/teams/<slug>", SEEN),
    Row("POST", "/teams/<slug>/members", MANAGING, _form(name="charlie", role="reader")),
    Row("POST", "/teams/<slug>/members/remove", MANAGING, _form(name="zoe")),
    Row("GET", "/teams/<slug>/hotwords", CONTENT),
    Row("POST", "/teams/<slug>/hotwords", KEEPING, _form(words="Kubernetes", version="0")),
    Row("POST", "/teams/<slug>/hotwords/rerun", KEEPING, _form(days="7")),
    Row("POST", "/teams/<slug>/hotwords/reach", (302, 404, 403, 403, 200, 404), _form(words="Merlin")),
    Row("POST", "/teams/<slug>/hotwords/rerun/chosen", KEEPING, _form(id="none")),
    Row("POST", "/teams/<slug>/drafts", (302, 404, 403, 409, 409, 404)),  # no worker has the model
    Row("GET", "/account", MINE),
    Row("POST", "/account/wishes", SENT, _form(language="en", theme="dark")),
    Row("POST", "/account/password", (302, 422, 422, 422, 422, 422), _form(old_password="no", password="x", password_again="x")),
    Row("POST", "/account/tokens", (302, 201, 201, 201, 201, 201), _form(name="t", scope="read", days="30")),
    Row("POST", "/account/tokens/<token_id>/revoke", (302, 404, 404, 404, 404, 404)),
    Row("GET", "/admin", ADMINS),
    Row("GET", "/admin/users", ADMINS),
    Row("POST", "/admin/users", ADMINS_SEND, _form(name="newcomer", password=PASSWORD)),
    Row("POST", "/admin/users/reset", (302, 404, 404, 404, 404, 201), _form(name="bob")),
    Row("POST", "/admin/users/disable", ADMINS_SEND, _form(name="bob")),
    Row("POST", "/admin/users/enable", ADMINS_SEND, _form(name="bob")),
    Row("POST", "/admin/users/admin", ADMINS_SEND, _form(name="bob", is_admin="0")),
    Row("POST", "/teams", ADMINS_SEND, _form(name="Tenors")),
    Row("POST", "/teams/<slug>/name", MANAGING, _form(name="The choir")),
    Row("POST", "/teams/<slug>/delete", (302, 404, 404, 404, 404, 409)),  # it has recordings
    Row("POST", "/teams/<slug>/invitations", (302, 404, 403, 403, 201, 201), _form(role="reader")),
    Row("POST", "/teams/<slug>/invitations/<invitation_id>/withdraw", MANAGING),
    # whoever has the link; of what becomes of it: tests/web/test_invitations.py and test_resets.py
    Row("GET", "/invitations/<secret>", OPEN),
    Row("POST", "/invitations/<secret>/join", (302, 302, 409, 409, 409, 302)),
    Row("POST", "/invitations/<secret>/new", (422, 302, 302, 302, 302, 302)),
    Row("GET", "/reset/<secret>", OPEN),
    Row("POST", "/reset/<secret>", (422,) * 6),
    Row("POST", "/account/sessions/<session_id>/end", (302, 404, 404, 404, 404, 404)),
    Row("POST", "/account/sessions/end-others", SENT),
    Row("GET", "/admin/settings", ADMINS),
    Row("POST", "/admin/settings", ADMINS_SEND, _form(settle_seconds="3")),
    Row("POST", "/admin/settings/free-memory", ADMINS_SEND),
    Row("GET", "/admin/queue", ADMINS),
    Row("POST", "/admin/queue/pause", ADMINS_SEND),
    Row("POST", "/admin/queue/resume", ADMINS_SEND),
    Row("POST", "/admin/queue/<run_id>/first", ADMINS_SEND),
    Row("POST", "/admin/queue/<run_id>/back", ADMINS_SEND),
    Row("POST", "/admin/queue/<run_id>/stop", ADMINS_SEND),
    Row("POST", "/admin/queue/<run_id>/again", (*ADMINS_SEND[:5], 409)),  # it waits: there is nothing to repeat
    Row("GET", "/admin/audit", ADMINS),
    Row("GET", "/admin/storage", ADMINS),
    Row("GET", "/admin/check", ADMINS),
    Row("GET", "/admin/check/findings", ADMINS),
    Row("GET", "/admin/models", ADMINS),
    Row("POST", "/admin/models/pull", ADMINS_SEND, _form(model="Fun-ASR-Nano-2512")),
    # a cookie opens no widget; tests/web/test_widgets.py comes with tokens
    *(Row("GET", f"/widgets/{kind}", (401,) * 6) for kind in ("glance", "dashy", "homer")),
    *(Row("GET", rule, (401,) * 6) for rule in ("/embed", "/embed/summary")),
)  # fmt: skip
# The API's own matrix is tests/web/api/test_who_may_call.py; these two answer everybody and say no names.
API = {(call.method, f"/api/v1{call.rule}") for call in CALLS} | {
    (method, f"/api/v1{rule}") for method, rule in ELSEWHERE
}
OPEN_TO_ALL = {("GET", "/healthz"), ("GET", "/readyz")}


def test_every_route_is_in_a_table(app: Flask) -> None:
    there = {
        (method, rule.rule)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    known = {(row.method, row.rule) for row in PAGES} | API | OPEN_TO_ALL
    assert there - known == set(), "classify new routes in PAGES"
    assert known - there == set(), "these routes are gone"


@pytest.mark.parametrize("row", PAGES, ids=lambda row: f"{row.method} {row.rule}")
def test_everybody_gets_what_their_role_allows(app: Flask, house: House, cast: Cast, tmp_path: Path, row: Row) -> None:
    people: dict[str, Viewer | None] = dict(
        zip(EVERYBODY, (None, cast.charlie, cast.rita, cast.bob, cast.alice, cast.ada), strict=True)
    )
    answers = {}
    world = None
    for who, viewer in people.items():
        if row.rule.endswith("/members/remove"):
            _put_zoe_into_the_choir(house, cast)
        if row.rule.endswith(("/rerun", "/rerun/chosen")):
            set_hotwords(house, None, "choir", clean(["Kubernetes"]))
        if world is None or row.method != "GET":
            world = World(house, cast, tmp_path)
        path = row.rule.replace("<path:filename>", "<filename>")
        world.ids["secret"] = world.ids["reset" if row.rule.startswith("/reset") else "invitation"]
        for name, value in world.ids.items():
            path = path.replace(f"<{name}>", value)
        browser = visitor(app, viewer)
        answer = browser.get(path) if row.method == "GET" else browser.post(path, **row.form(world, who))
        answers[who] = answer.status_code
        if who == "anonymous" and answer.status_code == 302 and row.rule not in ("/logout", "/language"):
            assert answer.headers["Location"].startswith("/login")
        answer.close()
    assert answers == dict(zip(EVERYBODY, row.wanted, strict=True))


def _put_zoe_into_the_choir(house: House, cast: Cast) -> None:
    from nas_asr.store.models import Member, User

    with house.db.write() as session:
        if session.query(User).filter_by(name="zoe").first() is None:
            session.add(User(id="zoe", name="zoe", name_key="zoe", created_at=START))
            session.flush()
        session.merge(Member(team_id=cast.choir, user_id="zoe", role=Role.READER, created_at=START))
