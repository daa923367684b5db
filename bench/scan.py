"""Room: bench.scan. What a look at 100,000 unchanged files costs, beside a bare os.scandir and stat of the same tree.

The watcher's own rounds with a real database; the looks run in a process of their own, whose peak memory is told. Run with
`--json` for one JSON object as the last line, `--quick` for 5,000 files.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from nas_asr.core.ports import SilentQueue
from nas_asr.services.base import House
from nas_asr.services.folders import watched
from nas_asr.services.looks import known_files
from nas_asr.settings import Settings
from nas_asr.store.database import Database
from nas_asr.store.schema import migrate
from nas_asr.watcher.memory import Memory
from nas_asr.watcher.rounds import Rounds
from tests.cast import make_cast, make_folder

_IN_A_FOLDER = 500
_LOOKS = 5


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    parser.add_argument("--quick", action="store_true", help="5,000 files instead of 100,000")
    parser.add_argument("--looks", type=Path, help=argparse.SUPPRESS)
    words = parser.parse_args()
    if words.looks:
        print(json.dumps(look_again(words.looks)))
        return
    figures = measure(5_000 if words.quick else 100_000)
    for name, value in figures.items():
        print(f"{name:28} {value}")
    if words.json:
        print(json.dumps(figures))


def measure(files: int) -> dict[str, object]:
    """One tree, one first look, then looks at what did not change."""
    with tempfile.TemporaryDirectory() as place:
        data, share = Path(place) / "data", Path(place) / "share"
        data.mkdir()
        for number in range(files):
            folder = share / f"{number // _IN_A_FOLDER:04} of the archive"
            if number % _IN_A_FOLDER == 0:
                folder.mkdir(parents=True)
            (folder / f"2026-11-21 meeting {number:06}.txt").touch()
        house = _house(data)
        migrate(house.db)
        make_folder(house.db, make_cast(house.db).choir, share)
        began = time.monotonic()
        _rounds(house).turn(time.monotonic())
        first = time.monotonic() - began
        memory = _bytes_each(house, files)
        house.db.close()
        command = [sys.executable, __file__, "--looks", str(data)]
        looked = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        return {"files": files, "first_look_s": round(first, 1), "memory_bytes_per_file": memory, **looked}


def look_again(data: Path) -> dict[str, object]:
    """In a process that starts now: learn from the ledger, look, look again; a bare walk between the looks."""
    house = _house(data)
    rounds = _rounds(house)
    before = _peak_mb()
    began = time.monotonic()
    rounds.turn(began)
    start = time.monotonic() - began
    looks: list[tuple[float, float]] = []
    bare: list[tuple[float, float]] = []
    for turn in range(1, _LOOKS + 1):
        with _measured(bare):
            seen = _bare_walk(Path(rounds.folder.path))
        rounds.wake()
        with _measured(looks):
            rounds.turn(began + turn * 3600)  # an hour later by the rounds' clock: a look is due
    (look, look_cpu), (walk, walk_cpu) = _median(looks), _median(bare)
    return {
        "start_s": round(start, 2), "rescan_s": round(look, 3), "bare_walk_s": round(walk, 3), "bare_files": seen,
        "ratio_to_bare": round(look / walk, 2), "rescan_cpu_s": round(look_cpu, 3), "bare_walk_cpu_s": round(walk_cpu, 3),
        "peak_mb_before": before, "peak_mb": _peak_mb(),
    }  # fmt: skip


@contextmanager
def _measured(into: list[tuple[float, float]]) -> Iterator[None]:
    began = time.monotonic(), time.process_time()
    yield
    into.append((time.monotonic() - began[0], time.process_time() - began[1]))


def _median(times: list[tuple[float, float]]) -> tuple[float, float]:
    return statistics.median(wall for wall, _ in times), statistics.median(cpu for _, cpu in times)


def _bare_walk(folder: Path) -> int:
    seen = 0
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                seen += _bare_walk(Path(entry.path))
            else:
                entry.stat(follow_symlinks=False)
                seen += 1
    return seen


def _bytes_each(house: House, files: int) -> int:
    tracemalloc.start()
    memory = Memory()
    memory.learn(known_files(house, watched(house)[0].id))
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return round(size / files)


def _house(data: Path) -> House:
    options = Settings(data=data, timezone="UTC", settle_seconds=10, scan_seconds=30)
    return House(db=Database(f"sqlite:///{data / 'nas_asr.sqlite3'}"), queue=SilentQueue(), options=options)


def _rounds(house: House) -> Rounds:
    return Rounds(house, watched(house)[0], lambda _sighting, _told: None, lambda: None)


def _peak_mb() -> int:
    # Not getrusage's figure, which a child inherits from who started it
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) // 1024


if __name__ == "__main__":
    main()
