"""Room: store.word_index. An index of words in an order of ours: put in, take out, the first ones that match. Knows the dialects.

An entry has a place, and matches come in the order of places, so that nobody has to sort the hundred thousand hits of a frequent
word. Each word begins with its team's number: what other teams say costs nothing and cannot be guessed from time taken. Beside
single characters there are their pairs, because 会 and 议 stand in half of all sentences, 会议 does not.

SQLite: FTS5 without content, whose lists are in the order of row ids, so that it stops after the first ones. PostgreSQL: the
words as text and a GIN index over them; that one knows no order, so frequent words are looked for by walking the places, and only
rare ones through it. docs/decisions/0057.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from nas_asr.core.search_text import pairs
from nas_asr.store.places import LAST

# A letter to both databases that no query can name, for folding makes an `a` of it. It stands between two texts, so that no
# phrase reaches across, after a team's number, and before what is no word, so that nobody can say one.
BORDER = "\u00aa"
_COMMON = re.compile("[0-9a-z]+|[\u3040-\u30ff\u4e00-\u9fa5\uac00-\ud7a3]{1,2}")

_WINDOW = 2_000  # rows that PostgreSQL reads before it knows how frequent something is: about 2 ms
_MOST_ROWS = 40_000  # rows that it reads in order at most: about as long as it takes to fetch and sort 25,000 from GIN

_SQLITE = (
    "CREATE VIRTUAL TABLE {0} USING fts5(words, content='', columnsize=0, tokenize=\"unicode61 remove_diacritics 0\")"
)
_POSTGRES = (
    'CREATE TABLE {0} (team INTEGER NOT NULL, place BIGINT NOT NULL, said TEXT COLLATE "C" NOT NULL, '
    'pairs TEXT COLLATE "C" NOT NULL, PRIMARY KEY (team, place))'
)
_WORDS = f"string_to_array(team::text || '{BORDER}' || replace(btrim(said || pairs), ' ', ' ' || team::text || '{BORDER}'), ' ')"
# A long list of what is not in the index yet would be read at every question.
_GIN = "CREATE INDEX ix_{0}_words ON {0} USING GIN (({1})) WITH (gin_pending_list_limit = 256)"

Phrase = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """Something with words: the tokens of its texts with borders between them, and the runs of pairs of each."""

    place: int
    team: int
    words: tuple[str, ...]
    pairs: tuple[Phrase, ...]


@dataclass(frozen=True, slots=True)
class Ask:
    """What to look for: all phrases, in one of the teams, at places beyond `after` and below `before`."""

    phrases: tuple[Phrase, ...]
    teams: tuple[int, ...]
    after: int = -1
    before: int = LAST


def entry(place: int, team: int, texts: Iterable[Sequence[str]], marks: Iterable[Phrase] = ()) -> Entry:
    """An entry of the tokens of texts; marks are phrases that stand for something else, such as its folder."""
    words: list[str] = []
    runs: list[Phrase] = []
    for said in texts:
        words += [*said, BORDER]
        runs += pairs(said)
    for mark in marks:
        words += [*mark, BORDER]
    return Entry(place, team, tuple(words), tuple(runs))


@dataclass(frozen=True, slots=True)
class WordIndex:
    """An index of this name. On PostgreSQL that is a table; its GIN index can be left for later, when much is put in at once."""

    name: str

    def create(self, connection: Connection, *, gin: bool = True) -> None:
        """Make the empty index."""
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql(_SQLITE.format(self.name))
            return
        connection.exec_driver_sql(_POSTGRES.format(self.name))
        if gin:
            self.create_gin(connection)

    def create_gin(self, connection: Connection) -> None:
        """PostgreSQL's index over the words, which may be many by now."""
        connection.exec_driver_sql(_GIN.format(self.name, _WORDS))

    def put(self, session: Session | Connection, entries: Iterable[Entry]) -> None:
        """Add entries, whose places are free. FTS5 writes what comes in order at once."""
        ordered = sorted(entries, key=lambda one: one.place)
        if not ordered:
            return
        if _is_sqlite(session):
            statement = text(f"INSERT INTO {self.name}(rowid, words) VALUES (:place, :words)")  # noqa: S608
            session.execute(statement, [_plain_row(one) for one in ordered])
            return
        columns = "(team, place, said, pairs) VALUES (:team, :place, :said, :pairs)"
        session.execute(text(f"INSERT INTO {self.name}{columns}"), [_row(one) for one in ordered])  # noqa: S608

    def take_out(self, session: Session | Connection, entries: Iterable[Entry]) -> None:
        """Take entries out. An FTS5 table without content needs the words that were put in."""
        ordered = sorted(entries, key=lambda one: one.place)
        if not ordered:
            return
        if _is_sqlite(session):
            statement = f"INSERT INTO {self.name}({self.name}, rowid, words) VALUES ('delete', :place, :words)"  # noqa: S608
            session.execute(text(statement), [_plain_row(one) for one in ordered])
            return
        statement = f"DELETE FROM {self.name} WHERE team = :team AND place = :place"  # noqa: S608
        session.execute(text(statement), [{"team": one.team, "place": one.place} for one in ordered])

    def first(self, session: Session, ask: Ask, limit: int) -> list[int]:
        """The first places, in order, at which everything matches."""
        if not ask.phrases or not ask.teams:
            return []
        if not _is_sqlite(session):
            return self._walked(session, ask, limit)
        statement = (
            f"SELECT rowid FROM {self.name} WHERE {self.name} MATCH :match "  # noqa: S608 (names of ours; values are bound)
            "AND rowid > :after AND rowid < :before ORDER BY rowid LIMIT :limit"
        )
        values = {"match": _match(ask), "after": ask.after, "before": ask.before, "limit": limit}
        return list(session.scalars(text(statement), values).all())

    # -- PostgreSQL -----------------------------------------------------------------------------------------------

    def _walked(self, session: Session, ask: Ask, limit: int) -> list[int]:
        """In order as long as that brings enough of them; what is rare is picked out by GIN."""
        found: list[int] = []
        read, rows = 0, _WINDOW
        while read + rows <= _MOST_ROWS:
            found += self._among(session, ask, rows, limit - len(found))
            end = self._end(session, ask, rows) if len(found) < limit else None
            if end is None:
                return found
            ask, read = replace(ask, after=end), read + rows
            rows = max(_WINDOW, int(1.3 * read * (limit - len(found)) / max(len(found), 0.5)))
        return found + self._picked(session, ask, limit - len(found))

    def _end(self, session: Session, ask: Ask, rows: int) -> int | None:
        """The place of the last of so many rows in order; None where there are not so many."""
        statement = (
            f"SELECT place FROM ({_rows(self.name, ask, 'place')}) AS walked ORDER BY place OFFSET :before_it LIMIT 1"  # noqa: S608
        )
        values = {"after": ask.after, "before": ask.before, "rows": rows, "before_it": rows - 1}
        end: int | None = session.scalar(text(statement), values)
        return end

    def _among(self, session: Session, ask: Ask, rows: int, limit: int) -> list[int]:
        """The matches among so many rows in order. No row is read behind the last match that is wanted."""
        says, values = _says(ask)
        walked = _rows(self.name, ask, "place, said")
        statement = f"SELECT place FROM ({walked}) AS walked WHERE {says} ORDER BY place LIMIT :limit"  # noqa: S608
        values |= {"after": ask.after, "before": ask.before, "rows": rows, "limit": limit}
        return list(session.scalars(text(statement), values).all())

    def _picked(self, session: Session, ask: Ask, limit: int) -> list[int]:
        """OFFSET 0 keeps the planner from walking after all."""
        says, values = _says(ask)
        terms = sorted({term for phrase in ask.phrases for part in _wanted(phrase) for term in part})
        values |= {f"w{team}": [f"{team}{BORDER}{term}" for term in terms] for team in ask.teams}
        any_team = " OR ".join(f"{_WORDS} @> CAST(:w{team} AS text[])" for team in ask.teams)
        statement = (
            f"SELECT place FROM (SELECT place FROM {self.name} WHERE ({any_team}) "  # noqa: S608
            f"AND place > :after AND place < :before AND {says} OFFSET 0) AS found ORDER BY place LIMIT :limit"
        )
        values |= {"after": ask.after, "before": ask.before, "limit": limit}
        return list(session.scalars(text(statement), values).all())


