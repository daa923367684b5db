"""Room: services.people_named. The people whom recordings name: who uploaded them, who speaks in them. Never what was said."""

from collections.abc import Callable, Sequence

from sqlalchemy import Select, exists, false, func, or_, select
from sqlalchemy.orm import Session

from nas_asr.core.access import Viewer
from nas_asr.services.base import House
from nas_asr.store.models import Recording, RecordingSpeaker, User
from nas_asr.store.scope import Scope

_MOST = 500
_FEW = 1000


def people(house: House, viewer: Viewer) -> list[str]:
    """Everybody by whom the viewer's recordings can be narrowed, in the order of their names."""
    with house.db.read() as session:
        names = {user.name for user in _uploaders(session, viewer)} | set(_speakers(session, viewer))
    return sorted(names, key=lambda name: (name.casefold(), name))


def has_uploaded(house: House, viewer: Viewer, name: str) -> bool:
    """Whether somebody of this name uploaded one of the viewer's recordings; nobody has no name."""
    with house.db.read() as session:
        return bool(name) and bool(_uploaders_named(session, viewer, name))


Narrowed = Callable[[Select[Recording]], Select[Recording]]


def of_person(session: Session, viewer: Viewer, name: str) -> Narrowed:
    """Narrows recordings to those that this person uploaded or speaks in; the name in whatever case."""
    wanted = name.strip().casefold()
    uploaders = _uploaders_named(session, viewer, name)
    spoken = [speaker for speaker in _speakers(session, viewer) if speaker.casefold() == wanted]
    theirs = (
        select(RecordingSpeaker.recording_id.label("id"))
        .where(RecordingSpeaker.team_id.in_(Scope(session, viewer).content_teams()), RecordingSpeaker.name.in_(spoken))
        .distinct()
    )
    uploaded = Recording.author_id.in_(uploaders)
    if uploaders:
        return lambda found: found.where(or_(uploaded, Recording.id.in_(theirs)) if spoken else uploaded)
    if not spoken:
        return lambda found: found.where(false())
    # Joined, SQLite looks up these alone. Of many that is more than to walk in the order that is asked for, as it does with IN.
    first, of_them = theirs.limit(_FEW + 1).subquery(), theirs.subquery()
    if (session.scalar(select(func.count()).select_from(first)) or 0) > _FEW:
        return lambda found: found.where(Recording.id.in_(theirs))
    return lambda found: found.join(of_them, of_them.c.id == Recording.id)


def _uploaders_named(session: Session, viewer: Viewer, name: str) -> list[str]:
    wanted = name.strip().casefold()
    return [user.id for user in _uploaders(session, viewer) if user.name.casefold() == wanted]


def _uploaders(session: Session, viewer: Viewer) -> Sequence[User]:
    teams = Scope(session, viewer).content_teams()
    theirs = exists().where(Recording.author_id == User.id, Recording.team_id.in_(teams))
    return session.scalars(select(User).where(theirs).limit(_MOST)).all()


def _speakers(session: Session, viewer: Viewer) -> list[str]:
    """From one name to the next: a hundred thousand recordings have a few dozen of them."""
    found: list[str] = []
    for team in Scope(session, viewer).content_teams():
        found += session.scalars(_names_in(team).limit(_MOST))
    return found


def _names_in(team_id: str) -> Select[str]:
    speaker, here = RecordingSpeaker.name, RecordingSpeaker.team_id == team_id
    names = select(func.min(speaker).label("name")).where(here).cte(recursive=True)
    following = select(func.min(speaker)).where(here, speaker > names.c.name).correlate(names).scalar_subquery()
    every = names.union_all(select(following).where(names.c.name.is_not(None)))
    return select(every.c.name).where(every.c.name.is_not(None))
