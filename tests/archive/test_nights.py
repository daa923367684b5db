"""Room: tests.archive.test_nights. A night is done once: missed ones, two processes, summer time, and what goes wrong in it."""

import errno
import os
import threading
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from nas_asr.archive import bag as bag_room
from nas_asr.archive.layout import MARKER, PARTIAL
from nas_asr.core.archive_rule import Candidate, Rule, Stay, last_night, next_night, stays
from nas_asr.core.errors import ArchiveUnavailable, Conflict
from nas_asr.core.recording import RunState
from nas_asr.services import archive as service
from nas_asr.services.archive_nights import (
    LEASE,
    MAX_CLAIMS,
    anything_due,
    ask,
    claim,
    hold,
    list_nights,
    meet_nights,
)
from nas_asr.services.archive_plan import at_once, tonight
from nas_asr.services.archive_rules import RuleOrder, save_rule
from nas_asr.services.base import House
from tests.archive.shelf import archive_now, bags, night, record, share_of, switch_on, tree
from tests.cast import START, Cast, Clock, make_recording
from tests.drops import with_settings

BERLIN = "Europe/Berlin"


@pytest.fixture
def share(house: House, cast: Cast, tmp_path: Path) -> tuple[Path, str]:
    """The choir's share."""
    return share_of(house, cast.choir, tmp_path)


def test_the_rule_says_who_stays_and_why() -> None:
    rule = Rule(on=True, folders=("f",), min_minutes=5, untouched_hours=12)
    old = START - timedelta(hours=13)
    good: dict[str, Any] = {
        "folder_id": "f",
        "duration_ms": 300_000,
        "newest": 1,
        "archived": 0,
        "run": RunState.DONE,
        "touched_at": old,
    }

    def why(**changes: Any) -> Stay | None:
        return stays(rule, Candidate(**(good | changes)), START)

    assert why() is None
    assert why(archived=1) == Stay.ARCHIVED
    assert why(archived=1, newest=2) is None
    assert why(folder_id=None) == why(folder_id="g") == Stay.FOLDER
    assert why(duration_ms=299_999) == Stay.SHORT
    assert why(run=RunState.TRANSCRIBING) == Stay.UNDER_WAY
    assert why(newest=0, run=RunState.FAILED) == Stay.NO_TRANSCRIPT
    assert why(touched_at=START - timedelta(hours=11)) == Stay.FRESH


@pytest.mark.parametrize("day", ["2026-03-28", "2026-10-24", "2026-06-01"])
@pytest.mark.parametrize("at", [time(2, 0), time(2, 30), time(3, 0), time(0, 0), time(23, 59)])
def test_every_date_has_one_night_whatever_summer_time_does(day: str, at: time) -> None:
    begin = datetime.fromisoformat(day).replace(tzinfo=UTC)
    moments = [begin + timedelta(minutes=minutes) for minutes in range(0, 3 * 24 * 60, 7)]
    nights = {last_night(moment, at, BERLIN) for moment in moments}
    assert len(nights) in (3, 4)
    assert len({one.astimezone(ZoneInfo(BERLIN)).date() for one in nights}) == len(nights)
    for moment in moments:
        assert last_night(moment, at, BERLIN) <= moment < next_night(moment, at, BERLIN)
        assert next_night(last_night(moment, at, BERLIN), at, BERLIN) == next_night(moment, at, BERLIN)


def test_a_night_whose_hour_is_left_out_at_midnight_is_yet_to_come() -> None:
    now, at, nuuk = datetime(2026, 3, 29, 1, 30, tzinfo=UTC), time(23, 59), "America/Nuuk"
    assert last_night(now, at, nuuk) <= now < next_night(now, at, nuuk) == datetime(2026, 3, 29, 1, 59, tzinfo=UTC)


def test_nothing_is_archived_until_a_manager_switches_it_on(
    house: House, cast: Cast, share: tuple[Path, str], clock: Clock
) -> None:
    record(house, cast.choir, share)
    clock.pass_seconds(3 * 86400)
    assert night(house) == []
    with pytest.raises(Conflict, match="is off"):
        ask(house, None, "choir")
    switch_on(house)
    assert night(house) == [], "a night before the rule is not caught up"
    clock.pass_seconds(86400)
    assert [report.archived for report in night(house)] == [1]


