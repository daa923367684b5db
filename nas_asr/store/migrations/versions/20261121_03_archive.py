"""Room: store.migrations. The archive: rules, who has a night's run, the bags, and the version that is archived.

Revision ID: 20261121_03
Revises: 20261121_01
"""

import sqlalchemy as sa
from alembic import op
import nas_asr.store.models.base


revision = '20261121_03'
down_revision = '20261121_02'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('recordings', sa.Column('archived_version', sa.Integer(), nullable=False, server_default='0'))
    op.add_column('archive_runs', sa.Column('kind', sa.String(length=16), nullable=False, server_default='night'))
    op.add_column('archive_runs', sa.Column('fence', sa.Integer(), nullable=False, server_default='0'))
    op.add_column(
        'archive_runs', sa.Column('lease_until', nas_asr.store.models.base.UtcDateTime(timezone=True), nullable=True)
    )
    op.create_table('archive_rules',
    sa.Column('team_id', sa.String(length=32), nullable=False),
    sa.Column('on', sa.Boolean(), nullable=False),
    sa.Column('folders', sa.JSON(), nullable=False),
    sa.Column('min_minutes', sa.Integer(), nullable=False),
    sa.Column('untouched_hours', sa.Integer(), nullable=False),
    sa.Column('on_since', nas_asr.store.models.base.UtcDateTime(timezone=True), nullable=True),
    sa.Column('changed_at', nas_asr.store.models.base.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['team_id'], ['teams.id'], name=op.f('fk_archive_rules_team_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('team_id', name=op.f('pk_archive_rules'))
    )
    op.create_table('archive_bags',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('recording_id', sa.String(length=32), nullable=False),
    sa.Column('team_id', sa.String(length=32), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('root', sa.String(length=1000), nullable=False),
    sa.Column('path', sa.String(length=1000), nullable=False),
    sa.Column('seal', sa.String(length=64), nullable=False),
    sa.Column('size_bytes', sa.BigInteger(), nullable=False),
    sa.Column('archived_at', nas_asr.store.models.base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('verified_at', nas_asr.store.models.base.UtcDateTime(timezone=True), nullable=True),
    sa.Column('trouble', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['recording_id'], ['recordings.id'], name=op.f('fk_archive_bags_recording_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['team_id'], ['teams.id'], name=op.f('fk_archive_bags_team_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_archive_bags')),
    sa.UniqueConstraint('root', 'path', name=op.f('uq_archive_bags_root_path'))
    )
    op.create_index('ix_archive_bags_recording_id', 'archive_bags', ['recording_id'], unique=False)
    op.create_index('ix_archive_bags_team_id_archived_at', 'archive_bags', ['team_id', 'archived_at'], unique=False)
