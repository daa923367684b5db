"""Room: services.recorded_at. When a recording was made, and what says so. Pure; never trusts a clock that nobody set."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

# Clocks that nobody set say 1904 (QuickTime), 1970 (Unix) or 1980 (DOS).
_EARLIEST = datetime(1980, 1, 2, tzinfo=UTC)
_SKEW = timedelta(minutes=5)

_COMPACT = re.compile(
    r"(?<!\d)(?P<year>(?:19|20)\d\d)(?P<month>0[1-9]|1[0-2])(?P<day>0[1-9]|[12]\d|3[01])"
    r"(?:[-_T .]?(?P<hour>[01]\d|2[0-3])[-_.:]?(?P<minute>[0-5]\d)(?:[-_.:]?(?P<second>[0-5]\d))?)?(?!\d)"
)
_SPACED = re.compile(
    r"(?<!\d)(?P<year>(?:19|20)\d\d)[-_. 年](?P<month>\d\d?)[-_. 月](?P<day>\d\d?)日?"
    r"(?:(?:[-_T, ]+(?:at )?|(?<=日))(?P<hour>[01]?\d|2[0-3])[-_.:：时点h](?P<minute>[0-5]\d)"
    r"(?:[-_.:：分m](?P<second>[0-5]\d))?(?:[ \u202f]?(?P<half>[ap])\.?m\b)?)?(?!\d)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Clues:
    """What may tell. container: ISO 8601 or empty; name: the title; mtime_ns: Unix time or None; zone: IANA or empty."""

    container: str
    name: str
    mtime_ns: int | None
    zone: str
    now: datetime


def recorded_at(clues: Clues, otherwise: str = "first_seen") -> tuple[datetime, str]:
    """The moment in UTC, and what says so: container, name, mtime, or `otherwise` for now."""
    candidates = (
        ("container", _from_container(clues.container)),
        ("name", _from_name(clues.name, clues.zone)),
        ("mtime", moment_of(clues.mtime_ns)),
    )
    for source, moment in candidates:
        if moment is not None and _EARLIEST <= moment <= clues.now + _SKEW:
            return moment, source
    return clues.now, otherwise


def moment_of(mtime_ns: int | None) -> datetime | None:
    """A file's mtime in UTC; None where a share made up something that no calendar has."""
    if mtime_ns is None:
        return None
    try:
        return datetime.fromtimestamp(mtime_ns // 1_000_000 / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def in_site_zone(local: datetime, zone: str) -> datetime:
    """A naive local time of the site in UTC; an empty zone means the machine's own, with its rules of that day."""
    aware = local.replace(tzinfo=ZoneInfo(zone)) if zone else local.astimezone()
    return aware.astimezone(UTC)


def site_day(moment: datetime, zone: str) -> date:
    """The day that it is at the site."""
    return moment.astimezone(ZoneInfo(zone) if zone else None).date()


def _from_container(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _from_name(name: str, zone: str) -> datetime | None:
    found = _SPACED.search(name) or _COMPACT.search(name)
    if found is None:
        return None
    part = found.groupdict()
    hour = int(part["hour"] or 0)
    half = (part.get("half") or "").lower()
    if half and hour <= 12:
        hour = hour % 12 + (12 if half == "p" else 0)
    try:
        day = (int(part["year"]), int(part["month"]), int(part["day"]))
        return in_site_zone(datetime(*day, hour, int(part["minute"] or 0), int(part["second"] or 0)), zone)
    except (ValueError, OverflowError, OSError):
        return None
