"""Room: store.schema. Brings the database to the newest schema through Alembic, one process at a time. Never guesses."""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import inspect, text

from nas_asr.core.errors import ConfigError
from nas_asr.store.database import Database

if TYPE_CHECKING:
    from alembic.config import Config

_MIGRATIONS = Path(__file__).parent / "migrations"
_ONE_AT_A_TIME = 0x6E61735F617372  # "nas_asr", so that no other program of the same database takes the same lock


def migrate(database: Database, to: str = "head") -> None:
    """Upgrade to the newest revision, or to an older one; a database from a newer nas_asr is refused, not touched.

    ConfigError where the database cannot be used at all.
    """
    database.greet()
    revision = _revision(database)
    if revision is not None and revision not in _known():
        raise ConfigError(
            f"The database was made by a newer nas_asr (revision {revision}).",
            "Start that version, or restore a backup made by this one.",
        )
    if revision == _known()[-1]:
        return
    # Alembic costs 9 MB, and only the first start after an update needs it.
    from alembic import command

    config = _config()
    with database.rebuild() as connection:
        # SQLite's write lock is taken by BEGIN; here whoever comes second waits for the first, however long that takes.
        if not database.is_sqlite:
            connection.execute(text("SET LOCAL lock_timeout = 0"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ONE_AT_A_TIME})
        config.attributes["connection"] = connection
        command.upgrade(config, to)


def is_current(database: Database) -> bool:
    """Whether the schema is the one that this program knows. ConfigError where the database cannot be used at all."""
    database.greet()
    return _revision(database) == _known()[-1]


def _known() -> list[str]:
    """Revisions in their order: a file's name begins with its revision, YYYYMMDD_NN."""
    return sorted(file.name[:11] for file in (_MIGRATIONS / "versions").glob("[0-9]*.py"))


def _revision(database: Database) -> str | None:
    with database.engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
        return revision


def _config() -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    return config
