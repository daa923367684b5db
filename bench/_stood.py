"""Room: bench._stood. The database that a measurement stands on, one of its own or a kept one, and what it spends there."""

import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from nas_asr.store.database import Database
from nas_asr.store.models.base import Base
from nas_asr.store.schema import migrate
from tests.postgres import running

T = TypeVar("T")
_BACKENDS = text("SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'nas_asr'")


_Rows = Sequence[Mapping[str, object]]


@dataclass(frozen=True)
class Spent:
    """Milliseconds: by the clock, and of the processor, here and in PostgreSQL's own processes: other programs do not count."""

    clock: float
    cpu: float


@contextmanager
def database(kind: str, url: str = "") -> Iterator[Database]:
    """A database of this kind at the newest schema: a new one, gone afterwards, or the one at url, which is kept."""
    if url:
        db = Database(url)
        migrate(db)
        yield db
        db.close()
    elif kind == "sqlite":
        with tempfile.TemporaryDirectory() as place, database(kind, f"sqlite:///{place}/nas_asr.sqlite3") as db:
            yield db
    else:
        with running() as cluster, database(kind, cluster.new_database()) as db:
            yield db


def put(session: Session, table: type[Base], rows: _Rows) -> None:
    """Many rows, all with the same columns, and the columns' defaults; into PostgreSQL by COPY."""
    if session.get_bind().dialect.name == "sqlite":
        session.execute(insert(table), rows)
        return
    made = {column.name: _default(column) for column in table.__table__.columns if column.default is not None}
    names = list(made | dict(rows[0]))
    cursor: Any = session.connection().connection.cursor()
    with cursor.copy(f"COPY {table.__tablename__} ({', '.join(names)}) FROM STDIN") as copy:
        for row in rows:
            given = made | dict(row)
            copy.write_row([_plain(given[name]) for name in names])


def tidy(db: Database) -> None:
    """What a database does by itself sooner or later, after much was put into it."""
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE" if db.is_sqlite else "VACUUM ANALYZE")


def timed(db: Database, do: Callable[[], T]) -> tuple[Spent, T]:
    """What something spends. One at a time asks, so PostgreSQL's processes that serve us are there before and after."""
    servers = _servers(db)
    server, own, began = _spent_ns(servers), time.thread_time_ns(), time.perf_counter_ns()
    found = do()
    clock, here = time.perf_counter_ns() - began, time.thread_time_ns() - own
    return Spent(clock / 1e6, (here + _spent_ns(servers) - server) / 1e6), found


def percentiles(looks: Sequence[Spent]) -> dict[str, float]:
    """Milliseconds by the clock, and of the processor, which says what a machine of its own would take."""
    clock, cpu = sorted(one.clock for one in looks), sorted(one.cpu for one in looks)
    last = min(len(looks) - 1, int(0.95 * len(looks)))
    told = {
        "p50_ms": statistics.median(clock), "p95_ms": clock[last], "cpu_p50_ms": statistics.median(cpu), "cpu_p95_ms": cpu[last],
    }  # fmt: skip
    return {name: round(value, 1) for name, value in told.items()}


def _default(column: Any) -> object:
    return column.default.arg(None) if column.default.is_callable else column.default.arg


def _plain(value: object) -> object:
    if isinstance(value, list | dict):
        return json.dumps(value)
    return value.value if isinstance(value, StrEnum) else value


def _servers(db: Database) -> list[int]:
    if db.is_sqlite:
        return []
    with db.read() as session:
        return [int(pid) for pid in session.scalars(_BACKENDS)]


def _spent_ns(servers: list[int]) -> int:
    return sum(int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) for pid in servers)
