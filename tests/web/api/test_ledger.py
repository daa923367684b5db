"""Room: tests.web.api.test_ledger. Folders and their ledger by HTTP: every field, and looking again: who may, what comes back."""

from pathlib import Path

import pytest

from nas_asr.core.access import TokenScope
from nas_asr.core.recording import LedgerState
from nas_asr.services.base import House
from nas_asr.services.heartbeats import Beat, beat
from nas_asr.services.looks import note_look, note_news
from nas_asr.services.sightings import Look, News, Sighting, Stat
from nas_asr.store.models import Folder, LedgerLine
from nas_asr.watcher.ignore import LINK, OTHER_KIND
from tests.cast import Cast, Clock, make_folder, make_recording
from tests.web.api.conftest import ByToken, Caller, InPerson


@pytest.fixture
def folder(house: House, cast: Cast, tmp_path: Path) -> str:
    """A folder with a growing file, a text and a link."""
    folder_id = make_folder(house.db, cast.choir, tmp_path / "share")
    note_news(
        house,
        folder_id,
        News(
            growing=[Sighting(b"a.m4a", Stat(9, 10**18, 1))],
            ignored=[Sighting(b"b.txt", Stat(1, 1, 2), OTHER_KIND), Sighting(b"c.wav", Stat(1, 1, 3), LINK)],
        ),
    )
    return folder_id


def _line(house: House, path: str) -> str:
    with house.db.read() as session:
        return session.query(LedgerLine).filter_by(path=path).one().id


def test_who_may_have_a_file_looked_at_again(
    anonymous: Caller, by_token: ByToken, in_person: InPerson, cast: Cast, house: House, folder: str
) -> None:
    address = f"/ledger/{_line(house, 'b.txt')}/retry"
    assert anonymous.post(address).status_code == 401
    for caller in (by_token(cast.charlie), in_person(cast.charlie), by_token(cast.ada)):
        assert caller.post(address).status_code == 404
        assert caller.post("/ledger/nosuchline/retry").status_code == 404
    for caller in (by_token(cast.rita), in_person(cast.rita)):
        assert caller.post(address).status_code == 403
    for scope in (TokenScope.READ, TokenScope.INGEST, TokenScope.WIDGET):
        assert by_token(cast.bob, scope).post(address).status_code == 403
    assert in_person(cast.alice, csrf=False).post(address).status_code == 400
    for caller in (by_token(cast.bob), in_person(cast.alice), in_person(cast.ada)):
        answer = caller.post(address)
        assert (answer.status_code, answer.json["state"], answer.json["reason_code"]) == (202, "growing", "asked")


def test_what_can_never_be_taken_is_a_conflict_with_a_remedy(
    by_token: ByToken, cast: Cast, house: House, folder: str
) -> None:
    answer = by_token(cast.bob).post(f"/ledger/{_line(house, 'c.wav')}/retry")
    assert (answer.status_code, answer.json["error"]["code"]) == (409, "conflict")
    assert answer.json["error"]["remedy"]


def test_a_line_has_every_field(by_token: ByToken, cast: Cast, house: House, folder: str, clock: Clock) -> None:
    recording = make_recording(house, cast.choir, folder_id=folder)
    with house.db.write() as session:
        line = session.query(LedgerLine).filter_by(path="a.m4a").one()
        line.state, line.recording_id = LedgerState.DUPLICATE, recording
    rita = by_token(cast.rita)
    (found,) = rita.get("/ledger?q=a.m4a").json["items"]
    assert set(found) == {
        "id", "folder", "path", "generation", "size_bytes", "mtime", "first_seen", "last_change", "state", "presence",
        "missing_since", "left", "reason", "reason_code", "rule", "next_look", "recording_id", "duplicate_of",
    }  # fmt: skip
    assert (found["duplicate_of"], found["rule"], found["generation"]) == (recording, None, 1)
    (found,) = rita.get("/ledger?state=ignored&q=b.txt").json["items"]
    assert (found["rule"], found["duplicate_of"], found["last_change"]) == (
        "other_kind",
        None,
        "2026-11-21T09:00:00.000Z",
    )


def test_missing_is_said_after_a_day_of_looks_and_since_when_at_once(
    by_token: ByToken, cast: Cast, house: House, folder: str, clock: Clock
) -> None:
    note_news(house, folder, News(missing=[b"a.m4a"]))
    rita = by_token(cast.rita)
    (found,) = rita.get("/ledger?unseen=true").json["items"]
    assert (found["path"], found["presence"], found["missing_since"]) == (
        "a.m4a",
        "present",
        "2026-11-21T09:00:00.000Z",
    )
    assert rita.get("/ledger?presence=missing").json["items"] == []
    clock.pass_seconds(24 * 3600)
    note_look(house, folder, Look(1, 1, 2, 10))
    (found,) = rita.get("/ledger?presence=missing").json["items"]
    assert (found["path"], found["presence"]) == ("a.m4a", "missing")
    (shown,) = rita.get("/folders").json["items"]
    assert (shown["missing"], shown["unseen"], shown["files"]["growing"]) == (1, 0, 0)


def test_a_folder_tells_how_its_watch_goes(
    by_token: ByToken, cast: Cast, house: House, folder: str, clock: Clock
) -> None:
    rita = by_token(cast.rita)
    (shown,) = rita.get("/folders").json["items"]
    assert (shown["watch"], shown["scan_every_ms"], shown["last_scan_at"]) == ("stopped", 1000, None)
    assert shown["trouble"].startswith("It was never looked through: the watcher is not running.")
    beat(house, Beat("watcher", "watcher@nas", "boot"))
    note_look(house, folder, Look(1, 1, 3, 42))
    with house.db.write() as session:
        row = session.get_one(Folder, folder)
        row.mount, row.scan_every_ms, row.note, row.marker = "nfs4", 60_000, "No events.", ".root"
    (shown,) = rita.get("/folders").json["items"]
    assert {name: shown[name] for name in ("watch", "trouble", "mount", "scan_every_ms", "last_scan_ms", "note", "marker")} == {
        "watch": "watched", "trouble": "", "mount": "nfs4", "scan_every_ms": 60_000, "last_scan_ms": 42,
        "note": "No events.", "marker": ".root",
    }  # fmt: skip
    assert (shown["online"], shown["offline_reason"], shown["files_seen"], shown["missing"]) == (True, "", 3, 0)
