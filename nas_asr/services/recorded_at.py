"""Room: services.recorded_at. When a recording was made, and what says so. Pure; never trusts a clock that nobody set.

The container's creation time, else the name's date, else the file's mtime, else the moment when we first saw it. Where a
source knows only the day, the time of day is the next one's that is on that day, or midnight. Local is the site's zone.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

# Clocks that nobody set say 1904 (QuickTime), 1970 (Unix) or 1980 (DOS).
_EARLIEST = datetime(1980, 1, 2, tzinfo=UTC)
_SKEW = timedelta(minutes=5)
_SAME = timedelta(minutes=2)  # a name and a container of the same recording differ by no more
_LONGEST = timedelta(hours=6)  # from a recorder's name for the beginning to its mtime at the end

_COMPACT_DAY = re.compile(r"(?<!\d)((?:19|20)\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])")
_SPACED_DAY = re.compile(r"(?<!\d)((?:19|20)\d\d)[-_. 年](\d\d?)[-_. 月](\d\d?)(?:日|号|(?!\d))")
_TIME = re.compile(
    r"(?P<gap>[-_T,. ]*(?:(?:at|um|om|à|às|a las|alle|kl\.) )?)(?P<part>[上下中]午|早上|早晨|清晨|凌晨|傍晚|晚上|夜里)? ?"
    r"(?:(?:(?P<hour>[01]?\d|2[0-3])[-_.:：时時点點h]|(?P<two>[01]\d|2[0-3]))(?P<minute>[0-5]\d)"
    r"(?:[-_.:：分m]?(?P<second>[0-5]\d)(?:[.,]?\d{3})?)?(?!\d)|(?P<oclock>[01]?\d|2[0-3])[点點时時](?P<half>半)?(?!\d))"
    r"[分秒]?(?:[ \u202f]?(?P<noon>[ap])\.?m\b)?(?P<zulu>Z(?![A-Za-z]))?",
    re.IGNORECASE,
)
# Zoom says GMT; a Pixel's camera and recorder mean it without saying so.
_MEANS_UTC = re.compile(r"(?:GMT|UTC|PXL)[-_ ]?\Z", re.IGNORECASE)
# Two digits for the year only in the shapes of recorders (Sony, Olympus, Tascam) and of Samsung's phones
_RECORDER = re.compile(r"(?P<day>\d{6})_(?P<time>\d{4})(?:_\d\d)?")
_PHONE = re.compile(r"(?:.*[ _])?(?P<day>\d{6})_(?P<time>\d{6})", re.DOTALL)

_AFTERNOON = ("p", "下午", "中午", "傍晚", "晚上", "夜里")
_NIGHT = ("晚上", "夜里")


@dataclass(frozen=True, slots=True)
class Clues:
    """What may tell. container: ISO 8601 or empty; name: the title; mtime_ns: Unix time or None; zone: IANA or empty."""

    container: str
    name: str
    mtime_ns: int | None
    zone: str
    now: datetime


@dataclass(frozen=True, slots=True)
class _Guess:
    """A moment in UTC; of one that is not exact only the day is known. numbered: its time of day may be a number instead."""

    moment: datetime
    exact: bool = True
    numbered: bool = False


def recorded_at(clues: Clues, otherwise: str = "first_seen") -> tuple[datetime, str]:
    """The moment in UTC, and what says so: container, name, mtime, or `otherwise` for now."""
    named = [guess for guess in _from_name(clues) if _is_possible(guess, clues.now)]
    named.sort(key=lambda guess: not guess.exact)
    written = moment_of(clues.mtime_ns)
    mtime = [] if written is None else [_Guess(written)]
    day: tuple[datetime, str] | None = None
    for source, guesses in (("container", _from_container(clues, named)), ("name", named), ("mtime", mtime)):
        for guess in guesses:
            if not _is_possible(guess, clues.now):
                continue
            exact = guess.exact and not (guess.numbered and _is_number(guess, mtime, clues.zone))
            if day is None and not exact:
                day = guess.moment, source
            elif exact and (day is None or site_day(guess.moment, clues.zone) == site_day(day[0], clues.zone)):
                return guess.moment, source
    return day or (clues.now, otherwise)


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


def _is_possible(guess: _Guess, now: datetime) -> bool:
    return _EARLIEST <= guess.moment <= now + _SKEW


def _is_number(guess: _Guess, mtime: list[_Guess], zone: str) -> bool:
    """Whether what would be 00:07 is rather the day's seventh recording: its mtime, that same day, does not fit."""
    if not mtime or site_day(mtime[0].moment, zone) != site_day(guess.moment, zone):
        return False
    return not timedelta(0) <= mtime[0].moment - guess.moment + _SAME <= _LONGEST


