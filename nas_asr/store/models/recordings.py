"""Room: store.models.recordings. Recordings, their runs, transcript versions and segments."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, validates

from nas_asr.core.recording import RunState
from nas_asr.core.titles import name_key, title_key
from nas_asr.core.transcript import Origin, VersionKind
from nas_asr.store.models.base import BYTEWISE, ID, Base, UtcDateTime, one_of

_NOT_TRASHED = text("trashed_at IS NULL")
_LISTED = text("trashed_at IS NULL AND whole_id IS NULL")
_TRASHED = text("trashed_at IS NOT NULL AND whole_id IS NULL")
# What the library narrows by stands in the indexes that it walks through: a filter that few pass reads no row of the others.
_NARROWS = ("state", "folder_id", "language", "duration_ms", "author_id", "draft", "name_key")


def _library(name: str, column: str) -> Index:
    others = (other for other in _NARROWS if other != column)
    columns = ("team_id", column, "id", *others)
    return Index(f"ix_recordings_by_{name}", *columns, sqlite_where=_LISTED, postgresql_where=_LISTED)


class Recording(Base):
    """Audio that a team has: from a watched folder (folder_id and raw_path below it) or uploaded (raw_path below DATA).

    state is its newest run's while no machine version exists, else done. version is the number of the transcript that
    readers see, 0 for none. recorded_from says where recorded_at comes from (container, name, mtime, first_seen, upload).
    A part of a split recording that somebody joined has its whole's id, its number there (1, 2, ...) and where it starts on
    the joined time line; kept_apart: nobody is to be offered again to join it. title_key: what titles are sorted by;
    name_key: in what names are looked for.
    trashed_by_id: who put it into the trash, None for the command line.
    """

    __tablename__ = "recordings"
    __table_args__ = (
        # The same bytes twice in a team are one recording; in another team they are that team's own.
        Index(
            "uq_recordings_team_sha256", "team_id", "sha256",
            unique=True, sqlite_where=_NOT_TRASHED, postgresql_where=_NOT_TRASHED,
        ),
        UniqueConstraint("author_id", "idempotency_key"),
        Index(None, "team_id", "changed_at"),
        # No index of fewer columns begins like these: SQLite would take that one, and look up every row.
        Index(
            "ix_recordings_by_state", "team_id", "state", "recorded_at", "id",
            sqlite_where=_LISTED, postgresql_where=_LISTED,
        ),
        Index("ix_recordings_uploaders", "author_id", "team_id"),
        Index("ix_recordings_trash", "team_id", "trashed_at", "id", sqlite_where=_TRASHED, postgresql_where=_TRASHED),
        _library("recorded", "recorded_at"),
        _library("added", "ingested_at"),
        _library("length", "duration_ms"),
        _library("title", "title_key"),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    team_id: Mapped[str] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"))
    folder_id: Mapped[str | None] = mapped_column(ForeignKey("folders.id", ondelete="SET NULL"), index=True)
    raw_path: Mapped[bytes] = mapped_column(LargeBinary)
    path: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    title_key: Mapped[str] = mapped_column(BYTEWISE, default="", server_default="")
    name_key: Mapped[str] = mapped_column(BYTEWISE, default="", server_default="")
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    duration_ms: Mapped[int] = mapped_column(BigInteger, default=0)
    container: Mapped[str] = mapped_column(String(60), default="")
    codec: Mapped[str] = mapped_column(String(40), default="")
    sample_rate: Mapped[int] = mapped_column(default=0)
    channels: Mapped[int] = mapped_column(default=0)
    language: Mapped[str] = mapped_column(String(16), default="auto")
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    recorded_from: Mapped[str] = mapped_column(String(16), default="first_seen")
    ingested_at: Mapped[datetime] = mapped_column(UtcDateTime)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    author_id: Mapped[str | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    idempotency_key: Mapped[str | None] = mapped_column(String(120))
    state: Mapped[RunState] = mapped_column(one_of(RunState), default=RunState.QUEUED)
    run_id: Mapped[str | None] = mapped_column(String(32))  # the newest run
    version: Mapped[int] = mapped_column(default=0)
    draft: Mapped[bool] = mapped_column(default=False)
    trashed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    trashed_by_id: Mapped[str | None] = mapped_column(String(32))
    archived_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    archived_version: Mapped[int] = mapped_column(default=0)  # the newest version that the archive has
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    whole_id: Mapped[str | None] = mapped_column(String(32), index=True)
    part_number: Mapped[int] = mapped_column(default=0, server_default="0")
    part_start_ms: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    kept_apart: Mapped[bool] = mapped_column(default=False, server_default=false())

    @validates("title", "path")
    def _keep_the_keys(self, name: str, value: str) -> str:
        title, path = (value, self.path) if name == "title" else (self.title, value)
        self.title_key, self.name_key = title_key(title or ""), name_key(title or "", path or "")
        return value


class Run(Base):
    """One transcription of a recording. Claimed under a lease with a fence; sweep alone retries.

    lease_ms: the length of the lease; who watches it counts that on a clock of its own, because two machines' may differ.
    not_before holds a run back after a failure that may pass. waiting_for says why nobody claims it ("model").
    """

    __tablename__ = "runs"
    __table_args__ = (Index(None, "state", "lease_until"), Index(None, "state", "waiting_for", "priority"))

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    recording_id: Mapped[str] = mapped_column(ForeignKey("recordings.id", ondelete="CASCADE"), index=True)
    team_id: Mapped[str] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"))
    state: Mapped[RunState] = mapped_column(one_of(RunState), default=RunState.QUEUED)
    priority: Mapped[int] = mapped_column(default=0)
    engine: Mapped[str] = mapped_column(String(32), default="")
    language: Mapped[str] = mapped_column(String(16), default="auto")
    hotwords_version: Mapped[int] = mapped_column(default=0)
    hotwords_chosen: Mapped[bool] = mapped_column(default=False, server_default=false())  # by a person: not the newest
    duration_ms: Mapped[int] = mapped_column(BigInteger, default=0)
    waiting_for: Mapped[str | None] = mapped_column(String(16))
    attempts: Mapped[int] = mapped_column(default=0)
    fence: Mapped[int] = mapped_column(default=0)
    worker: Mapped[str] = mapped_column(String(120), default="")
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lease_ms: Mapped[int] = mapped_column(default=30_000, server_default="30000")
    not_before: Mapped[datetime | None] = mapped_column(UtcDateTime)
    progress: Mapped[float] = mapped_column(default=0.0)
    stop_asked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    requested_by: Mapped[str | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    failure_code: Mapped[str] = mapped_column(String(40), default="")
    failure_message: Mapped[str] = mapped_column(Text, default="")
    failure_remedy: Mapped[str] = mapped_column(Text, default="")


class TranscriptVersion(Base):
    """One version of a recording's transcript. A machine's is written once per run and never changes (decision 7).

    steps: what this version changes in the one it stands on (core.steps); its text is that of `root`, with the steps of all
    versions from there to here. Null where its own segments are kept, whole: the machine's, and what came before there was
    an operations log. Then root is 0. tally: how many edits of each kind.
    """

    __tablename__ = "transcript_versions"
    __table_args__ = (UniqueConstraint("recording_id", "number"), UniqueConstraint("run_id"))

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    recording_id: Mapped[str] = mapped_column(ForeignKey("recordings.id", ondelete="CASCADE"))
    team_id: Mapped[str] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"))
    number: Mapped[int]
    kind: Mapped[VersionKind] = mapped_column(one_of(VersionKind), default=VersionKind.MACHINE)
    origin: Mapped[Origin] = mapped_column(one_of(Origin), default=Origin.RUN, server_default=Origin.RUN.value)
    base: Mapped[int] = mapped_column(default=0)  # the version that an edited one stands on
    root: Mapped[int] = mapped_column(default=0, server_default="0")
    # Somebody who replaces a word everywhere makes long ones; lists of versions do without
    steps: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON(none_as_null=True), deferred=True)
    tally: Mapped[dict[str, int]] = mapped_column(JSON, default=dict, server_default="{}")
    run_id: Mapped[str | None] = mapped_column(ForeignKey("runs.id", ondelete="SET NULL"))
    author_id: Mapped[str | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    language: Mapped[str] = mapped_column(String(16), default="auto")
    engine: Mapped[str] = mapped_column(String(32), default="")
    model: Mapped[str] = mapped_column(String(200), default="")
    revision: Mapped[str] = mapped_column(String(120), default="")
    device: Mapped[str] = mapped_column(String(40), default="")
    hotwords_version: Mapped[int] = mapped_column(default=0)
    itn: Mapped[str] = mapped_column(String(16), default="rules", server_default="rules")  # an ItnMode
    duration_ms: Mapped[int] = mapped_column(BigInteger, default=0)
    speech_ms: Mapped[int] = mapped_column(BigInteger, default=0)
    elapsed_ms: Mapped[int] = mapped_column(BigInteger, default=0)


class WaveformRow(Base):
    """What a recording looks like, as its newest run heard it; a joined one is drawn of its parts'.

    peaks: a byte a step; speech: [start_ms, end_ms] where somebody speaks.
    """

    __tablename__ = "waveforms"

    recording_id: Mapped[str] = mapped_column(ForeignKey("recordings.id", ondelete="CASCADE"), primary_key=True)
    team_id: Mapped[str] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"))
    duration_ms: Mapped[int] = mapped_column(BigInteger)
    step_ms: Mapped[int]
    peaks: Mapped[bytes] = mapped_column(LargeBinary)
    speech: Mapped[list[list[int]]] = mapped_column(JSON)


class Layer(StrEnum):
    """What a row of a version's segments is."""

    OWN = "own"  # the version's own text, which never changes
    OVER = "over"  # stands over the own one of the same id, or beside all, in the edited version that readers see
    GONE = "gone"  # that version does not have this segment


