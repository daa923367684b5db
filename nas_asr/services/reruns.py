"""Room: services.reruns. A team's last days once more, with the list of today. Behind new recordings, and never all at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from nas_asr.core.access import Action, Viewer
from nas_asr.core.errors import Conflict, Invalid
from nas_asr.core.recording import UNDER_WAY, RunState
from nas_asr.services.again import Wish, new_run
from nas_asr.services.base import Act, House, audit
from nas_asr.services.hotword_versions import newest_hotwords
from nas_asr.services.hotwords import team_of
from nas_asr.services.recordings import recordings_of
from nas_asr.services.ringing import ring
from nas_asr.store.models import Recording, Run, Team

MOST_DAYS = 366
AT_ONCE = 200
_WISH = Wish(priority=-1)  # what was dropped today, in whatever team, goes first


@dataclass(frozen=True, slots=True)
class Rerun:
    """How many recordings were put into the queue, and how many more there are for the next call."""

    queued: int
    left: int


def rerun_team(house: House, viewer: Viewer | None, slug: str, days: int) -> Rerun:
    """Transcribe again what was recorded in the last days and last ran with another list; newest first, 200 at a time.

    viewer None: the command line.
    Each run makes a new version; one that fails hides nothing, and a person's work stays what people see.
    """
    if not 1 <= days <= MOST_DAYS:
        raise Invalid(f"Say how many days: 1 to {MOST_DAYS}.", field="days")
    with house.db.write() as session:
        team = team_of(session, viewer, slug, Action.KEEP_HOTWORDS)
        newest = newest_hotwords(session, team.id)
        if not newest:
            raise Conflict("This team has no hotword list yet.", "Write one first.")
        wanted = _wanted(session, viewer, team, newest, house.now() - timedelta(days=days))
        total = session.scalar(select(func.count()).select_from(wanted.subquery())) or 0
        runs = _queue(session, house, viewer, wanted)
        detail = {"version": str(newest), "days": str(days), "recordings": str(len(runs))}
        audit(session, house, viewer, Act("hotwords.rerun", team.slug, team.id, detail=detail))
    for run in runs:
        ring(house, run)
    return Rerun(len(runs), total - len(runs))


def rerun_chosen(house: House, viewer: Viewer, slug: str, recording_ids: Sequence[str]) -> Rerun:
    """These of the team's recordings once more with the newest list, behind new ones. What is under way stays out of it."""
    with house.db.write() as session:
        team = team_of(session, viewer, slug, Action.KEEP_HOTWORDS)
        if not newest_hotwords(session, team.id):
            raise Conflict("This team has no hotword list yet.", "Write one first.")
        theirs = recordings_of(session, viewer, Action.WRITE)
        wanted = theirs.join(Run, Run.id == Recording.run_id).where(
            Recording.team_id == team.id, Recording.id.in_(recording_ids), Run.state.not_in(UNDER_WAY)
        )
        total = session.scalar(select(func.count()).select_from(wanted.subquery())) or 0
        runs = _queue(session, house, viewer, wanted)
        detail = {"recordings": str(len(runs))}
        audit(session, house, viewer, Act("hotwords.rerun", team.slug, team.id, detail=detail))
    for run in runs:
        ring(house, run)
    return Rerun(len(runs), total - len(runs))


def _queue(session: Session, house: House, viewer: Viewer | None, wanted: Select[Recording]) -> list[Run]:
    newest_first = wanted.order_by(Recording.recorded_at.desc(), Recording.id).limit(AT_ONCE)
    found = session.scalars(newest_first.with_for_update(of=Recording)).all()
    return [new_run(session, house, recording, viewer, _WISH) for recording in found]


def _wanted(session: Session, viewer: Viewer | None, team: Team, newest: int, since: datetime) -> Select[Recording]:
    """Finished ones whose last run did not use the newest list; one that failed with it is not asked again and again."""
    theirs = recordings_of(session, viewer, Action.WRITE)
    return theirs.join(Run, Run.id == Recording.run_id).where(
        Recording.team_id == team.id,
        Recording.version > 0,
        Recording.recorded_at >= since,
        Run.state.not_in(UNDER_WAY),
        or_(Run.hotwords_version != newest, Run.state == RunState.STOPPED),
    )
