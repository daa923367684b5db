"""Room: core.archive_rule. Is a recording due for the archive, and if not why; when nights are due. Pure: no rows, no clock."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from nas_asr.core.recording import UNDER_WAY, RunState


class Stay(StrEnum):
    """Why a recording is not archived (yet); the order is the order in which they are asked."""

    ARCHIVED = "archived"  # this state of it is in the archive
    FOLDER = "folder"  # the rule is about other folders
    SHORT = "short"
    NO_TRANSCRIPT = "no_transcript"
    UNDER_WAY = "under_way"
    FRESH = "fresh"  # somebody may still be at it


@dataclass(frozen=True, slots=True)
class Rule:
    """What of a team is archived each night. folders: ids, empty for all and for uploads. Off until a manager says on."""

    on: bool = False
    folders: tuple[str, ...] = ()
    min_minutes: int = 5
    untouched_hours: int = 12

    @property
    def min_ms(self) -> int:
        """The shortest recording that is a meeting."""
        return self.min_minutes * 60_000

    def at_once(self) -> "Rule":
        """The same for somebody who says now: what was touched a moment ago is taken too."""
        return Rule(self.on, self.folders, self.min_minutes, 0)


@dataclass(frozen=True, slots=True)
class Candidate:
    """What the rule looks at. newest: number of the newest version, 0 for none; archived: the newest in the archive."""

    folder_id: str | None
    duration_ms: int
    newest: int
    archived: int
    run: RunState | None
    touched_at: datetime


def stays(rule: Rule, one: Candidate, at: datetime) -> Stay | None:
    """Why the recording would stay out of the archive at that moment if nobody touched it until then; None where it is due."""
    if one.newest and one.archived >= one.newest:
        return Stay.ARCHIVED
    if rule.folders and one.folder_id not in rule.folders:
        return Stay.FOLDER
    if one.duration_ms < rule.min_ms:
        return Stay.SHORT
    if one.run in UNDER_WAY:
        return Stay.UNDER_WAY
    if not one.newest:
        return Stay.NO_TRANSCRIPT
    if rule.untouched_hours and at - one.touched_at < timedelta(hours=rule.untouched_hours):
        return Stay.FRESH
    return None


def last_night(now: datetime, at: time, zone: str) -> datetime:
    """The newest moment, not after now, at which the clock on the wall of the zone showed `at`; in UTC.

    One for each date, whatever daylight saving does: an hour that comes twice counts the first time, and one that is left out
    counts where it would have been.
    """
    return max(night for night in _nights_around(now, at, zone) if night <= now)


def next_night(now: datetime, at: time, zone: str) -> datetime:
    """The first such moment after now."""
    return min(night for night in _nights_around(now, at, zone) if night > now)


def _nights_around(now: datetime, at: time, zone: str) -> list[datetime]:
    """Those of the days around: where an hour is left out at midnight (Nuuk), the night of yesterday may be yet to come."""
    today = _local(now, zone)
    return [_moment(today + timedelta(days=days), at, zone) for days in (-2, -1, 0, 1, 2)]


def _local(now: datetime, zone: str) -> datetime:
    local = now.astimezone(ZoneInfo(zone)) if zone else now.astimezone()
    return local.replace(tzinfo=None, hour=12, minute=0, second=0, microsecond=0)


def _moment(day: datetime, at: time, zone: str) -> datetime:
    naive = datetime.combine(day.date(), at)
    return (naive.replace(tzinfo=ZoneInfo(zone)) if zone else naive.astimezone()).astimezone(UTC)
