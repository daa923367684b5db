"""Room: tests.store.test_search_equal. The same words give the same hits, order and marks on both databases, in any locale."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, text

from nas_asr.core.search_text import parse_query, tokens
from nas_asr.services.base import House
from nas_asr.services.paging import PageOrder
from nas_asr.services.search import Hit, SearchOrder, search
from nas_asr.settings import Settings
from nas_asr.store import search as index
from nas_asr.store import word_index
from nas_asr.store.database import Database
from nas_asr.store.models import SegmentRow
from nas_asr.store.schema import migrate
from tests.cast import START, Cast, RememberingQueue, make_cast, make_recording, write_transcript
from tests.postgres import Cluster

pytestmark = pytest.mark.postgres

_UTF8 = "ENCODING 'UTF8' TEMPLATE template0"
LOCALES = {
    "C": f"{_UTF8} LOCALE 'C'",
    "C.UTF-8": f"{_UTF8} LOCALE 'C.UTF-8'",
    "zh": f"{_UTF8} LOCALE 'C.UTF-8' LOCALE_PROVIDER icu ICU_LOCALE 'zh-Hans-CN'",
    "en": f"{_UTF8} LOCALE 'C.UTF-8' LOCALE_PROVIDER icu ICU_LOCALE 'en-US'",
}
_HAN = "会议纪要显存不足下周三的预算讨论二〇二六年𠮷野家㐂"
_WORDS = [
    "budget",
    "GPU",
    "Budget",
    "2GB",
    "200",
    "3.14",
    "1e5",
    "e2e",
    "don't",
    "a@b.c",
    "https://x.y/z?q=1",
    "Straße",
    "naïve",
]
_SIGNS = "🎉 ⅷ ٣ ﬁ ① ½ 한글 カタカナ ёлка ไทย नमस्ते Ꭰ 𞤀 \u0301 ª ' \\ & | ! : () *"
_ODD = _SIGNS.split(" ")
_LINES = [
    "we said: don't (never) use a & b | c ! d * e \\ f ' g \" h",
    "https://nas.example/a_b-c?d=e", "1,234.56 and -7 and 1e5x and 0x1f",
    "", "…", "🎉🎉 party 🎉", "x" * 3000, "y" * 499 + "z", "会" * 300 + "议", "the " * 300 + "end",
    " ".join(f"w{n}" for n in range(17_000)) + " far beyond the last place", "会议" * 9000 + "纪要",
]  # fmt: skip


@cache
def corpus() -> list[str]:
    """Several hundred sentences, the same in every run."""
    dice = random.Random(7)

    def sentence() -> str:
        parts = [dice.choice([dice.choice(_WORDS), "".join(dice.choices(_HAN, k=dice.randint(1, 6))), dice.choice(_ODD)])
                 for _ in range(dice.randint(1, 9))]  # fmt: skip
        return dice.choice([" ", "", ", "]).join(parts)

    return [*_LINES, *(sentence() for _ in range(400))]


@dataclass
class Home:
    """A house with the corpus in it."""

    house: House
    cast: Cast
    window: int = 2000
    most_rows: int = 60_000

    def hits(self, query: str) -> list[tuple[str, int, str, tuple[tuple[int, int], ...]]]:
        """All pages of what Bob finds, as far as it can be compared with another house."""
        word_index._WINDOW, word_index._MOST_ROWS = self.window, self.most_rows
        found: list[Hit] = []
        page = PageOrder(limit=150)
        while True:
            here = search(self.house, self.cast.bob, SearchOrder(query), page)
            found += here.items
            if here.next is None:
                return [(hit.title, hit.start_ms, hit.text, hit.highlights) for hit in found]
            page = replace(page, cursor=here.next)


def fill(db: Database, data: Settings) -> Home:
    """The same recordings, for two teams."""
    cast = make_cast(db)
    lines = corpus()
    for n, start in enumerate(range(0, len(lines), 20)):
        house = House(db, RememberingQueue(), data, lambda n=n: START + timedelta(minutes=n % 7, seconds=n))  # type: ignore[misc]
        for team in (cast.choir, cast.garden):
            write_transcript(house, make_recording(house, team, f"{n}"), lines[start : start + 20])
    return Home(House(db, RememberingQueue(), data), cast)


@pytest.fixture(scope="module")
def homes(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Home]]:
    """One on SQLite, and one for each locale on PostgreSQL."""
    data = Settings(data=tmp_path_factory.mktemp("equal"))
    urls = {"sqlite": f"sqlite:///{data.data / 'x.sqlite3'}"}
    urls |= {name: cluster.new_database(how) for name, how in LOCALES.items()}
    made = {name: Database(url) for name, url in urls.items()}
    for db in made.values():
        migrate(db)
    homes = {name: fill(db, data) for name, db in made.items()}
    # PostgreSQL finds in two ways: everything by walking, everything by its index, or the one after the other
    homes["zh"].most_rows = 0
    homes["en"].window, homes["en"].most_rows = 60, 150
    yield homes
    word_index._WINDOW, word_index._MOST_ROWS = 2000, 60_000
    for name, db in made.items():
        db.close()
        if name != "sqlite":
            cluster.drop(urls[name])


def same(homes: dict[str, Home], query: str) -> int:
    """Asks all of them, and looks through all sentences; the number of hits."""
    expected = homes["sqlite"].hits(query)
    phrases = parse_query(query)
    right = [line for line in corpus() if phrases and all(_says(line, phrase) for phrase in phrases)]
    assert sorted(text for _, _, text, _ in expected) == sorted(right), query
    for name, home in homes.items():
        assert home.hits(query) == expected, (name, query)
    return len(expected)


@pytest.mark.parametrize(
    "query",
    [
        *_WORDS, *_ODD, *"会议〇𠮷㐂a1", "会议", "纪要", "二〇二六", '"下周"', "会 议",
        "GPU 显存", "gpu显存", '"budget GPU"', "议纪",
        "x" * 3000, "x" * 500, "y" * 499 + "z", "y" * 499, "会" * 130, "会" * 300,
        "议会", "会议 纪要", "end the", "the end", "naive",
        '"the last place"', "w16999", '"w16998 w16999 far"', "w1 place", "words : budget", "bud*", "^we", "-7", "1e5x",
        "' & | ! : ( ) * \\", "a:* & !b", "NOT budget", "w1 OR nothing", "NEAR(w1 w2)", '"', "\\", "''", "%", "_",
    ],
)  # fmt: skip
def test_a_query_finds_the_same_everywhere(homes: dict[str, Home], query: str) -> None:
    found = same(homes, query)
    if parse_query(query) and query in (
        "budget",
        "会议",
        "议纪",
        '"the last place"',
        "w1 place",
        "x" * 3000,
        "𠮷",
        "〇",
        "𞤀",
    ):
        assert found


def test_what_a_text_says_is_found_by_its_own_words(homes: dict[str, Home]) -> None:
    for line in corpus()[12::9]:
        words = tokens(line)[:5]
        if words:
            assert same(homes, '"' + " ".join(words) + '"')


def _says(line: str, phrase: tuple[str, ...]) -> bool:
    said = _said(line)
    return any(said[i : i + len(phrase)] == phrase for i in range(len(said) - len(phrase) + 1))


@cache
def _said(line: str) -> tuple[str, ...]:
    return tuple(tokens(line))


_PARTS = st.sampled_from([*_HAN, *_WORDS, *_ODD, '"', " ", " ", "the", "end", "far"])


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(query=st.one_of(st.lists(_PARTS, min_size=1, max_size=6).map("".join), st.text(max_size=12)))
def test_any_query_finds_the_same_everywhere(homes: dict[str, Home], query: str) -> None:
    same(homes, query.replace("\0", ""))


def test_forgetting_a_long_segment_forgets_all_of_it(homes: dict[str, Home]) -> None:
    for home in homes.values():
        with home.house.db.write() as session:
            team = home.cast.garden
            ask = word_index.Ask(tuple(parse_query('"last place"')), index.team_numbers(session, [team]))
            (row,) = session.query(SegmentRow).filter(SegmentRow.team_id == team, SegmentRow.text.like("w0 w1 %"))
            (place,) = index.SEGMENTS.first(session, ask, 9)
            index.forget(session, [row])
            assert index.SEGMENTS.first(session, ask, 9) == []
            index.add(session, [row])
            assert index.SEGMENTS.first(session, ask, 9) == [place]


def test_the_index_is_used_for_what_is_rare(homes: dict[str, Home]) -> None:
    home = homes["C"]
    filling = (
        "INSERT INTO segment_index(team, place, said, pairs) "
        "SELECT :team, 10000000 + g, ' filling w' || g || ' ', '' FROM generate_series(1, 30000) g"
    )
    asked: list[tuple[str, Any]] = []

    def remember(_connection: object, _cursor: object, statement: str, values: object, *_rest: object) -> None:
        asked.append((statement, values))

    with home.house.db.write() as session:  # the planner reads a small table from end to end, and is right
        (team,) = index.team_numbers(session, [home.cast.garden])
        session.execute(text(filling), {"team": team})
        session.execute(text("ANALYZE segment_index"))
        event.listen(session.connection(), "before_cursor_execute", remember)
        index.SEGMENTS._picked(session, word_index.Ask(tuple(parse_query("会议 budget")), (team, team + 1)), 50)
        statement, values = asked[-1]
        plan = "\n".join(row[0] for row in session.connection().exec_driver_sql(f"EXPLAIN {statement}", values))
        session.rollback()
    assert plan.count("Bitmap Index Scan on ix_segment_index_words") == 2 and "Seq Scan" not in plan
