"""Room: store.search. The full-text index of segments: write, forget, find. Knows the dialects; marks nothing.

SQLite: FTS5 without content, split text, phrase queries. PostgreSQL: tsvectors of the same tokens, written by us, for its own
parser takes 1e5x for two words and asks the server's locale what a letter is. The team
is a token of every row of the index, so that another team's words cost nothing and cannot be guessed from time taken.

PostgreSQL keeps 256 places of a word and none beyond the 16,383rd, so a long segment is several rows there, each a piece that
overlaps the next one by more than the longest phrase; docs/decisions/0046.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from sqlalchemy import Connection, TextClause, text
from sqlalchemy.orm import Session

from nas_asr.core.search_text import MAX_PHRASE, tokens
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
_COMMON = re.compile("[0-9a-z]+|[\u3040-\u30ff\u4e00-\u9fa5\uac00-\ud7a3]")

_PIECE = 250  # tokens; below the 256 places that PostgreSQL keeps of a word
_STEP = _PIECE - MAX_PHRASE
_PIECES = 1 << 20  # of one segment at most; the n-th has the key -(key * _PIECES + n)


def add(session: Session, rows: Iterable[SegmentRow]) -> None:
    """Put flushed segments into the index."""
    rows = list(rows)
    if not rows:
        return
    if _is_sqlite(session):
        statement = text("INSERT INTO segment_index(rowid, words, team) VALUES (:key, :words, :team)")
        session.execute(statement, [_values(row) for row in rows])
        return
    statement = text("INSERT INTO segment_index(key, words) VALUES (:key, CAST(:words AS tsvector))")
    session.execute(statement, [piece for row in rows for piece in _pieces(row)])


def forget(session: Session, rows: Iterable[SegmentRow]) -> None:
    """Take segments out of the index. An FTS5 table without content needs the old words to find its entries."""
    rows = list(rows)
    if not rows:
        return
    if _is_sqlite(session):
        statement = text(
            "INSERT INTO segment_index(segment_index, rowid, words, team) VALUES ('delete', :key, :words, :team)"
        )
        session.execute(statement, [_values(row) for row in rows])
        return
    statement = text("DELETE FROM segment_index WHERE key = :key OR key BETWEEN :last AND :first")
    keys = [{"key": row.key, "first": _piece_key(row.key, 0), "last": _piece_key(row.key, _PIECES - 1)} for row in rows]
    session.execute(statement, keys)


def matching(session: Session, phrases: Sequence[tuple[str, ...]], team_ids: Sequence[str]) -> TextClause:
    """A subselect of the keys of segments of these teams in which every phrase occurs; bound, ready for `in_`."""
    if _is_sqlite(session):
        wanted = " AND ".join(f"words : {_quoted([_plain(token) for token in phrase])}" for phrase in phrases)
        teams = " OR ".join(_quoted((_team(team),)) for team in team_ids)
        query = f"({wanted}) AND team : ({teams})"
        return text("SELECT rowid FROM segment_index WHERE segment_index MATCH :match").bindparams(match=query)
    return _matching_postgres(phrases, team_ids)


def _matching_postgres(phrases: Sequence[tuple[str, ...]], team_ids: Sequence[str]) -> TextClause:
    """Segments that are one row, and those in whose pieces every phrase occurs. Names only in the text, values are bound."""
    said = [" <-> ".join(_lexeme(token) for token in phrase) for phrase in phrases]
    teams = " | ".join(_lexeme(_team(team)) for team in team_ids)
    long_teams = " | ".join(_lexeme(_long_team(team)) for team in team_ids)
    found = "FROM segment_index WHERE words @@ CAST(:{} AS tsquery)"
    whole = f"SELECT key {found.format('whole')}"
    pieces = " INTERSECT ".join(f"SELECT -key / {_PIECES} {found.format(f'p{i}')}" for i in range(len(said)))
    values = {f"p{i}": f"({phrase}) & ({long_teams})" for i, phrase in enumerate(said)}
    values["whole"] = " & ".join(f"({part})" for part in (*said, teams))
    return text(f"{whole} UNION ALL ({pieces})").bindparams(**values)


def create_index(connection: Connection) -> None:
    """Make the empty index; called by the first migration."""
    for statement in SQLITE_DDL if connection.dialect.name == "sqlite" else POSTGRES_DDL:
        connection.exec_driver_sql(statement)


def _words(row: SegmentRow) -> list[str]:
    # What was said and what was written are both found: "two hundred" and "200".
    words = tokens(row.text)
    return words if row.spoken == row.text else [*words, _BORDER, *tokens(row.spoken)]


def _values(row: SegmentRow) -> dict[str, object]:
    return {"key": row.key, "words": " ".join(_plain(word) for word in _words(row)), "team": _team(row.team_id)}


def _pieces(row: SegmentRow) -> Iterator[dict[str, object]]:
    words = _words(row)
    if len(words) <= _PIECE:
        yield {"key": row.key, "words": _vector(words, _team(row.team_id))}
        return
    for n, start in enumerate(range(0, len(words) - MAX_PHRASE, _STEP)):
        piece = _vector(words[start : start + _PIECE], _long_team(row.team_id))
        yield {"key": _piece_key(row.key, n), "words": piece}


def _piece_key(key: int, n: int) -> int:
    return -(key * _PIECES + n)


def _vector(words: Sequence[str], team: str) -> str:
    """A tsvector as PostgreSQL reads it."""
    placed = (f"{_lexeme(word)}:{place}" for place, word in enumerate(words, start=1))
    return " ".join((_lexeme(team), *placed))


def _lexeme(word: str) -> str:
    quoted = word.replace("\\", "\\\\").replace("'", "''")
    return f"'{quoted}'"


@lru_cache(maxsize=4096)
def _plain(token: str) -> str:
    """A token that FTS5 takes for one word: its tables are of Unicode 6.1, and what came later is written as numbers."""
    if _COMMON.fullmatch(token):
        return token
    return "".join(sign if _is_old(sign) else f"{_BORDER}{ord(sign):x}{_BORDER}" for sign in token)


def _is_old(sign: str) -> bool:
    return unicodedata.ucd_3_2_0.category(sign)[0] in "LN" or sign == _BORDER


def _team(team_id: str) -> str:
    return _BORDER + team_id


def _long_team(team_id: str) -> str:
    return _BORDER + _BORDER + team_id


def _quoted(phrase: Sequence[str]) -> str:
    return '"' + " ".join(phrase).replace('"', '""') + '"'


def _is_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"
