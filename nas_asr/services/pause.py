"""Room: services.pause. Lets no new run begin until an admin says so; what is at work goes on. Ends no run."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session

from nas_asr.core.access import Viewer
from nas_asr.core.recording import RunState
from nas_asr.services.base import Act, House, audit
from nas_asr.services.house_settings import leave_wish
from nas_asr.services.ringing import ring
from nas_asr.store.models import HouseSetting, Run
from nas_asr.store.scope import Scope

_PAUSED = "paused"  # no setting, but a wish that everybody heeds who claims
_RUNG = 20  # wakes every worker there may be; the sweep rings for the rest


@dataclass(frozen=True, slots=True)
class Pause:
    """Since when, and whose wish it was."""

    since: datetime
    by: str


def may_begin() -> ColumnElement[bool]:
    """Whether runs may be claimed at all, for the claim's own statement."""
    return ~exists().where(HouseSetting.name == _PAUSED, HouseSetting.value.is_not(None))


def pause_of(session: Session) -> Pause | None:
    """The pause that holds; None where runs begin as usual."""
    row = session.get(HouseSetting, _PAUSED)
    return Pause(row.changed_at, row.changed_by) if row is not None and row.value is not None else None


def paused(house: House) -> Pause | None:
    """The same for a page: everybody may know why nothing begins."""
    with house.db.read() as session:
        return pause_of(session)


def pause(house: House, viewer: Viewer) -> None:
    """No new run begins from now on; again is no mistake. Admins only."""
    with house.db.write() as session:
        Scope(session, viewer).require_admin()
        if pause_of(session) is None:
            leave_wish(session, house, viewer, _PAUSED, "1")
            audit(session, house, viewer, Act("queue.paused"))


def resume(house: House, viewer: Viewer) -> None:
    """Runs begin again, at once. Admins only."""
    with house.db.write() as session:
        Scope(session, viewer).require_admin()
        if pause_of(session) is None:
            return
        leave_wish(session, house, viewer, _PAUSED, None)
        audit(session, house, viewer, Act("queue.resumed"))
        waiting = session.scalars(
            select(Run)
            .where(Run.state == RunState.QUEUED, Run.waiting_for.is_(None))
            .order_by(Run.priority.desc(), Run.created_at)
            .limit(_RUNG)
        ).all()
    for run in waiting:
        ring(house, run)
