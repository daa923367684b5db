"""Room: bench.library. How long the library's page takes with 100,000 recordings: as it opens, in every order, through filters.

The real application, called as a web server calls it (WSGI), on SQLite and on PostgreSQL where its programs are installed. Run
with `--json` for one JSON object as the last line, `--quick` for 5,000 recordings and few calls.
"""

import argparse
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from flask.testing import FlaskClient
from sqlalchemy import insert, text
from sqlalchemy.orm import Session

sys.path.insert(0, str(Path(__file__).parents[1]))

from nas_asr.core.access import Role, Viewer
from nas_asr.core.clock import utc_now
from nas_asr.core.ids import new_id
from nas_asr.core.ports import SilentQueue
from nas_asr.core.recording import RunState
from nas_asr.core.titles import name_key, title_key
from nas_asr.services.base import House
from nas_asr.services.listing import Sort, pulse
from nas_asr.settings import Settings
from nas_asr.store.database import Database
from nas_asr.store.models import Member, Recording, Run, SegmentRow, TranscriptVersion
from nas_asr.store.schema import migrate
from nas_asr.web.app import WebSetup, create_app
from tests.cast import START, Cast, make_cast, make_folder
from tests.postgres import NoPostgres, running

_AT_ONCE = 5_000
_WORDS = ("budget", "interview", "weekly", "memo", "周例会", "访谈", "board", "phone", "lecture", "产品")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    parser.add_argument("--quick", action="store_true", help="5,000 recordings and 5 calls of each, not 100,000 and 20")
    parser.add_argument("--only", choices=("sqlite", "postgresql"), help="one of the two databases")
    words = parser.parse_args()
    size, calls = (5_000, 5) if words.quick else (100_000, 20)
    figures: dict[str, object] = {"recordings": size, "calls": calls}
    for kind in ("sqlite", "postgresql"):
        if words.only in (None, kind):
            figures[kind] = _measured(kind, size, calls)
    if words.json:
        print(json.dumps(figures))


def _measured(kind: str, size: int, calls: int) -> Mapping[str, object] | str:
    try:
        with tempfile.TemporaryDirectory() as place, _database(kind, Path(place)) as db:
            migrate(db)
            house = House(db, SilentQueue(), Settings(data=Path(place), timezone="Europe/Berlin"), utc_now)
            cast = make_cast(db)
            began = time.monotonic()
            folder = fill(house, cast, Path(place), size)
            print(f"{kind}: {size} recordings made in {time.monotonic() - began:.0f} s", flush=True)
            return ask(house, cast, folder, calls)
    except NoPostgres as why:
        return f"not measured: {why}"


@contextmanager
def _database(kind: str, place: Path) -> Iterator[Database]:
    if kind == "sqlite":
        db = Database(f"sqlite:///{place / 'nas_asr.sqlite3'}")
        yield db
        db.close()
        return
    with running() as cluster:
        db = Database(cluster.new_database())
        yield db
        db.close()


def fill(house: House, cast: Cast, place: Path, size: int) -> str:
    """Recordings of two teams of Alice's and of one that is not hers, with runs, versions and who speaks; a folder's id."""
    folder = make_folder(house.db, cast.choir, place / "share")
    with house.db.write() as session:
        session.add(Member(team_id=cast.garden, user_id=cast.alice.user_id, role=Role.MEMBER, created_at=START))
    dice = random.Random(1)
    for start in range(0, size, _AT_ONCE):
        with house.db.write() as session:
            _portion(session, cast, folder, (range(start, min(start + _AT_ONCE, size)), dice))
    with house.db.write() as session:
        session.execute(text("ANALYZE"))
    return folder


def _portion(session: Session, cast: Cast, folder: str, what: tuple[range, random.Random]) -> None:
    numbers, dice = what
    recordings, runs, versions, segments = [], [], [], []
    for number in numbers:
        ids = {"recording_id": new_id(), "team_id": cast.choir if number % 3 else cast.garden}
        run, version = new_id(), new_id()
        state = RunState.QUEUED if number % 997 == 0 else RunState.FAILED if number % 499 == 0 else RunState.DONE
        done = state is RunState.DONE
        title = f"{dice.choice(_WORDS)} {dice.choice(_WORDS)} {number}"
        path = f"{number % 50}/{title}.m4a"
        moment = START - timedelta(minutes=10 * number)
        length = dice.randrange(5_000, 7_200_000)
        recordings.append({
            "id": ids["recording_id"], "team_id": ids["team_id"], "folder_id": folder if number % 3 else None,
            "raw_path": title.encode(), "path": path, "title": title, "title_key": title_key(title),
            "name_key": name_key(title, path), "size_bytes": length, "sha256": new_id() * 2, "duration_ms": length,
            "recorded_at": moment,
            "ingested_at": START - timedelta(minutes=dice.randrange(10_000_000)), "changed_at": moment, "state": state,
            "language": "ja" if number % 1009 == 0 else dice.choice(("zh", "en")), "run_id": run,
            "version": int(done), "author_id": None if number % 3 else cast.alice.user_id,
        })  # fmt: skip
        runs.append({
            **ids, "id": run, "state": state, "duration_ms": length, "created_at": moment, "started_at": moment,
            "ended_at": moment if done else None,
        })  # fmt: skip
        if done:
            versions.append({**ids, "id": version, "number": 1, "run_id": run, "created_at": moment, "engine": "sphinx"})
            segments += [
                {
                    **ids, "id": new_id(), "version_id": version, "position": place, "start_ms": 0, "end_ms": 1,
                    "speaker": f"Speaker {(number + place) % 40}" if number % 1013 else "Anna", "text": title, "spoken": title,
                }
                for place in range(2)
            ]  # fmt: skip
    for table, rows in ((Recording, recordings), (Run, runs), (TranscriptVersion, versions), (SegmentRow, segments)):
        session.execute(insert(table), rows)


