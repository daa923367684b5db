"""Room: tests.store.conftest. The same tests on SQLite and on PostgreSQL: `db` is replaced by one of each."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from nas_asr.store.database import Database
from nas_asr.store.schema import migrate
from tests.postgres import cluster as cluster
from tests.postgres import postgres_url as postgres_url

BOTH = [pytest.param("sqlite", id="sqlite"), pytest.param("postgres", id="postgres", marks=pytest.mark.postgres)]


@pytest.fixture(params=BOTH)
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database with nothing in it."""
    if request.param == "postgres":
        database = Database(request.getfixturevalue("postgres_url"))
    else:
        (tmp_path / "data").mkdir(exist_ok=True)
        database = Database(f"sqlite:///{tmp_path / 'data' / 'nas_asr.sqlite3'}")
    yield database
    database.close()


@pytest.fixture
def db(empty: Database) -> Database:
    """A database at the newest schema; house and cast of tests.conftest stand on it."""
    migrate(empty)
    return empty
