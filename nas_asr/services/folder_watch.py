"""Room: services.folder_watch. How the watch over a folder goes: by its looks and the watcher's heartbeat. Never looks itself."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zlib import crc32

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from nas_asr.core.access import Viewer
from nas_asr.core.recording import LedgerState
from nas_asr.services.base import House
from nas_asr.store.models import Folder, Heartbeat, LedgerLine
from nas_asr.store.scope import Scope

WATCHER_SILENT_S = 60
_EASE_S = 60  # a look may come that much later than after three intervals
_SHARE_OF_TIME = 6  # a folder that takes long to look through is looked through a sixth of the time at most
_START = "Start `nas-asr up` or `nas-asr watch`."
_ASK = "See whether the share answers."
_UNSETTLED = (LedgerState.GROWING, LedgerState.WAITING_CHOICE, LedgerState.FAILED)


class WatchState(StrEnum):
    """How the watch over a folder goes."""

    WATCHED = "watched"
    FIRST = "first"  # the first look is under way
    OFFLINE = "offline"
    LATE = "late"  # the watcher lives, but no look has come to an end for too long
    STOPPED = "stopped"  # no watcher gives a sign of life


@dataclass(frozen=True, slots=True)
class WatchView:
    """The state, the interval in force and, where something is the matter, what and what to do."""

    state: WatchState
    every_ms: int
    trouble: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Troubled:
    """A folder that nobody looks through at present."""

    id: str
    name: str
    watch: WatchView


def troubled(house: House, viewer: Viewer) -> list[Troubled]:
    """Such folders of the viewer's own teams: what is dropped there does not appear. Counts no files."""
    with house.db.read() as session:
        folders = session.scalars(Scope(session, viewer).folders().where(Folder.team_id.in_(viewer.roles))).all()
        lives = watcher_lives(session, house)
        found = [Troubled(folder.id, folder.name, watch_of(house, folder, lives)) for folder in folders]
    return [folder for folder in found if folder.watch.trouble]


def watcher_lives(session: Session, house: House) -> bool:
    """Whether any watcher gave a sign of life lately."""
    since = house.now() - timedelta(seconds=WATCHER_SILENT_S)
    return bool(session.scalar(select(func.count()).where(Heartbeat.kind == "watcher", Heartbeat.seen_at >= since)))


def watch_of(house: House, folder: Folder, lives: bool) -> WatchView:
    """How the watch over this folder goes; lives: whether there is a watcher at all."""
    quiet = house.now() - (folder.last_scan_at or folder.created_at)
    # Until the watcher has written another interval, the house's own setting is in force
    every_ms = folder.scan_every_ms or round(house.options.scan_seconds * 1000)
    if not lives:
        return WatchView(WatchState.STOPPED, every_ms, _stopped(quiet, folder.last_scan_at), _START)
    if not folder.online:
        return WatchView(WatchState.OFFLINE, every_ms, folder.offline_reason)
    longest = timedelta(milliseconds=3 * max(every_ms, folder.scan_ms * _SHARE_OF_TIME), seconds=_EASE_S)
    if quiet > longest:
        return WatchView(WatchState.LATE, every_ms, _late(quiet), _ASK)
    return WatchView(WatchState.WATCHED if folder.last_scan_at is not None else WatchState.FIRST, every_ms)


def ledger_pulse(house: House, viewer: Viewer) -> str:
    """A short word that changes when a folder's page would say something else. Costs no walk through the ledger."""
    with house.db.read() as session:
        folders = session.scalars(Scope(session, viewer).folders()).all()
        ids = [folder.id for folder in folders]
        unsettled = session.execute(
            select(LedgerLine.folder_id, LedgerLine.state, func.count())
            .where(LedgerLine.folder_id.in_(ids), LedgerLine.state.in_(_UNSETTLED))
            .group_by(LedgerLine.folder_id, LedgerLine.state)
        ).all()
    seen = sorted(f"{folder.id}{folder.files_seen}{folder.online}{folder.note}" for folder in folders)
    counted = sorted(f"{folder_id}{state}{count}" for folder_id, state, count in unsettled)
    return f"{crc32(repr((seen, counted)).encode()):x}"


def _stopped(quiet: timedelta, looked: datetime | None) -> str:
    if looked is None:
        return "It was never looked through: the watcher is not running."
    minutes = quiet // timedelta(minutes=1)
    if minutes < 120:
        return f"No look for {minutes} minutes: the watcher is not running."
    return f"No look for {minutes // 60} hours: the watcher is not running."


def _late(quiet: timedelta) -> str:
    minutes = quiet // timedelta(minutes=1)
    if minutes < 120:
        return f"No look for {minutes} minutes, although the watcher runs."
    return f"No look for {minutes // 60} hours, although the watcher runs."
