"""Room: services.archive_nights. When a team's archive is due, who does it, what came of it: table archive_runs. Writes no bag.

A night is a row, made by whoever sees first that it is due; it is done by whoever claims the row. A missed night is caught up
once: of several missed ones only the last has a row. The lease of a killed writer runs out, and the next one takes over.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from nas_asr.core.access import Action, Viewer
from nas_asr.core.archive_rule import last_night
from nas_asr.core.errors import ArchiveUnavailable, Conflict
from nas_asr.core.ids import new_id
from nas_asr.services.archive_rules import rule_of, team_of
from nas_asr.services.base import Act, House, audit
from nas_asr.store.database import alone
from nas_asr.store.models import ArchiveRuleRow, ArchiveRun, Team

LEASE = timedelta(seconds=120)
MAX_CLAIMS = 3


@dataclass(frozen=True, slots=True)
class Night:
    """A run of the archive that is ours while its lease lasts. kind: night, now or verify."""

    run_id: str
    team_id: str
    team: str
    kind: str
    fence: int
    due_at: datetime


@dataclass(frozen=True, slots=True)
class NightView:
    """A run as lists show it."""

    id: str
    team: str
    kind: str
    state: str
    due_at: datetime
    ended_at: datetime | None
    report: dict[str, Any]
    failure: str


def meet_nights(house: House) -> None:
    """Make the rows of nights that are due by now. Two processes make one row."""
    night = last_night(house.now(), house.options.archive_at, house.options.timezone)
    with house.db.read() as session:
        there = select(ArchiveRun.team_id).where(ArchiveRun.due_at == night)
        missing = session.scalars(
            select(ArchiveRuleRow.team_id).where(
                ArchiveRuleRow.on, ArchiveRuleRow.on_since <= night, ArchiveRuleRow.team_id.not_in(there)
            )
        ).all()
    for team_id in missing:
        _add_run(house, team_id, night, "night")


def anything_due(house: House) -> bool:
    """Whether somebody should claim now. Cheap: asked every few seconds."""
    meet_nights(house)
    with house.db.read() as session:
        return session.scalar(select(ArchiveRun.id).where(_claimable(house.now())).limit(1)) is not None


def ask(house: House, viewer: Viewer | None, slug: str, kind: str = "now") -> str:
    """Somebody wants the team's archive (kind now) or its verification (verify) at once. Returns the run's id.

    Conflict where the rule is off, or where such a run waits or is under way.
    """
    with house.db.write() as session:
        team = team_of(session, viewer, slug, Action.MANAGE)
        alone(session, team)
        if kind == "now" and not rule_of(session, team.id).on:
            raise Conflict(
                f"The archive of team {slug} is off.",
                "A manager switches it on under Archive, or: nas-asr archive rule.",
            )
        under_way = select(ArchiveRun.id).where(
            ArchiveRun.team_id == team.id, ArchiveRun.kind == kind, ArchiveRun.state.in_(("due", "running"))
        )
        if session.scalar(under_way.limit(1)) is not None and viewer is not None:
            raise Conflict("This is under way already.", "Its result is on this page in a moment.")
        run = ArchiveRun(
            id=new_id(), team_id=team.id, due_at=_free_moment(session, house, team.id), kind=kind, report={}
        )
        session.add(run)
        audit(session, house, viewer, Act(f"archive.asked_{kind}", team.slug, team.id))
        return run.id


def claim(house: House, run_id: str | None = None, team: str = "") -> Night | None:
    """The oldest run that is due, or the one named; None where there is none for us. One run of a team at a time."""
    now = house.now()
    wanted = [_claimable(now)]
    if run_id is not None:
        wanted.append(ArchiveRun.id == run_id)
    with house.db.write() as session:
        statement = select(ArchiveRun, Team).join(Team, Team.id == ArchiveRun.team_id).where(*wanted)
        if team:
            statement = statement.where(Team.slug == team)
        # The team is locked too: two runs of it must not be claimed by two writers at once
        for run, its_team in session.execute(statement.order_by(ArchiveRun.due_at).with_for_update()).all():
            if run.fence >= MAX_CLAIMS:
                _give_up(run, now)
            elif not _another_runs(session, run, now):
                return _take(session, run, its_team, now)
    return None


def hold(house: House, night: Night) -> None:
    """Keep the lease. ArchiveUnavailable where the run is no longer ours: then write nothing any more."""
    with house.db.write() as session:
        kept = session.execute(
            update(ArchiveRun).where(_ours(night)).values(lease_until=house.now() + LEASE).returning(ArchiveRun.id)
        ).one_or_none()
    if kept is None:
        raise ArchiveUnavailable("Another process does this run of the archive now.")


def end(house: House, night: Night, report: dict[str, Any], failure: str = "") -> None:
    """What came of it; a failed night is not tried again, the next night goes on."""
    with house.db.write() as session:
        session.execute(
            update(ArchiveRun)
            .where(_ours(night))
            .values(
                state="failed" if failure else "done",
                ended_at=house.now(),
                lease_until=None,
                report=report,
                failure=failure,
            )
        )


def still_written(house: House) -> tuple[set[str], set[str]]:
    """Ids of runs whose half bags are at work, and of all runs that there are."""
    with house.db.read() as session:
        rows = session.execute(select(ArchiveRun.id, ArchiveRun.state, ArchiveRun.lease_until)).all()
    now = house.now()
    alive = {run_id for run_id, state, lease in rows if state == "running" and lease is not None and lease >= now}
    return alive, {run_id for run_id, _, _ in rows}


def list_nights(house: House, viewer: Viewer, slug: str, limit: int = 10) -> list[NightView]:
    """The last runs of a team, newest first."""
    with house.db.read() as session:
        team = team_of(session, viewer, slug)
        rows = session.scalars(
            select(ArchiveRun).where(ArchiveRun.team_id == team.id).order_by(ArchiveRun.due_at.desc()).limit(limit)
        )
        return [NightView(r.id, team.slug, r.kind, r.state, r.due_at, r.ended_at, r.report, r.failure) for r in rows]


def _add_run(house: House, team_id: str, due_at: datetime, kind: str) -> None:
    try:
        with house.db.write() as session:
            session.add(ArchiveRun(id=new_id(), team_id=team_id, due_at=due_at, kind=kind, report={}))
    except IntegrityError:
        pass  # another process saw it first


def _free_moment(session: Session, house: House, team_id: str) -> datetime:
    """Now, or just after where a run of the team has this very moment."""
    newest = session.scalar(
        select(ArchiveRun.due_at)
        .where(ArchiveRun.team_id == team_id, ArchiveRun.due_at >= house.now())
        .order_by(ArchiveRun.due_at.desc())
        .limit(1)
    )
    return house.now() if newest is None else newest + timedelta(microseconds=1)


def _claimable(now: datetime) -> ColumnElement[bool]:
    left_alone = and_(ArchiveRun.state == "running", ArchiveRun.lease_until < now)
    return or_(ArchiveRun.state == "due", left_alone)


def _another_runs(session: Session, run: ArchiveRun, now: datetime) -> bool:
    others = select(ArchiveRun.id).where(
        ArchiveRun.team_id == run.team_id,
        ArchiveRun.id != run.id,
        ArchiveRun.state == "running",
        ArchiveRun.lease_until >= now,
    )
    return session.scalar(others.limit(1)) is not None


def _take(session: Session, run: ArchiveRun, team: Team, now: datetime) -> Night | None:
    taken = session.execute(
        update(ArchiveRun)
        .where(ArchiveRun.id == run.id, ArchiveRun.fence == run.fence, _claimable(now))
        .values(state="running", fence=ArchiveRun.fence + 1, lease_until=now + LEASE, started_at=now)
        .returning(ArchiveRun.fence)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    return None if taken is None else Night(run.id, team.id, team.slug, run.kind, taken.fence, run.due_at)


def _give_up(run: ArchiveRun, now: datetime) -> None:
    run.state, run.ended_at, run.lease_until = "failed", now, None
    run.failure = f"The run broke off {run.fence} times: its program ended without a word, or the machine did."


def _ours(night: Night) -> ColumnElement[bool]:
    return and_(ArchiveRun.id == night.run_id, ArchiveRun.fence == night.fence, ArchiveRun.state == "running")
