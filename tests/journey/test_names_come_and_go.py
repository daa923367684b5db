"""Room: tests.journey. Files are renamed, swapped, copied, replaced and put back: each transcript stays with its bytes."""

import os
import random
import shutil
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select

from nas_asr.core.errors import Vanished
from nas_asr.core.recording import RunState
from nas_asr.services.base import House
from nas_asr.services.folders import remove_folder
from nas_asr.services.recordings import trash
from nas_asr.store.models import LedgerLine, Recording, Run
from tests.cast import Cast, Clock, make_folder
from tests.drops import lines, recordings, runs, with_settings
from tests.journey.shares import Shares
from tests.watcher.walk import Walk


@pytest.fixture
def shares(house: House, cast: Cast, tmp_path: Path) -> Shares:
    """The folders of two teams."""
    return Shares(with_settings(house, settle_seconds=10.0, scan_seconds=30.0), cast, tmp_path)


@pytest.fixture(params=["running", "stopped"])
def meanwhile(shares: Shares, request: pytest.FixtureRequest) -> Callable[[], None]:
    """What follows a change to a share: the watch sees it as it runs, or only after its next start."""

    def settle() -> None:
        if request.param == "stopped":
            shares.restart()
        shares.settle()

    return settle


def test_two_names_that_are_swapped_take_their_transcripts_along(shares: Shares, meanwhile: Callable[[], None]) -> None:
    shares.write(shares.one / "a.wav", "ant")
    shares.write(shares.one / "b.wav", "bee")
    shares.settle()
    ids = shares.transcribed("ant", "bee")
    (shares.one / "a.wav").rename(shares.one / "c")
    (shares.one / "b.wav").rename(shares.one / "a.wav")
    (shares.one / "c").rename(shares.one / "b.wav")
    meanwhile()
    shares.assert_right()
    assert {name: line.recording_id for name, line in lines(shares.house).items() if name in ("a.wav", "b.wav")} == {
        "a.wav": ids["bee"], "b.wav": ids["ant"]
    }  # fmt: skip


def test_a_chain_of_renames_takes_the_transcripts_along(shares: Shares, meanwhile: Callable[[], None]) -> None:
    for name, content in (("a", "ant"), ("b", "bee"), ("c", "cat")):
        shares.write(shares.one / f"{name}.wav", content)
    shares.settle()
    ids = shares.transcribed("ant", "bee", "cat")
    for old, new in (("c", "d"), ("b", "c"), ("a", "b")):
        (shares.one / f"{old}.wav").rename(shares.one / f"{new}.wav")
    meanwhile()
    shares.assert_right()
    found = {one.id: one.path for one in recordings(shares.house)}
    assert [found[ids[name]] for name in ("ant", "bee", "cat")] == ["b.wav", "c.wav", "d.wav"]


def test_a_folder_of_fifty_recordings_that_is_renamed_keeps_all_fifty(
    shares: Shares, meanwhile: Callable[[], None]
) -> None:
    (shares.one / "2025").mkdir()
    for number in range(50):
        shares.write(shares.one / "2025" / f"{number}.wav", f"talk {number}")
    shares.settle()
    before = {one.id for one in recordings(shares.house)}
    (shares.one / "2025").rename(shares.one / "Old things")
    meanwhile()
    shares.assert_right()
    assert {one.id for one in recordings(shares.house)} == before
    assert sum(one.path.startswith("Old things/") for one in recordings(shares.house)) == 50


def test_a_recording_follows_its_file_to_another_folder_of_the_team(
    shares: Shares, meanwhile: Callable[[], None]
) -> None:
    shares.write(shares.one / "a.wav", "ant")
    shares.settle()
    ids = shares.transcribed("ant")
    shutil.move(shares.one / "a.wav", shares.two / "b.wav")
    meanwhile()
    shares.assert_right()
    moved = shares.of("ant")
    assert (moved.id, moved.folder_id, moved.path) == (ids["ant"], shares.ids[shares.two], "b.wav")


@pytest.mark.parametrize("seen_between", [False, True])
def test_a_copy_whose_original_is_deleted_is_the_recordings_place(shares: Shares, seen_between: bool) -> None:
    shares.write(shares.one / "a.wav", "ant")
    shares.settle()
    ids = shares.transcribed("ant")
    shutil.copy2(shares.one / "a.wav", shares.one / "b.wav")
    if seen_between:
        shares.settle()
        assert lines(shares.house)["b.wav"].state == "duplicate"
    (shares.one / "a.wav").unlink()
    shares.settle()
    shares.assert_right()
    assert (shares.of("ant").id, shares.of("ant").path) == (ids["ant"], "b.wav")


