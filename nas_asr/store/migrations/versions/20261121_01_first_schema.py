"""Room: store.migrations. The first schema: every table, and the search index.

Revision ID: 20261121_01
Revises: 
"""

import sqlalchemy as sa
from alembic import op
import nas_asr.store.models.base


revision = '20261121_01'
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('audit',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('at', nas_asr.store.models.base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('actor_id', sa.String(length=32), nullable=True),
    sa.Column('actor', sa.String(length=120), nullable=False),
    sa.Column('action', sa.String(length=60), nullable=False),
    sa.Column('team_id', sa.String(length=32), nullable=True),
    sa.Column('subject', sa.String(length=200), nullable=False),
    sa.Column('detail', sa.JSON(), nullable=False),
    sa.Column('address', sa.String(length=64), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audit'))
    )
    with op.batch_alter_table('audit', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_audit_at_id'), ['at', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_audit_team_id_at'), ['team_id', 'at'], unique=False)

    op.create_table('heartbeats',
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.Column('boot', sa.String(length=32), nullable=False),
    sa.Column('seen_at', nas_asr.store.models.base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('detail', sa.JSON(), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_heartbeats'))
    )
    with op.batch_alter_table('heartbeats', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_heartbeats_kind'), ['kind'], unique=False)

    op.create_table('login_failures',
    sa.Column('key', sa.String(length=200), nullable=False),
    sa.Column('failures', sa.Integer(), nullable=False),
    sa.Column('last_at', nas_asr.store.models.base.UtcDateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_login_failures'))
    )
    op.create_table('teams',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('slug', sa.String(length=64), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('language', sa.String(length=16), nullable=False),
    sa.Column('created_at', nas_asr.store.models.base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('turn_at', nas_asr.store.models.base.UtcDateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_teams')),
    sa.UniqueConstraint('slug', name=op.f('uq_teams_slug'))
    )
    op.create_table('users',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('name_key', sa.String(length=80), nullable=False),
    sa.Column('email', sa.String(length=254), nullable=False),
    sa.Column('password_hash', sa.String(length=200), nullable=False),
    sa.Column('is_admin', sa.Boolean(), nullable=False),
    sa.Column('session_version', sa.Integer(), nullable=False),
    sa.Column('language', sa.String(length=16), nullable=False),
    sa.Column('theme', sa.String(length=8), nullable=False),
    sa.Column('created_at', nas_asr.store.models.base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('signed_in_at', nas_asr.store.models.base.UtcDateTime(timezone=True), nullable=True),
    sa.Column('disabled_at', nas_asr.store.models.base.UtcDateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_users')),
    sa.UniqueConstraint('name_key', name=op.f('uq_users_name_key'))
    )
    op.create_table('archive_runs',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('team_id', sa.String(length=32), nullable=False),
    sa.Column('due_at', nas_asr.store.models.base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('started_at', nas_asr.store.models.base.UtcDateTime(timezone=True), nullable=True),
    sa.Column('ended_at', nas_asr.store.models.base.UtcDateTime(timezone=True), nullable=True),
    sa.Column('report', sa.JSON(), nullable=False),
    sa.Column('failure', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['team_id'], ['teams.id'], name=op.f('fk_archive_runs_team_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_archive_runs')),
    sa.UniqueConstraint('team_id', 'due_at', name=op.f('uq_archive_runs_team_id_due_at'))
    )
    op.create_table('folders',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('team_id', sa.String(length=32), nullable=False),
    sa.Column('path', sa.Text(), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('language', sa.String(length=16), nullable=False),
    sa.Column('engine', sa.String(length=32), nullable=False),
    sa.Column('itn', sa.String(length=16), nullable=False),
    sa.Column('since', nas_asr.store.models.base.UtcDateTime(timezone=True), nullable=True),
    sa.Column('marker', sa.String(length=120), nullable=False),
    sa.Column('root_device', sa.BigInteger(), nullable=True),
    sa.Column('root_inode', sa.BigInteger(), nullable=True),
    sa.Column('online', sa.Boolean(), nullable=False),
    sa.Column('offline_reason', sa.Text(), nullable=False),
    sa.Column('last_scan_at', nas_asr.store.models.base.UtcDateTime(timezone=True), nullable=True),
    sa.Column('scan_ms', sa.Integer(), nullable=False),
    sa.Column('files_seen', sa.Integer(), nullable=False),
    sa.Column('created_at', nas_asr.store.models.base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('removed_at', nas_asr.store.models.base.UtcDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['team_id'], ['teams.id'], name=op.f('fk_folders_team_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_folders'))
    )
    with op.batch_alter_table('folders', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_folders_team_id'), ['team_id'], unique=False)

    op.create_table('hotword_versions',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('team_id', sa.String(length=32), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('words', sa.JSON(), nullable=False),
    sa.Column('author_id', sa.String(length=32), nullable=True),
    sa.Column('created_at', nas_asr.store.models.base.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['author_id'], ['users.id'], name=op.f('fk_hotword_versions_author_id'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['team_id'], ['teams.id'], name=op.f('fk_hotword_versions_team_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_hotword_versions')),
    sa.UniqueConstraint('team_id', 'number', name=op.f('uq_hotword_versions_team_id_number'))
    )
    op.create_table('members',
    sa.Column('team_id', sa.String(length=32), nullable=False),
    sa.Column('user_id', sa.String(length=32), nullable=False),
    sa.Column('role', sa.Enum('reader', 'member', 'manager', name='role', native_enum=False, length=16), nullable=False),
    sa.Column('created_at', nas_asr.store.models.base.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['team_id'], ['teams.id'], name=op.f('fk_members_team_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_members_user_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('team_id', 'user_id', name=op.f('pk_members'))
    )
    with op.batch_alter_table('members', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_members_user_id'), ['user_id'], unique=False)

    op.create_table('tokens',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('user_id', sa.String(length=32), nullable=False),
    sa.Column('team_id', sa.String(length=32), nullable=True),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('scope', sa.Enum('read', 'write', 'ingest', 'widget', name='tokenscope', native_enum=False, length=16), nullable=False),
    sa.Column('prefix', sa.String(length=16), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('created_at', nas_asr.store.models.base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('expires_at', nas_asr.store.models.base.UtcDateTime(timezone=True), nullable=True),
    sa.Column('used_at', nas_asr.store.models.base.UtcDateTime(timezone=True), nullable=True),
    sa.Column('revoked_at', nas_asr.store.models.base.UtcDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['team_id'], ['teams.id'], name=op.f('fk_tokens_team_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_tokens_user_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_tokens')),
    sa.UniqueConstraint('digest', name=op.f('uq_tokens_digest'))
    )
    with op.batch_alter_table('tokens', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_tokens_user_id'), ['user_id'], unique=False)

    op.create_table('recordings',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('team_id', sa.String(length=32), nullable=False),
    sa.Column('folder_id', sa.String(length=32), nullable=True),
    sa.Column('raw_path', sa.LargeBinary(), nullable=False),
    sa.Column('path', sa.Text(), nullable=False),
    sa.Column('title', sa.Text(), nullable=False),
    sa.Column('size_bytes', sa.BigInteger(), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('duration_ms', sa.BigInteger(), nullable=False),
    sa.Column('container', sa.String(length=60), nullable=False),
    sa.Column('codec', sa.String(length=40), nullable=False),
    sa.Column('sample_rate', sa.Integer(), nullable=False),
    sa.Column('channels', sa.Integer(), nullable=False),
    sa.Column('language', sa.String(length=16), nullable=False),
    sa.Column('recorded_at', nas_asr.store.models.base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('recorded_from', sa.String(length=16), nullable=False),
    sa.Column('ingested_at', nas_asr.store.models.base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('done_at', nas_asr.store.models.base.UtcDateTime(timezone=True), nullable=True),
    sa.Column('author_id', sa.String(length=32), nullable=True),
    sa.Column('idempotency_key', sa.String(length=120), nullable=True),
    sa.Column('state', sa.Enum('queued', 'transcribing', 'done', 'failed', 'stopped', name='runstate', native_enum=False, length=16), nullable=False),
    sa.Column('run_id', sa.String(length=32), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('draft', sa.Boolean(), nullable=False),
    sa.Column('trashed_at', nas_asr.store.models.base.UtcDateTime(timezone=True), nullable=True),
    sa.Column('archived_at', nas_asr.store.models.base.UtcDateTime(timezone=True), nullable=True),
    sa.Column('changed_at', nas_asr.store.models.base.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['author_id'], ['users.id'], name=op.f('fk_recordings_author_id'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['folder_id'], ['folders.id'], name=op.f('fk_recordings_folder_id'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['team_id'], ['teams.id'], name=op.f('fk_recordings_team_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_recordings')),
    sa.UniqueConstraint('author_id', 'idempotency_key', name=op.f('uq_recordings_author_id_idempotency_key'))
    )
    with op.batch_alter_table('recordings', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_recordings_folder_id'), ['folder_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_recordings_team_id_recorded_at_id'), ['team_id', 'recorded_at', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_recordings_team_id_state'), ['team_id', 'state'], unique=False)
        batch_op.create_index('uq_recordings_team_sha256', ['team_id', 'sha256'], unique=True, sqlite_where=sa.text('trashed_at IS NULL'), postgresql_where=sa.text('trashed_at IS NULL'))

    op.create_table('ledger',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('folder_id', sa.String(length=32), nullable=False),
    sa.Column('raw_path', sa.LargeBinary(), nullable=False),
    sa.Column('path', sa.Text(), nullable=False),
    sa.Column('generation', sa.Integer(), nullable=False),
    sa.Column('size_bytes', sa.BigInteger(), nullable=False),
    sa.Column('mtime_ns', sa.BigInteger(), nullable=False),
    sa.Column('inode', sa.BigInteger(), nullable=False),
    sa.Column('state', sa.Enum('growing', 'waiting_choice', 'ingested', 'duplicate', 'ignored', 'failed', name='ledgerstate', native_enum=False, length=16), nullable=False),
    sa.Column('presence', sa.Enum('present', 'missing', name='presence', native_enum=False, length=16), nullable=False),
    sa.Column('reason_code', sa.String(length=40), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('recording_id', sa.String(length=32), nullable=True),
    sa.Column('first_seen_at', nas_asr.store.models.base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('changed_at', nas_asr.store.models.base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('next_look_at', nas_asr.store.models.base.UtcDateTime(timezone=True), nullable=True),
    sa.Column('missing_since', nas_asr.store.models.base.UtcDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['folder_id'], ['folders.id'], name=op.f('fk_ledger_folder_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['recording_id'], ['recordings.id'], name=op.f('fk_ledger_recording_id'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ledger')),
    sa.UniqueConstraint('folder_id', 'raw_path', 'generation', name=op.f('uq_ledger_folder_id_raw_path_generation'))
    )
    with op.batch_alter_table('ledger', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_ledger_folder_id_first_seen_at_id'), ['folder_id', 'first_seen_at', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_ledger_folder_id_state'), ['folder_id', 'state'], unique=False)
        batch_op.create_index(batch_op.f('ix_ledger_recording_id'), ['recording_id'], unique=False)

    op.create_table('runs',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('recording_id', sa.String(length=32), nullable=False),
    sa.Column('team_id', sa.String(length=32), nullable=False),
    sa.Column('state', sa.Enum('queued', 'transcribing', 'done', 'failed', 'stopped', name='runstate', native_enum=False, length=16), nullable=False),
    sa.Column('priority', sa.Integer(), nullable=False),
    sa.Column('engine', sa.String(length=32), nullable=False),
    sa.Column('language', sa.String(length=16), nullable=False),
    sa.Column('hotwords_version', sa.Integer(), nullable=False),
    sa.Column('duration_ms', sa.BigInteger(), nullable=False),
    sa.Column('waiting_for', sa.String(length=16), nullable=True),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('fence', sa.Integer(), nullable=False),
    sa.Column('worker', sa.String(length=120), nullable=False),
    sa.Column('lease_until', nas_asr.store.models.base.UtcDateTime(timezone=True), nullable=True),
    sa.Column('not_before', nas_asr.store.models.base.UtcDateTime(timezone=True), nullable=True),
    sa.Column('progress', sa.Double(), nullable=False),
    sa.Column('stop_asked_at', nas_asr.store.models.base.UtcDateTime(timezone=True), nullable=True),
    sa.Column('requested_by', sa.String(length=32), nullable=True),
    sa.Column('created_at', nas_asr.store.models.base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('started_at', nas_asr.store.models.base.UtcDateTime(timezone=True), nullable=True),
    sa.Column('ended_at', nas_asr.store.models.base.UtcDateTime(timezone=True), nullable=True),
    sa.Column('failure_code', sa.String(length=40), nullable=False),
    sa.Column('failure_message', sa.Text(), nullable=False),
    sa.Column('failure_remedy', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['recording_id'], ['recordings.id'], name=op.f('fk_runs_recording_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['requested_by'], ['users.id'], name=op.f('fk_runs_requested_by'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['team_id'], ['teams.id'], name=op.f('fk_runs_team_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_runs'))
    )
    with op.batch_alter_table('runs', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_runs_recording_id'), ['recording_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_runs_state_lease_until'), ['state', 'lease_until'], unique=False)
        batch_op.create_index(batch_op.f('ix_runs_state_waiting_for_priority'), ['state', 'waiting_for', 'priority'], unique=False)

    op.create_table('transcript_versions',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('recording_id', sa.String(length=32), nullable=False),
    sa.Column('team_id', sa.String(length=32), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('kind', sa.Enum('machine', 'edited', name='versionkind', native_enum=False, length=16), nullable=False),
    sa.Column('base', sa.Integer(), nullable=False),
    sa.Column('run_id', sa.String(length=32), nullable=True),
    sa.Column('author_id', sa.String(length=32), nullable=True),
    sa.Column('created_at', nas_asr.store.models.base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('language', sa.String(length=16), nullable=False),
    sa.Column('engine', sa.String(length=32), nullable=False),
    sa.Column('model', sa.String(length=200), nullable=False),
    sa.Column('revision', sa.String(length=120), nullable=False),
    sa.Column('device', sa.String(length=40), nullable=False),
    sa.Column('hotwords_version', sa.Integer(), nullable=False),
    sa.Column('duration_ms', sa.BigInteger(), nullable=False),
    sa.Column('speech_ms', sa.BigInteger(), nullable=False),
    sa.Column('elapsed_ms', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['author_id'], ['users.id'], name=op.f('fk_transcript_versions_author_id'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['recording_id'], ['recordings.id'], name=op.f('fk_transcript_versions_recording_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['run_id'], ['runs.id'], name=op.f('fk_transcript_versions_run_id'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['team_id'], ['teams.id'], name=op.f('fk_transcript_versions_team_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_transcript_versions')),
    sa.UniqueConstraint('recording_id', 'number', name=op.f('uq_transcript_versions_recording_id_number')),
    sa.UniqueConstraint('run_id', name=op.f('uq_transcript_versions_run_id'))
    )
    op.create_table('segments',
    sa.Column('key', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('version_id', sa.String(length=32), nullable=False),
    sa.Column('recording_id', sa.String(length=32), nullable=False),
    sa.Column('team_id', sa.String(length=32), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('start_ms', sa.BigInteger(), nullable=False),
    sa.Column('end_ms', sa.BigInteger(), nullable=False),
    sa.Column('speaker', sa.String(length=120), nullable=True),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('spoken', sa.Text(), nullable=False),
    sa.Column('confidence', sa.Double(), nullable=True),
    sa.Column('flags', sa.JSON(), nullable=False),
    sa.Column('words', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['recording_id'], ['recordings.id'], name=op.f('fk_segments_recording_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['team_id'], ['teams.id'], name=op.f('fk_segments_team_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['version_id'], ['transcript_versions.id'], name=op.f('fk_segments_version_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_segments'))
    )
    with op.batch_alter_table('segments', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_segments_recording_id'), ['recording_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_segments_version_id_position'), ['version_id', 'position'], unique=False)

    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE VIRTUAL TABLE segment_index "
            "USING fts5(words, team, content='', tokenize=\"unicode61 remove_diacritics 0\")"
        )
    else:
        op.execute("CREATE TABLE segment_index (key BIGINT PRIMARY KEY, words TSVECTOR NOT NULL)")
        op.execute("CREATE INDEX ix_segment_index_words ON segment_index USING GIN (words)")


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: a downgrade would lose what the newer schema holds")
