"""Room: tests.core.test_splits. Which files look like one recording, and above all which do not."""

from datetime import UTC, datetime, timedelta

import pytest

from nas_asr.core.splits import PartName, SplitFile, part_name, run_of, starts_of

NINE = datetime(2025, 1, 2, 9, 0, tzinfo=UTC)
WAV = ("wav", "pcm_s16le", 44_100, 2)
MINUTE = 60_000


def file(path: str, at: float = 0, minutes: float = 10, **more: object) -> SplitFile:
    """A file that began so many minutes after nine, by its container's clock."""
    given = {
        "id": path, "path": path, "size_bytes": int(minutes * 10_000_000), "duration_ms": int(minutes * MINUTE),
        "form": WAV, "recorded_at": NINE + timedelta(minutes=at), "recorded_from": "container",
    }  # fmt: skip
    return SplitFile(**{**given, **more})  # type: ignore[arg-type]


def offered(*files: SplitFile) -> list[str]:
    """The names of the run that the last file is asked about, or none."""
    name = part_name(files[-1].path)
    assert name is not None
    return [one.path for one in run_of(files, name)]


@pytest.mark.parametrize(
    ("path", "stem", "number"),
    [
        ("REC001_P002.WAV", "REC001", 2),
        ("ZOOM0001_LR-0002.WAV", "ZOOM0001_LR", 2),
        ("250102_0900_01.MP3", "250102_0900", 1),
        ("meeting-part2.m4a", "meeting", 2),
        ("meeting part 12.m4a", "meeting", 12),
        ("VOICE_20250102_090000_001.wav", "VOICE_20250102_090000", 1),
        ("例会_第2部分.m4a", "例会", 2),
        ("a/b/REC_003.wav", "REC", 3),
        ("meeting.m4a", "meeting", None),
        ("meeting (2).m4a", "meeting (2)", None),  # a browser's second copy
        ("250102_0900.MP3", "250102_0900", None),
        ("GX010034.MP4", "GX010034", None),
        ("ZOOM0001_Tr2.WAV", "ZOOM0001_Tr2", None),  # a microphone, not a part
        ("Trip1.wav", "Trip1", None),
        ("2025-01-02.wav", "2025-01-02", None),
        ("memo 2025-01-02.wav", "memo 2025-01-02", None),
        ("2025-01-02 09-00-01.wav", "2025-01-02 09-00-01", None),
        ("IMG_1234.m4a", "IMG_1234", None),
    ],
)
def test_a_name_says_which_part_it_may_be(path: str, stem: str, number: int | None) -> None:
    found = part_name(path)
    assert found is not None
    assert (found.stem, found.number) == (stem, number)


def test_a_name_that_is_only_a_number_belongs_to_nothing() -> None:
    assert part_name("part1.wav") is None
    assert part_name("01.mp3") == PartName(".", "01", ".mp3", None)


def test_parts_that_begin_where_the_one_before_ended_are_one_recording() -> None:
    files = (file("REC001_P001.WAV", 0), file("REC001_P002.WAV", 10), file("REC001_P003.WAV", 20, minutes=3))
    assert offered(*files) == [one.path for one in files]


def test_the_order_in_which_they_were_found_does_not_matter() -> None:
    assert offered(file("a_2.wav", 10), file("a_1.wav", 0)) == ["a_1.wav", "a_2.wav"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("ZOOM0001_LR.WAV", "ZOOM0001_LR-0001.WAV"),
        ("ZOOM0001_LR-0001.WAV", "ZOOM0001_LR-0002.WAV"),
        ("250102_0900.MP3", "250102_0900_01.MP3"),
        ("meeting.m4a", "meeting-part2.m4a"),
        ("REC_000.wav", "REC_001.wav"),
    ],
)
def test_recorders_count_in_different_ways(first: str, second: str) -> None:
    assert offered(file(first, 0), file(second, 10)) == [first, second]


def test_a_clock_that_tells_the_end_of_each_file_will_do() -> None:
    ends = (file("a_1.wav", 10, 10), file("a_2.wav", 20, 10), file("a_3.wav", 24, 4))
    assert len(offered(*(by_mtime(one) for one in ends))) == 3


def by_mtime(one: SplitFile) -> SplitFile:
    """The same, known from nothing but the file's date."""
    return file(one.path, 0, one.duration_ms / MINUTE, recorded_at=one.recorded_at, recorded_from="mtime")


