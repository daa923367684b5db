"""Room: web.locale. Language, dates, lengths and names of things as the viewer reads them. Translations are read from .po.

The floors below speak English sentences. `said` translates them at this border: word for word where the sentence is fixed,
by its pattern where a name or a number stands in it (msgid `There is no user called %(user_name)s.`).
"""

import io
import re
from collections.abc import Callable, Mapping
from datetime import datetime, tzinfo
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import LOCALTZ, format_date, format_timedelta, get_month_names
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import Flask, request
from flask_babel import Babel, Domain, format_decimal, get_locale, get_timezone
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from flask_login import current_user
from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from nas_asr.core.recording import LedgerState, RunState
from nas_asr.core.transcript import ItnMode
from nas_asr.services.base import COMMAND_LINE, SOMEBODY, House
from nas_asr.web.wiring import WEB

SUPPORTED = ("en", "zh_Hans")
COOKIE = "nas_asr_language"
NAMES = {"en": "English", "zh_Hans": "简体中文"}
_FORMS = {"en": "d MMM y", "zh_Hans": "y年M月d日"}
TRANSLATIONS = WEB / "translations"
_PLACE = re.compile(r"%\((\w+)\)[sd]")
_HAN, _NOT_CHINESE = (
    re.compile("[\u3400-\u9fff]"),
    re.compile("[\u3041-\u30ff\uac00-\ud7af]"),
)  # kana and hangul: read otherwise
_BETWEEN = re.compile(r"(?<=[.?!]) (?=[A-Z“])")

