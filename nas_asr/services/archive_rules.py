"""Room: services.archive_rules. A team's archive rule: read it, change it. Managers and admins change; off until they do."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from nas_asr.core.access import Action, Viewer
from nas_asr.core.archive_rule import Rule
from nas_asr.core.errors import Invalid, NotVisible
from nas_asr.services.base import Act, House, audit
from nas_asr.store.database import alone
from nas_asr.store.models import ArchiveRuleRow, Folder, Team
from nas_asr.store.scope import Scope

_MOST_MINUTES, _MOST_HOURS = 24 * 60, 24 * 366


@dataclass(frozen=True, slots=True)
class RuleOrder:
    """What somebody wants the rule to be. None leaves a field as it is."""

    on: bool | None = None
    folders: tuple[str, ...] | None = None
    min_minutes: int | None = None
    untouched_hours: int | None = None


def read_rule(house: House, viewer: Viewer | None, slug: str) -> Rule:
    """The rule of a team."""
    with house.db.read() as session:
        return rule_of(session, team_of(session, viewer, slug).id)


def save_rule(house: House, viewer: Viewer | None, slug: str, order: RuleOrder) -> Rule:
    """Change the rule. Invalid names the field; NotPermitted where the viewer does not manage the team."""
    with house.db.write() as session:
        team = team_of(session, viewer, slug, Action.MANAGE)
        alone(session, team)
        old = rule_of(session, team.id)
        rule = Rule(
            on=old.on if order.on is None else order.on,
            folders=old.folders if order.folders is None else _folders(session, team.id, order.folders),
            min_minutes=_within(order.min_minutes, old.min_minutes, _MOST_MINUTES, "min_minutes"),
            untouched_hours=_within(order.untouched_hours, old.untouched_hours, _MOST_HOURS, "untouched_hours"),
        )
        row = session.get(ArchiveRuleRow, team.id)
        if row is None:
            row = ArchiveRuleRow(team_id=team.id, on=False)
            session.add(row)
        row.on_since = (row.on_since if row.on and rule.on else house.now()) if rule.on else None
        row.on, row.folders, row.changed_at = rule.on, list(rule.folders), house.now()
        row.min_minutes, row.untouched_hours = rule.min_minutes, rule.untouched_hours
        audit(session, house, viewer, Act("archive.rule_set", team.slug, team.id, detail={"on": str(rule.on)}))
        return rule


def rule_of(session: Session, team_id: str) -> Rule:
    """The rule of a team that the caller may see; the default one where nobody made one."""
    row = session.get(ArchiveRuleRow, team_id)
    if row is None:
        return Rule()
    return Rule(row.on, tuple(row.folders), row.min_minutes, row.untouched_hours)


def team_of(session: Session, viewer: Viewer | None, slug: str, action: Action = Action.READ) -> Team:
    """The team by its slug, as the viewer may have it; the command line may have all."""
    if viewer is not None:
        return Scope(session, viewer).team(slug, action)
    team = session.scalar(select(Team).where(Team.slug == slug))
    if team is None:
        raise NotVisible(f"There is no team called {slug}.", "See `nas-asr team list`.")
    return team


def _folders(session: Session, team_id: str, wanted: tuple[str, ...]) -> tuple[str, ...]:
    known = set(session.scalars(select(Folder.id).where(Folder.team_id == team_id)))
    if set(wanted) - known:
        raise Invalid("One of these folders is not the team's.", "Choose again.", field="folders")
    return tuple(sorted(set(wanted)))


def _within(value: int | None, old: int, most: int, field: str) -> int:
    if value is not None and not 0 <= value <= most:
        raise Invalid(f"This must be a number from 0 to {most}.", field=field)
    return old if value is None else value