def test_a_deleted_file_that_a_copy_elsewhere_brings_back_is_the_same_recording(shares: Shares) -> None:
    shares.write(shares.one / "a.wav", "ant")
    shares.settle()
    ids = shares.transcribed("ant")
    shutil.copy2(shares.one / "a.wav", shares.one.parent / "stick")
    (shares.one / "a.wav").unlink()
    shares.settle()
    shares.assert_right()
    shutil.copy2(shares.one.parent / "stick", shares.one / "b.wav")
    shares.settle()
    shares.assert_right()
    assert shares.of("ant").id == ids["ant"]


def test_a_duplicate_in_another_folder_takes_over_when_the_first_place_is_deleted(shares: Shares) -> None:
    shares.write(shares.one / "a.wav", "ant")
    shares.settle()
    shares.write(shares.two / "copy.wav", "ant")
    shares.settle()
    (shares.one / "a.wav").unlink()
    shares.settle()
    shares.assert_right()
    assert shares.of("ant").folder_id == shares.ids[shares.two]


def test_bytes_that_are_put_back_are_the_first_recording_again(shares: Shares, meanwhile: Callable[[], None]) -> None:
    shares.write(shares.one / "a.wav", "ant")
    shares.settle()
    shares.write(shares.one / "a.wav", "bee")
    meanwhile()
    ids = shares.transcribed("ant", "bee")
    shares.assert_right()
    shares.write(shares.one / "a.wav", "ant")
    meanwhile()
    shares.assert_right()
    line = lines(shares.house)["a.wav"]
    assert (line.generation, line.recording_id) == (3, ids["ant"])
    assert {one.id: one.version for one in recordings(shares.house) if one.version} == dict.fromkeys(ids.values(), 1)


def test_the_same_bytes_a_day_after_the_file_was_deleted_are_no_second_recording(shares: Shares, clock: Clock) -> None:
    shares.write(shares.one / "a.wav", "ant")
    shares.settle()
    (shares.one / "a.wav").unlink()
    shares.settle()
    clock.pass_seconds(86_400)
    shares.write(shares.one / "a.wav", "ant")
    shares.settle()
    shares.assert_right()
    assert lines(shares.house)["a.wav"].generation == 1


def test_hard_links_are_copies_and_writing_through_one_changes_both(shares: Shares) -> None:
    shares.write(shares.one / "a.wav", "ant")
    os.link(shares.one / "a.wav", shares.one / "b.wav")
    shares.settle()
    shares.assert_right()
    shares.write(shares.one / "a.wav", "bee")
    shares.settle()
    shares.assert_right()
    assert shares.bytes_of(shares.of("ant")) is None
    (shares.one / "a.wav").unlink()
    shares.settle()
    shares.assert_right()


_NAMES = [
    b"new\nline.wav", b"it's \"quoted\" `$(x)`.wav", b"\xff\xfe not utf-8.wav", b"a" * 251 + b".wav",
    "录音 🎤.wav".encode(), b"  spaces  .wav", b"-rf.wav", b"a\\b.wav", "x\u202egpj.wav".encode(),
]  # fmt: skip


def test_any_name_that_a_share_can_have_is_taken_and_followed_there_and_back(shares: Shares) -> None:
    strange = {f"{number}": shares.one / os.fsdecode(name) for number, name in enumerate(_NAMES)}
    for number, path in strange.items():
        shares.write(path, number)
    shares.settle()
    shares.assert_right()
    for number, path in strange.items():
        path.rename(shares.one / f"{number}.wav")
    shares.settle()
    shares.assert_right()
    for number, path in strange.items():
        (shares.one / f"{number}.wav").rename(path)
    shares.settle()
    shares.assert_right()
    assert [shares.of(number).raw_path for number in strange] == _NAMES


def test_twins_of_a_name_in_two_normal_forms_are_two_files_and_a_rename_is_one(shares: Shares) -> None:
    nfc, nfd = (unicodedata.normalize(form, "Müller.wav") for form in ("NFC", "NFD"))
    shares.write(shares.one / nfc, "ant")
    shares.write(shares.one / nfd, "bee")
    shares.settle()
    shares.assert_right()
    assert {one.path for one in (shares.of("ant"), shares.of("bee"))} == {nfc}
    (shares.one / nfd).unlink()
    (shares.one / nfc).rename(shares.one / nfd)
    shares.settle()
    shares.assert_right()
    assert shares.of("ant").raw_path == nfd.encode()


def test_another_case_of_a_name_is_a_rename(shares: Shares, meanwhile: Callable[[], None]) -> None:
    shares.write(shares.one / "talk.wav", "ant")
    shares.settle()
    (shares.one / "talk.wav").rename(shares.one / "TALK.WAV")
    meanwhile()
    shares.assert_right()
    assert shares.of("ant").path == "TALK.WAV"


