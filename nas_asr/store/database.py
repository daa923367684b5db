"""Room: store.database. Opens the database and hands out transactions: read() or write(). Never a query of its own.

SQLite runs with WAL, synchronous=FULL, a busy timeout of 15 s, and BEGIN IMMEDIATE for every write: with deferred
transactions, two writers that both read first end in "database is locked" (measured, docs/decisions/0007).
PostgreSQL reads in REPEATABLE READ, so that one read sees one moment there too (docs/decisions/0045).
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

from nas_asr.core.errors import ConfigError, StorageFull
from nas_asr.store import postgres, search

DatabaseTrouble = SQLAlchemyError  # for who must tell it from a fault of ours and has no business with SQLAlchemy

_BUSY_MS = postgres.BUSY_MS
_WRITE = {"nas_asr_write": True}
_REBUILD = {"nas_asr_rebuild": True}
_ONE_MOMENT = {"isolation_level": "REPEATABLE READ"}


class Database:
    """The database at a SQLAlchemy URL. One transaction per service function."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = _open(url)
        self._reading = self.engine if self.is_sqlite else self.engine.execution_options(**_ONE_MOMENT)

    @property
    def is_sqlite(self) -> bool:
        """Whether this is SQLite (else PostgreSQL)."""
        return self.engine.dialect.name == "sqlite"

    @property
    def kind(self) -> str:
        """What it is, for people. Asks a server."""
        return "SQLite" if self.is_sqlite else postgres.version_of(self.engine)

    def greet(self) -> None:
        """Ask for the first time. ConfigError where a server cannot be used: it names the setting and the remedy."""
        if not self.is_sqlite:
            postgres.greet(self.engine)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A transaction that sees one moment and changes nothing."""
        with Session(self._reading, expire_on_commit=False) as session:
            try:
                yield session
            finally:
                session.expunge_all()  # a rollback would empty the rows that the caller still reads
                session.rollback()

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A transaction that commits at its end, or leaves nothing behind. Raises StorageFull when the disk is."""
        try:
            with Session(self.engine, expire_on_commit=False) as session:
                session.connection(execution_options=_WRITE)
                yield session
                search.settle(session)
                session.commit()
        except OperationalError as error:
            if _disk_is_full(error):
                raise StorageFull(
                    "The disk that holds the database is full.", "Free some space; nothing that was accepted is lost."
                ) from error
            raise

    @contextmanager
    def rebuild(self) -> Iterator[Connection]:
        """A transaction that may make tables anew. SQLite would otherwise cascade from the old one, as it is dropped."""
        with self.engine.connect().execution_options(**_WRITE, **_REBUILD) as connection:
            with connection.begin():
                yield connection
                if self.is_sqlite and (orphans := connection.exec_driver_sql("PRAGMA foreign_key_check").all()):
                    raise DatabaseTrouble(f"rows that refer to nothing after a change of the schema: {orphans[:5]}")
            connection.detach()  # its keys are not enforced; no other transaction may get it

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()


def alone(session: Session, row: object) -> None:
    """Hold a row until the commit, so that a second writer waits here. SQLite has one writer at a time anyway."""
    session.refresh(row, with_for_update=True)


def alone_in(session: Session, table: str) -> None:
    """The same for a table whose rows may not be there yet; readers do not wait. table: a name of ours."""
    if session.get_bind().dialect.name != "sqlite":
        session.execute(text(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE"))


def is_passing(error: Exception) -> bool:
    """Whether the same may succeed in a moment: somebody held the database for too long, or its server is away."""
    code = getattr(getattr(error, "orig", None), "sqlite_errorcode", None)
    if code is not None:
        return bool(code & 0xFF == sqlite3.SQLITE_BUSY)
    return isinstance(error, PoolTimeout) or postgres.is_passing(error)


def _disk_is_full(error: OperationalError) -> bool:
    code = getattr(error.orig, "sqlite_errorcode", None)
    return code == sqlite3.SQLITE_FULL or getattr(error.orig, "sqlstate", None) == "53100"


def _open(url: str) -> Engine:
    if url.startswith("sqlite:///"):
        Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(url, connect_args={"timeout": _BUSY_MS / 1000}, pool_size=8, max_overflow=24)
        event.listen(engine, "connect", _configure_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    if url.startswith(postgres.SCHEMES):
        return postgres.open_postgres(url)
    raise ConfigError(
        "NAS_ASR_DATABASE_URL names a database that nas_asr does not know.",
        "Use postgresql://USER:PASSWORD@HOST:5432/NAME or sqlite:///PATH, or leave it empty.",
    )


def _configure_sqlite(connection: sqlite3.Connection, _record: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # the driver must not begin by itself: _begin_sqlite chooses how
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        f"busy_timeout={_BUSY_MS}",
        "foreign_keys=ON",
        "cache_size=-8000",
    ):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    if options.get("nas_asr_rebuild", False):  # within a transaction this would be ignored without a word
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
    writes = options.get("nas_asr_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
