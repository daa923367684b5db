"""Room: store.postgres. Opens a PostgreSQL, and says in words why one cannot be used. Never shows a password, never a query."""

from typing import Any

from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

from nas_asr.core.errors import ConfigError

SCHEMES = ("postgresql://", "postgresql+psycopg://", "postgres://")
BUSY_MS = 15_000

_SETTING = "NAS_ASR_DATABASE_URL"
_OLDEST = 13
_CONNECT_S = 5
# A machine that lost its power answers nothing at all: without these, a connection to it hangs for two hours.
_ALIVE = {"keepalives_idle": 20, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 20_000}
# Kept for every process: idle connections. Beyond them, as many as a page with 32 threads can want for a moment.
_KEPT, _MORE = 2, 22
# A program that was frozen in the middle of a transaction would hold its rows for ever.
_FROZEN_MS = 60_000
# Each question is planned with its own values: a plan for any word is a bad one for most. All of them take milliseconds, so
# that compiling them, or starting more processes for one, costs more than it saves. What lists and searches read is small and
# mostly in memory, where a page beside another one costs nothing extra (docs/decisions/0057).
_PLANNING = (
    "plan_cache_mode = force_custom_plan", "jit = off", "max_parallel_workers_per_gather = 0", "random_page_cost = 1.1",
)  # fmt: skip
_PASSING = frozenset({"40001", "40P01", "53300", "55P03", "57P01", "57P02", "57P03", "57P05", "25P03"})

_REASONS = (  # what libpq says, what we say, and what to do
    (
        ("password authentication failed", "no password supplied", "28P01"),
        "refuses the user or the password",
        f"Correct them in {_SETTING}, or in the file that {_SETTING}_FILE names. In a password, @ is %40, / %2F, % %25.",
    ),
    (
        ("no pg_hba.conf entry", "Peer authentication failed", "Ident authentication failed", "28000"),
        "does not let this user in from this machine",
        "Allow user, database and address in the server's pg_hba.conf, then reload it (see docs/postgresql.md).",
    ),
    (
        ("does not exist", "3D000"),
        "has no such database, or no such user",
        f"Make them (createuser, createdb --encoding UTF8), or correct {_SETTING}; see docs/postgresql.md.",
    ),
    (
        ("too many clients", "remaining connection slots", "too many connections", "53300"),
        "has no connection left",
        "Raise max_connections there, or end other programs; docs/postgresql.md says how many nas_asr needs.",
    ),
    (
        ("starting up", "shutting down", "in recovery", "57P03"),
        "is starting or stopping just now",
        "Wait a moment and start again.",
    ),
    (
        ("could not translate host name", "failed to resolve", "Name or service not known"),
        "has a host name that nobody knows",
        f"Correct the host in {_SETTING}.",
    ),
    (
        ("Connection refused", "No such file or directory", "timeout", "timed out", "No route", "unreachable"),
        "does not answer",
        f"Start it, open its port in the firewall, or correct host and port in {_SETTING}.",
    ),
    (
        ("SSL", "certificate"),
        "does not agree about encryption",
        f"Correct sslmode and sslrootcert in {_SETTING}; see docs/postgresql.md.",
    ),
    (
        ("permission denied", "42501"),
        "does not let this user make tables",
        "Make the user the owner of the database, or grant it CREATE on schema public.",
    ),
)


def open_postgres(url: str) -> Engine:
    """An engine; nobody is asked yet. ConfigError where the URL cannot be read."""
    given = _read(url)
    arguments: dict[str, Any] = {"connect_timeout": _CONNECT_S, "application_name": "nas_asr", **_ALIVE}
    engine = _engine(
        given,
        pool_pre_ping=True,
        pool_size=_KEPT,
        max_overflow=_MORE,
        pool_timeout=BUSY_MS / 1000,
        connect_args={name: value for name, value in arguments.items() if name not in given.query},
        hide_parameters=True,  # an error of the server must not carry what somebody said into the log
    )
    event.listen(engine, "connect", _configure)
    return engine


