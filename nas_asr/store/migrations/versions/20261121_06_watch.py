"""Room: store.migrations. The watch in depth: choices, mounts, duties of one process at a time, leases, joined parts.

Revision ID: 20261121_06
Revises: 20261121_05
"""

import sqlalchemy as sa
from alembic import op

import nas_asr.store.models.base


revision = "20261121_06"
down_revision = "20261121_05"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("folders") as table:
        table.add_column(sa.Column("awaiting_choice", sa.Boolean(), nullable=False, server_default=sa.false()))
        table.add_column(sa.Column("mount", sa.String(length=40), nullable=False, server_default=""))
        table.add_column(sa.Column("scan_every_ms", sa.Integer(), nullable=False, server_default="0"))
        table.add_column(sa.Column("note", sa.Text(), nullable=False, server_default=""))
    with op.batch_alter_table("ledger") as table:
        table.add_column(sa.Column("duration_ms", sa.BigInteger(), nullable=True))
    with op.batch_alter_table("runs") as table:
        table.add_column(sa.Column("lease_ms", sa.Integer(), nullable=False, server_default="30000"))
    with op.batch_alter_table("recordings") as table:
        table.add_column(sa.Column("whole_id", sa.String(length=32), nullable=True))
        table.add_column(sa.Column("part_number", sa.Integer(), nullable=False, server_default="0"))
        table.add_column(sa.Column("part_start_ms", sa.BigInteger(), nullable=False, server_default="0"))
        table.add_column(sa.Column("kept_apart", sa.Boolean(), nullable=False, server_default=sa.false()))
        table.create_index(op.f("ix_recordings_whole_id"), ["whole_id"])
    op.create_table(
        "duties",
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("holder", sa.String(length=160), nullable=False),
        sa.Column("beat", sa.BigInteger(), nullable=False),
        sa.Column("hold_ms", sa.Integer(), nullable=False),
        sa.Column("changed_at", nas_asr.store.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_duties")),
    )
