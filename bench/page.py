"""Room: bench.page. A transcript of five hours in a browser: when the first text stands there, when all of it, how it scrolls.

    python bench/page.py [--quick] [--json]

The real application with SQLite behind a real socket, headless Chromium, 10,000 segments (1,000 with --quick), a phone's window
and a wide one; each page is opened at its beginning, in the middle, and at a word that stands in many places.
"""

import argparse
import json
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask
from playwright.sync_api import CDPSession, Page, sync_playwright
from werkzeug.serving import WSGIRequestHandler, make_server

sys.path.insert(0, str(Path(__file__).parents[1]))

from nas_asr.core.access import Viewer
from nas_asr.core.clock import utc_now
from nas_asr.core.ports import SilentQueue
from nas_asr.services.accounts import set_password
from nas_asr.services.base import House
from nas_asr.settings import Settings
from nas_asr.store.database import Database
from nas_asr.store.schema import migrate
from nas_asr.web.app import WebSetup, create_app
from tests.cast import make_cast, make_recording
from tests.long_meeting import waveform, write_meeting
from tests.web.conftest import SECRET, visitor

_PASSWORD = "a sentence that is long enough"
_STEP_MS = 1800
_WIDE = {"viewport": {"width": 1280, "height": 800}}
_PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
_WATCH = """window.long = []; new PerformanceObserver(list => window.long.push(...list.getEntries()
    .map(one => [one.startTime, one.duration]))).observe({ type: 'longtask', buffered: true });"""
_ALL_ROWS = """async () => { const { transcript } = await import('/static/recording/transcript.js');
    await transcript.whole; return performance.now() }"""
_SCROLL = """async () => { window.long = []; const frames = []; let last = performance.now();
    const end = last + 4000, far = document.documentElement.scrollHeight; window.scrollTo(0, 0);
    while (performance.now() < end) { await new Promise(requestAnimationFrame); const now = performance.now();
        frames.push(now - last); last = now; window.scrollBy(0, 400); }
    return { frames: frames.length, over_50_ms: frames.filter(ms => ms > 50).length, worst_ms: Math.round(Math.max(...frames)),
        long_tasks: window.long.length } }"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    parser.add_argument("--quick", action="store_true", help="1,000 segments instead of 10,000")
    words = parser.parse_args()
    segments = 1_000 if words.quick else 10_000
    figures: dict[str, object] = {"segments": segments}
    with tempfile.TemporaryDirectory() as place, _served(Path(place), segments) as (url, recording, asked):
        figures |= asked | _in_browser(f"{url}/recordings/{recording}", url, segments)
    for name, value in figures.items():
        print(f"{name:28} {value}")
    if words.json:
        print(json.dumps(figures))


@contextmanager
def _served(data: Path, segments: int) -> Iterator[tuple[str, str, dict[str, object]]]:
    db = Database(f"sqlite:///{data / 'nas_asr.sqlite3'}")
    migrate(db)
    house = House(db=db, queue=SilentQueue(), options=Settings(data=data), now=utc_now)
    cast = make_cast(db)
    recording = make_recording(house, cast.choir, "五小时的会议", language="zh")
    write_meeting(house, recording, segments, step_ms=_STEP_MS)
    app = create_app(house, WebSetup(secret_key=SECRET))
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Silent)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    asked = _asked(app, cast.alice, recording)
    set_password(house, None, "alice", _PASSWORD)  # ends the sessions that were planted
    yield f"http://127.0.0.1:{server.server_port}", recording, asked
    app.extensions["nas_asr_streams"].closing.set()
    server.shutdown()
    thread.join(10)
    db.close()


class _Silent(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing is told of a request."""


def _in_browser(page_url: str, url: str, segments: int) -> dict[str, object]:
    figures: dict[str, object] = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        for name, window in (("wide", _WIDE), ("phone", _PHONE)):
            context = browser.new_context(**window)
            context.add_init_script(_WATCH)
            page = context.new_page()
            page.route("**/waveform", lambda route: route.fulfill(json=waveform(segments * _STEP_MS)))
            _sign_in(page, url)
            work = context.new_cdp_session(page)
            work.send("Performance.enable", {"timeDomain": "threadTicks"})
            middle = segments * _STEP_MS // 2000
            for where, query in (("beginning", ""), ("middle", f"?t={middle}"), ("word", "?q=显存")):
                figures[f"{name}_{where}"] = _opened(page, work, page_url + query)
            before = _cpu_ms(work)
            figures[f"{name}_scrolling"] = page.evaluate(_SCROLL) | {"cpu_ms": _cpu_ms(work) - before}
            context.close()
        browser.close()
    return figures


def _sign_in(page: Page, url: str) -> None:
    page.goto(f"{url}/login")
    page.fill("#f-name", "alice")
    page.fill("#f-password", _PASSWORD)
    page.click("button.primary")
    page.wait_for_selector("#library")


def _asked(app: Flask, viewer: Viewer, recording: str) -> dict[str, object]:
    """What the server works for an answer, in its own processor time, and how much it sends."""
    address = f"/api/v1/recordings/{recording}/transcript"
    asked = {
        "page": f"/recordings/{recording}", "page_in_the_middle": f"/recordings/{recording}?t=9000",
        "page_at_a_word": f"/recordings/{recording}?q=显存", "text_as_json": f"{address}?words=false", "with_words": address,
    }  # fmt: skip
    figures: dict[str, object] = {}
    browser = visitor(app, viewer)
    for name, one in asked.items():
        took = []
        for _ in range(5):
            began = time.thread_time()
            body = browser.get(one).data
            took.append((time.thread_time() - began) * 1000)
        figures[f"server_{name}"] = {"cpu_ms": round(statistics.median(took)), "kB": len(body) // 1000}
    return figures


def _cpu_ms(work: CDPSession) -> int:
    """Processor time of the page's main thread since it was opened, which other work on the machine does not stretch."""
    metrics = {one["name"]: one["value"] for one in work.send("Performance.getMetrics")["metrics"]}
    seconds: float = metrics["TaskDuration"]
    return round(seconds * 1000)


def _opened(page: Page, work: CDPSession, address: str) -> dict[str, object]:
    page.goto(address, wait_until="commit")
    page.wait_for_selector(".segment")
    all_rows = page.evaluate(_ALL_ROWS)
    busy = _cpu_ms(work)  # it begins anew with each page
    seen = page.evaluate(
        """() => { const [paint] = performance.getEntriesByName('first-contentful-paint');
        const edges = document.querySelector('.segment.playing, mark.here')?.getBoundingClientRect();
        return { first_text_ms: Math.round(paint?.startTime ?? -1), rows: document.querySelectorAll('.segment').length,
        at_its_place: !edges || (edges.top >= 0 && edges.bottom <= innerHeight), long_tasks: window.long.length,
        longest_task_ms: Math.round(Math.max(0, ...window.long.map(one => one[1]))) } }"""
    )
    return {"all_rows_ms": round(all_rows), "cpu_ms": busy, **seen}


if __name__ == "__main__":
    main()
