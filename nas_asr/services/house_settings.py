"""Room: services.house_settings. What admins choose on the page: shown, tried, kept, and told to who works by it.

The environment and config.yaml win over what is kept here. Each change gets the next generation number; a worker compares
it between two runs. No engine is loaded here: the trial is handed in.
"""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from nas_asr.core.access import Viewer
from nas_asr.core.errors import ConfigError, Conflict, Invalid
from nas_asr.core.ports import Options
from nas_asr.core.tunable import ENGINE_SETTINGS, TUNABLE
from nas_asr.services.base import Act, House, audit
from nas_asr.store.database import Database, alone_in
from nas_asr.store.models import HouseSetting
from nas_asr.store.scope import Scope

FREE_MEMORY = "free_memory"  # no setting, but a wish that workers hear the same way
_LOOK_EVERY_S = 1.0
_LONGEST = 500

Trial = Callable[[Options], None]  # loads the engine of these settings elsewhere; raises NasAsrError with a sentence


@dataclass(frozen=True, slots=True)
class SettingView:
    """A setting as the page shows it. locked_by: the variable or file that decides it, empty where the page does."""

    name: str
    value: str
    locked_by: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class SettingsView:
    """All of them by name, and the generation that they are of."""

    settings: Mapping[str, SettingView]
    generation: int


@dataclass(frozen=True, slots=True)
class Wishes:
    """What workers have to heed: the newest change of the engine's settings, and the newest wish for free memory."""

    engine: int = 0
    free_memory: int = 0


class LiveOptions:
    """The settings as they are now: what the process was started with, and what was chosen on the page since.

    Stands wherever core.ports.Options is wanted. Looks into the database once a second at most; while that does not
    answer, or holds what this version cannot read, the last good ones stay.
    """

    def __init__(self, base: Options, db: Database) -> None:
        self._base = base
        self._db = db
        self._now = base
        self._look_at = 0.0

    def __getattr__(self, name: str) -> object:
        return getattr(self.current(), name)

    def pinned(self) -> Mapping[str, str]:
        """What the page may not change."""
        return self._base.pinned()

    def overlaid(self, stored: Mapping[str, str | None]) -> Options:
        """What the process was started with, under other values than those that are kept."""
        return self._base.overlaid(stored)

    def current(self) -> Options:
        """All of them at one moment."""
        if time.monotonic() >= self._look_at:
            self._look_at = time.monotonic() + _LOOK_EVERY_S
            with suppress(SQLAlchemyError):  # whoever needs the database will say so
                self._now = overlay(self._base, self._db)
        return self._now


def overlay(base: Options, db: Database) -> Options:
    """The settings with what is kept in the database; a value that this version cannot read counts as not chosen."""
    with db.read() as session:
        stored = _stored(session)
    try:
        return base.overlaid(stored)
    except ConfigError:
        return base.overlaid({name: value for name, value in stored.items() if _is_good(base, name, value)})


def _is_good(base: Options, name: str, value: str | None) -> bool:
    try:
        base.overlaid({name: value})
    except ConfigError:
        return False
    return True


def show_settings(house: House, viewer: Viewer) -> SettingsView:
    """Every setting that the page knows; admins only."""
    with house.db.read() as session:
        Scope(session, viewer).require_admin()
        stored, generation = _stored(session), _generation(session)
    now, pinned = overlay(house.options, house.db), house.options.pinned()
    settings = {
        name: SettingView(name, _text(getattr(now, name)), pinned.get(name, ""), stored.get(name) is not None)
        for name in TUNABLE
    }
    return SettingsView(settings, generation)


