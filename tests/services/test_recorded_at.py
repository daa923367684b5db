"""Room: tests.services. When a recording was made, and what says so."""

from datetime import UTC, datetime

import pytest

from nas_asr.services.recorded_at import Clues, moment_of, recorded_at

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
MTIME = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)


def clues(
    container: str = "", name: str = "talk", mtime: datetime | None = MTIME, zone: str = "Asia/Shanghai"
) -> Clues:
    return Clues(container, name, None if mtime is None else int(mtime.timestamp() * 1e9), zone, NOW)


def test_the_container_knows_best() -> None:
    moment, source = recorded_at(clues("2025-03-01T08:00:00Z", "20250102_090000"))
    assert (moment, source) == (datetime(2025, 3, 1, 8, tzinfo=UTC), "container")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("20250102_090000", "2025-01-02T01:00:00"),
        ("PTT-20250102-WA0007", "2025-01-01T16:00:00"),
        ("录音 2025-01-02 09.00", "2025-01-02T01:00:00"),
        ("2025-01-02 09-00-05", "2025-01-02T01:00:05"),
        ("2025年1月2日 9点30", "2025-01-02T01:30:00"),
        ("2025年1月2日09时30分", "2025-01-02T01:30:00"),
        ("New Recording 2025-01-02 at 9.00.07 PM", "2025-01-02T13:00:07"),
        ("Call_+4915112345678_20250102090000", "2025-01-02T01:00:00"),
        ("2025.01.02", "2025-01-01T16:00:00"),
        ("REC_20250102T090000", "2025-01-02T01:00:00"),
        ("2025年1月2日 上午9点05分", "2025-01-02T01:05:00"),
        ("2025年1月2日 下午9点半", "2025-01-02T13:30:00"),
        ("2025年1月2日 中午12点", "2025-01-02T04:00:00"),
        ("2025年1月2日 凌晨12点10分", "2025-01-01T16:10:00"),
        ("2025年1月2日 晚上12点", "2025-01-02T16:00:00"),
        ("录屏2025-01-02 上午9.00.05", "2025-01-02T01:00:05"),
        ("Recording 2025-01-02 at 9.00.05 PM", "2025-01-02T13:00:05"),
        ("Screen Recording 2025-01-02 at 9.00.05\u202fAM", "2025-01-02T01:00:05"),
        ("Bildschirmaufnahme 2025-01-02 um 09.00.05", "2025-01-02T01:00:05"),
        ("AUD-20250102-WA0001", "2025-01-01T16:00:00"),
        ("VID_20250102_090000123", "2025-01-02T01:00:00"),
        ("R20250102-090000", "2025-01-02T01:00:00"),
        ("Voice 2025-01-02 09-00-00", "2025-01-02T01:00:00"),
        ("REC_20250102_090000_001", "2025-01-02T01:00:00"),
        ("2025-01-02_090000", "2025-01-02T01:00:00"),
        ("20250102 - 09.00", "2025-01-02T01:00:00"),
        ("250102_0900", "2025-01-02T01:00:00"),
        ("250102_0900_01", "2025-01-02T01:00:00"),
        ("Voice 250102_090000", "2025-01-02T01:00:00"),
        ("通话录音 张三_250102_090000", "2025-01-02T01:00:00"),
        ("13800138000_20250102090000", "2025-01-02T01:00:00"),
        ("张三(13800138000)_20250102090000", "2025-01-02T01:00:00"),
        ("12025550123-20250102", "2025-01-01T16:00:00"),
        ("2025-01-02 what we said on 20250103_080000", "2025-01-03T00:00:00"),
        ("20310101 plan of 20250102", "2025-01-01T16:00:00"),
        ("20250102_246000", "2025-01-01T16:00:00"),
    ],
)
def test_a_name_with_a_date_is_a_local_time_of_the_site(name: str, expected: str) -> None:
    moment, source = recorded_at(clues(name=name))
    assert (moment.isoformat(), source) == (f"{expected}+00:00", "name")


