"""Room: tests.services.test_parts. Real files of a recorder in a folder: what is offered after they were taken."""

import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from nas_asr.services import parts
from nas_asr.services.base import House
from nas_asr.services.ingest import Linked, Taken, ingest
from nas_asr.services.recordings import one_recording
from nas_asr.services.sightings import Sighting, Stat
from tests.cast import Cast, make_folder
from tests.drops import write_wav


class Share:
    """A watched folder of the choir into which a recorder's files are copied with their dates."""

    def __init__(self, house: House, cast: Cast, path: Path) -> None:
        self.house, self.path = house, path
        self.folder = make_folder(house.db, cast.choir, path)
        self._sounds = 0

    def drop(self, name: str, seconds: float, ended: datetime) -> str:
        """A file that was finished then, taken; the id of its recording."""
        self._sounds += 1
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_wav(path, seconds, chord=(200.0 + self._sounds,))
        os.utime(path, (ended.timestamp(), ended.timestamp()))
        return self.take(name)

    def take(self, name: str) -> str:
        """As the watcher takes it."""
        taken = ingest(self.house, self.folder, Sighting(os.fsencode(name), Stat.of((self.path / name).lstat())))
        assert isinstance(taken, Taken | Linked)
        return taken.recording_id


@pytest.fixture
def share(house: House, cast: Cast, tmp_path: Path) -> Share:
    return Share(house, cast, tmp_path / "share")


def ended(house: House, seconds: float) -> datetime:
    """A moment of this morning."""
    return house.now() - timedelta(hours=2) + timedelta(seconds=seconds)


def test_files_with_the_dates_of_their_ends_are_offered_and_the_late_one_is_added(
    share: Share, house: House, cast: Cast
) -> None:
    first = share.drop("day/REC001_P001.WAV", 6, ended(house, 6))
    assert parts.offer_of(house, cast.bob, first) is None
    second = share.drop("day/REC001_P002.WAV", 5, ended(house, 11))
    offer = parts.offer_of(house, cast.bob, first)
    assert offer is not None
    assert ([file.id for file in offer.parts], offer.duration_ms) == ([first, second], 11_000)
    whole = parts.join(house, cast.bob, first, [first, second])
    third = share.drop("day/REC001_P003.WAV", 4, ended(house, 15))
    late = parts.offer_of(house, cast.bob, third)
    assert late is not None
    assert (late.whole, [file.id for file in late.parts]) == (whole, [third])
    parts.join(house, cast.bob, whole, [third])
    assert [part.start_ms for part in one_recording(house, cast.bob, whole).parts] == [0, 6000, 11_000]


def test_names_with_the_start_go_by_the_dates_on_the_share(share: Share, house: House, cast: Cast) -> None:
    first = share.drop("VOICE_20261121_070000_001.wav", 5, ended(house, 5))
    second = share.drop("VOICE_20261121_070000_002.wav", 4, ended(house, 9))
    offer = parts.offer_of(house, cast.bob, second)
    assert offer is not None
    assert [file.id for file in offer.parts] == [first, second]


@pytest.mark.parametrize("pause", [8, 3600, 86_400])
def test_a_pause_makes_two_recordings(share: Share, house: House, cast: Cast, pause: int) -> None:
    first = share.drop("interview_1.wav", 5, ended(house, 5 - pause))
    share.drop("interview_2.wav", 5, ended(house, 10))
    assert parts.offer_of(house, cast.bob, first) is None


def test_a_joined_file_that_is_moved_stays_joined(share: Share, house: House, cast: Cast) -> None:
    files = [share.drop(f"REC_00{n}.wav", 5, ended(house, 5 * n)) for n in (1, 2)]
    whole = parts.join(house, cast.bob, files[0], files)
    (share.path / "old").mkdir()
    (share.path / "REC_002.wav").rename(share.path / "old" / "REC_002.wav")
    assert share.take("old/REC_002.wav") == files[1]
    view = one_recording(house, cast.bob, whole)
    assert [part.path for part in view.parts] == ["REC_001.wav", "old/REC_002.wav"]