STATES = {
    RunState.QUEUED: lazy("queued"),
    RunState.TRANSCRIBING: lazy("transcribing"),
    RunState.DONE: lazy("done"),
    RunState.FAILED: lazy("failed"),
    RunState.STOPPED: lazy("stopped"),
}
LEDGER_STATES = {
    LedgerState.GROWING: lazy("still growing"),
    LedgerState.WAITING_CHOICE: lazy("waiting for your choice"),
    LedgerState.INGESTED: lazy("taken"),
    LedgerState.DUPLICATE: lazy("duplicate"),
    LedgerState.IGNORED: lazy("ignored"),
    LedgerState.FAILED: lazy("not readable"),
}
ENGINES = {
    "sphinx": lazy("built-in English engine"),
    "fun-asr-nano": lazy("Fun-ASR-Nano"),
    "sensevoice": lazy("SenseVoice"),
    "openai": lazy("remote engine"),
}
ITN_NAMES = {
    ItnMode.RULES: lazy("written by our rules: 25%, 3:30"),
    ItnMode.MODEL: lazy("written by the engine itself, where it can"),
    ItnMode.OFF: lazy("as they were spoken"),
}
ROLES = {"reader": lazy("reader"), "member": lazy("member"), "manager": lazy("manager")}
SCOPES = {
    "read": lazy("read transcripts"),
    "write": lazy("read, add and change"),
    "ingest": lazy("only add recordings"),
    "widget": lazy("only read totals"),
}
# Who did something and is no person with an account; all others are called by their names.
_ACTORS = {COMMAND_LINE: lazy("command line"), SOMEBODY: lazy("somebody")}
_ACTIONS = {
    "house.set_up": lazy("set this server up"),
    "user.created": lazy("added user"),
    "user.disabled": lazy("disabled user"),
    "user.enabled": lazy("let in again user"),
    "admin.given": lazy("made an admin of"),
    "admin.taken": lazy("removed the admin rights of"),
    "session.ended": lazy("ended a session"),
    "session.others_ended": lazy("ended all other sessions"),
    "reset.made": lazy("made a link to a new password for"),
    "reset.used": lazy("set a new password by a link for"),
    "password.set": lazy("set the password of"),
    "login.accepted": lazy("signed in"),
    "login.ended": lazy("signed out"),
    "login.refused": lazy("was refused at sign-in as"),
    "team.created": lazy("added team"),
    "team.renamed": lazy("renamed team"),
    "team.deleted": lazy("deleted team"),
    "invitation.made": lazy("made an invitation into team"),
    "invitation.withdrawn": lazy("withdrew an invitation into team"),
    "invitation.used": lazy("came into a team by invitation"),
    "member.added": lazy("added to a team"),
    "member.role_set": lazy("changed the role of"),
    "member.removed": lazy("removed from a team"),
    "token.created": lazy("made token"),
    "token.revoked": lazy("revoked token"),
    "folder.added": lazy("added folder"),
    "folder.removed": lazy("removed folder"),
    "folder.language_set": lazy("set the language of folder"),
    "folder.files_chosen": lazy("chose which files to take of folder"),
    "folder.marker_set": lazy("set the marker file of folder"),
    "folder.reading_set": lazy("set how figures and channels are written in folder"),
    "recording.retried": lazy("asked again for recording"),
    "recording.language_declared": lazy("declared the language of recording"),
    "recording.trashed": lazy("put into the trash recording"),
    "recording.restored": lazy("took out of the trash recording"),
    "recording.deleted": lazy("deleted for ever recording"),
    "recording.stopped": lazy("stopped recording"),
    "recording.joined": lazy("joined files into recording"),
    "recording.unjoined": lazy("took apart recording"),
    "recording.kept_apart": lazy("kept apart recording"),
    "recording.exported": lazy("exported recording"),
    "recordings.exported": lazy("exported recordings:"),
    "recording.uploaded": lazy("uploaded recording"),
    "archive.rule_set": lazy("set the archive rule of"),
    "archive.asked_now": lazy("asked for the archive of"),
    "archive.asked_verify": lazy("asked to verify the archive of"),
    "recording.imported": lazy("imported from an archive"),
    "settings.changed": lazy("changed the settings"),
    "model.asked": lazy("asked for the model"),
    "memory.freed": lazy("freed the memory of the workers"),
    "hotwords.set": lazy("wrote the hotwords of team"),
    "hotwords.rerun": lazy("ran again recordings of team"),
    "drafts.rerun": lazy("ran again the drafts of team"),
    "hotword.turned": lazy("turned a hotword's place in recording"),
    "transcript.edited": lazy("corrected the text of recording"),
    "version.restored": lazy("restored an older version of recording"),
    "version.carried": lazy("carried edits over to a newer version of recording"),
    "version.chosen": lazy("chose the version of recording"),
    "ledger.retried": lazy("asked to look again at"),
    "queue.paused": lazy("paused the queue"),
    "queue.resumed": lazy("let the queue go on"),
    "queue.put_first": lazy("put first recording"),
    "queue.put_back": lazy("let wait its turn recording"),
}
KINDS = {
    "archive": lazy("archive"), "drafts": lazy("drafts"), "folder": lazy("folders"), "hotword": lazy("hotwords in recordings"),
    "hotwords": lazy("hotword lists"), "house": lazy("this server"), "invitation": lazy("invitations"),
    "ledger": lazy("ledger"), "login": lazy("sign-in"), "member": lazy("members"), "memory": lazy("memory"),
    "model": lazy("models"), "password": lazy("passwords"), "queue": lazy("queue"), "recording": lazy("recordings"),
    "recordings": lazy("exports of several"), "reset": lazy("password links"), "session": lazy("sessions"),
    "settings": lazy("settings"), "team": lazy("teams"), "token": lazy("tokens"), "transcript": lazy("edits"),
    "user": lazy("people"), "version": lazy("versions"),
}  # fmt: skip


def configure(app: Flask, house: House) -> None:
    """Babel with our catalogue, and the filters that templates use."""
    babel = Babel()
    babel.domain_instance = _Catalogues()
    zone = _zone(house.options.timezone)
    babel.init_app(
        app, default_locale="en", locale_selector=language, timezone_selector=lambda: _zone_of_viewer() or zone
    )
    filters: dict[str, Callable[..., Any]] = dict(
        moment=moment, day=day, hour=hour, ago=lambda at: ago(at, house.now()), lasting=lasting, clock=clock,
        size=size, language_name=language_name, engine_name=engine_name, said=said,
        state_name=lambda state: STATES[state], ledger_name=lambda state: LEDGER_STATES[state],
        role_name=lambda role: ROLES[str(role)], scope_name=lambda scope: SCOPES[str(scope)],
        itn_name=lambda mode: ITN_NAMES[ItnMode(mode)], speaker_name=speaker_name, written_in=written_in,
        actor_name=lambda actor: _ACTORS.get(actor, actor),
        action_name=lambda action: _ACTIONS.get(action, action), kind_name=lambda kind: KINDS.get(kind, kind),
    )  # fmt: skip
    app.jinja_env.filters.update({name: _asked_each_time(filter_) for name, filter_ in filters.items()})
    app.jinja_env.globals.update(locale=get_locale, html_lang=html_lang, languages=NAMES)


