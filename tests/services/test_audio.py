"""Room: tests.services.test_audio. A recording's file is found where it lies now, or its absence has a sentence."""

import os
from pathlib import Path

import pytest
from sqlalchemy import select

from nas_asr.core.errors import Unreadable, Vanished
from nas_asr.core.ids import new_id
from nas_asr.core.recording import LedgerState, Presence
from nas_asr.services.audio import AudioPlace, is_overwritten, locate
from nas_asr.services.base import House
from nas_asr.services.sightings import Sighting, Stat, new_line
from nas_asr.store.models import Folder, LedgerLine, Recording
from tests.cast import Cast, make_folder, make_recording


def found(house: House, recording_id: str) -> AudioPlace:
    """Where the recording's audio is."""
    with house.db.read() as session:
        return locate(house, session, session.get_one(Recording, recording_id))


def ledger_line(house: House, folder_id: str, raw_path: bytes, recording_id: str) -> None:
    """A copy of the same bytes that the folder has."""
    with house.db.write() as session:
        session.add(
            LedgerLine(
                id=new_id(),
                folder_id=folder_id,
                raw_path=raw_path,
                path=os.fsdecode(raw_path),
                size_bytes=1,
                mtime_ns=1,
                inode=1,
                state=LedgerState.DUPLICATE,
                recording_id=recording_id,
                first_seen_at=house.now(),
                changed_at=house.now(),
            )  # fmt: skip
        )


def test_a_name_that_is_not_utf8_is_found_as_the_share_has_it(house: House, cast: Cast, tmp_path: Path) -> None:
    share = tmp_path / "share"
    folder = make_folder(house.db, cast.choir, share)
    raw = "会议 😀 ".encode() + b"\xff.wav"
    (share / os.fsdecode(raw)).write_bytes(b"1")
    recording = make_recording(house, cast.choir, folder_id=folder, raw_path=raw)
    assert found(house, recording) == AudioPlace(os.fsencode(share), os.fsencode(share) + b"/" + raw)


def test_an_upload_lies_below_data(house: House, cast: Cast) -> None:
    place = house.uploads / cast.choir
    place.mkdir(parents=True)
    (place / "one.wav").write_bytes(b"1")
    recording = make_recording(house, cast.choir, raw_path=f"{cast.choir}/one.wav".encode())
    assert found(house, recording).root == os.fsencode(house.uploads)


def test_another_copy_of_the_same_bytes_will_do(house: House, cast: Cast, tmp_path: Path) -> None:
    first = make_folder(house.db, cast.choir, tmp_path / "first")
    second = make_folder(house.db, cast.choir, tmp_path / "second")
    recording = make_recording(house, cast.choir, folder_id=first, raw_path=b"gone.wav")
    (tmp_path / "second" / "copy.wav").write_bytes(b"1")
    ledger_line(house, second, b"copy.wav", recording)
    assert found(house, recording).path == os.fsencode(tmp_path / "second" / "copy.wav")


def test_a_file_that_was_written_over_is_not_taken_for_the_recording(house: House, cast: Cast, tmp_path: Path) -> None:
    folder = make_folder(house.db, cast.choir, tmp_path / "share")
    recording = make_recording(house, cast.choir, folder_id=folder, raw_path=b"a.wav", path="a.wav")
    (tmp_path / "share" / "a.wav").write_bytes(b"other bytes")
    with pytest.raises(Unreadable):
        found(house, recording)


def test_another_teams_copy_is_never_taken(house: House, cast: Cast, tmp_path: Path) -> None:
    ours = make_folder(house.db, cast.choir, tmp_path / "ours")
    theirs = make_folder(house.db, cast.garden, tmp_path / "theirs")
    recording = make_recording(house, cast.choir, folder_id=ours, raw_path=b"gone.wav")
    (tmp_path / "theirs" / "copy.wav").write_bytes(b"1")
    ledger_line(house, theirs, b"copy.wav", recording)
    with pytest.raises(Unreadable):
        found(house, recording)


def test_a_vanished_file_and_an_unreachable_folder_are_told_apart(house: House, cast: Cast, tmp_path: Path) -> None:
    folder = make_folder(house.db, cast.choir, tmp_path / "share")
    recording = make_recording(house, cast.choir, folder_id=folder, raw_path=b"a.wav", path="a.wav")
    with pytest.raises(Unreadable, match="“a.wav” is no longer in the folder “share”"):
        found(house, recording)
    (tmp_path / "share").rmdir()
    with pytest.raises(Unreadable, match="The folder “share” with the file “a.wav” cannot be reached"):
        found(house, recording)


def test_what_the_watcher_misses_too_is_not_waited_for(house: House, cast: Cast, tmp_path: Path) -> None:
    folder = make_folder(house.db, cast.choir, tmp_path / "share")
    recording = make_recording(house, cast.choir, folder_id=folder, raw_path=b"a.wav", path="a.wav")
    ledger_line(house, folder, b"a.wav", recording)
    with pytest.raises(Unreadable) as soon_gone:
        found(house, recording)
    assert not soon_gone.value.permanent
    with house.db.write() as session:
        session.scalars(select(LedgerLine)).one().presence = Presence.MISSING
    with pytest.raises(Vanished, match="“a.wav” is no longer in the folder “share”") as gone:
        found(house, recording)
    assert gone.value.permanent
    with house.db.write() as session:
        session.get_one(Folder, folder).online = False
    with pytest.raises(Unreadable) as away:
        found(house, recording)
    assert not away.value.permanent


def taken(house: House, cast: Cast, share: Path) -> str:
    """A recording of a file in the share, whose line knows what the file looked like."""
    folder = make_folder(house.db, cast.choir, share)
    file = share / "talk.wav"
    file.write_bytes(b"mine")
    recording = make_recording(house, cast.choir, folder_id=folder, raw_path=b"talk.wav", size_bytes=4)
    looks = Stat.of(file.lstat())
    with house.db.write() as session:
        line = new_line(house, folder, Sighting(b"talk.wav", looks))
        line.state, line.recording_id = LedgerState.INGESTED, recording
        line.sha256 = session.get_one(Recording, recording).sha256
        session.add(line)
    return recording


def test_what_is_transcribed_is_what_was_taken_and_not_what_lies_there_since(
    house: House, cast: Cast, tmp_path: Path
) -> None:
    recording = taken(house, cast, tmp_path / "share")
    with house.db.read() as session:
        row = session.get_one(Recording, recording)
        assert locate(house, session, row, as_taken=True).path.endswith(b"/talk.wav")
        assert not is_overwritten(house, session, row)
        (tmp_path / "share" / "talk.wav").write_bytes(b"your")  # the same size
        with pytest.raises(Unreadable):
            locate(house, session, row, as_taken=True)
        assert is_overwritten(house, session, row)


def test_a_file_that_went_after_it_was_opened_was_not_overwritten(house: House, cast: Cast, tmp_path: Path) -> None:
    recording = taken(house, cast, tmp_path / "share")
    (tmp_path / "share" / "talk.wav").unlink()
    with house.db.read() as session:
        assert not is_overwritten(house, session, session.get_one(Recording, recording))