def greet(engine: Engine) -> None:
    """Ask the server for the first time. ConfigError that says why this database cannot be used, and the remedy."""
    try:
        with engine.connect() as connection:
            version = int(connection.scalar(text("SHOW server_version_num")) or 0) // 10_000
            encoding = str(connection.scalar(text("SHOW server_encoding")))
    except DBAPIError as error:
        raise refusal(error, engine.url) from error
    if version < _OLDEST:
        raise ConfigError(
            f"The PostgreSQL that {_SETTING} names is version {version}; nas_asr needs {_OLDEST} or newer.",
            f"Update the server, or name another one in {_SETTING}.",
        )
    if encoding != "UTF8":
        raise ConfigError(
            f"The database that {_SETTING} names keeps its text as {encoding}; nas_asr needs UTF8.",
            "Make a new one: createdb --encoding UTF8 --template template0 NAME.",
        )


def version_of(engine: Engine) -> str:
    """The server's version and the collation of the database, for people."""
    with engine.connect() as connection:
        version = str(connection.scalar(text("SHOW server_version"))).split()[0]
        order = connection.scalar(text("SELECT datcollate FROM pg_database WHERE datname = current_database()"))
    return f"PostgreSQL {version}, sorted as {order}"


def refusal(error: Exception, url: URL) -> ConfigError:
    """Why a PostgreSQL cannot be used, as a sentence with its remedy."""
    server = f"The PostgreSQL that {_SETTING} names ({_where(url)})"
    said = f"{getattr(error, 'orig', error)} {_state(error)}"
    for signs, reason, remedy in _REASONS:
        if any(sign in said for sign in signs):
            return ConfigError(f"{server} {reason}.", remedy)
    # Servers speak the language of whoever installed them.
    last = _without_password(said.strip().splitlines()[-1] if said.strip() else type(error).__name__, url)
    return ConfigError(f"{server} cannot be used: {last}", f"See its log, correct it or {_SETTING}, and start again.")


def is_passing(error: Exception) -> bool:
    """Whether a connection was lost, refused or waited too long: the same may succeed in a moment."""
    if not isinstance(error, DBAPIError) or not hasattr(error.orig, "sqlstate"):
        return False
    state = _state(error)
    if isinstance(error, OperationalError | InterfaceError) and not state:
        return True  # libpq itself: nobody there, or nobody there any more
    return error.connection_invalidated or state in _PASSING or state.startswith("08")


def _engine(url: URL, **options: Any) -> Engine:
    try:
        return create_engine(url, **options)
    except ImportError as error:
        raise ConfigError(
            f"{_SETTING} names a PostgreSQL, and its driver psycopg is not installed here.",
            'Install it: .venv/bin/pip install "psycopg[binary]>=3.2"',
        ) from error


def _state(error: Exception) -> str:
    return str(getattr(getattr(error, "orig", None), "sqlstate", None) or "")


def _read(url: str) -> URL:
    _scheme, _, rest = url.partition("://")
    try:
        given = make_url(f"postgresql+psycopg://{rest}")
    except (ArgumentError, ValueError) as error:
        raise _unreadable() from error
    if "@" in (given.host or "") or not given.database:
        raise _unreadable()
    return given


def _unreadable() -> ConfigError:
    return ConfigError(
        f"{_SETTING} cannot be read as the address of a PostgreSQL database.",
        "Write postgresql://USER:PASSWORD@HOST:5432/NAME; in a password, @ is written %40, / %2F, # %23 and % %25.",
    )


def _where(url: URL) -> str:
    host = url.host or url.query.get("host") or "this machine"
    return f"{host}{f':{url.port}' if url.port else ''}, database {url.database}"


def _without_password(said: str, url: URL) -> str:
    return said.replace(str(url.password), "…") if url.password else said


def _configure(connection: Any, _record: ConnectionPoolEntry) -> None:
    # As statements: a pooler between us and the server refuses them among the options of a connection.
    connection.execute(f"SET lock_timeout = {BUSY_MS}")
    connection.execute(f"SET idle_in_transaction_session_timeout = {_FROZEN_MS}")
    for setting in _PLANNING:
        connection.execute(f"SET {setting}")
    connection.commit()
