"""Room: store.migrations. Edits: what made a version, its steps, rows over a version's own, a list that somebody chose.

Revision ID: 20261121_07
Revises: 20261121_06
"""

import sqlalchemy as sa
from alembic import op


revision = "20261121_07"
down_revision = "20261121_06"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("transcript_versions") as table:
        table.add_column(sa.Column("origin", sa.String(length=16), nullable=False, server_default="run"))
        table.add_column(sa.Column("root", sa.Integer(), nullable=False, server_default="0"))
        table.add_column(sa.Column("steps", sa.JSON(none_as_null=True), nullable=True))
        table.add_column(sa.Column("tally", sa.JSON(), nullable=False, server_default="{}"))
    # So far the only edits were to turn back what a hotword had replaced
    op.execute("UPDATE transcript_versions SET origin = 'hotword' WHERE kind = 'edited'")
    with op.batch_alter_table("segments") as table:
        table.add_column(sa.Column("sub", sa.Integer(), nullable=False, server_default="0"))
        table.add_column(sa.Column("layer", sa.String(length=16), nullable=False, server_default="own"))
        table.create_index(op.f("ix_segments_version_id_id"), ["version_id", "id"])
    with op.batch_alter_table("runs") as table:
        table.add_column(sa.Column("hotwords_chosen", sa.Boolean(), nullable=False, server_default=sa.false()))
