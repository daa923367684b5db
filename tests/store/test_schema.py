"""Room: tests.store.test_schema. From nothing to the newest schema, exactly as the models say, and never backwards."""

import multiprocessing

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from nas_asr.core.errors import ConfigError
from nas_asr.store.database import Database
from nas_asr.store.models import Base, Team
from nas_asr.store.schema import _config, _known, is_current, migrate
from tests.cast import START

_INDEXES = ("segment_index", "recording_index")  # made by hand, because no model can say them


def test_the_migrations_make_what_the_models_say(db: Database) -> None:
    def ours(_object: object, name: str | None, kind: str, _reflected: bool, _compared: object) -> bool:
        return not (name or "").removeprefix("ix_").startswith(_INDEXES)

    with db.engine.connect() as connection:
        options = {"include_object": ours, "compare_type": True, "render_as_batch": True}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, Base.metadata) == []


def test_there_is_one_line_of_revisions() -> None:
    scripts = ScriptDirectory.from_config(_config())
    assert len(scripts.get_heads()) == len(scripts.get_bases()) == 1
    revisions = list(scripts.walk_revisions())
    assert [script.revision for script in reversed(revisions)] == _known()
    assert all(not script.is_merge_point and not script.is_branch_point for script in revisions)


def test_an_empty_database_is_not_current_and_a_migrated_one_is(empty: Database) -> None:
    assert not is_current(empty)
    migrate(empty)
    assert is_current(empty)


def test_migrating_again_changes_nothing(db: Database) -> None:
    with db.write() as session:
        session.add(Team(id="t", slug="t", name="T", created_at=START))
    migrate(db)
    with db.read() as session:
        assert session.get(Team, "t") is not None


_OLD_ROWS = (  # as the first releases wrote them, so not through today's models
    "INSERT INTO teams (id, slug, name, language, created_at) VALUES ('t', 't', 'T', 'en', :at)",
    "INSERT INTO users (id, name, name_key, email, password_hash, is_admin, session_version, language, theme, created_at) "
    "VALUES ('p', 'P', 'p', '', '', :no, 3, 'zh_Hans', 'dark', :at)",
    "INSERT INTO members (team_id, user_id, role, created_at) VALUES ('t', 'p', 'manager', :at)",
    "INSERT INTO folders (id, team_id, path, name, language, engine, itn, marker, online, offline_reason, scan_ms, files_seen, "
    "created_at) VALUES ('f', 't', '/srv/t', 't', 'en', '', 'rules', '', :yes, '', 0, 0, :at)",
    "INSERT INTO recordings (id, team_id, folder_id, raw_path, path, title, size_bytes, sha256, duration_ms, container, codec, "
    "sample_rate, channels, language, recorded_at, recorded_from, ingested_at, state, version, draft, archived_version, "
    "changed_at) VALUES ('r', 't', 'f', :raw, 'a', 'a', 1, 's', 1, '', '', 1, 1,'en', :at, 'mtime', :at, 'done', 1, :no, 0, :at)",
    "INSERT INTO runs (id, recording_id, team_id, state, priority, engine, language, hotwords_version, duration_ms, attempts, "
    "fence, worker, progress, created_at, failure_code, failure_message, failure_remedy) "
    "VALUES ('u', 'r', 't', 'done', 0, '', 'en', 0, 1, 1, 1, '', 1, :at, '', '', '')",
    "INSERT INTO ledger (id, folder_id, raw_path, path, generation, size_bytes, mtime_ns, inode, state, presence, reason_code, "
    "reason, sha256, recording_id, first_seen_at, changed_at) "
    "VALUES ('l', 'f', :raw, 'a', 1, 1, 1, 1, 'ingested', 'present', '', '', 's', 'r', :at, :at)",
)


def test_an_upgrade_keeps_every_row(empty: Database) -> None:
    migrate(empty, to="20261121_04")
    with empty.write() as session:
        for row in _OLD_ROWS:
            session.execute(text(row), {"at": START, "raw": b"a", "yes": True, "no": False})
    migrate(empty)
    with empty.read() as session:
        tables = ("users", "members", "folders", "runs", "ledger")
        kept = {table: session.scalar(text(f"SELECT count(*) FROM {table}")) for table in tables}
        assert kept == dict.fromkeys(tables, 1)
        assert session.execute(text("SELECT language, theme, zone FROM users")).one() == ("zh_Hans", "dark", "")
        assert session.scalar(text("SELECT folder_id FROM recordings")) == "f"


def test_after_an_upgrade_keys_are_enforced_again(empty: Database) -> None:
    migrate(empty)
    with pytest.raises(IntegrityError), empty.write() as session:
        session.execute(
            text("INSERT INTO members (team_id, user_id, role, created_at) VALUES ('no', 'no', 'reader', :at)"),
            {"at": START},
        )


def _start(url: str) -> None:
    """What each process of `up` does first."""
    database = Database(url)
    migrate(database)
    database.close()


def test_processes_that_start_together_migrate_once(empty: Database) -> None:
    fresh = multiprocessing.get_context("spawn")
    processes = [fresh.Process(target=_start, args=(empty.url,)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0, 0]
    assert is_current(empty)


def test_a_database_of_a_newer_version_is_refused_and_not_touched(db: Database) -> None:
    with db.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = 'from_the_future'"))
    with pytest.raises(ConfigError, match="newer"):
        migrate(db)
    with db.read() as session:
        assert session.scalar(text("SELECT version_num FROM alembic_version")) == "from_the_future"


def test_an_unknown_kind_of_database_is_refused() -> None:
    with pytest.raises(ConfigError, match="DATABASE_URL"):
        Database("mysql://x")
