"""Room: store.models.house. What the house keeps about itself: audit, heartbeats, duties, failed log-ins, settings."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from nas_asr.store.models.base import ID, Base, UtcDateTime


class AuditLine(Base):
    """Who did what to what, and when. Append-only; never transcript text, hotwords, passwords or tokens."""

    __tablename__ = "audit"
    __table_args__ = (Index(None, "at", "id"), Index(None, "team_id", "at"))

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor_id: Mapped[str | None] = mapped_column(String(32))  # no key: the line outlives the person
    actor: Mapped[str] = mapped_column(String(120), default="")
    action: Mapped[str] = mapped_column(String(60))
    team_id: Mapped[str | None] = mapped_column(String(32))
    subject: Mapped[str] = mapped_column(String(200), default="")
    detail: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    address: Mapped[str] = mapped_column(String(64), default="")


class Heartbeat(Base):
    """Sign of life of a long-running part: one row per worker, watcher, supervisor."""

    __tablename__ = "heartbeats"

    name: Mapped[str] = mapped_column(String(120), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), index=True)  # worker | watcher | up
    boot: Mapped[str] = mapped_column(String(32))  # a new one for each start of the process
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    detail: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


class LoginFailure(Base):
    """Failed log-ins since the last good one, per account and per address: the throttle survives a restart."""

    __tablename__ = "login_failures"

    key: Mapped[str] = mapped_column(String(200), primary_key=True)  # "user:<folded name>" or "address:<ip>"
    failures: Mapped[int] = mapped_column(default=0)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime)


class HouseSetting(Base):
    """A setting that an admin chose on the page, or a wish to the workers; NULL is the default again.

    generation: the number of the change that set it; each change of the page takes the next one for all that it sets.
    """

    __tablename__ = "house_settings"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[str | None] = mapped_column(String(500))
    generation: Mapped[int]
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_by: Mapped[str] = mapped_column(String(120), default="")


class Duty(Base):
    """Something that one process does at a time, such as the watch over a folder (`watch:ID`) or the sweep.

    beat: goes up with every sign of life of the holder. Who waits for it counts hold_ms on a clock of its own from when it
    last saw the beat change, so that no two clocks have to agree.
    """

    __tablename__ = "duties"

    name: Mapped[str] = mapped_column(String(120), primary_key=True)
    holder: Mapped[str] = mapped_column(String(160))
    beat: Mapped[int] = mapped_column(BigInteger, default=0)
    hold_ms: Mapped[int] = mapped_column(default=0)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
