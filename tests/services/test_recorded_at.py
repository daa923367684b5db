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
    ],
)
def test_a_name_with_a_date_is_a_local_time_of_the_site(name: str, expected: str) -> None:
    moment, source = recorded_at(clues(name=name))
    assert (moment.isoformat(), source) == (f"{expected}+00:00", "name")


@pytest.mark.parametrize("name", ["20251302", "2025-13-40", "12025010299", "meeting 2025", "20250230", "5-2025-1"])
def test_a_name_without_a_possible_date_says_nothing(name: str) -> None:
    assert recorded_at(clues(name=name)) == (MTIME, "mtime")


@pytest.mark.parametrize("wrong", ["1904-01-01T00:00:00Z", "1970-01-01T00:00:00", "2031-01-01T00:00:00Z", "yesterday"])
def test_a_clock_that_nobody_set_is_not_believed(wrong: str) -> None:
    assert recorded_at(clues(wrong)) == (MTIME, "mtime")


def test_without_any_clue_it_was_recorded_when_we_first_saw_it() -> None:
    assert recorded_at(clues(mtime=datetime(1970, 1, 1, tzinfo=UTC))) == (NOW, "first_seen")
    assert recorded_at(clues(mtime=None), otherwise="upload") == (NOW, "upload")


def test_a_time_that_no_calendar_has_is_none() -> None:
    assert moment_of(-(1 << 63)) is None or moment_of(-(1 << 63)).year < 1700  # type: ignore[union-attr]
    assert moment_of(1 << 70) is None
