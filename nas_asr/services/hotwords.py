"""Room: services.hotwords. A team's hotword list: read it, its versions, write a new one. Words never reach log or audit."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from nas_asr.core.access import Action, Viewer
from nas_asr.core.errors import Conflict, NotVisible
from nas_asr.core.hotwords import Cleaned, Refusal
from nas_asr.core.ids import new_id
from nas_asr.core.recording import RunState
from nas_asr.services.base import Act, House, audit
from nas_asr.services.hotword_versions import newest_hotwords
from nas_asr.store.database import alone
from nas_asr.store.models import HotwordVersion, Run, Team, User
from nas_asr.store.scope import Scope

_SHOWN_VERSIONS = 30


@dataclass(frozen=True, slots=True)
class HotwordsView:
    """One version of a team's list; number 0, no author and no time where the team never had one. words: lines as written."""

    team: str
    team_name: str
    number: int
    words: tuple[str, ...]
    author: str | None
    created_at: datetime | None
    may_write: bool
    refused: tuple[Refusal, ...] = ()

    @property
    def text(self) -> str:
        """The list as people write it."""
        return "\n".join(self.words)


@dataclass(frozen=True, slots=True)
class HotwordChange:
    """A version in the list's history, with what it brought and what it took away from the one before."""

    number: int
    author: str | None
    created_at: datetime
    count: int
    added: tuple[str, ...]
    removed: tuple[str, ...]


def read_hotwords(house: House, viewer: Viewer | None, slug: str, number: int | None = None) -> HotwordsView:
    """The list that applies, or the version asked for. viewer None: the command line."""
    with house.db.read() as session:
        return _view(session, viewer, team_of(session, viewer, slug, Action.READ), number)


def list_changes(house: House, viewer: Viewer, slug: str) -> list[HotwordChange]:
    """The newest versions, newest first."""
    with house.db.read() as session:
        scope = Scope(session, viewer)
        team = scope.content_team(slug)
        named = scope.hotwords(team).add_columns(User.name).outerjoin(User, User.id == HotwordVersion.author_id)
        rows = session.execute(named.limit(_SHOWN_VERSIONS + 1)).all()
    words = [list(row.words) for row, _ in rows] + [[]]
    return [
        HotwordChange(
            row.number, author, row.created_at, len(words[i]),
            tuple(word for word in words[i] if word not in set(words[i + 1])),
            tuple(word for word in words[i + 1] if word not in set(words[i])),
        )
        for i, (row, author) in enumerate(rows)
    ][:_SHOWN_VERSIONS]  # fmt: skip


def set_hotwords(
    house: House, viewer: Viewer | None, slug: str, list_: Cleaned, expected: int | None = None
) -> HotwordsView:
    """A new version, for managers; the same list again makes none. What still waits in the queue takes the new one.

    expected: the version that the writer saw; Conflict where it is no longer the newest. None: whatever stands there.
    """
    lines = [word.line for word in list_.words]
    with house.db.write() as session:
        team = team_of(session, viewer, slug, Action.KEEP_HOTWORDS, lock=True)
        before = _view(session, viewer, team, None)
        if expected is not None and expected != before.number:
            raise Conflict(
                f"Somebody changed the list meanwhile: it is at version {before.number}.",
                "Reload it, and make your changes again.",
            )
        if list(before.words) != lines:
            _write(session, house, viewer, team, lines)
        after = _view(session, viewer, team, None)
    return HotwordsView(
        after.team, after.team_name, after.number, after.words, after.author, after.created_at, after.may_write,
        list_.refused,
    )  # fmt: skip


def _write(session: Session, house: House, viewer: Viewer | None, team: Team, lines: Sequence[str]) -> None:
    number = newest_hotwords(session, team.id) + 1
    session.add(
        HotwordVersion(
            id=new_id(), team_id=team.id, number=number, words=list(lines),
            author_id=viewer.user_id if viewer else None, created_at=house.now(),
        )
    )  # fmt: skip
    # One that a worker is just claiming keeps the old list: to wait for it here would be to wait for each other (PostgreSQL)
    waiting = select(Run.id).where(Run.team_id == team.id, Run.state == RunState.QUEUED, Run.hotwords_chosen.is_(False))
    session.execute(
        update(Run)
        .where(Run.id.in_(waiting.with_for_update(skip_locked=True)))
        .values(hotwords_version=number)
        .execution_options(synchronize_session=False)
    )
    detail = {"version": str(number), "words": str(len(lines))}
    audit(session, house, viewer, Act("hotwords.set", team.slug, team.id, detail=detail))
    session.flush()


def team_of(session: Session, viewer: Viewer | None, slug: str, action: Action, *, lock: bool = False) -> Team:
    """The team, for somebody who may do the action with its list; any team for the command line. NotVisible, NotPermitted."""
    if viewer is not None:
        team = Scope(session, viewer).content_team(slug, action)
    else:
        found = session.scalar(select(Team).where(Team.slug == slug))
        if found is None:
            raise NotVisible(f"There is no team called {slug}.", "See `nas-asr team list`.")
        team = found
    if lock:  # two writers on PostgreSQL: the second one waits here and then sees the first one's number
        alone(session, team)
    return team


def _view(session: Session, viewer: Viewer | None, team: Team, number: int | None) -> HotwordsView:
    wanted = newest_hotwords(session, team.id) if number is None else number
    found = session.execute(
        select(HotwordVersion, User.name)
        .outerjoin(User, User.id == HotwordVersion.author_id)
        .where(HotwordVersion.team_id == team.id, HotwordVersion.number == wanted)
    ).one_or_none()
    may_write = viewer is None or viewer.may(team.id, Action.KEEP_HOTWORDS)
    if found is None:
        if wanted:
            raise NotVisible("There is no such version of this list.", "Go back to the newest one.")
        return HotwordsView(team.slug, team.name, 0, (), None, None, may_write)
    row, author = found
    return HotwordsView(team.slug, team.name, row.number, tuple(row.words), author, row.created_at, may_write)
