"""Room: store.migrations. Whether a folder's channels are speakers of their own, and who wrote a version's written form.

Revision ID: 20261121_05
Revises: 20261121_04
"""

import sqlalchemy as sa
from alembic import op


revision = "20261121_05"
down_revision = "20261121_04"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("folders") as table:
        table.add_column(sa.Column("apart", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("transcript_versions") as table:
        table.add_column(sa.Column("itn", sa.String(length=16), nullable=False, server_default="rules"))