def test_another_case_on_a_share_that_knows_no_case_is_a_rename_too(
    shares: Shares, monkeypatch: pytest.MonkeyPatch
) -> None:
    shares.write(shares.one / "talk.wav", "ant")
    shares.settle()
    (shares.one / "talk.wav").rename(shares.one / "TALK.WAV")
    real = os.lstat
    upper, lower = os.fsencode(shares.one / "TALK.WAV"), os.fsencode(shares.one / "talk.wav")
    monkeypatch.setattr(os, "lstat", lambda path, **how: real(upper if path == lower else path, **how))
    shares.settle()
    line = lines(shares.house)["TALK.WAV"]
    assert (line.state, shares.of("ant").path) == ("ingested", "TALK.WAV")


def test_a_file_that_came_from_another_folder_says_so(shares: Shares) -> None:
    shares.write(shares.one / "talk.wav", "ant")
    shares.settle()
    (shares.one / "talk.wav").rename(shares.two / "talk.wav")
    shares.settle()
    with shares.house.db.read() as session:
        (reason,) = session.scalars(select(LedgerLine.reason).where(LedgerLine.reason_code == "moved"))
    assert reason == "It was moved here from another folder of the team; there it was “talk.wav”."


@pytest.mark.parametrize("how", ["touched", "moved", "moved to the other folder", "touched and moved while stopped"])
def test_what_was_thrown_away_does_not_come_back_by_itself(shares: Shares, how: str) -> None:
    path = shares.one / "a.wav"
    shares.write(path, "ant")
    shares.settle()
    trash(shares.house, shares.cast.bob, shares.of("ant").id)
    before = len(runs(shares.house))
    if "touched" in how:
        path.chmod(0o600)
    if "moved" in how:
        path.rename((shares.two if "other" in how else shares.one) / "b.wav")
    if "stopped" in how:
        shares.restart()
    shares.settle()
    shares.settle()
    assert len(runs(shares.house)) == before
    (thrown,) = [one for one in recordings(shares.house) if one.trashed_at]
    assert lines(shares.house)[thrown.path].recording_id == thrown.id
    assert thrown.path == ("b.wav" if "moved" in how else "a.wav")


def test_a_copy_of_what_was_thrown_away_is_somebodys_wish(shares: Shares) -> None:
    shares.write(shares.one / "a.wav", "ant")
    shares.settle()
    trash(shares.house, shares.cast.bob, shares.of("ant").id)
    shutil.copy2(shares.one / "a.wav", shares.one / "b.wav")
    shares.settle()
    assert shares.of("ant").path == "b.wav"


def test_a_nas_that_touches_everything_queues_nothing(shares: Shares, meanwhile: Callable[[], None]) -> None:
    for content in ("ant", "bee"):
        shares.write(shares.one / f"{content}.wav", content)
    shares.settle()
    before = {run.id for run in runs(shares.house)}
    (shares.one / "@eaDir" / "ant.wav").mkdir(parents=True)
    (shares.one / "@eaDir" / "ant.wav" / "SYNO@.fileindexdb").write_bytes(b"x")
    shares.write(shares.one / "@eaDir" / "bee.wav@SynoEAStream", "hidden")
    (shares.one / "ant.wav").chmod(0o600)  # ctime
    shares.touch(shares.one / "ant.wav")  # mtime
    shutil.copy2(shares.one / "bee.wav", shares.one / ".x")
    (shares.one / ".x").rename(shares.one / "bee.wav")  # inode
    meanwhile()
    assert {run.id for run in runs(shares.house)} == before
    shutil.rmtree(shares.one / "@eaDir")
    meanwhile()  # its line, too, follows
    shares.assert_right()
    assert {line.generation for line in lines(shares.house).values()} == {1}


def test_a_file_that_comes_back_just_as_it_was_is_transcribed_after_all(shares: Shares) -> None:
    shares.write(shares.one / "a.wav", "ant")
    shares.settle()
    (shares.one / "a.wav").rename(shares.one.parent / "stick")
    shares.settle()
    with shares.house.db.write() as session:
        run = session.get_one(Run, shares.of("ant").run_id)
        run.state, run.failure_code = RunState.FAILED, Vanished.code
        session.get_one(Recording, run.recording_id).state = RunState.FAILED
    (shares.one.parent / "stick").rename(shares.one / "a.wav")
    shares.settle()
    assert shares.of("ant").state == RunState.QUEUED


def test_a_file_that_another_one_of_its_size_replaced_is_not_given_to_a_worker(shares: Shares) -> None:
    shares.write(shares.one / "a.wav", "ant")
    shares.settle()
    shares.write(shares.one / "a.wav", "bee")
    shares.settle()
    assert shares.bytes_of(shares.of("ant")) is None


