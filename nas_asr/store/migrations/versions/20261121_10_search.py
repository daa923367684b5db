"""Room: store.migrations. The search index anew: in the order in which hits are shown, with pairs, and the names of recordings.

Revision ID: 20261121_10
Revises: 20261121_06
"""

import sqlalchemy as sa
from alembic import op

from nas_asr.store.search_rebuild import rebuild


revision = "20261121_10"
down_revision = "20261121_09"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "search_teams",
        sa.Column("number", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("team_id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_search_teams_team_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_search_teams")),
        sa.UniqueConstraint("team_id", name=op.f("uq_search_teams_team_id")),
    )
    op.create_table(
        "recording_places",
        sa.Column("recording_id", sa.String(length=32), nullable=False),
        sa.Column("place", _BIG, nullable=False),
        sa.Column("folder_id", sa.String(length=32), nullable=True),
        sa.Column("names", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recordings.id"], name=op.f("fk_recording_places_recording_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("recording_id", name=op.f("pk_recording_places")),
        sa.UniqueConstraint("place", name=op.f("uq_recording_places_place")),
    )
    op.create_table(
        "segment_places",
        sa.Column("segment", _BIG, nullable=False, autoincrement=False),
        sa.Column("place", _BIG, nullable=False),
        sa.ForeignKeyConstraint(
            ["segment"], ["segments.key"], name=op.f("fk_segment_places_segment"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("segment", name=op.f("pk_segment_places")),
        sa.UniqueConstraint("place", name=op.f("uq_segment_places_place")),
    )
    op.execute("DROP TABLE segment_index")
    rebuild(op.get_bind())
