"""Room: services.drafts. English that the built-in engine wrote until the model came: once more, by the model. No engine here.

A draft is what `auto` gave to the built-in engine. The better version is a new one; what a person changed stays what people see.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Select, and_, func, not_, or_, select
from sqlalchemy.orm import Session

from nas_asr.core.access import Action, Viewer
from nas_asr.core.errors import Conflict
from nas_asr.core.offers import MODEL
from nas_asr.core.recording import ENDED, RunState
from nas_asr.services.again import Wish, new_run
from nas_asr.services.base import Act, House, audit
from nas_asr.services.engines import served
from nas_asr.services.reruns import AT_ONCE, Rerun
from nas_asr.services.ringing import ring
from nas_asr.store.models import Recording, Run, Team
from nas_asr.store.scope import Scope

_BEHIND_EVERYTHING = -2  # priority: new recordings go first, and so does what people asked to run again
_FEW = 20  # so many wait for their turn at most, so that the setting can be taken back


@dataclass(frozen=True, slots=True)
class Drafts:
    """A team's drafts that the model could do better now."""

    team: str
    team_name: str
    count: int


def list_drafts(house: House, viewer: Viewer) -> list[Drafts]:
    """How many drafts each of the viewer's teams has, where they may write; nothing while no worker has the model."""
    with house.db.read() as session:
        wanted = _for_the_model(session, house, Scope(session, viewer).recordings(Action.WRITE))
        if wanted is None:
            return []
        inner = wanted.subquery()
        per_team = select(inner.c.team_id, func.count()).group_by(inner.c.team_id)
        found: Mapping[str, int] = {team: count for team, count in session.execute(per_team)}
        teams = session.scalars(select(Team).where(Team.id.in_(found)).order_by(Team.name)).all()
        return [Drafts(team.slug, team.name, found[team.id]) for team in teams]


def redo_team(house: House, viewer: Viewer, slug: str) -> Rerun:
    """The team's drafts once more, by the model; newest first, 200 at a time. Conflict where no worker has it."""
    with house.db.write() as session:
        scope = Scope(session, viewer)
        team = scope.content_team(slug, Action.WRITE)
        ours = scope.recordings(Action.WRITE).where(Recording.team_id == team.id)
        wanted = _for_the_model(session, house, ours)
        if wanted is None:
            raise Conflict("Fun-ASR-Nano is on no worker that runs now.", "Try again when one has it.")
        total = session.scalar(select(func.count()).select_from(wanted.subquery())) or 0
        runs = _queue(session, house, wanted, viewer, AT_ONCE)
        audit(session, house, viewer, Act("drafts.rerun", team.slug, team.id, detail={"recordings": str(len(runs))}))
    for run in runs:
        ring(house, run)
    return Rerun(len(runs), total - len(runs))


def redo_by_itself(house: House) -> int:
    """The next drafts of all teams, where an admin wants that; what failed or was stopped waits for a person."""
    if not house.options.redo_drafts:
        return 0
    everybody = select(Recording).where(Recording.trashed_at.is_(None))
    with house.db.read() as session:
        wanted = _for_the_model(session, house, everybody, by_itself=True)
        if wanted is None or session.scalar(wanted.limit(1)) is None:
            return 0
        waiting = select(func.count()).where(Run.state == RunState.QUEUED, Run.priority == _BEHIND_EVERYTHING)
        free = _FEW - (session.scalar(waiting) or 0)
    if free <= 0:
        return 0
    with house.db.write() as session:
        wanted = _for_the_model(session, house, everybody, by_itself=True)
        runs = _queue(session, house, wanted, None, free) if wanted is not None else []
    for run in runs:
        ring(house, run)
    return len(runs)


def _queue(session: Session, house: House, wanted: Select[Recording], viewer: Viewer | None, most: int) -> list[Run]:
    newest_first = wanted.order_by(Recording.recorded_at.desc(), Recording.id).limit(most)
    found = session.scalars(newest_first.with_for_update(of=Recording, skip_locked=True)).all()
    return [new_run(session, house, recording, viewer, Wish(priority=_BEHIND_EVERYTHING)) for recording in found]


def _for_the_model(
    session: Session, house: House, ours: Select[Recording], *, by_itself: bool = False
) -> Select[Recording] | None:
    """Those of our recordings that are drafts, in a language of the model, with no run under way; None where it is away."""
    languages = served(session, house).languages(MODEL)
    if not languages:
        return None
    drafts = ours.join(Run, Run.id == Recording.run_id).where(
        Recording.draft.is_(True), Recording.language.in_(languages), Run.state.in_(ENDED)
    )
    if not by_itself:
        return drafts
    in_vain = and_(Run.engine == MODEL, or_(Run.state == RunState.FAILED, Run.state == RunState.STOPPED))
    return drafts.where(not_(in_vain))
