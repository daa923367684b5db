"""Room: bench.flood. Thousands of files at once: what the watcher missed or took half, and what events alone would have caught.

The real watcher in its own process, real files, a real database. Beside it a plain watchdog handler, never stopped, counts
what it is told of. `--quick` takes about 500 files with media's real probe, the whole run 30,200 with one that opens nothing.
`--json` prints one object as the last line.
"""

import argparse
import json
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from watchdog.events import FileClosedEvent, FileCreatedEvent, FileMovedEvent, FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer

from nas_asr.core.ports import SilentQueue
from nas_asr.services.base import House
from nas_asr.settings import Settings
from nas_asr.store.database import Database
from nas_asr.store.schema import migrate
from tests.cast import make_cast, make_folder
from tests.watcher.flood import Drops, paused, seen, taken, taken_half, watching

_SETTLE_S = 5.0
_PAUSE_S = 2.0
_PATIENCE_S = 1800.0


class Ear(FileSystemEventHandler):
    """What somebody who trusts events would know: files that were created or moved in, and those that were closed."""

    def __init__(self) -> None:
        self.created: set[str] = set()
        self.closed: set[str] = set()

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Remember the file."""
        if isinstance(event, FileCreatedEvent):
            self.created.add(str(event.src_path))
        elif isinstance(event, FileMovedEvent):
            self.created.add(str(event.dest_path))
        elif isinstance(event, FileClosedEvent):
            self.closed.add(str(event.src_path))


@dataclass
class Bench:
    """The house, the watched share, and who counts."""

    house: House
    drops: Drops
    total: int = 0

    def drop(self, files: int, how: Callable[[], object]) -> dict[str, object]:
        """One drop, until every file of it was taken."""
        ear, observer = Ear(), Observer()
        observer.schedule(ear, str(self.drops.share), recursive=True)
        observer.start()
        self.total += files
        began = time.monotonic()
        how()
        dropped = time.monotonic()
        lines = _until(lambda: seen(self.house) >= self.total)
        lines_s = time.monotonic() - dropped
        done = lines and _until(lambda: taken(self.house) >= self.total)
        taken_s = time.monotonic() - dropped
        observer.stop()
        observer.join()
        return {
            "files": files, "drop_s": round(dropped - began, 1), "last_line_after_s": round(lines_s, 1),
            "last_taken_after_s": round(taken_s, 1) if done else None, "missed": self.total - taken(self.house),
            "lines_too_many": max(0, seen(self.house) - self.total),
            "events_created": len(ear.created), "events_closed": len(ear.closed),
        }  # fmt: skip


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    parser.add_argument("--quick", action="store_true", help="about 500 files, with the real probe")
    words = parser.parse_args()
    figures = measure(40 if words.quick else 1, "real" if words.quick else "quick")
    for name, value in figures.items():
        print(f"{name:16} {value}", flush=True)
    if words.json:
        print(json.dumps(figures))


def measure(part: int, probe: str) -> dict[str, object]:
    """Every kind of flood, one after the other."""
    with tempfile.TemporaryDirectory() as place:
        data, share = Path(place) / "data", Path(place) / "share"
        data.mkdir()
        options = Settings(data=data, timezone="UTC", settle_seconds=_SETTLE_S, scan_seconds=30)
        house = House(db=Database(f"sqlite:///{data / 'nas_asr.sqlite3'}"), queue=SilentQueue(), options=options)
        migrate(house.db)
        make_folder(house.db, make_cast(house.db).choir, share)
        drops = Drops(share, Path(place))
        bench = Bench(house, drops)
        with watching(house, probe) as watcher:
            in_each = max(1, 25 // part)
            folders, trees = max(10, 200 // part), max(10, 100 // part)
            in_tree = max(1, 50 // part)
            flat, away, halves = 10_000 // part, 10_000 // part, 200 // part
            figures: dict[str, object] = {
                "settle_s": _SETTLE_S,
                "flat": bench.drop(flat, lambda: drops.flat(flat)),
                "nested": bench.drop(folders * in_each, lambda: drops.nested(folders, in_each, 100_000)),
                "moved": bench.drop(trees * in_tree, lambda: drops.moved(trees, in_tree, 200_000)),
                "paused": bench.drop(away, lambda: paused(watcher, lambda: drops.flat(away, 300_000))),
                "halves": bench.drop(halves, lambda: drops.halves(halves, 400_000, _PAUSE_S)),
            }
        figures["taken_half"] = taken_half(house)
        house.db.close()
        return figures


def _until(true: Callable[[], bool]) -> bool:
    end = time.monotonic() + _PATIENCE_S
    while time.monotonic() < end:
        if true():
            return True
        threading.Event().wait(0.2)
    return False


if __name__ == "__main__":
    main()