@pytest.mark.parametrize(
    "name",
    [
        "GMT20250102-090000_Recording", "20250102T090000Z", "2025-01-02T09-00-00Z", "UTC 2025-01-02 09.00",
        "PXL_20250102_090000123",
    ],
)  # fmt: skip
def test_a_name_that_says_utc_is_no_local_time(name: str) -> None:
    assert recorded_at(clues(name=name)) == (datetime(2025, 1, 2, 9, tzinfo=UTC), "name")


@pytest.mark.parametrize(
    "name",
    [
        "20251302", "2025-13-40", "12025010299", "meeting 2025", "20250230", "5-2025-1", "13800138000", "12025550123",
        "2010123112", "20250102123", "2025-01-0212", "250132_0900", "990102_0900", "x 250102_0900", "250102-0900",
        "20310101_090000", "19700101_000000", "19800101",
    ],
)  # fmt: skip
def test_a_name_without_a_possible_date_says_nothing(name: str) -> None:
    assert recorded_at(clues(name=name)) == (MTIME, "mtime")


@pytest.mark.parametrize(
    "wrong",
    [
        "1904-01-01T00:00:00Z", "1970-01-01T00:00:00", "1980-01-01T00:00:00Z", "1980-01-01", "2031-01-01T00:00:00Z",
        "2026-11-21T17:30:00Z", "yesterday",
    ],
)  # fmt: skip
def test_a_clock_that_nobody_set_is_not_believed(wrong: str) -> None:
    assert recorded_at(clues(wrong)) == (MTIME, "mtime")


def test_a_container_without_a_zone_is_a_local_time_of_the_site() -> None:
    moment, source = recorded_at(clues("2025-03-01T08:00:00"))
    assert (moment, source) == (datetime(2025, 3, 1, 0, tzinfo=UTC), "container")


def test_a_container_that_says_utc_and_means_the_names_local_time_is_local() -> None:
    moment, source = recorded_at(clues("2025-03-01T08:00:01Z", "VID_20250301_080000"))
    assert (moment, source) == (datetime(2025, 3, 1, 0, 0, 1, tzinfo=UTC), "container")
    assert recorded_at(clues("2025-03-01T00:00:01Z", "VID_20250301_080000"))[0] == moment


@pytest.mark.parametrize(("container", "name"), [("", "PTT-20260105-WA0007"), ("2026-01-05", "talk")])
def test_a_day_without_a_time_takes_the_time_from_a_file_of_that_day(container: str, name: str) -> None:
    assert recorded_at(clues(container, name)) == (MTIME, "mtime")
    moment, source = recorded_at(clues(container, name, mtime=datetime(2026, 1, 7, tzinfo=UTC)))
    assert moment == datetime(2026, 1, 4, 16, tzinfo=UTC)  # that day's midnight in Shanghai
    assert source == ("container" if container else "name")


def test_a_day_in_the_container_takes_the_time_from_a_name_of_that_day() -> None:
    moment, source = recorded_at(clues("2026-01-05", "20260105_090000"))
    assert (moment, source) == (datetime(2026, 1, 5, 1, tzinfo=UTC), "name")


def test_the_days_seventh_recording_was_not_made_at_seven_past_midnight() -> None:
    assert recorded_at(clues(name="260105_0007")) == (MTIME, "mtime")
    moment, source = recorded_at(clues(name="260105_1745"))  # it ended at 18:00, that is, its mtime
    assert (moment, source) == (datetime(2026, 1, 5, 9, 45, tzinfo=UTC), "name")


def test_without_any_clue_it_was_recorded_when_we_first_saw_it() -> None:
    assert recorded_at(clues(mtime=datetime(1970, 1, 1, tzinfo=UTC))) == (NOW, "first_seen")
    assert recorded_at(clues(mtime=None), otherwise="upload") == (NOW, "upload")


def test_a_time_that_no_calendar_has_is_none() -> None:
    assert moment_of(-(1 << 63)) is None or moment_of(-(1 << 63)).year < 1700  # type: ignore[union-attr]
    assert moment_of(1 << 70) is None