class SegmentRow(Base):
    """A segment of one version. `key` is the row number that the search index refers to; `id` is what others see.

    Of an edited version that stands on this one only what differs is kept, and only while readers see it: in rows over the
    own ones. Order is position, then sub: what was split off stands behind its first part at the same position.
    """

    __tablename__ = "segments"
    __table_args__ = (
        Index(None, "version_id", "position"),
        Index(None, "version_id", "id"),
        Index(None, "recording_id"),
    )

    # BIGINT is no row id on SQLite; only INTEGER is.
    key: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    id: Mapped[str] = mapped_column(ID)
    version_id: Mapped[str] = mapped_column(ForeignKey("transcript_versions.id", ondelete="CASCADE"))
    recording_id: Mapped[str] = mapped_column(ForeignKey("recordings.id", ondelete="CASCADE"))
    team_id: Mapped[str] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"))
    position: Mapped[int]
    sub: Mapped[int] = mapped_column(default=0, server_default="0")
    layer: Mapped[Layer] = mapped_column(one_of(Layer), default=Layer.OWN, server_default=Layer.OWN.value)
    start_ms: Mapped[int] = mapped_column(BigInteger)
    end_ms: Mapped[int] = mapped_column(BigInteger)
    speaker: Mapped[str | None] = mapped_column(String(120))
    text: Mapped[str] = mapped_column(Text)
    spoken: Mapped[str] = mapped_column(Text)
    confidence: Mapped[float | None]
    flags: Mapped[list[str]] = mapped_column(JSON, default=list)
    words: Mapped[list[list[Any]]] = mapped_column(JSON, default=list)  # [text, start_ms, end_ms]
    # [start, end, was, hotword, undone]: places in `text`; null in rows from before there were hotwords
    replacements: Mapped[list[list[Any]] | None] = mapped_column(JSON(none_as_null=True))
