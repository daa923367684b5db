"""Room: tests.web.test_trash. What was thrown away: who did it, bringing it back, deleting it for ever and what that leaves."""

import hashlib
from pathlib import Path

import pytest

from nas_asr.core.recording import LedgerState
from nas_asr.services.base import House
from nas_asr.services.ingest import Gone, Linked, Refused, Taken, ingest
from nas_asr.services.ledger_retry import retry_line
from nas_asr.services.looks import note_news
from nas_asr.services.sightings import News, Sighting, Stat
from nas_asr.services.uploads import UploadOrder, accept_upload
from nas_asr.store.models import LedgerLine, Recording, Run, SegmentRow
from tests.cast import Cast, make_folder, make_recording, write_transcript
from tests.web.conftest import Visitor, Visits

SAMPLE = Path(__file__).parents[1] / "sample" / "meeting.flac"


def throw_away(browser: Visitor, *ids: str) -> None:
    assert browser.post("/recordings/bulk", action="trash", id=list(ids)).status_code == 302


def look(house: House, folder: str, path: Path) -> Taken | Linked | Refused | Gone | object:
    """What the watcher does with a file: it tells of it, then hands it over."""
    sighting = Sighting(path.name.encode(), Stat.of(path.stat()))
    note_news(house, folder, News(growing=[sighting]))
    return ingest(house, folder, sighting)


def test_the_trash_says_who_and_when_and_gives_back(visit: Visits, house: House, cast: Cast) -> None:
    recording = make_recording(house, cast.choir, "rehearsal")
    write_transcript(house, recording, ["la"])
    bob = visit(cast.bob)
    throw_away(bob, recording)
    page = bob.get("/trash").text
    assert "rehearsal" in page and "thrown away by bob on 21 Nov 2026, 10:00" in page
    assert "Delete for ever" not in page and "Delete for ever" in visit(cast.alice).get("/trash").text
    rita = visit(cast.rita).get("/trash").text
    assert "rehearsal" in rita and "Restore" not in rita
    assert "rehearsal" not in visit(cast.charlie).get("/trash").text + visit(cast.ada).get("/trash").text
    bob.post("/trash/restore", id=recording)
    assert "1 is back in the library." in bob.get("/trash").text
    assert bob.get(f"/recordings/{recording}").status_code == 200
    assert "The trash is empty" in bob.get("/trash").text


def test_what_is_here_again_is_not_restored_beside_itself(visit: Visits, house: House, cast: Cast) -> None:
    first = make_recording(house, cast.choir, "first", sha256="s" * 64)
    bob = visit(cast.bob)
    throw_away(bob, first)
    make_recording(house, cast.choir, "second", sha256="s" * 64)
    bob.post("/trash/restore", id=first)
    assert "“first”: The same recording is here again as “second”. Open that one." in bob.get("/trash").text


def test_deleting_for_ever_asks_first_and_leaves_nothing(visit: Visits, house: House, cast: Cast) -> None:
    with SAMPLE.open("rb") as sound:
        recording = accept_upload(
            house, cast.bob, UploadOrder("choir", "hostile <b>.flac", language="en"), sound
        ).recording_id
    write_transcript(house, recording, ["a secret word"])
    alice = visit(cast.alice)
    throw_away(alice, recording)
    kept = list((house.uploads / cast.choir).iterdir())
    question = alice.post("/trash/delete", id=recording).text
    assert "Delete 1 recording for ever?" in question and "hostile &lt;b&gt;" in question
    assert list((house.uploads / cast.choir).iterdir()) == kept
    visit(cast.bob).post("/trash/delete", id=recording, sure="1")
    assert list((house.uploads / cast.choir).iterdir()) == kept  # a member may not
    alice.post("/trash/delete", id=recording, sure="1")
    assert "1 is deleted for ever." in alice.get("/trash").text
    assert list((house.uploads / cast.choir).iterdir()) == []
    with house.db.read() as session:
        assert [session.query(table).count() for table in (Recording, Run, SegmentRow)] == [0, 0, 0]
    assert "a secret word" not in alice.get("/search?q=word").text


@pytest.fixture
def deleted(visit: Visits, house: House, cast: Cast, tmp_path: Path) -> tuple[str, Path, str]:
    """A folder with a file whose recording Alice deleted for ever: the folder, the file, its line's id."""
    folder = make_folder(house.db, cast.choir, tmp_path / "share")
    file = tmp_path / "share" / "meeting.flac"
    file.write_bytes(SAMPLE.read_bytes())
    taken = look(house, folder, file)
    assert isinstance(taken, Taken)
    alice = visit(cast.alice)
    throw_away(alice, taken.recording_id)
    alice.post("/trash/delete", id=taken.recording_id, sure="1")
    with house.db.read() as session:
        return folder, file, session.query(LedgerLine).one().id


def test_no_look_takes_a_deleted_file_in_again_whatever_a_nas_does_to_it(
    deleted: tuple[str, Path, str], visit: Visits, house: House, cast: Cast
) -> None:
    folder, file, line_id = deleted
    before = hashlib.sha256(file.read_bytes()).hexdigest()
    assert look(house, folder, file) == Refused("deleted")
    file.touch()
    assert look(house, folder, file) == Refused("deleted")
    moved = file.rename(file.with_name("renamed.flac"))
    assert look(house, folder, moved) == Refused("deleted")
    line = visit(cast.alice).get(f"/folders/{folder}/lines/{line_id}").text
    assert "alice deleted its recording for ever." in line and "Take it all the same" in line
    assert hashlib.sha256(moved.read_bytes()).hexdigest() == before
    with house.db.read() as session:
        assert session.query(Recording).count() == 0


def test_a_person_can_have_a_deleted_file_taken_again(deleted: tuple[str, Path, str], house: House, cast: Cast) -> None:
    folder, file, line_id = deleted
    retry_line(house, cast.bob, line_id)
    sighting = Sighting(file.name.encode(), Stat.of(file.stat()))
    assert isinstance(ingest(house, folder, sighting), Taken)
    with house.db.read() as session:
        assert session.get_one(LedgerLine, line_id).state == LedgerState.INGESTED


def test_a_copy_of_a_deleted_file_is_the_wish_of_whoever_dropped_it(
    deleted: tuple[str, Path, str], house: House
) -> None:
    folder, file, _ = deleted
    copy = file.with_name("copy.flac")
    copy.write_bytes(file.read_bytes())
    assert isinstance(look(house, folder, copy), Taken)
