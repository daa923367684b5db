"""Room: services.audit_log. Who did what, and when, for admins: filtered, newest first. Writes no line itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from nas_asr.core.access import Viewer
from nas_asr.services.base import House
from nas_asr.services.paging import Page, PageOrder, read_cursor, write_cursor
from nas_asr.store.models import AuditLine, Recording, Team
from nas_asr.store.scope import Scope


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which lines: of a kind of action (`login`, `recording`, ...), of one person, of a team's slug, between two moments."""

    kind: str = ""
    actor: str = ""
    team: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class AuditView:
    """One line. subject: a name, or the title of a recording that the viewer may see, else its id."""

    id: str
    at: datetime
    actor: str
    action: str
    subject: str
    team: str | None
    address: str
    detail: Mapping[str, str]


def list_audit(house: House, viewer: Viewer, wanted: AuditFilter, page: PageOrder) -> Page[AuditView]:
    """Lines newest first; admins only."""
    with house.db.read() as session:
        statement = _filtered(Scope(session, viewer).audit(), wanted)
        after = read_cursor(page.cursor, datetime, str)
        if after is not None:
            statement = statement.where(
                (AuditLine.at < after[0]) | ((AuditLine.at == after[0]) & (AuditLine.id > after[1]))
            )
        lines = list(session.scalars(statement.limit(page.limit + 1)))
        more, lines = len(lines) > page.limit, lines[: page.limit]
        slugs = {team: slug for team, slug in session.execute(select(Team.id, Team.slug))}
        titles = _titles(session, viewer, lines)
    views = [
        AuditView(
            line.id, line.at, line.actor, line.action, titles.get(line.subject, line.subject),
            slugs.get(line.team_id or ""), line.address, line.detail,
        )
        for line in lines
    ]  # fmt: skip
    return Page(views, write_cursor(lines[-1].at, lines[-1].id) if more else None)


def list_actors(house: House, viewer: Viewer) -> Sequence[str]:
    """Everybody who stands in the log, by name."""
    with house.db.read() as session:
        Scope(session, viewer).require_admin()
        return list(session.scalars(select(AuditLine.actor).distinct().order_by(AuditLine.actor)))


def list_kinds(house: House, viewer: Viewer) -> Sequence[str]:
    """What kinds of action stand in the log: what is before the dot of `login.accepted`."""
    with house.db.read() as session:
        Scope(session, viewer).require_admin()
        return sorted({action.partition(".")[0] for action in session.scalars(select(AuditLine.action).distinct())})


def _filtered(statement: Select[AuditLine], wanted: AuditFilter) -> Select[AuditLine]:
    if wanted.kind:
        statement = statement.where(AuditLine.action.startswith(f"{wanted.kind}.", autoescape=True))
    if wanted.actor:
        statement = statement.where(AuditLine.actor == wanted.actor)
    if wanted.team:
        statement = statement.where(AuditLine.team_id.in_(select(Team.id).where(Team.slug == wanted.team)))
    if wanted.since is not None:
        statement = statement.where(AuditLine.at >= wanted.since)
    if wanted.until is not None:
        statement = statement.where(AuditLine.at < wanted.until)
    return statement


def _titles(session: Session, viewer: Viewer, lines: Sequence[AuditLine]) -> Mapping[str, str]:
    """Titles of the recordings of the viewer's own teams, the trash too: an admin does not read those of others."""
    named = [line.subject for line in lines if line.action.startswith(("recording.", "queue."))]
    ours = select(Recording.id, Recording.title).where(Recording.id.in_(named), Recording.team_id.in_(viewer.roles))
    return {recording: title for recording, title in session.execute(ours)}
