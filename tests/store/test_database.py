"""Room: tests.store.test_database. Transactions: whole or not at all, many writers, rows that outlive their session."""

import sqlite3
import threading
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError, StatementError

from nas_asr.core.errors import StorageFull
from nas_asr.store.database import Database
from nas_asr.store.models import Team
from tests.cast import START


def add_team(db: Database, slug: str, **fields: object) -> None:
    """One team."""
    with db.write() as session:
        session.add(Team(**({"id": slug, "slug": slug, "name": slug, "created_at": START} | fields)))


def test_a_write_that_fails_leaves_nothing(db: Database) -> None:
    with pytest.raises(RuntimeError), db.write() as session:
        session.add(Team(id="t", slug="t", name="T", created_at=START))
        session.flush()
        raise RuntimeError
    with db.read() as session:
        assert session.get(Team, "t") is None


def test_what_a_read_changes_is_forgotten(db: Database) -> None:
    add_team(db, "t")
    with db.read() as session:
        session.get_one(Team, "t").name = "changed"
        session.flush()
    with db.read() as session:
        assert session.get_one(Team, "t").name == "t"


def test_rows_can_be_read_after_their_transaction(db: Database) -> None:
    add_team(db, "t")
    with db.read() as session:
        row = session.get_one(Team, "t")
    assert row.name == "t"
    with db.write() as session:
        row = session.get_one(Team, "t")
        row.name = "new"
    assert row.name == "new"


def test_writers_that_read_first_wait_for_each_other(db: Database) -> None:
    add_team(db, "t", name="0")
    failed: list[BaseException] = []
    together = threading.Barrier(4)

    def count_up() -> None:
        try:
            together.wait()
            for _ in range(10):
                with db.write() as session:
                    row = session.scalar(select(Team).where(Team.id == "t").with_for_update())
                    assert row is not None
                    row.name = str(int(row.name) + 1)
        except BaseException as error:  # told to the test below
            failed.append(error)

    threads = [threading.Thread(target=count_up) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    with db.read() as session:
        assert session.get_one(Team, "t").name == "40"


def test_a_reader_is_not_held_up_by_a_writer(db: Database) -> None:
    add_team(db, "t")
    with db.write() as writing:
        writing.get_one(Team, "t").name = "new"
        writing.flush()
        with db.read() as reading:
            assert reading.get_one(Team, "t").name == "t"


def test_times_come_back_in_utc_and_need_a_zone(db: Database) -> None:
    berlin = timezone(timedelta(hours=1))
    add_team(db, "t", created_at=datetime(2026, 11, 21, 10, 0, 0, 123456, tzinfo=berlin))
    with db.read() as session:
        found = session.get_one(Team, "t").created_at
    assert found == datetime(2026, 11, 21, 9, 0, 0, 123456, tzinfo=UTC)
    assert found.tzinfo is not None
    with pytest.raises(StatementError, match="zone"):
        add_team(db, "u", created_at=datetime(2026, 11, 21))


@pytest.fixture
def sqlite(tmp_path: Path, empty_database: Path) -> Database:
    """SQLite, for what only it does."""
    return Database(f"sqlite:///{empty_database}")


def test_sqlite_is_opened_as_measured(sqlite: Database) -> None:
    with sqlite.read() as session:
        pragmas = {
            name: session.scalar(text(f"PRAGMA {name}"))
            for name in ("journal_mode", "synchronous", "busy_timeout", "foreign_keys")
        }
    sqlite.close()
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "busy_timeout": 15_000, "foreign_keys": 1}


def test_a_write_takes_the_lock_at_once_and_a_read_never(tmp_path: Path) -> None:
    db = Database(f"sqlite:///{tmp_path / 'x.sqlite3'}")
    with db.read() as session:
        session.execute(text("SELECT 1"))
        with sqlite3.connect(tmp_path / "x.sqlite3", timeout=0) as other:
            other.execute("BEGIN IMMEDIATE")
            other.rollback()
    other = sqlite3.connect(tmp_path / "x.sqlite3", timeout=0)
    with db.write(), pytest.raises(sqlite3.OperationalError, match="locked"):
        other.execute("BEGIN IMMEDIATE")
    other.close()
    db.close()


def test_a_full_disk_is_said_in_words(tmp_path: Path) -> None:
    db = Database(f"sqlite:///{tmp_path / 'x.sqlite3'}")
    with db.write() as session:
        session.execute(text("CREATE TABLE t (x)"))
    with pytest.raises(StorageFull), db.write() as session:
        session.execute(text("PRAGMA max_page_count = 4"))
        for _ in range(100):
            session.execute(text("INSERT INTO t VALUES (randomblob(4000))"))
    db.close()


def test_other_trouble_is_not_taken_for_a_full_disk(tmp_path: Path) -> None:
    db = Database(f"sqlite:///{tmp_path / 'x.sqlite3'}")
    with pytest.raises(OperationalError), db.write() as session:
        session.execute(text("SELECT * FROM nothing"))
    db.close()
