"""Room: bench.search. A million segments of Chinese and English in eight teams: how long a search takes, beside LIKE.

Every answer is compared with a plain look through all texts: its count, and its first page one by one. Run with `--json` for
one JSON object as the last line, `--quick` for 20,000 segments, `--segments N` for N, `--only sqlite` (or postgresql) for one.
`--url URL` fills that database instead of one of its own and keeps it, so that the next run only asks; `--no-like`: without LIKE.
"""

import argparse
import json
import random
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import numpy as np
from sqlalchemy import insert, text

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench._stood import Spent, database, percentiles, put, tidy, timed
from nas_asr.core.access import Role, Viewer
from nas_asr.core.ports import SilentQueue
from nas_asr.core.recording import RunState
from nas_asr.core.search_text import parse_query, tokens
from nas_asr.services.base import House
from nas_asr.services.paging import PageOrder
from nas_asr.services.search import MOST_COUNTED, SearchOrder, search
from nas_asr.settings import Settings
from nas_asr.store.database import Database
from nas_asr.store.models import Folder, Recording, SegmentRow, Team, TranscriptVersion
from nas_asr.store.search_rebuild import rebuild

_KINDS = ("sqlite", "postgresql")
_TEAMS = 8
_IN_A_RECORDING = 400
_FOLDERS = 4  # of a team
_NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
_PAGE = 50
_PEOPLE = ("Anna", "张伟", "李娜", "Ben Schmidt", "王芳", "Rare Guest")
_CHINESE = [
    "的", "是", "了", "我", "不", "在", "有", "这个", "我们", "就", "也", "都", "一个", "他们", "会议", "项目",
    "什么", "没有", "可以", "大家", "时候", "问题", "现在", "然后", "已经", "需要", "觉得", "公司", "客户",
    "讨论", "预算", "下周", "时间", "数据", "系统", "服务器", "计划", "市场", "合同", "测试", "产品", "设计",
    "部门", "报告", "显存", "模型", "语音", "录音", "纪要", "张伟", "采购", "质量", "培训", "财务", "会计",
]  # fmt: skip
_ENGLISH = [
    "the", "and", "to", "of", "a", "in", "is", "that", "we", "it", "for", "you", "on", "this", "with", "are",
    "have", "be", "not", "they", "at", "so", "but", "do", "can", "will", "all", "what", "if", "about", "there",
    "out", "up", "time", "just", "people", "know", "get", "next", "week", "meeting", "budget", "project",
    "customer", "server", "report", "design", "quality", "GPU", "Kubernetes", "team", "plan",
]  # fmt: skip


@dataclass
class Corpus:
    """Texts, and what each was said in; segment i belongs to recording i // 400."""

    texts: list[str]
    said: list[str]
    speakers: list[str]
    recorded: list[datetime]
    seen: Counter[str] = field(default_factory=Counter)

    @property
    def recordings(self) -> int:
        """How many recordings there are."""
        return len(self.recorded)

    def team(self, recording: int) -> int:
        """Which team a recording belongs to."""
        return recording % _TEAMS

    def folder(self, recording: int) -> int:
        """Which folder of its team."""
        return recording // _TEAMS % _FOLDERS


@dataclass(frozen=True)
class Question:
    """A kind of search, and its words."""

    kind: str
    order: SearchOrder


@dataclass(frozen=True)
class Filled:
    """A database with the corpus in it. build_s: None where it was filled before."""

    house: House
    viewer: Viewer
    build_s: float | None
    sizes: dict[str, int]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    parser.add_argument("--quick", action="store_true", help="20,000 segments instead of a million")
    parser.add_argument("--segments", type=int, default=1_000_000, help="so many instead of a million")
    parser.add_argument("--only", choices=_KINDS, help="one database")
    parser.add_argument(
        "--url", default="", help="fill this database and keep it; one that is filled is asked as it is"
    )
    parser.add_argument("--no-like", action="store_true", help="without LIKE beside it")
    words = parser.parse_args()
    corpus = make_corpus(20_000 if words.quick else words.segments)
    asked = questions(corpus)
    rights = [right(corpus, question.order) for question in asked]
    figures: dict[str, object] = {
        "segments": len(corpus.texts),
        "letters": round(statistics.mean(map(len, corpus.texts)), 1),
    }
    kinds = ["sqlite" if words.url.startswith("sqlite") else "postgresql"] if words.url else _KINDS
    for kind in kinds:
        if words.only in (None, kind):
            with database(kind, words.url) as db:
                figures[kind] = measure(
                    _filled(db, corpus), list(zip(asked, rights, strict=True)), like=not words.no_like
                )
    if words.json:
        print(json.dumps(figures, ensure_ascii=False))


# -- what was said ------------------------------------------------------------------------------------------------------


