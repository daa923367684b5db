"""Room: tests.store.test_search_names. Recordings are found by title, file name, uploader, speakers, whatever becomes of them."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text

from nas_asr.core.access import Role, Viewer
from nas_asr.services import parts, recordings
from nas_asr.services.base import House
from nas_asr.services.listing import RecordingFilter, counts, list_recordings
from nas_asr.services.paging import PageOrder
from nas_asr.services.people_named import people
from nas_asr.services.search import HitCount, SearchOrder, named, search
from nas_asr.settings import Settings
from nas_asr.store import places, word_index
from nas_asr.store.database import Database
from nas_asr.store.models import Recording, RecordingPlace, User
from nas_asr.store.schema import migrate
from tests.cast import START, Cast, RememberingQueue, make_folder, make_recording, speak, write_transcript
from tests.store.test_schema import _OLD_ROWS


def called(house: House, viewer: Viewer, q: str, **narrow: str) -> list[str]:
    """The titles of recordings with such names, newest first."""
    return [one.title for one in named(house, viewer, SearchOrder(q, **narrow), 50)[0]]  # type: ignore[arg-type]


def said(house: House, viewer: Viewer, q: str, **narrow: object) -> list[str]:
    """The texts that are found."""
    return [hit.text for hit in search(house, viewer, SearchOrder(q, **narrow), PageOrder()).items]  # type: ignore[arg-type]


def change(house: House, recording_id: str, **fields: object) -> None:
    """As a service changes a recording."""
    with house.db.write() as session:
        recording = session.get_one(Recording, recording_id)
        for name, value in fields.items():
            setattr(recording, name, value)


def test_title_file_name_and_uploader_are_found_together_and_follow_changes(house: House, cast: Cast) -> None:
    one = make_recording(house, cast.choir, "周例会 Budget", path="2026/REC_0042.m4a", author_id=cast.alice.user_id)
    make_recording(house, cast.garden, "周例会 Budget of the garden")
    for words in (
        "例会",
        "会",
        "budget 周例会",
        "rec 0042",
        '"周例会 budget"',
        "alice",
        "Ａlice budget",
        "m4a alice 会",
    ):
        assert called(house, cast.rita, words) == ["周例会 Budget"], words
    for words in ("garden", "budg", "会例", '"budget 2026"', "bob", cast.choir, ""):
        assert called(house, cast.rita, words) == [], words
    recordings.rename(house, cast.alice, one, "晨会")
    assert called(house, cast.rita, "例会") == [] and called(house, cast.rita, "晨会 0042") == ["晨会"]
    change(house, one, path="moved/interview.wav")
    assert called(house, cast.rita, "rec") == [] and called(house, cast.rita, "interview") == ["晨会"]
    with house.db.write() as session:
        session.get_one(User, cast.alice.user_id).name = "Alice Liddell"
    assert called(house, cast.rita, "liddell interview") == ["晨会"]


def test_speakers_are_found_and_narrow_and_follow_a_new_version(house: House, cast: Cast) -> None:
    one = make_recording(house, cast.choir, "talk")
    write_transcript(house, one, ["hello there", "hello to you", "你好"])
    speak(house, one, "Anna Schmidt", "1", "张伟")
    assert called(house, cast.rita, "schmidt") == called(house, cast.rita, "张伟 talk") == ["talk"]
    assert called(house, cast.rita, "1") == []
    assert said(house, cast.rita, "hello", speaker="anna") == ["hello there"]
    assert said(house, cast.rita, "hello", speaker="Anna Schmidt") == said(house, cast.rita, "", speaker="SCHMIDT")
    assert said(house, cast.rita, "", speaker="张") == ["你好"]
    assert said(house, cast.rita, "hello", speaker="schmidt anna") == said(house, cast.rita, "anna") == []
    assert people(house, cast.rita) == ["Anna Schmidt", "张伟"]
    assert of_somebody(house, cast.rita, "anna schmidt") == of_somebody(house, cast.rita, "张伟") == ["talk"]
    speak(house, one, "Ben", "1", "张伟")
    assert people(house, cast.rita) == ["Ben", "张伟"] and of_somebody(house, cast.rita, "anna schmidt") == []
    assert called(house, cast.rita, "anna") == [] and called(house, cast.rita, "ben") == ["talk"]
    assert said(house, cast.rita, "hello", speaker="anna") == []
    assert said(house, cast.rita, "hello", speaker="ben") == ["hello there"]


def of_somebody(house: House, viewer: Viewer, name: str) -> list[str]:
    """The titles in the library, and that they are counted as well."""
    wanted = RecordingFilter(person=name)
    found = [one.title for one in list_recordings(house, viewer, wanted, PageOrder()).items]
    assert sum(counts(house, viewer, wanted).values()) == len(found)
    return found


def test_the_trash_is_not_found_and_comes_back_whole(house: House, cast: Cast) -> None:
    one = make_recording(house, cast.choir, "gone")
    write_transcript(house, one, ["what was said"])
    recordings.trash(house, cast.alice, one)
    assert called(house, cast.rita, "gone") == said(house, cast.rita, "said") == []
    change(house, one, trashed_at=None)
    assert called(house, cast.rita, "gone") == ["gone"] and said(house, cast.rita, "said") == ["what was said"]


def test_a_joined_recording_is_found_by_its_files_and_they_again_when_it_is_undone(house: House, cast: Cast) -> None:
    files = [
        make_recording(
            house, cast.choir, f"REC_P00{n}", path=f"REC_P00{n}.WAV", recorded_at=START + timedelta(minutes=n)
        )
        for n in (1, 2)
    ]
    whole = parts.join(house, cast.alice, files[0], files)
    recordings.rename(house, cast.alice, whole, "the whole day")
    assert called(house, cast.rita, "p002") == ["the whole day"] == called(house, cast.rita, "rec")
    parts.unjoin(house, cast.alice, whole)
    assert called(house, cast.rita, "rec") == ["REC_P002", "REC_P001"] and called(house, cast.rita, "whole") == []


def test_a_folder_and_a_date_narrow_also_after_a_recording_has_moved(house: House, cast: Cast, tmp_path: Path) -> None:
    ours, other = (make_folder(house.db, cast.choir, tmp_path / name) for name in ("ours", "other"))
    one = make_recording(house, cast.choir, "moving", folder_id=ours)
    write_transcript(house, one, ["a word"])
    make_recording(house, cast.choir, "moving without a folder")
    assert said(house, cast.rita, "word", folder=ours) == ["a word"] and called(
        house, cast.rita, "moving", folder=ours
    ) == ["moving"]
    change(house, one, folder_id=other, recorded_at=START - timedelta(days=400, microseconds=7))
    assert said(house, cast.rita, "word", folder=ours) == [] == called(house, cast.rita, "moving", folder=ours)
    assert said(house, cast.rita, "word", folder=other) == ["a word"]
    then = START - timedelta(days=400, microseconds=7)
    assert said(house, cast.rita, "word", since=then, until=then + timedelta(microseconds=1)) == ["a word"]
    assert (
        said(house, cast.rita, "word", until=then)
        == said(house, cast.rita, "word", since=then + timedelta(microseconds=1))
        == []
    )


def test_hits_among_much_that_is_in_the_trash_are_found_and_counted(
    house: House, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(word_index, "_WINDOW", 7)
    for n in range(6):
        one = make_recording(house, cast.choir, f"{n}", recorded_at=START + timedelta(days=n))
        write_transcript(house, one, ["word"] * 20)
        if n in (2, 4, 5):
            change(house, one, trashed_at=START)
    page = search(house, cast.rita, SearchOrder("word"), PageOrder(25))
    assert [hit.title for hit in page.items] == ["3"] * 20 + ["1"] * 5 and page.count == HitCount(60)
    rest = search(house, cast.rita, SearchOrder("word"), PageOrder(50, page.next or ""))
    assert [hit.title for hit in rest.items] == ["1"] * 15 + ["0"] * 20 and (rest.count, rest.next) == (None, None)


def test_recordings_of_the_same_second_and_far_away_dates_have_places(house: House, cast: Cast) -> None:
    taken: set[int] = set()
    for n in range(1500):
        some = places.recording_places(START)
        found = (places.free_place(places.wanted_place(START, str(n)), one, taken) for one in some)
        taken.add(next(place for place in found if place is not None))
    assert len(taken) == 1500 and all(places.fits(place, START) for place in taken)
    newest, oldest = places.span(START, START + timedelta(seconds=1))
    assert all(newest < place < oldest for place in taken)
    assert list(places.segment_places(5, [0, 0, 10, 10**12, 10**12], {5 << 21})) == sorted(
        places.segment_places(5, [0, 0, 10, 10**12, 10**12], {5 << 21})
    )
    old = make_recording(house, cast.choir, "old", recorded_at=START.replace(year=1904))
    new = make_recording(house, cast.choir, "new", recorded_at=START.replace(year=2200))
    for one in (old, new):
        write_transcript(house, one, ["far away"])
    assert [hit.title for hit in search(house, cast.rita, SearchOrder("far"), PageOrder()).items] == ["new", "old"]
    with house.db.read() as session:
        assert len(set(session.scalars(select(RecordingPlace.place)))) == 2


_OLD_TRANSCRIPT = (
    "INSERT INTO transcript_versions (id, recording_id, team_id, number, kind, base, run_id, created_at, language, engine, "
    "model, revision, device, hotwords_version, duration_ms, speech_ms, elapsed_ms) "
    "VALUES (:id, 'r', 't', :number, 'machine', 0, NULL, :at, 'zh', '', '', '', '', 0, 1, 1, 1)",
    "INSERT INTO segments (id, version_id, recording_id, team_id, position, start_ms, end_ms, speaker, text, spoken, flags, "
    "words) VALUES (:id, :id, 'r', 't', 0, 0, 1, 'Anna', :said, :said, '[]', '[]')",
)


def test_a_house_from_before_is_searched_as_before_and_by_names(empty: Database, tmp_path: Path) -> None:
    migrate(empty, to="20261121_04")
    with empty.write() as session:
        values = {"at": START, "raw": b"a", "yes": True, "no": False}
        for row in _OLD_ROWS:
            session.execute(text(row), values)
        for number, words in ((1, "今天的会议 shown"), (2, "newer, not shown")):
            for row in _OLD_TRANSCRIPT:
                session.execute(text(row), {**values, "id": f"v{number}", "number": number, "said": words})
    migrate(empty)
    old, reader = House(empty, RememberingQueue(), Settings(data=tmp_path)), Viewer("u", "u", False, {"t": Role.READER})
    assert said(old, reader, "会议 shown", speaker="anna", folder="f") == ["今天的会议 shown"]
    assert said(old, reader, "newer") == []
    assert people(old, reader) == ["Anna"] and len(of_somebody(old, reader, "anna")) == 1
    change(old, "r", title="renamed")
    assert called(old, reader, "renamed anna") == ["renamed"] and called(old, reader, "a") == ["renamed"]
