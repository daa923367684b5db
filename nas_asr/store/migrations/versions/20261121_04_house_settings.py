"""Room: store.migrations. Settings that admins choose on the page, and the number that tells the worker of a change.

Revision ID: 20261121_04
Revises: 20261121_01
"""

import sqlalchemy as sa
from alembic import op
import nas_asr.store.models.base


revision = "20261121_04"
down_revision = '20261121_03'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "house_settings",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("value", sa.String(length=500), nullable=True),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("changed_at", nas_asr.store.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_house_settings")),
    )
