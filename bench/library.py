"""Room: bench.library. How long the library's page takes with 100,000 recordings: as it opens, in every order, through filters.

The real application, called as a web server calls it (WSGI), on SQLite and on PostgreSQL where its programs are installed. Run
with `--json` for one JSON object as the last line, `--quick` for 5,000 recordings and few calls. `--url URL` fills that database
instead of one of its own, and keeps it: the next run with it only measures.
"""

import argparse
import gc
import json
import random
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path

from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench._stood import Spent, database, percentiles, put, tidy, timed
from nas_asr.core.access import Role, Viewer
from nas_asr.core.clock import utc_now
from nas_asr.core.ids import new_id
from nas_asr.core.ports import SilentQueue
from nas_asr.core.recording import RunState
from nas_asr.core.titles import name_key, title_key
from nas_asr.services.base import House
from nas_asr.services.listing import Sort, pulse
from nas_asr.services.sessions import Arrival, begin
from nas_asr.settings import Settings
from nas_asr.store.database import Database
from nas_asr.store.models import Folder, Member, Recording, RecordingSpeaker, Run, SegmentRow, TranscriptVersion, User
from nas_asr.store.scope import roles_of
from nas_asr.web.app import WebSetup, create_app
from tests.cast import START, make_cast
from tests.postgres import NoPostgres

_AT_ONCE = 5_000
_WORDS = ("budget", "interview", "weekly", "memo", "周例会", "访谈", "board", "phone", "lecture", "产品")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    parser.add_argument("--quick", action="store_true", help="5,000 recordings and 5 calls of each, not 100,000 and 20")
    parser.add_argument("--only", choices=("sqlite", "postgresql"), help="one of the two databases")
    parser.add_argument(
        "--url", default="", help="fill this database and keep it; one that is filled is measured as it is"
    )
    words = parser.parse_args()
    size, calls = (5_000, 5) if words.quick else (100_000, 20)
    figures: dict[str, object] = {"recordings": size, "calls": calls}
    kinds = ["sqlite" if words.url.startswith("sqlite") else "postgresql"] if words.url else ["sqlite", "postgresql"]
    for kind in kinds:
        if words.only in (None, kind):
            figures[kind] = _measured(kind, words.url, size, calls)
    if words.json:
        print(json.dumps(figures))


def _measured(kind: str, url: str, size: int, calls: int) -> Mapping[str, object] | str:
    try:
        with database(kind, url) as db:
            house = House(db, SilentQueue(), Settings(data=Path("/nowhere"), timezone="Europe/Berlin"), utc_now)
            if not _is_filled(db):
                began = time.monotonic()
                fill(db, size)
                print(f"{kind}: {size} recordings made in {time.monotonic() - began:.0f} s", flush=True)
            return ask(house, calls)
    except NoPostgres as why:
        return f"not measured: {why}"


def _is_filled(db: Database) -> bool:
    with db.read() as session:
        return session.scalar(select(Recording.id).limit(1)) is not None


def fill(db: Database, size: int) -> None:
    """Recordings of two teams of Alice's and of one that is not hers, with runs, versions and who speaks; a folder."""
    cast = make_cast(db)
    folder = Folder(id=new_id(), team_id=cast.choir, path="/nowhere/share", name="share", created_at=START)
    with db.write() as session:
        session.add(Member(team_id=cast.garden, user_id=cast.alice.user_id, role=Role.MEMBER, created_at=START))
        session.add(folder)
    dice = random.Random(1)
    whose = {"choir": cast.choir, "garden": cast.garden, "folder": folder.id, "author": cast.alice.user_id}
    for start in range(0, size, _AT_ONCE):
        with db.write() as session:
            _portion(session, whose, range(start, min(start + _AT_ONCE, size)), dice)
    tidy(db)


