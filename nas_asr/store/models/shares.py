"""Room: store.models.shares. Watched folders and the ledger: every file ever seen in one, and why it is in its state."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from nas_asr.core.recording import LedgerState, Presence
from nas_asr.store.models.base import ID, Base, UtcDateTime, one_of

# Lines of files whose recording somebody deleted for ever. Written out, for SQLite uses a partial index for nothing else.
DELETED = text("reason_code = 'deleted'")


class Folder(Base):
    """A watched root of a team. Offline is a property of the folder: nothing is concluded from it meanwhile.

    since: only files changed at or after this moment are taken; None takes all. root_device and root_inode are those of
    the first good look, so that an unmounted share is not taken for an empty one. awaiting_choice: nobody has said yet
    which of the files that were here first are to be taken. mount: the kind of its file system, as /proc/self/mountinfo
    names it. scan_every_ms: the interval of the scans at present. note: what an admin should know of the watch, such as
    that no events come.
    """

    __tablename__ = "folders"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    team_id: Mapped[str] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"), index=True)
    path: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(String(120))
    language: Mapped[str] = mapped_column(String(16), default="auto")
    engine: Mapped[str] = mapped_column(String(32), default="")  # empty: the house's own setting
    itn: Mapped[str] = mapped_column(String(16), default="rules")  # an ItnMode
    apart: Mapped[bool] = mapped_column(default=False, server_default=false())  # each channel is a speaker
    since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    marker: Mapped[str] = mapped_column(String(120), default="")
    root_device: Mapped[int | None] = mapped_column(BigInteger)
    root_inode: Mapped[int | None] = mapped_column(BigInteger)
    online: Mapped[bool] = mapped_column(default=True)
    offline_reason: Mapped[str] = mapped_column(Text, default="")
    last_scan_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    scan_ms: Mapped[int] = mapped_column(default=0)
    files_seen: Mapped[int] = mapped_column(default=0)
    awaiting_choice: Mapped[bool] = mapped_column(default=False, server_default=false())
    mount: Mapped[str] = mapped_column(String(40), default="", server_default="")
    scan_every_ms: Mapped[int] = mapped_column(default=0, server_default="0")
    note: Mapped[str] = mapped_column(Text, default="", server_default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class LedgerLine(Base):
    """One generation of one file: the same path with new content is a new generation.

    raw_path: path below the folder as the file system has it, bytes; path: the same for people, NFC, undecodable bytes
    replaced. changed_at: when we last saw it change; next_look_at: when it is looked at again, None for never unless it
    changes. Ages are ours, never `now - mtime` (a share's clock may be years off). duration_ms: of the audio, where a look
    into the file's header has told; None else.
    """

    __tablename__ = "ledger"
    __table_args__ = (
        UniqueConstraint("folder_id", "raw_path", "generation"),
        Index(None, "folder_id", "state"),
        Index(None, "recording_id"),
        Index(None, "folder_id", "first_seen_at", "id"),
        Index("ix_ledger_deleted", "sha256", sqlite_where=DELETED, postgresql_where=DELETED),
    )

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    folder_id: Mapped[str] = mapped_column(ForeignKey("folders.id", ondelete="CASCADE"))
    raw_path: Mapped[bytes] = mapped_column(LargeBinary)
    path: Mapped[str] = mapped_column(Text)
    generation: Mapped[int] = mapped_column(default=1)
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    mtime_ns: Mapped[int] = mapped_column(BigInteger)
    inode: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[LedgerState] = mapped_column(one_of(LedgerState))
    presence: Mapped[Presence] = mapped_column(one_of(Presence), default=Presence.PRESENT)
    reason_code: Mapped[str] = mapped_column(String(40), default="")
    reason: Mapped[str] = mapped_column(Text, default="")
    sha256: Mapped[str] = mapped_column(String(64), default="")
    duration_ms: Mapped[int | None] = mapped_column(BigInteger)
    recording_id: Mapped[str | None] = mapped_column(ForeignKey("recordings.id", ondelete="SET NULL"))
    first_seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    next_look_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    missing_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