def test_missed_nights_are_caught_up_once(house: House, cast: Cast, share: tuple[Path, str], clock: Clock) -> None:
    switch_on(house)
    record(house, cast.choir, share)
    clock.pass_seconds(5 * 86400)
    assert anything_due(house)
    assert [report.archived for report in night(house)] == [1]
    assert night(house) == [] and not anything_due(house)
    clock.pass_seconds(86400)
    assert [report.archived for report in night(house)] == [0]


@pytest.mark.parametrize("evening", [datetime(2026, 3, 28, 20, tzinfo=UTC), datetime(2026, 10, 24, 20, tzinfo=UTC)])
def test_a_night_of_summer_time_runs_once(
    house: House, cast: Cast, share: tuple[Path, str], clock: Clock, evening: datetime
) -> None:
    house = with_settings(house, archive_at=time(2, 30))
    clock.now = evening
    switch_on(house)
    ran = []
    for _ in range(12 * 60 // 5):
        clock.pass_seconds(300)
        ran += night(house)
    assert len(ran) == 1


def test_two_processes_never_both_do_a_night(house: House, cast: Cast, share: tuple[Path, str], clock: Clock) -> None:
    switch_on(house)
    for n in range(5):
        record(house, cast.choir, share, f"{n}.wav")
    clock.pass_seconds(86400)
    reports: list[service.Report] = []
    threads = [threading.Thread(target=lambda: reports.extend(night(house))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [report.archived for report in reports] == [5]
    assert len(bags(house)) == 5


def test_whoever_lost_its_lease_writes_nothing_any_more(
    house: House, cast: Cast, share: tuple[Path, str], clock: Clock
) -> None:
    switch_on(house)
    record(house, cast.choir, share)
    clock.pass_seconds(86400)
    meet_nights(house)
    late = claim(house)
    assert late is not None and claim(house) is None
    hold(house, late)
    clock.pass_seconds(LEASE.total_seconds() + 1)
    second = claim(house)
    assert second is not None and second.run_id == late.run_id and second.fence == 2
    with pytest.raises(ArchiveUnavailable, match="Another process"):
        hold(house, late)
    assert "Another process" in service.do(house, late).failure
    assert bags(house) == []
    assert service.do(house, second).archived == 1
    assert [one.state for one in list_nights(house, cast.alice, "choir")] == ["done"]


def test_a_run_that_breaks_off_again_and_again_ends(house: House, cast: Cast, clock: Clock) -> None:
    switch_on(house)
    ask(house, None, "choir")
    for _ in range(MAX_CLAIMS):
        assert claim(house) is not None
        clock.pass_seconds(LEASE.total_seconds() + 1)
    assert claim(house) is None and not anything_due(house)
    assert "broke off 3 times" in list_nights(house, cast.alice, "choir")[0].failure


def test_the_plan_says_what_is_due_tonight_and_now(
    house: House, cast: Cast, share: tuple[Path, str], clock: Clock
) -> None:
    switch_on(house, untouched_hours=12, min_minutes=1)
    record(house, cast.choir, share, "old.wav", duration_ms=90_000)
    clock.pass_seconds(8 * 3600)
    record(house, cast.choir, share, "new.wav", duration_ms=90_000)
    record(house, cast.choir, share, "short.wav", duration_ms=9_000)
    make_recording(house, cast.choir, "waiting", duration_ms=90_000)
    plan = tonight(house, cast.rita, "choir")
    assert [one.title for one in plan.due] == ["old"]
    assert {one.title: one.stay for one in plan.others} == {
        "new": Stay.FRESH, "short": Stay.SHORT, "waiting": Stay.UNDER_WAY,
    }  # fmt: skip
    assert [one.title for one in at_once(house, cast.rita, "choir").due] == ["old", "new"]
    assert bags(house) == []


def test_a_team_archives_its_own_recordings_only(
    house: House, cast: Cast, share: tuple[Path, str], tmp_path: Path
) -> None:
    switch_on(house)
    garden = share_of(house, cast.garden, tmp_path, "garden")
    record(house, cast.choir, share)
    record(house, cast.garden, garden, "secret.wav")
    assert archive_now(house).archived == 1
    assert [bag.parts[-4] for bag in bags(house)] == ["choir"]


# -- what goes wrong ----------------------------------------------------------------------------------------------------------


def breaks(error: int, after: int) -> Callable[..., None]:
    """A disk that takes so many writes, then none."""
    real, count = bag_room._write_all, 0

    def write(*given: Any) -> None:
        nonlocal count
        count += 1
        if count > after:
            raise OSError(error, os.strerror(error))
        real(*given)

    return write


@pytest.mark.parametrize(
    ("error", "said"), [(errno.ENOSPC, "is full"), (errno.EROFS, "cannot be written"), (errno.EIO, "cannot be")]
)
@pytest.mark.parametrize("after", [0, 2, 5, 9])
def test_a_disk_that_fails_ends_the_run_with_a_sentence_and_the_next_night_goes_on(
    house: House,
    cast: Cast,
    share: tuple[Path, str],
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    error: int,
    said: str,
    after: int,
) -> None:
    switch_on(house)
    record(house, cast.choir, share, "1.wav")
    record(house, cast.choir, share, "2.wav")
    clock.pass_seconds(86400)
    with monkeypatch.context() as patched:
        patched.setattr(bag_room, "_write_all", breaks(error, after))
        (report,) = night(house)
    assert said in report.failure
    assert not list(house.options.archive.glob(f"{PARTIAL}*"))
    assert night(house) == [], "a failed night is over"
    clock.pass_seconds(86400)
    (second,) = night(house)
    assert report.archived + second.archived == 2 and not second.failure
    assert len(bags(house)) == 2


def test_a_full_disk_is_seen_before_anything_is_written(
    house: House, cast: Cast, share: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    switch_on(house)
    record(house, cast.choir, share)
    monkeypatch.setattr("nas_asr.services.archive.shutil.disk_usage", lambda _path: SimpleNamespace(free=1000))
    assert "is full" in archive_now(house).failure


def test_a_root_that_is_not_there_is_said_and_never_made(
    house: House, cast: Cast, share: tuple[Path, str], tmp_path: Path, clock: Clock
) -> None:
    root = tmp_path / "mnt" / "nas"
    house = with_settings(house, archive_root=root)
    switch_on(house)
    record(house, cast.choir, share)
    assert "is not there" in archive_now(house).failure
    assert not root.exists()
    root.mkdir(parents=True)
    assert archive_now(house).archived == 1
    (root / MARKER).rename(tmp_path / "marker")  # what lies below a mount point when the share is gone
    record(house, cast.choir, share, "2.wav")
    before = tree(root)
    assert "is not the one" in archive_now(house).failure
    assert tree(root) == before


@pytest.mark.parametrize("below", ["share/archive", "share", ".", ".."])
def test_a_root_in_or_around_a_watched_folder_is_refused_because_shares_are_never_written(
    house: House, cast: Cast, share: tuple[Path, str], tmp_path: Path, below: str
) -> None:
    (share[0] / "archive").mkdir()
    house = with_settings(house, archive_root=(tmp_path / below).resolve())
    switch_on(house)
    record(house, cast.choir, share)
    before = tree(share[0])
    assert "overlaps with the watched folder" in archive_now(house).failure
    assert tree(share[0]) == before


def test_a_root_that_may_not_be_written_is_said(
    house: House, cast: Cast, share: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    switch_on(house)
    record(house, cast.choir, share)
    monkeypatch.setattr("nas_asr.archive.layout.os.access", lambda *_: False)
    assert "Permission denied" in archive_now(house).failure


def test_only_nights_after_switching_on_count_and_switching_off_ends_it(
    house: House, cast: Cast, share: tuple[Path, str], clock: Clock
) -> None:
    switch_on(house)
    record(house, cast.choir, share)
    save_rule(house, cast.alice, "choir", RuleOrder(on=False))
    clock.pass_seconds(86400)
    assert night(house) == []
