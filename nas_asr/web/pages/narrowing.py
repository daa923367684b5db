"""Room: web.pages.narrowing. What narrows the library, from an address or a form, and the chips that show it. No query."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import urlencode

from flask import request, url_for
from flask_babel import get_timezone
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy

from nas_asr.core.errors import Invalid
from nas_asr.core.languages import check_language
from nas_asr.core.recording import RunState
from nas_asr.services.listing import RecordingFilter, Sort
from nas_asr.web.locale import STATES, day, language_name

FIELDS = ("q", "team", "folder", "state", "from", "to", "length", "language", "person", "drafts")
# Minutes, from and below
LENGTHS = {
    "0-5": lazy("under 5 min"),
    "5-30": lazy("5 to 30 min"),
    "30-60": lazy("30 to 60 min"),
    "60-": lazy("an hour or longer"),
}
SORTS = {
    Sort.NEWEST: lazy("Newest first"),
    Sort.OLDEST: lazy("Oldest first"),
    Sort.LAST_ADDED: lazy("Last added first"),
    Sort.FIRST_ADDED: lazy("First added first"),
    Sort.LONGEST: lazy("Longest first"),
    Sort.SHORTEST: lazy("Shortest first"),
    Sort.TITLE: lazy("Title A to Z"),
    Sort.TITLE_BACK: lazy("Title Z to A"),
}
_LENGTH = re.compile(r"([0-9]{1,5})-([0-9]{0,5})")
_MINUTE = 60_000


@dataclass(frozen=True, slots=True)
class Chip:
    """One thing that narrows, in words, and the address without it."""

    label: str
    without: str


def given(source: Mapping[str, str]) -> dict[str, str]:
    """What narrows, as it was sent; without what is empty."""
    return {name: value for name in FIELDS if (value := source.get(name, "").strip())}


def filter_of(source: Mapping[str, str]) -> RecordingFilter:
    """What narrows the library, from an address or a form; Invalid that names what cannot be read."""
    sent = given(source)
    state = sent.get("state", "")
    if state and state not in list(RunState):
        raise Invalid(_("There is no such state."), field="state")
    language = sent.get("language", "")
    since, until = (midnight(sent.get(name, ""), name) for name in ("from", "to"))
    shortest, longest = _minutes(sent.get("length", ""))
    return RecordingFilter(
        team=sent.get("team", ""), folder=sent.get("folder", ""), state=RunState(state) if state else None,
        q=sent.get("q", ""), drafts="drafts" in sent, language=check_language(language) if language else "",
        person=sent.get("person", ""), since=since, until=next_day(until), min_ms=shortest, max_ms=longest,
    )  # fmt: skip


def sort_of(source: Mapping[str, str]) -> Sort:
    """The order that is asked for."""
    wanted = source.get("sort", "") or Sort.NEWEST
    if wanted not in list(Sort):
        raise Invalid(_("There is no such order."), field="sort")
    return Sort(wanted)


def chips(names: Mapping[str, Mapping[str, str]]) -> list[Chip]:
    """What narrows this page. names: of the teams by slug, of the folders by id."""
    sent = given(request.args)
    kept = {**sent, "sort": request.args.get("sort", "")}
    return [Chip(_label(name, value, names), _without(kept, name)) for name, value in sent.items()]


def _without(kept: Mapping[str, str], name: str) -> str:
    query = urlencode({key: value for key, value in kept.items() if key != name and value})
    return url_for("library.index") + (f"?{query}" if query else "")


def _label(name: str, value: str, names: Mapping[str, Mapping[str, str]]) -> str:
    if name in names:
        return names[name].get(value, _("unknown"))
    in_words: Mapping[str, Callable[[], str]] = {
        "q": lambda: _("“%(words)s” in title or path", words=value),
        "state": lambda: STATES[RunState(value)],
        "from": lambda: _("from %(day)s", day=day(midnight(value, name))),
        "to": lambda: _("until %(day)s", day=day(midnight(value, name))),
        "length": lambda: LENGTHS.get(value) or _("%(range)s min", range=value),
        "language": lambda: language_name(value),
        "person": lambda: _("with %(name)s", name=value),
        "drafts": lambda: _("drafts"),
    }
    return str(in_words[name]())


def midnight(text: str, field: str) -> datetime | None:
    """The beginning of a day in the site's zone."""
    if not text:
        return None
    try:
        wanted = date.fromisoformat(text)
        return datetime(wanted.year, wanted.month, wanted.day, tzinfo=get_timezone())
    except (ValueError, OverflowError) as error:
        raise Invalid(_("This is no day such as 2026-11-21."), field=field) from error


def next_day(begins: datetime | None) -> datetime | None:
    """The beginning of the day after."""
    try:
        return None if begins is None else begins + timedelta(days=1)
    except OverflowError:
        return None  # nothing lies behind the last day


def _minutes(text: str) -> tuple[int | None, int | None]:
    if not text:
        return None, None
    found = _LENGTH.fullmatch(text)
    if found is None:
        raise Invalid(_("A length is minutes such as 5-30."), field="length")
    return int(found[1]) * _MINUTE, int(found[2]) * _MINUTE if found[2] else None
