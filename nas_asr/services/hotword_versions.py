"""Room: services.hotword_versions. Which version of a team's list is the newest, for those who make runs. Changes nothing."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from nas_asr.store.models import HotwordVersion


def newest_hotwords(session: Session, team_id: str) -> int:
    """The number of the list that applies now, 0 where the team has none."""
    newest = select(func.coalesce(func.max(HotwordVersion.number), 0)).where(HotwordVersion.team_id == team_id)
    return session.scalar(newest) or 0