def ask(house: House, cast: Cast, folder: str, calls: int) -> Mapping[str, object]:
    """p50 and p95 in milliseconds of each address, and of the word that the live pages ask for every second."""
    alice = replace(cast.alice, roles={cast.choir: Role.MANAGER, cast.garden: Role.MEMBER})
    app = create_app(house, WebSetup(secret_key="a key for this measurement, forty signs"))
    client = app.test_client()
    with client.session_transaction() as session:
        session["_user_id"] = f"{alice.user_id}:1"
    found: dict[str, object] = {}
    for name, query in _addresses(folder).items():
        found[name] = _percentiles(name, [_page_ms(client, query) for _ in range(calls + 1)][1:])
    second = client.get("/?sort=title").text.split("cursor=")[1].split('"')[0].replace("&amp;", "&")
    found["sort=title, page 2"] = _percentiles(
        "sort=title, page 2", [_page_ms(client, f"cursor={second}") for _ in range(calls)]
    )
    found["pulse"] = _percentiles("pulse", [_pulse_ms(house, alice) for _ in range(calls)])
    pages = [row for row in found.values() if isinstance(row, dict)]
    found["worst_p95_ms"] = max(row["p95_ms"] for row in pages)
    print(f"worst p95 {found['worst_p95_ms']} ms", flush=True)
    return found


def _addresses(folder: str) -> Mapping[str, str]:
    narrow = {
        "team": "team=garden", "folder": f"folder={folder}", "state=failed": "state=failed", "state=done": "state=done",
        "from and to": "from=2026-01-01&to=2026-01-31", "rare day": "from=2026-01-05&to=2026-01-05", "length=60-": "length=60-",
        "language=zh": "language=zh", "language=ja (rare)": "language=ja", "person=alice": "person=alice",
        "person=Anna (rare)": "person=Anna", "person=Speaker 7": "person=Speaker+7", "q=budget": "q=budget",
        "q=nothing": "q=nowhere-to-be-found", "q=周例会": "q=%E5%91%A8%E4%BE%8B%E4%BC%9A",
        "rare, by length": "language=ja&sort=-length", "rare, by title": "person=Anna&sort=title",
    }  # fmt: skip
    return {"the page": "", **{f"sort={sort}": f"sort={sort}" for sort in Sort if sort != Sort.NEWEST}, **narrow}


_Took = tuple[float, float]  # milliseconds on the clock, and of the processor


def _page_ms(client: FlaskClient, query: str) -> _Took:
    began, worked = time.perf_counter(), time.thread_time()
    answer = client.get(f"/?{query}", headers={"HX-Target": "library"})
    assert answer.status_code == 200, answer.text
    return (time.perf_counter() - began) * 1000, (time.thread_time() - worked) * 1000


def _pulse_ms(house: House, viewer: Viewer) -> _Took:
    began, worked = time.perf_counter(), time.thread_time()
    pulse(house, viewer)
    return (time.perf_counter() - began) * 1000, (time.thread_time() - worked) * 1000


def _percentiles(name: str, took: list[_Took]) -> dict[str, float]:
    """Of the clock; the processor's time beside it says what a machine of its own would take (for SQLite: all of it)."""
    times = sorted(wall for wall, _ in took)
    told = {
        "p50_ms": statistics.median(times), "p95_ms": times[min(len(times) - 1, round(0.95 * len(times)))],
        "cpu_p50_ms": statistics.median(worked for _, worked in took),
    }  # fmt: skip
    rounded = {name: round(value, 1) for name, value in told.items()}
    print(f"  {name:24} p50 {told['p50_ms']:7.1f}  p95 {told['p95_ms']:7.1f}  cpu {told['cpu_p50_ms']:7.1f} ms", flush=True)
    return rounded


if __name__ == "__main__":
    main()