def test_the_same_bytes_in_another_team_are_its_own_recording_and_cost_the_same_looks(shares: Shares) -> None:
    shares.write(shares.one / "a.wav", "ant")
    shares.settle()
    shares.write(shares.garden / "a.wav", "ant")
    shares.settle()
    shares.assert_right()
    ours, theirs = shares.of("ant"), shares.of("ant", shares.cast.garden)
    assert ours.id != theirs.id
    assert shares.walks[shares.garden].probe.asked == shares.walks[shares.one].probe.asked == [b"anchor.wav", b"a.wav"]
    shutil.move(shares.one / "a.wav", shares.garden / "b.wav")  # out of one team, into the other
    shares.settle()
    assert lines(shares.house)["b.wav"].reason == "The same recording is already here as “a.wav”."
    assert (shares.of("ant").id, shares.of("ant").path) == (ours.id, "a.wav")
    assert shares.bytes_of(ours) is None


def test_a_folder_that_becomes_another_teams_shows_neither_what_the_other_has(shares: Shares) -> None:
    shares.write(shares.one / "a.wav", "ant")
    shares.write(shares.one / "b.wav", "bee")
    shares.settle()
    ids = shares.transcribed("ant", "bee")
    remove_folder(shares.house, None, shares.ids[shares.one])
    again = Walk(shares.house, make_folder(shares.house.db, shares.cast.garden, shares.one))
    again.settle()
    theirs = [one for one in recordings(shares.house) if one.folder_id == again.folder_id]
    assert {one.team_id for one in theirs} == {shares.cast.garden}
    assert not {one.id for one in theirs} & set(ids.values())
    assert shares.bytes_of(shares.of("bee")) is not None  # it is as it was
    shares.write(shares.one / "a.wav", "new")  # by the other team, and as long
    again.settle()
    assert shares.bytes_of(shares.of("ant")) is None


def test_a_folder_that_was_removed_and_added_again_finds_all_its_recordings(shares: Shares) -> None:
    shares.write(shares.one / "a.wav", "ant")
    shares.settle()
    ids, before = shares.transcribed("ant"), len(runs(shares.house))
    remove_folder(shares.house, None, shares.ids[shares.one])
    again = Walk(shares.house, make_folder(shares.house.db, shares.cast.choir, shares.one))
    again.settle()
    assert (shares.of("ant").id, shares.of("ant").folder_id) == (ids["ant"], again.folder_id)
    assert len(runs(shares.house)) == before


class Chaos:
    """Somebody who does anything to files that a person, a NAS or a script might do."""

    def __init__(self, shares: Shares, seed: int) -> None:
        self.shares = shares
        self.dice = random.Random(seed)
        self.places = [
            root / name
            for root in (shares.one, shares.two, shares.garden)
            for name in ("a.wav", "b.wav", "d/a.wav", "d/b.wav")
        ]
        for place in self.places:
            place.parent.mkdir(exist_ok=True)

    def act(self) -> None:
        """One thing."""
        deeds: list[Callable[[Path, Path], None]] = [
            self.write,
            self.move,
            self.swap,
            self.copy,
            self.delete,
            self.nudge,
        ]
        one, other = self.dice.sample(self.places, 2)
        self.dice.choice(deeds)(one, other)

    def write(self, one: Path, _: Path) -> None:
        """New bytes under an old name, or a new file."""
        self.shares.write(one, self.dice.choice("ABCDE"))

    def move(self, one: Path, other: Path) -> None:
        """A rename, over whatever lay there."""
        if one.exists():
            one.replace(other)

    def swap(self, one: Path, other: Path) -> None:
        """Two names exchanged."""
        if one.exists() and other.exists():
            one.rename(one.with_suffix(".part"))
            other.rename(one)
            one.with_suffix(".part").rename(other)

    def copy(self, one: Path, other: Path) -> None:
        """Another file of the same bytes, or another name of the same file."""
        if one.exists():
            other.unlink(missing_ok=True)
            ways: list[Callable[[Path, Path], object]] = [shutil.copy, shutil.copy2, os.link]
            self.dice.choice(ways)(one, other)
            if not other.samefile(one):
                self.shares.touch(other)

    def delete(self, one: Path, _: Path) -> None:
        """Gone."""
        one.unlink(missing_ok=True)

    def nudge(self, one: Path, _: Path) -> None:
        """A NAS touches it."""
        if one.exists():
            self.shares.touch(one)


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_done_to_files_each_recording_stays_with_its_bytes(shares: Shares, seed: int) -> None:
    chaos = Chaos(shares, seed)
    for _ in range(8):
        for _ in range(chaos.dice.randint(1, 6)):
            chaos.act()
        if chaos.dice.random() < 0.3:
            shares.restart()
        shares.settle()
        shares.settle()
        shares.assert_right()
