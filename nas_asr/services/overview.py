"""Room: services.overview. What an admin sees of the house: the parts that give signs of life, and the audit log's tail."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from nas_asr.core.access import Viewer
from nas_asr.services.base import House
from nas_asr.services.house_settings import Wishes, wishes
from nas_asr.services.summary import WORKER_SILENT_S
from nas_asr.store.models import AuditLine, Heartbeat, Recording, Team
from nas_asr.store.scope import Scope


@dataclass(frozen=True, slots=True)
class PartView:
    """A long-running part: kind is worker, watcher or up; alive while its last sign is young enough.

    state: of a worker: starting, idle, busy, resting (its models are unloaded), failed. due: it has still to heed a
    change of settings or a wish for free memory, after its run. detail: what else it said of itself.
    """

    name: str
    kind: str
    seen_at: datetime
    alive: bool
    state: str = ""
    due: bool = False
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AuditView:
    """One line of the audit log. subject: a name, or the title of a recording that the viewer may see, else its id."""

    at: datetime
    actor: str
    action: str
    subject: str
    team: str | None
    address: str


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
        silent = timedelta(seconds=WORKER_SILENT_S)
        return [_part(row, wanted, now - row.seen_at <= silent) for row in rows]


def _part(row: Heartbeat, wanted: Wishes, alive: bool) -> PartView:
    heeded = Wishes(row.detail.get("settings", 0), row.detail.get("freed", 0))
    late = wanted.engine > heeded.engine or wanted.free_memory > heeded.free_memory
    state = str(row.detail.get("state", ""))
    return PartView(row.name, row.kind, row.seen_at, alive, state, alive and bool(state) and late, row.detail)


def audit_tail(house: House, viewer: Viewer, limit: int = 30) -> list[AuditView]:
    """The newest lines of the audit log; admins only."""
    with house.db.read() as session:
        statement = Scope(session, viewer).audit().limit(limit)
        lines = list(session.scalars(statement))
        slugs = {team: slug for team, slug in session.execute(select(Team.id, Team.slug))}
        titles = _titles(session, viewer, lines)
        return [
            AuditView(
                line.at, line.actor, line.action, titles.get(line.subject, line.subject),
                slugs.get(line.team_id or ""), line.address,
            )
            for line in lines
        ]  # fmt: skip


def _titles(session: Session, viewer: Viewer, lines: Sequence[AuditLine]) -> Mapping[str, str]:
    """Titles of the recordings of the viewer's own teams, the trash too: an admin does not read those of others."""
    named = [line.subject for line in lines if line.action.startswith("recording.")]
    ours = select(Recording.id, Recording.title).where(Recording.id.in_(named), Recording.team_id.in_(viewer.roles))
    return {recording: title for recording, title in session.execute(ours)}