def change_settings(
    house: House, viewer: Viewer, given: Mapping[str, str], trial: Trial, seen: int | None = None
) -> list[str]:
    """Take over the values; empty is the default again. Returns the names that changed.

    seen: the generation that the person looked at. Raises Invalid that names the field, Conflict where somebody was
    quicker, and what the trial raises where the engine does not load; then nothing is changed.
    """
    before = show_settings(house, viewer)
    changed = _changed(house, before, given)
    wanted = _checked(house, changed)
    if any(name in ENGINE_SETTINGS for name in changed):
        trial(wanted)
    with house.db.write() as session:
        Scope(session, viewer).require_admin()
        alone_in(session, HouseSetting.__tablename__)
        generation = _generation(session)
        if generation != (before.generation if seen is None else seen):
            raise Conflict("Somebody else changed the settings meanwhile.", "Look at them again, then change yours.")
        if changed:
            for name, value in changed.items():
                session.merge(_row(house, viewer, name, value, generation + 1))
            audit(session, house, viewer, Act("settings.changed", ", ".join(changed)))
    return list(changed)


def free_memory(house: House, viewer: Viewer) -> None:
    """Ask the workers to unload their models when they are idle, and to load them with the next run."""
    with house.db.write() as session:
        Scope(session, viewer).require_admin()
        alone_in(session, HouseSetting.__tablename__)
        session.merge(_row(house, viewer, FREE_MEMORY, None, _generation(session) + 1))
        audit(session, house, viewer, Act("memory.freed"))


def wishes(house: House) -> Wishes | None:
    """What workers have to heed now, None where the database does not answer."""
    try:
        with house.db.read() as session:
            found = session.execute(select(HouseSetting.name, HouseSetting.generation))
            rows: dict[str, int] = {name: generation for name, generation in found}
    except SQLAlchemyError:
        return None
    return Wishes(max((rows.get(name, 0) for name in ENGINE_SETTINGS), default=0), rows.get(FREE_MEMORY, 0))


def _changed(house: House, before: SettingsView, given: Mapping[str, str]) -> dict[str, str | None]:
    """What is to be written: not what is locked, nor what is as it was. None is the default again."""
    changed: dict[str, str | None] = {}
    for name, raw in given.items():
        shown = before.settings.get(name)
        if shown is None:
            raise Invalid(f"{name} is not a setting that can be changed here.", field=name)
        text = raw.strip()
        if shown.locked_by:
            if text not in ("", shown.value):
                raise Invalid(
                    f"{name} is decided by {shown.locked_by}.", "Change it there, or unset it there first.", field=name
                )
        elif len(text) > _LONGEST or "\0" in text:
            raise Invalid("This value is too long or holds a zero byte.", "Shorten it.", field=name)
        elif not text:
            changed |= {name: None} if shown.chosen else {}
        elif _text(getattr(_checked(house, {name: text}), name)) != shown.value:
            changed[name] = text
    return changed


def _checked(house: House, changed: Mapping[str, str | None]) -> Options:
    """The settings as they would be. Raises Invalid that names the field."""
    for name, value in changed.items():
        try:
            house.options.overlaid({name: value})
        except ConfigError as error:
            why = error.message.partition(": ")[2].rstrip(".")
            raise Invalid(
                f"This value cannot be used: {why}.", "Correct it, or leave it empty for the default.", field=name
            ) from error
    with house.db.read() as session:
        stored = _stored(session)
    good = {name: value for name, value in stored.items() if _is_good(house.options, name, value)}
    return house.options.overlaid(good | dict(changed))


def _stored(session: Session) -> dict[str, str | None]:
    rows = session.execute(select(HouseSetting.name, HouseSetting.value).where(HouseSetting.name.in_(TUNABLE)))
    return {name: value for name, value in rows}


def _generation(session: Session) -> int:
    return session.scalar(select(func.max(HouseSetting.generation))) or 0


def _row(house: House, viewer: Viewer, name: str, value: str | None, generation: int) -> HouseSetting:
    return HouseSetting(name=name, value=value, generation=generation, changed_at=house.now(), changed_by=viewer.name)


def _text(value: object) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    return value.strftime("%H:%M") if hasattr(value, "strftime") else str(value)
