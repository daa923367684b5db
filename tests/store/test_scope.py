"""Room: tests.store.test_scope. The one door from a viewer to rows: what is not theirs is not there."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import func, select

from nas_asr.core.access import Action, TokenScope, Viewer
from nas_asr.core.errors import NotPermitted, NotVisible
from nas_asr.services.base import House
from nas_asr.store.database import Database
from nas_asr.store.models import Recording, Team
from nas_asr.store.scope import Scope
from tests.cast import START, Cast, make_folder, make_recording, write_transcript


@pytest.fixture
def rows(house: House, cast: Cast) -> dict[str, str]:
    """A recording and a folder for each team."""
    made = {}
    for team_id, slug in ((cast.choir, "choir"), (cast.garden, "garden")):
        made[slug] = make_recording(house, team_id, slug)
        write_transcript(house, made[slug], ["words"])
        made[f"{slug} folder"] = make_folder(house.db, team_id, house.options.data / slug)
    return made


SEEN = {
    "rita": ({"choir"}, {"choir"}),
    "bob": ({"choir"}, {"choir"}),
    "alice": ({"choir"}, {"choir"}),
    "charlie": ({"garden"}, {"garden"}),
    "ada": (set(), {"choir", "garden"}),
}


@pytest.mark.parametrize("name", SEEN)
def test_everybody_sees_their_own(name: str, db: Database, cast: Cast, rows: dict[str, str]) -> None:
    content, houses = SEEN[name]
    with db.read() as session:
        scope = Scope(session, getattr(cast, name))
        assert {row.title for row in session.scalars(scope.recordings())} == content
        assert {recording.title for recording in session.scalars(scope.searched())} == content
        assert {row.slug for row in session.scalars(scope.teams())} == houses
        assert {row.name for row in session.scalars(scope.folders())} == houses


def test_what_is_not_yours_and_what_is_not_there_are_the_same(db: Database, cast: Cast, rows: dict[str, str]) -> None:
    with db.read() as session:
        scope = Scope(session, cast.charlie)
        asked: list[Callable[[], object]] = [
            lambda: scope.recording(rows["choir"], Action.WRITE),
            lambda: scope.recording("none", Action.WRITE),
            lambda: scope.team("choir", Action.MANAGE),
            lambda: scope.team("none"),
            lambda: scope.folder(rows["choir folder"]),
            lambda: scope.folder("none"),
            lambda: scope.ingest_team("choir"),
            lambda: scope.users(),
            lambda: scope.audit(),
        ]
        told = set()
        for ask in asked:
            with pytest.raises(NotVisible) as refused:
                ask()
            told.add((refused.value.message, refused.value.remedy))
        assert len(told) == 1


def test_a_reader_may_not_what_a_member_may(db: Database, cast: Cast, rows: dict[str, str]) -> None:
    with db.read() as session:
        rita = Scope(session, cast.rita)
        asked: list[Callable[[], object]] = [
            lambda: rita.recording(rows["choir"], Action.WRITE),
            lambda: rita.team("choir", Action.MANAGE),
            lambda: rita.ingest_team("choir"),
        ]
        for ask in asked:
            with pytest.raises(NotPermitted):
                ask()
        Scope(session, cast.bob).recording(rows["choir"], Action.WRITE)
        with pytest.raises(NotPermitted):
            Scope(session, cast.bob).team("choir", Action.MANAGE)
        Scope(session, cast.alice).team("choir", Action.MANAGE)
        Scope(session, cast.ada).team("choir", Action.MANAGE)


@pytest.mark.parametrize("scope", [TokenScope.INGEST, TokenScope.WIDGET])
def test_narrow_tokens_see_no_rows(scope: TokenScope, db: Database, cast: Cast, rows: dict[str, str]) -> None:
    with db.read() as session:
        narrow = Scope(session, replace(cast.alice, token_scope=scope))
        for statement in (narrow.recordings(), narrow.searched(), narrow.teams(), narrow.folders(), narrow.ledger()):
            assert session.scalar(select(func.count()).select_from(statement.subquery())) == 0


def test_the_trash_and_removed_folders_are_not_there(db: Database, cast: Cast, rows: dict[str, str]) -> None:
    with db.write() as session:
        session.get_one(Recording, rows["choir"]).trashed_at = START
        folder = Scope(session, cast.alice).folder(rows["choir folder"])
        folder.removed_at = START
    with db.read() as session:
        scope = Scope(session, cast.alice)
        assert session.scalar(scope.recordings()) is None
        assert session.scalars(scope.searched()).first() is None
        assert session.scalar(scope.folders()) is None
        with pytest.raises(NotVisible):
            scope.recording(rows["choir"])


def test_a_viewer_without_teams_sees_nothing(db: Database, cast: Cast, rows: dict[str, str]) -> None:
    with db.read() as session:
        scope = Scope(session, Viewer("nobody", "nobody"))
        assert session.scalar(scope.recordings()) is None
        assert session.scalar(scope.teams()) is None


def test_a_teams_end_takes_its_rows_along(db: Database, cast: Cast, rows: dict[str, str]) -> None:
    with db.write() as session:
        session.delete(session.get_one(Team, cast.choir))
    with db.read() as session:
        assert session.get(Recording, rows["choir"]) is None
        assert session.get(Recording, rows["garden"]) is not None
