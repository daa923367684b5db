"""Room: store.models.search. Where recordings and segments stand in the search index, and who speaks. Never the index itself."""

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from nas_asr.store.models.base import BYTEWISE, ID, Base

# BIGINT is no row id on SQLite; only INTEGER is.
_BIG = BigInteger().with_variant(Integer, "sqlite")


class SearchTeam(Base):
    """A team's number, which begins each of its words in the index."""

    __tablename__ = "search_teams"

    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    team_id: Mapped[str] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"), unique=True)


class RecordingPlace(Base):
    """Where a recording stands in the index, newest first, and what the index knows of it: its folder, the words of its names."""

    __tablename__ = "recording_places"

    recording_id: Mapped[str] = mapped_column(ForeignKey("recordings.id", ondelete="CASCADE"), primary_key=True)
    place: Mapped[int] = mapped_column(_BIG, unique=True)
    folder_id: Mapped[str | None] = mapped_column(ID)
    names: Mapped[str] = mapped_column(Text, default="")


class RecordingSpeaker(Base):
    """Somebody who speaks in a recording, as the transcript names them that readers see; a channel's number is no name."""

    __tablename__ = "recording_speakers"
    __table_args__ = (Index(None, "team_id", "name", "recording_id"),)

    recording_id: Mapped[str] = mapped_column(ForeignKey("recordings.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(BYTEWISE, primary_key=True)
    team_id: Mapped[str] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"))


class SegmentPlace(Base):
    """Where a segment stands in the index: in its recording's place, by its start."""

    __tablename__ = "segment_places"

    segment: Mapped[int] = mapped_column(
        _BIG, ForeignKey("segments.key", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    place: Mapped[int] = mapped_column(_BIG, unique=True)
