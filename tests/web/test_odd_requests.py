"""Room: tests.web.test_odd_requests. What no page of ours ever sends: numbers beyond all measure, piles of marks."""

import json
import logging
import time

import pytest
from flask import Flask

from nas_asr.core.access import TokenScope
from nas_asr.core.hotwords import clean
from nas_asr.logs import EventFormatter
from nas_asr.services.base import Act, House, audit
from nas_asr.services.hotwords import read_hotwords, set_hotwords
from nas_asr.services.house_settings import show_settings
from nas_asr.services.tokens import NewToken, create_token, list_tokens
from nas_asr.store.models import AuditLine
from tests.cast import Cast, make_recording, write_transcript
from tests.web.conftest import Visits, visitor

ODD = ["99999999999999999999", "9" * 5000, "²", "٣", "-1", "1e9", "", "0x1"]
PILE = "a" + "\u0315\u0327" * 120_000  # half a megabyte; sorting it as it stands takes Python a quarter of a minute


@pytest.mark.parametrize("odd", ODD)
def test_an_odd_number_in_an_address_is_no_fault_of_ours(visit: Visits, house: House, cast: Cast, odd: str) -> None:
    recording = make_recording(house, cast.choir)
    write_transcript(house, recording, ["hello"])
    set_hotwords(house, None, "choir", clean(["Kubernetes"]))
    alice, query = visit(cast.alice), {"version": odd, "from": odd, "to": odd, "t": odd}
    own = f"/recordings/{recording}"
    for page in (own, f"{own}/difference", f"{own}/history", "/teams/choir/hotwords"):
        assert alice.get(page, query_string=query).status_code in (200, 404), page
    for form in ("history/restore", "replacements"):
        answer = alice.post(f"/recordings/{recording}/{form}", version=odd, index=odd, segment="x")
        assert answer.status_code in (404, 409), form
    assert alice.post("/teams/choir/hotwords/rerun", days=odd).status_code == 422
    assert visit(cast.ada).post("/admin/settings", generation=odd, settle_seconds="11").status_code in (302, 409)


@pytest.mark.parametrize("odd", ["", "junk", "99999999999999999999"])
def test_a_list_whose_version_cannot_be_read_overwrites_nothing(
    visit: Visits, house: House, cast: Cast, odd: str
) -> None:
    set_hotwords(house, None, "choir", clean(["Kubernetes"]))
    assert visit(cast.alice).post("/teams/choir/hotwords", version=odd, words="other").status_code == 409
    assert read_hotwords(house, cast.alice, "choir").words == ("Kubernetes",)


def test_piles_of_marks_hold_nobody_up(app: Flask, visit: Visits, cast: Cast) -> None:
    began = time.process_time()
    assert visitor(app).post("/login", name=PILE[:160_000], password="x" * 12).status_code in (200, 401, 413)
    assert visit(cast.alice).post("/teams/choir/hotwords", version="0", words=PILE[:160_000]).status_code in (200, 413)
    token = visit(cast.alice)
    headers = {"X-CSRFToken": token.csrf}
    answer = token.client.put("/api/v1/teams/choir/hotwords", json={"words": [PILE[:80_000]] * 2}, headers=headers)
    assert answer.status_code == 200 and (answer.get_json() or {})["refused"][0]["line"] == 1
    assert time.process_time() - began < 8


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("device", "5"),
        ("device", "cuda:²"),
        ("device", "cuda:0;reboot"),
        ("archive_at", "02:00+05:00"),
        ("archive_at", "02:00:30"),
        ("scan_seconds", "nan"),
        ("settle_seconds", "1e400"),
        ("threads", "9" * 500),
        ("language", "zz"),
        ("engine", "../../bin/sh"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused(visit: Visits, house: House, cast: Cast, name: str, value: str) -> None:
    assert visit(cast.ada).post("/admin/settings", **{name: value}).status_code == 422
    assert not show_settings(house, cast.ada).settings[name].chosen


@pytest.mark.parametrize("odd", [{"format": ["\ud800"]}, {"min_ms": 10**30}, {"max_ms": 10**30}])
def test_an_order_of_exports_that_nobody_can_mean_names_its_field(
    visit: Visits, cast: Cast, odd: dict[str, object]
) -> None:
    rita = visit(cast.rita)
    headers = {"X-CSRFToken": rita.csrf, "Content-Type": "application/json"}
    sent = json.dumps({"everything": True} | odd)
    answer = rita.client.post("/api/v1/recordings/export", data=sent, headers=headers)
    assert answer.status_code == 422
    assert (answer.get_json() or {})["error"]["field"].startswith(next(iter(odd)))


def test_what_people_type_for_a_name_draws_on_no_terminal_and_fits_its_column(
    app: Flask, house: House, cast: Cast
) -> None:
    visitor(app).post("/login", name="bob\x1b[2J\u202e\r\nada", password="not it at all")
    create_token(house, cast.bob, "bob", NewToken("t\x1b]0;x\x07\u202e\nu", TokenScope.READ))
    with house.db.write() as session:
        audit(session, house, cast.bob, Act("recording.deleted", "t" * 300, address="1" * 300))
    with house.db.read() as session:
        lines = session.query(AuditLine).all()
        said = [*(line.subject for line in lines), *(one.name for one in list_tokens(house, cast.bob))]
    assert len(lines) == 3 and all(one.isprintable() for one in said)
    assert all(len(line.subject) <= 200 and len(line.address) <= 64 for line in lines)


def test_nobody_writes_lines_of_their_own_into_the_log() -> None:
    record = logging.LogRecord("x", logging.WARNING, "", 0, "web.failed", None, None)
    record.path = "/a\n2026-11-21T09:00:00 info    login.accepted\x1b[1A\u202e"
    line = EventFormatter().format(record)
    assert line.isprintable() and "path=/a\\n2026" in line
