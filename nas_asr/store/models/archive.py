"""Room: store.models.archive. Which recordings a team archives, the nights in which it does, and the bags that came of it."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from nas_asr.store.models.base import ID, Base, UtcDateTime


class ArchiveRuleRow(Base):
    """A team's rule; without a row, or while on is false, nothing is archived. folders: ids, empty for all."""

    __tablename__ = "archive_rules"

    team_id: Mapped[str] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"), primary_key=True)
    on: Mapped[bool] = mapped_column(default=False)
    folders: Mapped[list[str]] = mapped_column(JSON, default=list)
    min_minutes: Mapped[int]
    untouched_hours: Mapped[int]
    on_since: Mapped[datetime | None] = mapped_column(UtcDateTime)  # nights before it are not caught up
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ArchiveRun(Base):
    """One night's archive of one team: due-ness is this table, never a timer (decision 12).

    kind: night, now (somebody asked), verify. state: due -> running -> done | failed. Claimed under a lease; fence counts the
    claims, so that whoever lost one writes nothing any more.
    """

    __tablename__ = "archive_runs"
    __table_args__ = (UniqueConstraint("team_id", "due_at"),)

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    team_id: Mapped[str] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"))
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    kind: Mapped[str] = mapped_column(String(16), default="night")
    state: Mapped[str] = mapped_column(String(16), default="due")
    fence: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    report: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    failure: Mapped[str] = mapped_column(Text, default="")


class ArchiveBag(Base):
    """One bag in the archive: one version of one recording. path: below root. seal: SHA-256 of its tag manifest."""

    __tablename__ = "archive_bags"
    __table_args__ = (
        UniqueConstraint("root", "path"),
        Index(None, "recording_id"),
        Index(None, "team_id", "archived_at"),
    )

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    recording_id: Mapped[str] = mapped_column(ForeignKey("recordings.id", ondelete="CASCADE"))
    team_id: Mapped[str] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"))
    version: Mapped[int]
    root: Mapped[str] = mapped_column(String(1000))
    path: Mapped[str] = mapped_column(String(1000))
    seal: Mapped[str] = mapped_column(String(64))
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    archived_at: Mapped[datetime] = mapped_column(UtcDateTime)
    verified_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    trouble: Mapped[str] = mapped_column(Text, default="")  # what the last verification found
