"""Room: store.migrations. Segments keep what hotwords took the place of.

Revision ID: 20261121_02
Revises: 20261121_01
"""

import sqlalchemy as sa
from alembic import op

revision = "20261121_02"
down_revision = "20261121_01"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One new column; rows that are there have had no replacements."""
    op.add_column("segments", sa.Column("replacements", sa.JSON(none_as_null=True), nullable=True))


def downgrade() -> None:
    """Never backwards."""
    raise NotImplementedError("restore a backup instead: a downgrade would lose what the newer schema holds")
