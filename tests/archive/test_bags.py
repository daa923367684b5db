"""Room: tests.archive.test_bags. A bag is what RFC 8493 and coreutils call whole, and every flipped bit shows."""

import json
import random
import subprocess
from pathlib import Path

import pytest

from nas_asr.archive.check import check_bag, facts_of
from nas_asr.archive.layout import PARTIAL, place_of
from nas_asr.export import from_json
from nas_asr.services.archive_checks import verify_known, verify_others
from nas_asr.services.base import House
from tests.archive.shelf import LINES, archive_now, bags, record, row, share_of, switch_on, transcribe_again, tree
from tests.cast import START, Cast, Clock

HARD_NAMES = [
    "100%.wav",
    "a\\b.wav",
    "two\nlines.wav",
    "CR\rthere.wav",
    "..wav",
    " .. %0A.m4a",
    "会议 😀.WAV",
    "no extension",
]


@pytest.fixture
def share(house: House, cast: Cast, tmp_path: Path) -> tuple[Path, str]:
    """The choir's share, its rule on."""
    switch_on(house)
    return share_of(house, cast.choir, tmp_path)


@pytest.fixture
def bag(house: House, cast: Cast, share: tuple[Path, str]) -> Path:
    """One archived recording's bag."""
    record(house, cast.choir, share)
    assert archive_now(house).archived == 1
    return bags(house)[0]


def sha256sum(bag: Path) -> subprocess.CompletedProcess[str]:
    """What coreutils says, without any of our code."""
    return subprocess.run(
        ["sha256sum", "-c", "--strict", "manifest-sha256.txt"], cwd=bag, capture_output=True, text=True, check=False
    )


def test_a_bag_holds_the_audio_and_the_transcript_in_three_forms(bag: Path) -> None:
    assert sorted(tree(bag)) == [
        "bag-info.txt", "bagit.txt", "data/audio.wav", "data/transcript.json", "data/transcript.srt",
        "data/transcript.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt",
    ]  # fmt: skip
    assert (bag / "data/audio.wav").read_bytes() == b"SOUND of meeting.wav"
    assert from_json((bag / "data/transcript.json").read_bytes()).transcript.segments[0].text == LINES[0]
    assert facts_of(bag)["Source-Organization"] == "Choir"
    assert bag.parts[-4:] == ("choir", "2026", "11", "2026-11-21 meeting")


@pytest.mark.parametrize("name", HARD_NAMES)
def test_coreutils_and_bagit_find_it_whole_whatever_the_file_was_called(
    house: House, cast: Cast, share: tuple[Path, str], name: str
) -> None:
    record(house, cast.choir, share, name)
    assert archive_now(house).skipped == []
    (bag,) = bags(house)
    said = sha256sum(bag)
    assert said.returncode == 0, said.stderr
    assert said.stdout.count(": OK") == 4
    assert check_bag(bag).troubles == ()
    assert bag.is_relative_to(house.options.archive.absolute())
    kept = json.loads((bag / "data/transcript.json").read_bytes())["archive"]["recording"]
    assert kept["path"] == name


@pytest.mark.parametrize("title", ["../../../etc", "/", "..", "a/../../b", "\x00", "x" * 500, "会" * 300, "CON", " . "])
def test_no_title_leads_out_of_the_root_or_makes_a_name_too_long(title: str) -> None:
    place = place_of("con", START.date(), title)
    assert place.parts[:3] == ("con_", "2026", "11") and len(place.parts) == 4
    assert ".." not in place.parts and "/" not in place.name and len(place.name.encode()) <= 140


def test_recordings_of_one_name_lie_beside_each_other(house: House, cast: Cast, share: tuple[Path, str]) -> None:
    for n in range(3):
        record(house, cast.choir, share, f"{n}.wav", title="weekly / meeting")
    assert archive_now(house).archived == 3
    names = [bag.name for bag in bags(house)]
    assert sorted(names) == [
        "2026-11-21 weekly meeting", "2026-11-21 weekly meeting (2)", "2026-11-21 weekly meeting (3)"
    ]  # fmt: skip