def test_a_recorder_that_gives_all_parts_the_time_of_the_start_will_do_where_the_full_ones_are_alike() -> None:
    full = 2 * 1000 * 1000 * 1000 - 4096
    names = [f"VOICE_20250102_090000_00{number}.wav" for number in (1, 2, 3)]
    files = [file(name, size_bytes=full, recorded_from="name") for name in names[:2]]
    last = file(names[2], minutes=2, size_bytes=full // 5, recorded_from="name")
    assert offered(*files, last) == names
    assert offered(files[0], last_named(last, names[1])) == names[:2]  # even two: the first is as large as it may be


def last_named(one: SplitFile, path: str) -> SplitFile:
    """The same file under another name."""
    return file(path, 0, one.duration_ms / MINUTE, size_bytes=one.size_bytes, recorded_from=one.recorded_from)


def test_the_dates_of_the_files_decide_where_all_names_have_the_start() -> None:
    one = file("V_20250102_090000_001.wav", minutes=7, recorded_from="name", written_at=NINE + timedelta(minutes=7))
    two = file("V_20250102_090000_002.wav", minutes=3, recorded_from="name", written_at=NINE + timedelta(minutes=10))
    assert len(offered(one, two)) == 2
    copied = file(two.path, minutes=3, recorded_from="name", written_at=NINE + timedelta(minutes=7, seconds=5))
    assert offered(one, copied) == []


def test_a_missing_part_ends_the_run() -> None:
    files = [file(f"R_00{n}.wav", 10 * (n - 1)) for n in (1, 2, 4, 5)]
    assert offered(*files) == ["R_001.wav", "R_002.wav"]
    assert offered(file("R_002.wav", 10), file("R_003.wav", 20)) == []


@pytest.mark.parametrize(
    "files",
    [
        pytest.param((file("interview_1.wav"), file("interview_2.wav", 24 * 60)), id="another day"),
        pytest.param((file("interview_1.wav"), file("interview_2.wav", 70)), id="an hour later"),
        pytest.param((file("interview_1.wav"), file("interview_2.wav", 11)), id="a minute's pause"),
        pytest.param((file("interview_1.wav"), file("interview_2.wav", 0)), id="two microphones at once"),
        pytest.param((file("a_1.wav"), file("a_2.wav", 10, form=("wav", "pcm_s24le", 44_100, 2))), id="codec"),
        pytest.param((file("a_1.wav"), file("a_2.wav", 10, form=("wav", "pcm_s16le", 48_000, 2))), id="rate"),
        pytest.param((file("a_1.wav"), file("a_2.wav", 10, form=("wav", "pcm_s16le", 44_100, 1))), id="channels"),
        pytest.param((file("a_1.wav"), file("a_2.mp3", 10)), id="ending"),
        pytest.param((file("a_1.wav"), file("b_2.wav", 10)), id="stem"),
        pytest.param((file("x/a_1.wav"), file("y/a_2.wav", 10)), id="directory"),
        pytest.param((file("a_1.wav"), file("a_2.wav", 10, recorded_from="mtime")), id="two clocks"),
        pytest.param((file("a_1.wav", recorded_from="upload"), file("a_2.wav", 10, recorded_from="upload")), id="no clock"),
        pytest.param((file("REC_0341.wav"), file("REC_0342.wav", 10)), id="a counter of meetings"),
        pytest.param((file("a_1.wav", minutes=0.03), file("a_2.wav", 0.03, 0.03)), id="two seconds"),
        pytest.param((file("copy.wav"), file("copy (1).wav", 10)), id="copies"),
        pytest.param((file("x/a_1.wav"), file("x/a_01.wav", 0), file("x/a_2.wav", 10)), id="one number twice"),
        pytest.param(
            tuple(file(f"Album_0{n}.mp3", 0, minutes, recorded_from="mtime") for n, minutes in ((1, 3), (2, 4), (3, 5))),
            id="an album",
        ),
        pytest.param(tuple(file(f"stem_{n}.wav", 0, 4) for n in (1, 2, 3)), id="tracks of one song"),
        pytest.param((file("song_1.wav", 0, 4), file("song_2.wav", 0, 3)), id="two tracks of one song"),
    ],
)  # fmt: skip
def test_what_only_looks_alike_is_not_offered(files: tuple[SplitFile, ...]) -> None:
    assert offered(*files) == []


def test_a_file_without_a_number_that_does_not_fit_hides_nothing() -> None:
    cut = file("a.wav", 500, 20)
    assert offered(cut, file("a_1.wav", 0), file("a_2.wav", 10)) == ["a_1.wav", "a_2.wav"]


def test_a_clock_that_drifts_is_forgiven_a_little() -> None:
    assert offered(file("a_1.wav", 0, 60), file("a_2.wav", 60 + 5 / 60, 60)) == ["a_1.wav", "a_2.wav"]
    assert offered(file("a_1.wav", 0, 60), file("a_2.wav", 60 + 20 / 60, 60)) == []


def test_each_part_begins_where_the_ones_before_it_end() -> None:
    assert starts_of([100, 20, 3]) == [0, 100, 120]


def test_a_name_of_nothing_but_gaps_holds_nobody_up() -> None:
    for gap in (" ", "- ", "p "):
        name = part_name(f"a{gap * 50_000}x.wav")  # by a pattern that tries every beginning, this takes an hour
        assert name is not None
        assert name.number is None