def _asked_each_time(function: Callable[..., Any]) -> Callable[..., Any]:
    """As a filter that Jinja does not settle while it compiles: a constant would stay in the language of its first reader."""

    @pass_context
    def filter_(_context: Context, *given: Any) -> Any:
        return function(*given)

    return filter_


def language() -> str:
    """The language of this page: a widget's address, the person's wish, the switch's cookie, what the browser asks for."""
    if request.blueprint == "widgets" and (named := request.args.get("lang", "").replace("-", "_")) in SUPPORTED:
        return named
    wish = current_user.signed_in.language if current_user.is_authenticated else ""
    for choice in (wish, request.cookies.get(COOKIE, "")):
        if choice in SUPPORTED:
            return str(choice)
    for asked, _quality in request.accept_languages:
        head = asked.lower().replace("_", "-").split("-")[0]
        if head in ("en", "zh"):
            return "zh_Hans" if head == "zh" else "en"
    return "en"


def html_lang() -> str:
    """The page's lang attribute (BCP 47)."""
    return str(get_locale()).replace("_", "-")


def written_in(text: str) -> Markup:
    """The lang attribute for Chinese text on a page in another language, by which browsers choose fonts and break lines."""
    chinese = language() != "zh_Hans" and _HAN.search(text) and not _NOT_CHINESE.search(text)
    return Markup(' lang="zh-Hans"') if chinese else Markup("")


def speaker_name(speaker: str) -> str:
    """A person's name, or of a speaker who is only known as a channel, its number in words."""
    return speaker_channel().replace("{}", speaker) if speaker.isascii() and speaker.isdigit() else speaker


def speaker_channel() -> str:
    """How a channel is called, with {} for its number."""
    return str(_("Channel %(number)s", number="{}"))


def spoken_language(chosen: str = "") -> str:
    """What is probably spoken where this page is read: preset of forms that ask, unless an admin chose one."""
    if chosen:
        return chosen
    return "zh" if language() == "zh_Hans" else "en"


def moment(at: datetime | None) -> str:
    """Date and time in the viewer's zone."""
    if at is None:
        return "–"
    here = at.astimezone(get_timezone())  # put together by hand: a list has a hundred of them
    locale = get_locale()
    if locale is not None and locale.language == "zh":
        return f"{here.year}年{here.month}月{here.day}日 {here:%H:%M}"
    return f"{here.day} {_months()[here.month]} {here.year}, {here:%H:%M}"


@lru_cache
def _months() -> Mapping[int, str]:
    return dict(get_month_names("abbreviated", locale="en"))


def day(at: datetime | None) -> str:
    """The date alone, in the viewer's zone."""
    if at is None:
        return "–"
    return format_date(at.astimezone(get_timezone()), _FORMS[language()], locale=get_locale())


def hour(at: datetime) -> str:
    """The time of day alone, in the viewer's zone."""
    return f"{at.astimezone(get_timezone()):%H:%M}"


def ago(at: datetime | None, now: datetime) -> str:
    """How long ago or in how long, in words."""
    if at is None:
        return str(_("never"))
    return str(format_timedelta(at - now, add_direction=True, locale=get_locale() or "en", format="long"))


def lasting(milliseconds: int) -> str:
    """A length of audio for reading: 42 s, 12 min, 1 h 05 min."""
    seconds = round(milliseconds / 1000)
    if seconds < 60:
        return str(_("%(n)s s", n=seconds))
    minutes, rest = divmod(seconds, 60)
    if minutes < 10 and rest:
        return str(_("%(m)s min %(s)s s", m=minutes, s=f"{rest:02}"))
    hours, minutes = divmod(round(seconds / 60), 60)
    if not hours:
        return str(_("%(m)s min", m=minutes))
    return str(_("%(h)s h %(m)s min", h=hours, m=f"{minutes:02}"))