def _from_container(clues: Clues, named: list[_Guess]) -> list[_Guess]:
    """Where it says no zone it is local, as in Broadcast WAV; where it says UTC it may be local all the same."""
    text = clues.container
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            return [_Guess(in_site_zone(moment, clues.zone), exact=len(text) > len("2025-01-02"))]
        moment = moment.astimezone(UTC)
        # Cameras write their local time into a field that means UTC; then it is the name's very hour and minute
        local = in_site_zone(moment.replace(tzinfo=None), clues.zone)
        twins = [guess for guess in named if guess.exact and abs(guess.moment - local) <= _SAME]
        return [_Guess(local if twins else moment)]
    except (ValueError, OverflowError, OSError):
        return []


def _from_name(clues: Clues) -> Iterator[_Guess]:
    """Every date in the name, in whatever order."""
    for pattern in (_COMPACT_DAY, _SPACED_DAY):
        for found in pattern.finditer(clues.name):
            year, month, day = map(int, found.groups())
            time = _TIME.match(clues.name, found.end())
            before = clues.name[found.end() - 1]
            if time is not None and pattern is _SPACED_DAY and not time["gap"] and before.isdigit():
                time = None
            if time is None and clues.name[found.end() : found.end() + 1].isdigit():
                continue  # a telephone number, or any other row of digits
            means_utc = _MEANS_UTC.search(clues.name, 0, found.start()) is not None
            yield from _guess((year, month, day), time, "UTC" if means_utc and time else clues.zone)
    short = _RECORDER.fullmatch(clues.name) or _PHONE.fullmatch(clues.name)
    if short is not None:
        yield from _of_a_recorder(short["day"], short["time"], clues.zone)


def _guess(day: tuple[int, int, int], time: re.Match[str] | None, zone: str) -> Iterator[_Guess]:
    length = timedelta(0) if time is None else _time_of_day(time)
    try:
        local = datetime(*day) + length
        moment = in_site_zone(local, "UTC" if time is not None and time["zulu"] else zone)
    except (ValueError, OverflowError, OSError):  # a 30th of February
        return
    yield _Guess(moment, exact=time is not None)


def _time_of_day(time: re.Match[str]) -> timedelta:
    part = time["part"] or (time["noon"] or "").lower()
    hour = int(time["hour"] or time["two"] or time["oclock"])
    if part and hour <= 12:
        late = part in _AFTERNOON
        hour = 24 if hour == 12 and part in _NIGHT else hour % 12 + (12 if late else 0)
    minute = int(time["minute"] or (30 if time["half"] else 0))
    return timedelta(hours=hour, minutes=minute, seconds=int(time["second"] or 0))


def _of_a_recorder(day: str, time: str, zone: str) -> Iterator[_Guess]:
    try:
        local = datetime.strptime(day + time, "%y%m%d%H%M%S"[: len(day + time)])  # noqa: DTZ007 (local time)
    except ValueError:
        return
    if local.year >= 2005:
        yield _Guess(in_site_zone(local, zone), numbered=len(time) == 4)