def _rows(name: str, ask: Ask, columns: str) -> str:
    """Rows of all teams in the order of places: each team's are in order in the key, and PostgreSQL merges them as it goes.

    The limit on each team keeps the planner from sorting all of them.
    """
    span = "place > :after AND place < :before ORDER BY place LIMIT :rows"
    of_team = f"(SELECT {columns} FROM {name} WHERE team = {{}} AND {span})"  # noqa: S608
    every = " UNION ALL ".join(of_team.format(int(team)) for team in ask.teams)
    return f"SELECT {columns} FROM ({every}) AS every ORDER BY place LIMIT :rows"  # noqa: S608


def _says(ask: Ask) -> tuple[str, dict[str, object]]:
    """The phrases as they stand in the text. Bytes are compared: no locale takes part."""
    values: dict[str, object] = {f"p{n}": f" {' '.join(phrase)} " for n, phrase in enumerate(ask.phrases)}
    return " AND ".join(f"strpos(said, CAST(:{name} AS text)) > 0" for name in values), values


def _wanted(phrase: Phrase) -> list[Phrase]:
    """A phrase as what is looked up: of Chinese its pairs alone, of a mixture the words and the pairs."""
    runs = list(pairs(phrase))
    if len(runs) == 1 and len(runs[0]) == len(phrase) - 1:
        return runs
    return [phrase, *runs]


def _match(ask: Ask) -> str:
    wanted = [part for phrase in ask.phrases for part in _wanted(phrase)]
    return " OR ".join(f"({' AND '.join(_quoted(team, part) for part in wanted)})" for team in ask.teams)


def _quoted(team: int, part: Phrase) -> str:
    return f'"{_plain_words(team, part)}"'


def _plain_row(one: Entry) -> dict[str, object]:
    # A border after each run, or two runs would be one.
    runs = [word for run in one.pairs for word in (*run, BORDER)]
    return {"place": one.place, "words": _plain_words(one.team, (*one.words, *runs))}


def _plain_words(team: int, words: Sequence[str]) -> str:
    prefix = f"{team}{BORDER}"
    return prefix + f" {prefix}".join(map(_plain, words)) if words else ""


def _row(one: Entry) -> dict[str, object]:
    pairs_of = dict.fromkeys(pair for run in one.pairs for pair in run)
    return {"team": one.team, "place": one.place, "said": f" {' '.join(one.words)} ", "pairs": " ".join(pairs_of)}


@lru_cache(maxsize=1 << 16)
def _plain(token: str) -> str:
    """A token that FTS5 takes for one word: its tables are of Unicode 6.1, and what came later is written as numbers."""
    if _COMMON.fullmatch(token):
        return token
    return "".join(sign if _is_old(sign) else f"{BORDER}{ord(sign):x}{BORDER}" for sign in token)


def _is_old(sign: str) -> bool:
    return unicodedata.ucd_3_2_0.category(sign)[0] in "LN" or sign == BORDER


def _is_sqlite(session: Session | Connection) -> bool:
    bind = session.get_bind() if isinstance(session, Session) else session
    return bind.dialect.name == "sqlite"
