"""Room: services.people_named. The people whom recordings name: who uploaded them, who speaks in them. Never what was said."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Select, exists, func, or_, select
from sqlalchemy.orm import Session

from nas_asr.core.access import Viewer
from nas_asr.services.base import House
from nas_asr.store.models import Recording, SegmentRow, User
from nas_asr.store.scope import Scope
from nas_asr.store.seen import is_seen, is_shown

_MOST = 500


def people(house: House, viewer: Viewer) -> list[str]:
    """Everybody by whom the viewer's recordings can be narrowed, in the order of their names."""
    with house.db.read() as session:
        names = {user.name for user in _uploaders(session, viewer)} | set(_speakers(session, viewer))
    return sorted(names, key=lambda name: (name.casefold(), name))


def speaks(house: House, viewer: Viewer, name: str) -> bool:
    """Whether somebody of this name speaks in a recording of the viewer's."""
    with house.db.read() as session:
        return name.strip().casefold() in (speaker.casefold() for speaker in _speakers(session, viewer))


def of_person(session: Session, viewer: Viewer, name: str) -> ColumnElement[bool]:
    """Recordings that this person uploaded or speaks in, for a query; the name in whatever case."""
    wanted = name.strip().casefold()
    uploaders = [user.id for user in _uploaders(session, viewer) if user.name.casefold() == wanted]
    spoken = [speaker for speaker in _speakers(session, viewer) if speaker.casefold() == wanted]
    uploaded = Recording.author_id.in_(uploaders)
    if not spoken:
        return uploaded
    said = (
        select(SegmentRow.recording_id, SegmentRow.version_id)
        .where(
            SegmentRow.team_id.in_(Scope(session, viewer).content_teams()), SegmentRow.speaker.in_(spoken), is_seen()
        )
        .distinct()
        .subquery()
    )
    of_readers = select(said.c.recording_id).where(is_shown(said.c.version_id))
    return or_(uploaded, Recording.id.in_(of_readers)) if uploaders else Recording.id.in_(of_readers)


def _uploaders(session: Session, viewer: Viewer) -> Sequence[User]:
    teams = Scope(session, viewer).content_teams()
    theirs = exists().where(Recording.author_id == User.id, Recording.team_id.in_(teams))
    return session.scalars(select(User).where(theirs).limit(_MOST)).all()


def _speakers(session: Session, viewer: Viewer) -> list[str]:
    """Names, not numbers of channels. From one name to the next: a million segments have a few dozen of them."""
    found: list[str] = []
    for team in Scope(session, viewer).content_teams():
        found += session.scalars(_names_in(team).limit(_MOST))
    return [name for name in found if not name.isdigit()]


def _names_in(team_id: str) -> Select[str]:
    speaker, here = SegmentRow.speaker, SegmentRow.team_id == team_id
    names = select(func.min(speaker).label("name")).where(here, speaker.is_not(None)).cte(recursive=True)
    following = select(func.min(speaker)).where(here, speaker > names.c.name).correlate(names).scalar_subquery()
    every = names.union_all(select(following).where(names.c.name.is_not(None)))
    return select(every.c.name).where(every.c.name.is_not(None))
