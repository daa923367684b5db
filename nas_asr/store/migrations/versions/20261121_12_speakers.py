"""Room: store.migrations. Who speaks in which recording, a row each; titles in the order of pinyin.

Revision ID: 20261121_12
Revises: 20261121_11
"""

import sqlalchemy as sa
from alembic import op

from nas_asr.core.titles import title_key
from nas_asr.store.models.base import BYTEWISE


revision = "20261121_12"
down_revision = "20261121_11"
branch_labels = None
depends_on = None

_AT_ONCE = 1000
# What is gone, and what something else stands over, nobody reads; as store.seen has it
_HEARD = sa.text(
    "SELECT DISTINCT r.id, r.team_id, s.speaker FROM recordings r "
    "JOIN transcript_versions v ON v.recording_id = r.id AND v.number = r.version "
    "JOIN transcript_versions k ON k.recording_id = r.id "
    "AND k.number = CASE WHEN v.root > 0 THEN v.root ELSE v.number END "
    "JOIN segments s ON s.version_id = k.id WHERE s.speaker IS NOT NULL AND s.speaker <> '' AND s.layer <> 'gone' "
    "AND (s.layer = 'over' OR NOT EXISTS (SELECT 1 FROM segments o "
    "WHERE o.version_id = s.version_id AND o.id = s.id AND o.layer <> 'own'))"
)


def upgrade() -> None:
    op.create_table(
        "recording_speakers",
        sa.Column("recording_id", sa.String(length=32), nullable=False),
        sa.Column("name", BYTEWISE, nullable=False),
        sa.Column("team_id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recordings.id"], name=op.f("fk_recording_speakers_recording_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["team_id"], ["teams.id"], name=op.f("fk_recording_speakers_team_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("recording_id", "name", name=op.f("pk_recording_speakers")),
    )
    _name_speakers()
    index = op.f("ix_recording_speakers_team_id_name_recording_id")
    op.create_index(index, "recording_speakers", ["team_id", "name", "recording_id"])
    op.drop_index("ix_segments_speakers", "segments")
    _sort_titles()


def _name_speakers() -> None:
    """A channel's number is no name."""
    names = [(row.id, row.team_id, row.speaker) for row in op.get_bind().execute(_HEARD)]
    rows = [
        {"recording_id": id, "team_id": team, "name": name}
        for id, team, name in names
        if not (name.isascii() and name.isdigit())
    ]
    columns = (sa.column("recording_id"), sa.column("team_id"), sa.column("name"))
    if rows:
        op.get_bind().execute(sa.insert(sa.table("recording_speakers", *columns)), rows)


def _sort_titles() -> None:
    """In portions by id: a house may have a hundred thousand titles."""
    rows = sa.table("recordings", *(sa.column(name, sa.Text) for name in ("id", "title", "title_key")))
    write = sa.update(rows).where(rows.c.id == sa.bindparam("row")).values(title_key=sa.bindparam("order"))
    connection, last = op.get_bind(), ""
    while True:
        after = sa.select(rows).where(rows.c.id > last).order_by(rows.c.id).limit(_AT_ONCE)
        found = connection.execute(after).all()
        if not found:
            return
        changed = [
            {"row": row.id, "order": title_key(row.title)} for row in found if title_key(row.title) != row.title_key
        ]
        if changed:
            connection.execute(write, changed)
        last = found[-1].id
