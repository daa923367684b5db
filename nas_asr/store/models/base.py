"""Room: store.models.base. The declarative base, its naming of constraints, and times as aware UTC."""

from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import DateTime, Dialect, Enum, MetaData, String, Text
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

# Named constraints make migrations the same on every database (SQLite cannot drop an unnamed one).
_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

ID = String(32)  # an opaque id of core.ids
# Compared byte by byte on every server, whatever its locale: SQLite does so anyway.
BYTEWISE = Text().with_variant(Text(collation="C"), "postgresql")


def one_of(words: type[StrEnum]) -> Enum:
    """A column that holds one word of a StrEnum, as text, so that a new word needs no migration."""
    return Enum(words, native_enum=False, length=16, values_callable=lambda kind: [word.value for word in kind])


class Base(DeclarativeBase):
    """Base of all tables."""

    metadata = MetaData(naming_convention=_NAMES)


class UtcDateTime(TypeDecorator[datetime]):
    """Aware datetimes, kept as UTC; SQLite keeps them as text without a zone, which compares in the order of time."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Aware to UTC; naive values are refused, because nobody knows what they mean."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        return value.astimezone(UTC).replace(tzinfo=None) if dialect.name == "sqlite" else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """What comes back is aware, in UTC."""
        return value if value is None or value.tzinfo else value.replace(tzinfo=UTC)