def make_corpus(segments: int) -> Corpus:
    """Words by Zipf's law: a few are everywhere, most are rare. About 31 letters, two of three in Chinese."""
    dice = np.random.default_rng(6)
    chinese = _vocabulary(
        _CHINESE, (f"{chr(0x4E00 + a)}{chr(0x4E00 + b)}" for a, b in dice.integers(0, 3500, (30_000, 2)))
    )
    english = _vocabulary(_ENGLISH, ("".join(chr(97 + c) for c in row) for row in dice.integers(0, 26, (20_000, 7))))
    kinds = dice.choice(3, segments, p=[0.62, 0.25, 0.13])
    drawn = {id(words): iter(words[_zipf(dice, len(words), segments * 17)]) for words in (chinese, english)}

    def take(words: "np.ndarray[tuple[int], np.dtype[np.str_]]", count: int) -> list[str]:
        return [str(next(drawn[id(words)])) for _ in range(count)]

    texts = []
    for kind, length in zip(kinds, dice.integers(10, 23, segments), strict=True):
        if kind == 0:
            texts.append("".join(take(chinese, int(length))))
        elif kind == 1:
            texts.append(" ".join(take(english, int(length) // 2)))
        else:
            texts.append("".join(a + b for a, b in zip(take(chinese, 7), take(english, 2) + [""] * 5, strict=True)))
    said = [f" {' '.join(tokens(one))} " for one in texts]
    people = dice.choice(len(_PEOPLE), segments, p=[0.3, 0.25, 0.2, 0.15, 0.099, 0.001])
    recordings = -(-segments // _IN_A_RECORDING)
    recorded = [_NOW - timedelta(minutes=int(minutes)) for minutes in dice.integers(0, 3 * 365 * 24 * 60, recordings)]
    seen: Counter[str] = Counter(token for one in said for token in set(one.split()))
    return Corpus(texts, said, [_PEOPLE[one] for one in people], recorded, seen)


def _vocabulary(common: Sequence[str], rare: Iterator[str]) -> "np.ndarray[tuple[int], np.dtype[np.str_]]":
    return np.array([*common, *dict.fromkeys(rare)])


def _zipf(dice: np.random.Generator, words: int, count: int) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    weights = 1 / (np.arange(words) + 3.0)
    return np.searchsorted(np.cumsum(weights / weights.sum()), dice.random(count) * 0.999999)


def questions(corpus: Corpus) -> list[Question]:
    """Words of each kind, and the same with each filter."""
    dice = random.Random(6)
    words = sorted(corpus.seen)
    rare = [word for word in words if len(word) > 5 and 1 <= corpus.seen[word] <= 5]
    plain = {
        "one character, frequent": list("的是我不会"),
        "one character, rarer": [w for w, n in corpus.seen.items() if len(w) == 1 and n < len(corpus.texts) // 400][:8],
        "very frequent word": ["的", "the", "我们", "会议", "and"],
        "two frequent words": [
            "会议 预算",
            "the meeting",
            "我们 the",
            "项目 客户",
            "的 了",
            "GPU 显存",
            "server 服务器",
        ],
        "phrase": ['"the meeting"', "会议纪要", "GPU显存", '"of the"', "的会议", "不的是", '"the of and"'],
        "frequent with rare": [f"的 {word}" for word in dice.sample(rare, 5)],
        "rare word": dice.sample(rare, 12),
        "nowhere": ["zebrafish", "龘龘", "的 zebrafish"],
    }
    found = [Question(kind, SearchOrder(q)) for kind, queries in plain.items() for q in queries]
    some = [Question("", SearchOrder(q)) for q in ("的", "会议", "the meeting", "会议 预算", dice.choice(rare))]
    since, until = _NOW - timedelta(days=500), _NOW - timedelta(days=440)
    filters: dict[str, Callable[[SearchOrder], SearchOrder]] = {
        "in one team": lambda order: replace(order, team="t3"),
        "in one folder": lambda order: replace(order, folder="f3-1"),
        "of two months long ago": lambda order: replace(order, since=since, until=until),
        "by a frequent speaker": lambda order: replace(order, speaker="张伟"),
        "by a rare speaker": lambda order: replace(order, speaker="rare guest"),
    }
    return found + [Question(kind, narrow(one.order)) for kind, narrow in filters.items() for one in some]


def right(corpus: Corpus, order: SearchOrder) -> list[str]:
    """The hits by looking through everything, in the order in which they are shown; as many as anybody counts."""
    phrases = [f" {' '.join(phrase)} " for phrase in parse_query(order.q)]
    newest = sorted(range(corpus.recordings), key=lambda one: (corpus.recorded[one], one), reverse=True)
    hits: list[str] = []
    for recording in newest:
        if len(hits) > MOST_COUNTED:
            break
        if not _looked_into(corpus, order, recording):
            continue
        for i in range(recording * _IN_A_RECORDING, min((recording + 1) * _IN_A_RECORDING, len(corpus.texts))):
            said = corpus.said[i]
            if order.speaker in corpus.speakers[i].lower() and all(phrase in said for phrase in phrases):
                hits.append(f"s{i}")
    return hits


def _looked_into(corpus: Corpus, order: SearchOrder, recording: int) -> bool:
    team = corpus.team(recording)
    return (
        order.team in ("", f"t{team}")
        and order.folder in ("", f"f{team}-{corpus.folder(recording)}")
        and (order.since is None or corpus.recorded[recording] >= order.since)
        and (order.until is None or corpus.recorded[recording] < order.until)
    )


# -- the databases ------------------------------------------------------------------------------------------------------


def _filled(db: Database, corpus: Corpus) -> Filled:
    with db.read() as session:
        there = int(session.scalar(text("SELECT count(*) FROM segments")) or 0)
    if there not in (0, len(corpus.texts)):
        sys.exit(f"this database has {there:,} segments, not {len(corpus.texts):,}")
    built = None if there else _fill(db, corpus)
    viewer = Viewer("u", "viewer", False, {f"t{n}": Role.READER for n in range(_TEAMS)})
    return Filled(House(db=db, queue=SilentQueue(), options=Settings(data=Path("/nowhere"))), viewer, built, _sizes(db))


def _fill(db: Database, corpus: Corpus) -> float:
    """Put everything in, and build the index as an update does; returns how many seconds that took."""
    _put(db, corpus)
    with db.rebuild() as connection:
        for table in ("segment_index", "recording_index"):
            connection.exec_driver_sql(f"DROP TABLE {table}")
        for table in ("segment_places", "recording_places", "search_teams"):
            connection.exec_driver_sql(f"DELETE FROM {table}")
        began = time.monotonic()
        rebuild(connection)
    built = time.monotonic() - began
    tidy(db)
    return built


def _put(db: Database, corpus: Corpus) -> None:
    with db.write() as session:
        teams = [{"id": f"t{n}", "slug": f"t{n}", "name": f"Team {n}", "created_at": _NOW} for n in range(_TEAMS)]
        session.execute(insert(Team), teams)
        folders = [
            {"id": f"f{n}-{m}", "team_id": f"t{n}", "path": f"/{n}/{m}", "name": f"{m}", "created_at": _NOW}
            for n in range(_TEAMS)
            for m in range(_FOLDERS)
        ]
        session.execute(insert(Folder), folders)
        session.execute(insert(Recording), [_recording(corpus, n) for n in range(corpus.recordings)])
        session.execute(insert(TranscriptVersion), [
            {"id": f"v{n}", "recording_id": f"r{n}", "team_id": f"t{corpus.team(n)}", "number": 1, "created_at": _NOW}
            for n in range(corpus.recordings)
        ])  # fmt: skip
        for start in range(0, len(corpus.texts), 10_000):
            put(
                session, SegmentRow, [_segment(corpus, i) for i in range(start, min(start + 10_000, len(corpus.texts)))]
            )


def _recording(corpus: Corpus, n: int) -> dict[str, object]:
    team, at = corpus.team(n), corpus.recorded[n]
    return {
        "id": f"r{n}", "team_id": f"t{team}", "folder_id": f"f{team}-{corpus.folder(n)}", "raw_path": str(n).encode(),
        "path": f"{at:%Y}/会议 {n}.m4a", "title": f"会议 {n}", "size_bytes": 1, "sha256": f"{n:064}", "recorded_at": at,
        "ingested_at": _NOW, "changed_at": _NOW, "state": RunState.DONE, "version": 1,
    }  # fmt: skip


def _segment(corpus: Corpus, i: int) -> dict[str, object]:
    recording, position = divmod(i, _IN_A_RECORDING)
    said = corpus.texts[i]
    return {
        "id": f"s{i}", "version_id": f"v{recording}", "recording_id": f"r{recording}",
        "team_id": f"t{corpus.team(recording)}", "position": position, "start_ms": 4000 * position,
        "end_ms": 4000 * position + 3900, "speaker": corpus.speakers[i], "text": said, "spoken": said,
    }  # fmt: skip


def _sizes(db: Database) -> dict[str, int]:
    """Megabytes."""
    with db.engine.connect() as connection:
        if db.is_sqlite:
            statement = "SELECT sum(pgsize) FROM dbstat WHERE name LIKE :name"
            parts = {"index": "segment_index%", "places": "%segment_places%", "texts": "segments"}
        else:
            statement = (
                "SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relkind = 'r' AND relname LIKE :name"
            )
            parts = {"index": "segment_index", "places": "segment_places", "texts": "segments"}
        return {
            part: round(float(connection.scalar(text(statement), {"name": name})) / 1e6) for part, name in parts.items()
        }


# -- measuring ----------------------------------------------------------------------------------------------------------


def measure(filled: Filled, asked: Sequence[tuple[Question, list[str]]], *, like: bool) -> dict[str, object]:
    """Each question with its right answer three times: the first page, its next pages, and LIKE."""
    built = "built before" if filled.build_s is None else f"built in {filled.build_s:.0f} s"
    print(f"{filled.house.db.kind}: index {built}, MB: {filled.sizes}", flush=True)
    took: dict[str, dict[str, list[Spent]]] = {}
    wrong = 0
    for question, expected in asked:
        of_kind = took.setdefault(question.kind, {"first": [], "next": [], "like": []})
        if like and not of_kind["like"]:
            of_kind["like"] = [timed(filled.house.db, partial(by_like, filled, question.order))[0] for _ in range(2)]
        first, following, is_wrong = _asked(filled, question, expected)
        of_kind["first"] += first
        of_kind["next"] += following
        wrong += is_wrong
    by_kind = {kind: _told(kind, one) for kind, one in took.items()}
    every: dict[str, list[Spent]] = {"like": [one for kind in took.values() for one in kind["like"]], "next": []}
    every["first"] = [one for kind in took.values() for part in ("first", "next") for one in kind[part]]
    print("first and next pages together:")
    everything = _told("everything", every)
    print(f"  wrong answers: {wrong} of {len(asked)}", flush=True)
    return {
        "build_s": filled.build_s and round(filled.build_s, 1), "mb": filled.sizes, "wrong": wrong, "questions": len(asked),
        "everything": everything, "by_kind": by_kind,
    }  # fmt: skip


def _told(kind: str, took: Mapping[str, Sequence[Spent]]) -> dict[str, dict[str, float]]:
    """Milliseconds of the processor, and by the clock, of first pages, next pages and LIKE."""
    figures = {part: percentiles(spent) for part, spent in took.items() if spent}
    line = "  ".join(
        f"{part}: cpu p50 {one['cpu_p50_ms']:6.1f} p95 {one['cpu_p95_ms']:6.1f}, clock p95 {one['p95_ms']:6.1f}"
        for part, one in figures.items()
    )
    print(f"  {kind:24} {line}", flush=True)
    return figures


def _asked(filled: Filled, question: Question, expected: Sequence[str]) -> tuple[list[Spent], list[Spent], bool]:
    """What the first page spent, three times, and the next ones; and whether anything was wrong."""
    first, following = [], []
    for _ in range(3):
        spent, page = timed(
            filled.house.db, partial(search, filled.house, filled.viewer, question.order, PageOrder(_PAGE))
        )
        first.append(spent)
    found = [hit.segment_id for hit in page.items]
    counted = page.count.number if page.count else 0
    for _ in range(4):
        if page.next is None:
            break
        order = PageOrder(_PAGE, page.next)
        spent, page = timed(filled.house.db, partial(search, filled.house, filled.viewer, question.order, order))
        following.append(spent)
        found += [hit.segment_id for hit in page.items]
    wrong = found != expected[: len(found)] or counted != min(len(expected), MOST_COUNTED)
    wrong = wrong or (page.next is None and len(found) != len(expected))
    if wrong:
        print(f"WRONG: {question}: {counted} of {len(expected)}; {found[:3]}, not {expected[:3]}")
    return first, following, wrong


def by_like(filled: Filled, order: SearchOrder) -> int:
    """What a program without an index does: LIKE (ILIKE on PostgreSQL) over the text, newest first, a page of it."""
    how = "LIKE" if filled.house.db.is_sqlite else "ILIKE"
    words = order.q.replace('"', "") if '"' in order.q else None
    terms = [words] if words else order.q.split()
    said = " AND ".join(f"s.text {how} :w{n}" for n in range(len(terms)))
    statement = (
        f"SELECT s.id FROM segments s JOIN recordings r ON r.id = s.recording_id WHERE {said} "
        "AND (:team = '' OR r.team_id = :team) AND (:folder = '' OR r.folder_id = :folder) "
        "AND (:speaker = '' OR lower(s.speaker) = :speaker) ORDER BY r.recorded_at DESC, r.id DESC, s.start_ms LIMIT 50"
    )
    values = {f"w{n}": f"%{term}%" for n, term in enumerate(terms)}
    values |= {"team": order.team, "folder": order.folder, "speaker": order.speaker}
    with filled.house.db.read() as session:
        return len(session.execute(text(statement), values).all())


if __name__ == "__main__":
    main()
