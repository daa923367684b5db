"""Room: store.search. The full-text index of segments: write, forget, find. Knows the dialects; marks nothing.

SQLite: FTS5 without content, split text, phrase queries. PostgreSQL: tsvector('simple') of the same split text. The team
is a token of every row of the index, so that another team's words cost nothing and cannot be guessed from time taken.
"""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, TextClause, text
from sqlalchemy.orm import Session

from nas_asr.core.search_text import index_text
from nas_asr.store.models import SegmentRow

SQLITE_DDL = (
    "CREATE VIRTUAL TABLE segment_index "
    "USING fts5(words, team, content='', tokenize=\"unicode61 remove_diacritics 0\")",
)
POSTGRES_DDL = (
    "CREATE TABLE segment_index (key BIGINT PRIMARY KEY, words TSVECTOR NOT NULL)",
    "CREATE INDEX ix_segment_index_words ON segment_index USING GIN (words)",
)

# A letter to both databases that no query can name, for folding makes an `a` of it. It stands between the written and the
# spoken text, so that no phrase reaches across, and before a team's id, so that nobody can say one.
_BORDER = "\u00aa"


def add(session: Session, rows: Iterable[SegmentRow]) -> None:
    """Put flushed segments into the index."""
    values = [_values(row) for row in rows]
    if not values:
        return
    if _is_sqlite(session):
        statement = text("INSERT INTO segment_index(rowid, words, team) VALUES (:key, :words, :team)")
    else:
        statement = text(
            "INSERT INTO segment_index(key, words) "
            "VALUES (:key, to_tsvector('simple', :words) || to_tsvector('simple', :team))"
        )
    session.execute(statement, values)


def forget(session: Session, rows: Iterable[SegmentRow]) -> None:
    """Take segments out of the index. An FTS5 table without content needs the old words to find its entries."""
    values = [_values(row) for row in rows]
    if not values:
        return
    if _is_sqlite(session):
        statement = text(
            "INSERT INTO segment_index(segment_index, rowid, words, team) VALUES ('delete', :key, :words, :team)"
        )
        session.execute(statement, values)
    else:
        session.execute(text("DELETE FROM segment_index WHERE key = :key"), [{"key": v["key"]} for v in values])


def matching(session: Session, phrases: Sequence[tuple[str, ...]], team_ids: Sequence[str]) -> TextClause:
    """A subselect of the keys of segments of these teams in which every phrase occurs; bound, ready for `in_`."""
    if _is_sqlite(session):
        wanted = " AND ".join(f"words : {_quoted(phrase)}" for phrase in phrases)
        teams = " OR ".join(_quoted((_team(team),)) for team in team_ids)
        query = f"({wanted}) AND team : ({teams})"
        return text("SELECT rowid FROM segment_index WHERE segment_index MATCH :match").bindparams(match=query)
    wanted = " && ".join(f"phraseto_tsquery('simple', :p{i})" for i in range(len(phrases)))
    teams = " || ".join(f"phraseto_tsquery('simple', :t{i})" for i in range(len(team_ids)))
    values = {f"p{i}": " ".join(phrase) for i, phrase in enumerate(phrases)}
    values |= {f"t{i}": _team(team) for i, team in enumerate(team_ids)}
    query = f"SELECT key FROM segment_index WHERE words @@ (({wanted}) && ({teams}))"  # noqa: S608 (names only, values are bound)
    return text(query).bindparams(**values)


def create_index(connection: Connection) -> None:
    """Make the empty index; called by the first migration."""
    for statement in SQLITE_DDL if connection.dialect.name == "sqlite" else POSTGRES_DDL:
        connection.exec_driver_sql(statement)


def _values(row: SegmentRow) -> dict[str, object]:
    # What was said and what was written are both found: "two hundred" and "200".
    words = index_text(row.text)
    if row.spoken != row.text:
        words = f"{words} {_BORDER} {index_text(row.spoken)}"
    return {"key": row.key, "words": words, "team": _team(row.team_id)}


def _team(team_id: str) -> str:
    return _BORDER + team_id


def _quoted(phrase: tuple[str, ...]) -> str:
    return '"' + " ".join(phrase).replace('"', '""') + '"'


def _is_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"