def _portion(session: Session, whose: Mapping[str, str], numbers: range, dice: random.Random) -> None:
    recordings, runs, versions, segments, speakers = [], [], [], [], []
    for number in numbers:
        ids = {"recording_id": new_id(), "team_id": whose["choir"] if number % 3 else whose["garden"]}
        run, version = new_id(), new_id()
        state = RunState.QUEUED if number % 997 == 0 else RunState.FAILED if number % 499 == 0 else RunState.DONE
        done = state is RunState.DONE
        title = f"{dice.choice(_WORDS)} {dice.choice(_WORDS)} {number}"
        path = f"{number % 50}/{title}.m4a"
        moment = START - timedelta(minutes=10 * number)
        length = dice.randrange(5_000, 7_200_000)
        recordings.append({
            "id": ids["recording_id"], "team_id": ids["team_id"], "folder_id": whose["folder"] if number % 3 else None,
            "raw_path": title.encode(), "path": path, "title": title, "title_key": title_key(title),
            "name_key": name_key(title, path), "size_bytes": length, "sha256": new_id() * 2, "duration_ms": length,
            "recorded_at": moment,
            "ingested_at": START - timedelta(minutes=dice.randrange(10_000_000)), "changed_at": moment, "state": state,
            "language": "ja" if number % 1009 == 0 else dice.choice(("zh", "en")), "run_id": run,
            "version": int(done), "author_id": None if number % 3 else whose["author"],
        })  # fmt: skip
        runs.append({
            **ids, "id": run, "state": state, "duration_ms": length, "created_at": moment, "started_at": moment,
            "ended_at": moment if done else None,
        })  # fmt: skip
        if done:
            versions.append(
                {**ids, "id": version, "number": 1, "run_id": run, "created_at": moment, "engine": "sphinx"}
            )
            segments += [
                {
                    **ids, "id": new_id(), "version_id": version, "position": place, "start_ms": 0, "end_ms": 1,
                    "speaker": f"Speaker {(number + place) % 40}" if number % 1013 else "Anna", "text": title, "spoken": title,
                }
                for place in range(2)
            ]  # fmt: skip
            speakers += [{**ids, "name": name} for name in {row["speaker"] for row in segments[-2:]}]
    put(session, Recording, recordings)
    for table, rows in (
        (Run, runs),
        (TranscriptVersion, versions),
        (SegmentRow, segments),
        (RecordingSpeaker, speakers),
    ):
        put(session, table, rows)


def ask(house: House, calls: int) -> Mapping[str, object]:
    """p50 and p95 in milliseconds of each address, and of the word that the live pages ask for every second."""
    with house.db.write() as session:
        alice = session.scalars(select(User).where(User.name == "alice")).one()
        viewer = Viewer(alice.id, alice.name, False, roles_of(session, alice))
        secret = begin(session, house, alice, Arrival())
        folder = session.scalars(select(Folder.id)).one()
    client = create_app(house, WebSetup(secret_key="a key for this measurement, forty signs")).test_client()
    gc.collect()
    gc.freeze()  # as web.server does
    with client.session_transaction() as cookie:
        cookie["_user_id"] = secret
    found: dict[str, Mapping[str, float]] = {}
    addresses = dict(_addresses(folder))
    second = client.get("/?sort=title").text.split("cursor=")[1].split('"')[0].replace("&amp;", "&")
    addresses["sort=title, page 2"] = f"cursor={second}"
    for name, query in addresses.items():
        looks = [timed(house.db, partial(_page, client, query))[0] for _ in range(calls + 1)]
        found[name] = _percentiles(name, looks[1:])
    looks = [timed(house.db, partial(pulse, house, viewer))[0] for _ in range(calls)]
    found["pulse"] = _percentiles("pulse", looks)
    worst = {f"worst_{name}": max(row[name] for row in found.values()) for name in ("p95_ms", "cpu_p95_ms")}
    print(
        f"worst p95 {worst['worst_p95_ms']} ms by the clock, {worst['worst_cpu_p95_ms']} ms of the processor",
        flush=True,
    )
    return {**found, **worst}


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


def _page(client: FlaskClient, query: str) -> None:
    answer = client.get(f"/?{query}", headers={"HX-Target": "library"})
    assert answer.status_code == 200, answer.text


def _percentiles(name: str, looks: Sequence[Spent]) -> Mapping[str, float]:
    told = percentiles(looks)
    print(f"  {name:24} clock p50 {told['p50_ms']:6.1f} p95 {told['p95_ms']:6.1f}  "
          f"cpu p50 {told['cpu_p50_ms']:6.1f} p95 {told['cpu_p95_ms']:6.1f} ms", flush=True)  # fmt: skip
    return told


if __name__ == "__main__":
    main()
