"""Room: tests.store.conftest. A database before its first migration, of either kind."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from nas_asr.store.database import Database
from tests.conftest import POSTGRESQL


@pytest.fixture
def empty(request: pytest.FixtureRequest, database_kind: str, tmp_path: Path) -> Iterator[Database]:
    """A database with nothing in it."""
    if database_kind == POSTGRESQL:
        database = Database(request.getfixturevalue("postgres_url"))
    else:
        (tmp_path / "data").mkdir(exist_ok=True)
        database = Database(f"sqlite:///{tmp_path / 'data' / 'empty.sqlite3'}")
    yield database
    database.close()