def clock(milliseconds: int) -> str:
    """A place in a recording: 0:07, 12:34, 1:02:03. Cut, not rounded, as players show it."""
    minutes, seconds = divmod(milliseconds // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def size(count: int) -> str:
    """Bytes for reading, in powers of 1000 as file managers show them."""
    value, unit = float(count), "B"
    for bigger in ("kB", "MB", "GB", "TB"):
        if value < 1000:
            break
        value, unit = value / 1000, bigger
    return f"{format_decimal(round(value, 1 if 0 < value < 10 and unit != 'B' else 0))} {unit}"


def language_name(code: str) -> str:
    """A spoken language in the viewer's words."""
    if code == "auto":
        return str(_("not declared"))
    if code == "yue":
        return str(_("Cantonese"))
    return _named_in(code, str(get_locale() or "en"))


@lru_cache(maxsize=1024)
def _named_in(code: str, locale: str) -> str:
    return Locale.parse(code).get_language_name(locale) or code


def engine_name(engine: str) -> str:
    """An engine by its honest label."""
    return str(ENGINES.get(engine, engine))


def said(sentence: str) -> str:
    """English sentences of a floor below, in the viewer's language; unchanged where nobody translated them."""
    if not sentence or language() == "en":
        return sentence
    return _translated(sentence, str(get_locale())) or sentence


def _translated(text: str, locale: str) -> str:
    """The translation of one sentence or several, empty where there is none."""
    if exact := _known(text, locale):
        return exact
    for end in _BETWEEN.finditer(text):
        first, rest = text[: end.start()], text[end.end() :]
        if head := _known(first, locale) or _by_pattern(first, locale):
            return head + (_translated(rest, locale) or rest)
    return _by_pattern(text, locale)


def _known(text: str, locale: str) -> str:
    found = str(_catalogue(locale).gettext(text))
    return "" if found == text else found


def _by_pattern(text: str, locale: str) -> str:
    for pattern, translated in _patterns(locale):
        if found := pattern.fullmatch(text):
            parts = found.groupdict().items()
            return translated % {name: _translated(part, locale) or part for name, part in parts}
    return ""


class _Catalogues(Domain):  # type: ignore[misc]  # Flask-Babel has no types
    """Translations straight from the .po files, so that no compile step can be forgotten or shipped stale."""

    def get_translations(self) -> NullTranslations:
        return _catalogue_of(get_locale())


@lru_cache
def _catalogue_of(locale: Locale | None) -> NullTranslations:
    return _catalogue(str(locale or "en"))


@lru_cache
def _catalogue(locale: str) -> NullTranslations:
    path = TRANSLATIONS / locale / "LC_MESSAGES" / "messages.po"
    if not path.is_file():
        return Translations()
    compiled = io.BytesIO()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file, locale=locale))
    compiled.seek(0)
    return Translations(compiled)


@lru_cache
def _patterns(locale: str) -> list[tuple[re.Pattern[str], str]]:
    path = TRANSLATIONS / locale / "LC_MESSAGES" / "messages.po"
    with path.open("rb") as file:
        entries = [(str(m.id), str(m.string)) for m in read_po(file, locale=locale) if m.string and "%(" in str(m.id)]
    entries.sort(key=lambda entry: -len(_PLACE.sub("", entry[0])))  # the most particular sentence first
    return [(re.compile(_regex(msgid), re.DOTALL), text) for msgid, text in entries if len(_PLACE.sub("", msgid)) > 8]


def _regex(msgid: str) -> str:
    seen: set[str] = set()
    parts: list[str] = []
    for i, piece in enumerate(_PLACE.split(msgid)):
        if i % 2 == 0:
            parts.append(re.escape(piece.replace("%%", "%")))
        else:
            parts.append(f"(?P={piece})" if piece in seen else f"(?P<{piece}>.*?)")
            seen.add(piece)
    return "".join(parts)


def _zone_of_viewer() -> tzinfo | None:
    wish = current_user.signed_in.zone if current_user.is_authenticated else ""
    return _zone(wish) if wish else None


def _zone(name: str) -> tzinfo:
    return ZoneInfo(name) if name else LOCALTZ
