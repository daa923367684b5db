"""Room: bench.stop. From the click on Stop to the page that says so, and to the worker that is free again.

    python bench/stop.py [--rounds 10] [--quick] [--json]

A real worker in its own programs, Redis, SQLite, the page's own route; once with a recogniser of the tests that listens as the
contract says (every half second or more often), once with one that listens to nobody and is ended with its program, and once
with the built-in engine on the project's sample.
"""

import argparse
import json
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from nas_asr.bootstrap import WORKER_FACTORY
from nas_asr.core.ids import new_id
from nas_asr.core.recording import RunState
from nas_asr.services.base import House
from nas_asr.settings import Settings
from nas_asr.store.database import Database
from nas_asr.store.schema import migrate
from nas_asr.web.app import WebSetup, create_app
from nas_asr.worker.room import Pace
from tests.cast import RememberingQueue, make_recording
from tests.live import SAMPLE, wait_for
from tests.web.conftest import SECRET, visitor
from tests.worker.rooms import FACTORY, Stage
from tests.worker.works import Works, works


class Plain(Stage):
    """What nas_asr's own factory is told."""

    def to_argument(self) -> str:
        """Where DATA is."""
        return self.data


@contextmanager
def at_work() -> Iterator[Works]:
    """A house of its own."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        data.mkdir()
        db = Database(f"sqlite:///{data / 'nas_asr.sqlite3'}")
        migrate(db)
        house = House(db, RememberingQueue(), Settings(data=data))
        with works(db, house, Path(folder) / "share") as shop:
            yield shop
        db.close()


def sample(shop: Works) -> str:
    """The project's sample, as a new recording."""
    name = f"{new_id()}.flac"
    shutil.copy(SAMPLE, shop.folder / name)
    place = {"folder_id": shop.folder_id, "raw_path": name.encode(), "path": name, "size_bytes": SAMPLE.stat().st_size}
    recording = make_recording(shop.house, shop.team, name, duration_ms=43_085, **place)
    shop.house.queue.ring(shop.run_of(recording).id, 43_085)
    return recording


def under_way(shop: Works, recording: str) -> None:
    """Wait until a worker is at it."""
    wait_for(lambda: shop.run_of(recording).state == RunState.TRANSCRIBING, 60, "it is under way")


def stops(shop: Works, make: Callable[[], str], rounds: int) -> dict[str, float]:
    """Milliseconds until the page says stopped, and until the worker is at the next one: median and worst of all rounds."""
    bob = visitor(create_app(shop.house, WebSetup(secret_key=SECRET, max_upload_mb=1)), shop.people.bob)
    said, free = [], []
    recording = make()
    bob.get(f"/recordings/{recording}")
    for _ in range(rounds):
        under_way(shop, recording)
        time.sleep(1.2)  # in the middle of the engine's work
        following = make()
        began = time.perf_counter()
        bob.post(f"/recordings/{recording}/stop")
        assert '<span class="pill stopped">' in bob.get(f"/recordings/{recording}").text
        said.append(time.perf_counter() - began)
        under_way(shop, following)
        free.append(time.perf_counter() - began)
        assert (shop.run_of(recording).state, shop.versions(recording)) == (RunState.STOPPED, 0)
        recording = following
    figures = {"page_ms": said, "free_ms": free}
    return {
        f"{name}_{how}": round(which(seconds) * 1000)
        for name, seconds in figures.items()
        for how, which in (("median", statistics.median), ("worst", max))
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    rounds = 2 if given.quick else given.rounds
    found: dict[str, dict[str, float]] = {}
    for name, text in (("listens", "a long talk"), ("deaf", "deaf as a post")):
        with at_work() as shop:
            shop.start_worker(factory=FACTORY, pace=Pace())
            shop.hold()
            found[name] = stops(shop, partial(shop.record, text), 2 if name == "deaf" else rounds)
    with at_work() as shop:
        shop.stage = Plain(**asdict(shop.stage))
        shop.start_worker(factory=WORKER_FACTORY, pace=Pace())
        found["built_in"] = stops(shop, partial(sample, shop), rounds)
    if not given.json:
        for name, figures in found.items():
            print(f"{name:10}", ", ".join(f"{what} {value:.0f}" for what, value in figures.items()))
    print(json.dumps({"bench": "stop", "rounds": rounds, **found}))


if __name__ == "__main__":
    main()
