"""Room: services.overview. What an admin sees of the house: the parts that give signs of life. Starts none."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from nas_asr.core.access import Viewer
from nas_asr.core.offers import MODEL, heard
from nas_asr.core.recording import RunState
from nas_asr.services.base import House
from nas_asr.services.house_settings import Wishes, wishes
from nas_asr.services.summary import is_lately
from nas_asr.store.models import Heartbeat, Run, TranscriptVersion
from nas_asr.store.scope import Scope


@dataclass(frozen=True, slots=True)
class LoadedView:
    """An engine in a worker's memory, as far as it told. memory_used and memory_free: bytes of its device.

    slow: the model works on the processor. card_idle: it does so although that machine has an NVIDIA card.
    """

    engine: str
    model: str
    revision: str
    device: str
    since: datetime | None
    memory_used: int | None
    memory_free: int | None
    slow: bool
    card_idle: bool


@dataclass(frozen=True, slots=True)
class PartView:
    """A long-running part: kind is worker, watcher or up; alive while its last sign is young enough.

    state: of a worker: starting, idle, busy, resting (its models are unloaded), failed. due: it has still to heed a
    change of settings or a wish for free memory, after its run. detail: what else it said of itself. offers: engines that
    it can work with; loaded: those in its memory, the last used first. rtfx: of the last hour's runs, None without any.
    """

    name: str
    kind: str
    seen_at: datetime
    alive: bool
    state: str = ""
    due: bool = False
    detail: Mapping[str, Any] = field(default_factory=dict)
    offers: tuple[str, ...] = ()
    loaded: tuple[LoadedView, ...] = ()
    rtfx: float | None = None


def require_admin(house: House, viewer: Viewer) -> None:
    """For pages that ask no row: NotVisible for everybody but admins in person."""
    with house.db.read() as session:
        Scope(session, viewer).require_admin()


def list_parts(house: House, viewer: Viewer) -> list[PartView]:
    """Every part that gave a sign of life within the last day; admins only."""
    now, wanted = house.now(), wishes(house) or Wishes()
    with house.db.read() as session:
        Scope(session, viewer).require_admin()
        rows = session.scalars(
            select(Heartbeat)
            .where(Heartbeat.seen_at >= now - timedelta(days=1))
            .order_by(Heartbeat.kind, Heartbeat.name)
        )
        speeds = _speeds(session, now - timedelta(hours=1))
        return [_part(row, wanted, is_lately(row.seen_at, now), speeds.get(row.name)) for row in rows]


def _speeds(session: Session, since: datetime) -> Mapping[str, float]:
    """RTFx by worker: audio seconds per second of work, in what was finished since then."""
    audio, work = func.sum(TranscriptVersion.duration_ms), func.sum(TranscriptVersion.elapsed_ms)
    rows = session.execute(
        select(Run.worker, audio, work)
        .join(TranscriptVersion, TranscriptVersion.run_id == Run.id)
        .where(Run.ended_at >= since, Run.state == RunState.DONE)
        .group_by(Run.worker)
    ).all()
    sums: dict[str, list[int]] = {}
    for worker, audio_ms, work_ms in rows:  # a worker's tag is its name and its boot, which a restart changes
        of_name = sums.setdefault(worker.rpartition(":")[0], [0, 0])
        of_name[0] += int(audio_ms)  # PostgreSQL sums into Decimals
        of_name[1] += int(work_ms)
    return {name: audio_ms / work_ms for name, (audio_ms, work_ms) in sums.items() if work_ms}


def _part(row: Heartbeat, wanted: Wishes, alive: bool, rtfx: float | None) -> PartView:
    heeded = Wishes(_number(row.detail.get("settings")) or 0, _number(row.detail.get("freed")) or 0)
    late = wanted.engine > heeded.engine or wanted.free_memory > heeded.free_memory
    state = str(row.detail.get("state", ""))
    skills, told = heard(row.detail), row.detail.get("loaded")
    card = bool(row.detail.get("nvidia"))
    return PartView(
        row.name, row.kind, row.seen_at, alive, state, alive and bool(state) and late, row.detail,
        tuple(offer.engine for offer in skills.offers) if skills is not None else (),
        tuple(_loaded(one, card) for one in told if isinstance(one, dict)) if isinstance(told, list) else (), rtfx,
    )  # fmt: skip


def _loaded(told: Mapping[str, Any], card: bool) -> LoadedView:
    """What one engine said of itself; it may be of another version, so nothing is taken for granted."""
    words = {name: str(told.get(name) or "") for name in ("engine", "model", "revision", "device")}
    slow = words["engine"] == MODEL and words["device"].startswith("cpu")
    return LoadedView(
        **words, since=_moment(told.get("loaded_at")), memory_used=_number(told.get("memory_used")),
        memory_free=_number(told.get("memory_free")), slow=slow, card_idle=slow and card,
    )  # fmt: skip


def _moment(told: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(told))
    except ValueError:
        return None
    return found if found.tzinfo is not None else None


def _number(told: object) -> int | None:
    return int(told) if isinstance(told, int | float) and told >= 0 else None
