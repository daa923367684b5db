"""Room: services.archive_plan. Which recordings of a team are due for the archive, and why the others stay. Writes nothing."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from nas_asr.core.access import Viewer
from nas_asr.core.archive_rule import Candidate, Rule, Stay, next_night, stays
from nas_asr.services.archive_rules import rule_of, team_of
from nas_asr.services.base import House
from nas_asr.store.models import Recording, Run, TranscriptVersion


@dataclass(frozen=True, slots=True)
class Planned:
    """A recording and why it stays; stay is None where it is due."""

    id: str
    title: str
    recorded_at: datetime
    duration_ms: int
    size_bytes: int
    stay: Stay | None


@dataclass(frozen=True, slots=True)
class Plan:
    """What one run would do. due: oldest first; others: those that stay for a reason that may pass; counts: by reason."""

    at: datetime
    rule: Rule
    due: Sequence[Planned]
    others: Sequence[Planned]
    counts: Mapping[Stay, int]


def tonight(house: House, viewer: Viewer | None, slug: str) -> Plan:
    """What the next night would archive if nobody touched anything until then."""
    night = next_night(house.now(), house.options.archive_at, house.options.timezone)
    return _plan_of(house, viewer, slug, night, at_once=False)


def at_once(house: House, viewer: Viewer | None, slug: str) -> Plan:
    """What would be archived now."""
    return _plan_of(house, viewer, slug, house.now(), at_once=True)


def plan(session: Session, team_id: str, rule: Rule, at: datetime) -> Plan:
    """The same for a team that the caller may act for."""
    newest = (
        select(func.coalesce(func.max(TranscriptVersion.number), 0))
        .where(TranscriptVersion.recording_id == Recording.id)
        .scalar_subquery()
    )
    whole, part = aliased(Recording), aliased(Recording)
    # A part is as long as its whole: the last minutes of a meeting belong into the archive, too. Of a whole only text is kept.
    length = func.coalesce(whole.duration_ms, Recording.duration_ms).label("duration_ms")
    size = case((exists().where(part.whole_id == Recording.id), 0), else_=Recording.size_bytes).label("size_bytes")
    here = (Recording.team_id == team_id, Recording.trashed_at.is_(None))
    rows = session.execute(
        select(
            Recording.id, Recording.title, Recording.recorded_at, length, size,
            Recording.folder_id, Recording.archived_version, Recording.changed_at, newest.label("newest"), Run.state,
        )
        .outerjoin(Run, Run.id == Recording.run_id)
        .outerjoin(whole, whole.id == Recording.whole_id)
        .where(*here, or_(Recording.archived_version == 0, Recording.archived_version < newest))
        .order_by(Recording.recorded_at, Recording.id)
    )  # fmt: skip
    planned = [
        Planned(
            row.id, row.title, row.recorded_at, row.duration_ms, row.size_bytes,
            stays(rule, _candidate(row), at),
        )
        for row in rows
    ]  # fmt: skip
    counts = Counter(one.stay for one in planned if one.stay is not None)
    all_of_them = session.scalar(select(func.count()).select_from(Recording).where(*here)) or 0
    counts[Stay.ARCHIVED] = all_of_them - len(planned)
    due, others = [one for one in planned if one.stay is None], [one for one in planned if one.stay is not None]
    return Plan(at, rule, due, others, {stay: counts[stay] for stay in Stay if counts[stay]})


def _candidate(row: object) -> Candidate:
    names = ("folder_id", "duration_ms", "newest", "archived_version", "state", "changed_at")
    return Candidate(*(getattr(row, name) for name in names))


def _plan_of(house: House, viewer: Viewer | None, slug: str, at: datetime, *, at_once: bool) -> Plan:
    with house.db.read() as session:
        team = team_of(session, viewer, slug)
        rule = rule_of(session, team.id)
        return plan(session, team.id, rule.at_once() if at_once else rule, at)
