"""Room: tests.archive.test_parts. A joined recording in the archive: its parts with their sound, its text beside them."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from nas_asr.core.access import Role, Viewer
from nas_asr.services import parts
from nas_asr.services.archive_checks import verify_known
from nas_asr.services.archive_import import import_bags
from nas_asr.services.archive_plan import at_once
from nas_asr.services.base import House
from nas_asr.services.listening import open_sound
from nas_asr.services.listing import RecordingFilter, list_recordings
from nas_asr.services.paging import PageOrder
from nas_asr.services.transcripts import read_transcript
from nas_asr.settings import Settings
from nas_asr.store.database import Database
from nas_asr.store.models import Team
from tests.archive.shelf import LINES, archive_now, bags, record, share_of, switch_on
from tests.cast import Cast, Clock, RememberingQueue


@pytest.fixture
def elsewhere(tmp_path: Path, empty_database: Path, clock: Clock) -> Iterator[House]:
    """Another, empty installation."""
    data = tmp_path / "other"
    data.mkdir()
    shutil.copy(empty_database, data / "nas_asr.sqlite3")
    db = Database(f"sqlite:///{data / 'nas_asr.sqlite3'}")
    yield House(db=db, queue=RememberingQueue(), options=Settings(data=data, timezone="Europe/Berlin"), now=clock)
    db.close()


@pytest.fixture
def whole(house: House, cast: Cast, tmp_path: Path) -> str:
    """Ten minutes and one minute, joined; the rule asks for five."""
    switch_on(house, min_minutes=5)
    share = share_of(house, cast.choir, tmp_path)
    files = [
        record(house, cast.choir, share, f"REC001_P00{number}.WAV", duration_ms=minutes * 60_000)
        for number, minutes in ((1, 10), (2, 1))
    ]
    return parts.join(house, cast.bob, files[0], files)


def over_there(house: House) -> Viewer:
    """Somebody of the team in the other house."""
    with house.db.read() as session:
        return Viewer("x", "x", False, {session.query(Team).filter_by(slug="choir").one().id: Role.MEMBER})


def joined_bag(house: House) -> Path:
    """The bag of the joined text."""
    (bag,) = [bag for bag in bags(house) if "REC001_P" not in bag.name]
    return bag


def test_the_archive_holds_every_part_and_the_joined_text(house: House, cast: Cast, whole: str) -> None:
    assert archive_now(house).archived == 3
    joined = joined_bag(house)
    names = {path.name for path in (joined / "data").iterdir()}
    assert names == {"transcript.json", "transcript.txt", "transcript.srt"}
    told = json.loads((joined / "data" / "transcript.json").read_text("utf-8"))
    assert [segment["start_ms"] for segment in told["segments"]] == [0, 2000, 4000, 600_000, 602_000, 604_000]
    assert len(told["archive"]["parts"]) == 2
    assert at_once(house, cast.alice, "choir").due == []


def test_the_plan_counts_the_sound_once(house: House, cast: Cast, whole: str) -> None:
    due = {one.title: one.size_bytes for one in at_once(house, cast.alice, "choir").due}
    assert due["REC001"] == 0
    assert due["REC001_P001"] > 0


def test_it_is_found_whole_and_a_flipped_bit_in_the_text_is_named(house: House, cast: Cast, whole: str) -> None:
    archive_now(house)
    assert not verify_troubles(house)
    text = joined_bag(house) / "data" / "transcript.txt"
    text.write_bytes(text.read_bytes().replace(b"we", b"me", 1))
    assert len(verify_troubles(house)) == 1


def verify_troubles(house: House) -> list[str]:
    """What the check of all bags has to say."""
    return [str(one["trouble"]) for report in verify_known(house) for one in report.troubles]


def test_it_comes_back_joined_whatever_order_the_bags_have(
    house: House, cast: Cast, elsewhere: House, whole: str
) -> None:
    archive_now(house)
    report = import_bags(elsewhere, house.options.archive)
    assert (report.added, report.refused) == (3, [])
    me = over_there(elsewhere)
    (view,) = list_recordings(elsewhere, me, RecordingFilter(), PageOrder(50)).items
    assert (view.id, view.title, [part.start_ms for part in view.parts]) == (whole, "REC001", [0, 600_000])
    assert [segment.text for segment in read_transcript(elsewhere, me, whole).transcript.segments] == LINES * 2
    sound = open_sound(elsewhere, me, whole, 2)
    with os.fdopen(sound.descriptor, "rb") as file:
        assert file.read() == b"SOUND of REC001_P002.WAV"
    assert import_bags(elsewhere, house.options.archive).known == 3


def test_the_joined_text_alone_is_refused_with_what_to_do(
    house: House, cast: Cast, elsewhere: House, whole: str
) -> None:
    archive_now(house)
    report = import_bags(elsewhere, joined_bag(house))
    assert report.added == 0
    assert "Import the bags of its parts first." in report.refused[0][1]
