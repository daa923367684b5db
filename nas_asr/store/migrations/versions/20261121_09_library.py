"""Room: store.migrations. The library: sorted titles, indexes for filters and orders, who threw away, uploads in pieces.

Revision ID: 20261121_09
Revises: 20261121_06
"""

import sqlalchemy as sa
from alembic import op

from nas_asr.core.titles import title_key
from nas_asr.store.models.base import BYTEWISE, UtcDateTime


revision = "20261121_09"
down_revision = "20261121_06"
branch_labels = None
depends_on = None

_LISTED = sa.text("trashed_at IS NULL AND whole_id IS NULL")
_TRASHED = sa.text("trashed_at IS NOT NULL AND whole_id IS NULL")
_NAMED = sa.text("speaker IS NOT NULL")
_DELETED = sa.text("reason_code = 'deleted'")
_AT_ONCE = 1000


def upgrade() -> None:
    with op.batch_alter_table("recordings") as table:
        table.add_column(sa.Column("title_key", BYTEWISE, nullable=False, server_default=""))
        table.add_column(sa.Column("trashed_by_id", sa.String(length=32), nullable=True))
    _fill_keys()
    _index_recordings()
    _index("ix_segments_speakers", "segments", ["team_id", "speaker", "recording_id", "version_id"], _NAMED)
    _index("ix_ledger_deleted", "ledger", ["sha256"], _DELETED)
    op.create_table(
        "uploads",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("team_id", sa.String(length=32), nullable=False),
        sa.Column("user_id", sa.String(length=32), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("offset_bytes", sa.BigInteger(), nullable=False),
        sa.Column("recording_id", sa.String(length=32), nullable=True),
        sa.Column("existing", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("changed_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_uploads_team_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_uploads_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_uploads")),
    )
    op.create_index(op.f("ix_uploads_user_id"), "uploads", ["user_id"])
    op.create_index(op.f("ix_uploads_changed_at"), "uploads", ["changed_at"])


def _index_recordings() -> None:
    narrows = ("state", "folder_id", "language", "duration_ms", "author_id", "draft")
    orders = {"recorded": "recorded_at", "added": "ingested_at", "length": "duration_ms", "title": "title_key"}
    for name, column in orders.items():
        columns = ["team_id", column, "id", *(other for other in narrows if other != column)]
        _index(f"ix_recordings_by_{name}", "recordings", columns, _LISTED)
    _index("ix_recordings_trash", "recordings", ["team_id", "trashed_at", "id"], _TRASHED)
    op.create_index(op.f("ix_recordings_team_id_changed_at"), "recordings", ["team_id", "changed_at"])


def _index(name: str, table: str, columns: list[str], where: sa.TextClause) -> None:
    op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)


def _fill_keys() -> None:
    """In portions by id: a house may have a hundred thousand titles."""
    rows = sa.table("recordings", sa.column("id", sa.String), sa.column("title", sa.Text), sa.column("title_key", sa.Text))
    write = sa.update(rows).where(rows.c.id == sa.bindparam("row")).values(title_key=sa.bindparam("key"))
    connection, last = op.get_bind(), ""
    while True:
        after = sa.select(rows.c.id, rows.c.title).where(rows.c.id > last).order_by(rows.c.id).limit(_AT_ONCE)
        found = connection.execute(after).all()
        if not found:
            return
        connection.execute(write, [{"row": id, "key": title_key(title)} for id, title in found])
        last = found[-1].id
