"""Room: bench.footprint. How long `nas-asr up` takes to the page, how long a drop takes to its text, and what each process holds.

Memory is RSS (counts shared pages in each process) and PSS (shares them out), in MB, idle and after one transcription.
Run with `--json` for one JSON object as the last line, `--quick` for a single start.
"""

import argparse
import json
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.live import PASSWORD, SAMPLE, Browser, Live, living, wait_for

_PARTS = {
    "redis-server": "redis",
    " web ": "web",
    " watch": "watcher",
    " work": "worker",
    "worker.": "worker child",
    " up ": "up",
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    parser.add_argument("--quick", action="store_true", help="one start instead of five")
    words = parser.parse_args()
    figures = measure(starts=1 if words.quick else 5)
    for name, value in figures.items():
        print(f"{name:28} {value}")
    if words.json:
        print(json.dumps(figures))


def measure(starts: int) -> dict[str, object]:
    """Start the same house several times; use the last one."""
    with tempfile.TemporaryDirectory() as place:
        data = Path(place) / "data"
        seconds = []
        for turn in range(starts + 1):  # the first one makes the database
            began = time.monotonic()
            with living(data) as live:
                seconds.append(time.monotonic() - began)
                if turn == starts:
                    used = _use(live)
        return {"first_start_s": round(seconds[0], 1), "next_start_s": round(statistics.median(seconds[1:]), 1), **used}


def _use(live: Live) -> dict[str, object]:
    live.run("user", "add", "ada", "--password-stdin", stdin=PASSWORD)
    live.run("team", "add", "choir")
    live.run("member", "add", "choir", "ada", "--role", "manager")
    share = live.data.parent / "share"
    share.mkdir()
    live.run("folder", "add", "choir", str(share), "--language", "en")
    browser = Browser(live.base)
    browser.post("/login", "/login", name="ada", password=PASSWORD)
    wait_for(lambda: browser.get("/readyz").status == 200, 60, "a worker is ready")
    idle = _memory(live)
    shutil.copy(SAMPLE, share / "meeting.flac")
    dropped = time.monotonic()
    wait_for(lambda: browser.get("/api/v1/recordings").json["items"], 60, "it is listed")
    listed = time.monotonic() - dropped
    wait_for(lambda: browser.get("/api/v1/recordings?state=done").json["items"], 120, "it is done")
    done = time.monotonic() - dropped
    return {
        "drop_to_listed_s": round(listed, 1),
        "settle_s": 1,
        "drop_to_done_s": round(done, 1),
        "sample_s": 43,
        "idle_mb": idle,
        "after_one_mb": _memory(live),
    }


def _memory(live: Live) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for pid, words in live.words().items():
        part = next((name for sign, name in _PARTS.items() if sign in f"{words} "), "other")
        try:
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            continue
        sizes = {line.split(":")[0]: int(line.split()[1]) for line in rollup.splitlines()[1:]}
        entry = found.setdefault(part, {"rss": 0, "pss": 0})
        entry["rss"] += round(sizes["Rss"] / 1024)
        entry["pss"] += round(sizes["Pss"] / 1024)
    return found


if __name__ == "__main__":
    main()
