"""Room: store.models.uploads. Files that come in pieces, and how much of each is on the disk for good. Never a recording."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column

from nas_asr.store.models.base import ID, Base, UtcDateTime


class Upload(Base):
    """One file on its way. offset_bytes: so much was written and synced; the whole size only once it is a recording.

    changed_at: when the last piece came. recording_id: what became of it; existing: the team had these bytes already.
    """

    __tablename__ = "uploads"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    team_id: Mapped[str] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"))
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    filename: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text, default="")
    language: Mapped[str] = mapped_column(String(16), default="")
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    offset_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    recording_id: Mapped[str | None] = mapped_column(String(32))
    existing: Mapped[bool] = mapped_column(default=False, server_default=false())
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