def test_a_link_in_the_archive_is_not_followed(
    house: House, cast: Cast, share: tuple[Path, str], tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    house.options.archive.mkdir(parents=True)
    (house.options.archive / "choir").symlink_to(tmp_path / "elsewhere")
    record(house, cast.choir, share)
    assert "links are never followed" in archive_now(house).failure
    assert not list((tmp_path / "elsewhere").iterdir())


def test_the_source_on_the_share_is_only_read(house: House, cast: Cast, share: tuple[Path, str]) -> None:
    record(house, cast.choir, share)
    before = (tree(share[0]), (share[0] / "meeting.wav").stat().st_mtime_ns, share[0].stat().st_mtime_ns)
    archive_now(house)
    assert (tree(share[0]), (share[0] / "meeting.wav").stat().st_mtime_ns, share[0].stat().st_mtime_ns) == before


def test_the_bagit_library_finds_it_valid(bag: Path) -> None:
    bagit = pytest.importorskip("bagit", reason="the bagit package is not installed")
    bagit.Bag(str(bag)).validate()


def test_a_flipped_bit_anywhere_is_found_and_its_file_named(house: House, bag: Path) -> None:
    dice = random.Random(7)
    whole = tree(bag)
    for name, content in whole.items():
        for _ in range(8):
            at, bit = dice.randrange(len(content)), dice.randrange(8)
            (bag / name).write_bytes(content[:at] + bytes([content[at] ^ 1 << bit]) + content[at + 1 :])
            assert check_bag(bag).troubles, f"bit {bit} of byte {at} of {name}"
        (bag / name).write_bytes(content)
    assert check_bag(bag).troubles == ()
    (bag / "data/audio.wav").write_bytes(b"S0UND of meeting.wav")
    (report,) = verify_known(house)
    assert [one["trouble"].split()[0] for one in report.troubles] == ["data/audio.wav"]
    assert sha256sum(bag).returncode == 1


def test_what_is_missing_or_extra_is_named(house: House, bag: Path) -> None:
    (bag / "data/transcript.txt").unlink()
    (bag / "data/more.txt").write_text("hello")
    (bag / "@eaDir").mkdir()
    (bag / "@eaDir" / "of the NAS").touch()
    assert check_bag(bag).troubles == (
        "data/more.txt is extra: no manifest names it.", "data/transcript.txt is missing."
    )  # fmt: skip
    (bag / "manifest-sha256.txt").unlink()
    assert check_bag(bag).troubles == ("manifest-sha256.txt is missing.",)
    bag.rename(bag.with_name("gone"))
    assert "is missing" in verify_known(house)[0].troubles[0]["trouble"]
    assert verify_others(house).troubles[0]["bag"].endswith("gone")


def test_a_bag_that_was_replaced_by_another_whole_one_is_found(
    house: House, bag: Path, cast: Cast, share: tuple[Path, str]
) -> None:
    record(house, cast.choir, share, "other.wav")
    archive_now(house)
    first, second = bags(house)
    first.rename(first.with_name("x"))
    second.rename(first)
    assert check_bag(first).troubles == ()
    said = {one["trouble"] for one in verify_known(house)[0].troubles}
    assert said == {"tagmanifest-sha256.txt is not the one that was written.", f"“{second.name}” is missing."}


def test_what_was_done_again_is_archived_again_beside(
    house: House, cast: Cast, share: tuple[Path, str], clock: Clock
) -> None:
    recording = record(house, cast.choir, share)
    assert archive_now(house).archived == 1
    assert row(house, recording).archived_at == clock.now and row(house, recording).archived_version == 1
    assert archive_now(house).archived == 0
    transcribe_again(house, recording, ["better now"])
    assert archive_now(house).archived == 1
    assert [bag.name for bag in bags(house)] == ["2026-11-21 meeting", "2026-11-21 meeting (2)"]
    document = json.loads((bags(house)[1] / "data/transcript.json").read_bytes())
    assert [version["number"] for version in document["archive"]["versions"]] == [1, 2]


def test_a_source_that_changed_is_skipped_with_a_sentence_and_nothing_half_stays(
    house: House, cast: Cast, share: tuple[Path, str]
) -> None:
    record(house, cast.choir, share, "same length.wav", b"1234")
    record(house, cast.choir, share, "longer.wav", b"2234")
    record(house, cast.choir, share, "gone.wav")
    record(house, cast.choir, share, "good.wav")
    (share[0] / "same length.wav").write_bytes(b"4321")
    (share[0] / "longer.wav").write_bytes(b"12345")
    (share[0] / "gone.wav").unlink()
    report = archive_now(house)
    assert report.archived == 1 and not report.failure
    reasons = {one["title"]: one["reason"] for one in report.skipped}
    assert "was changed since it was transcribed" in reasons["same length"]
    assert "no longer in the folder" in reasons["gone"] and "longer" in reasons
    assert not list(house.options.archive.glob(f"{PARTIAL}*"))
