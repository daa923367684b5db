"""Room: tests.browser.conftest. A live server with a house that has something to show, and a browser that complains loudly."""

import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect, sync_playwright
from werkzeug.serving import make_server

from nas_asr.core.clock import utc_now
from nas_asr.core.recording import RunState
from nas_asr.services.accounts import set_password
from nas_asr.services.base import House
from nas_asr.settings import Settings
from nas_asr.store.database import Database
from nas_asr.store.models import Recording, Run, SegmentRow
from nas_asr.store.schema import migrate
from nas_asr.web.app import WebSetup, create_app
from tests.cast import Cast, RememberingQueue, make_cast, make_folder, make_recording, write_transcript

SAMPLE = Path(__file__).parents[1] / "sample" / "meeting.flac"
PASSWORD = "a sentence that is long enough"
PATIENCE_MS = 60_000  # for what has to come, on a machine with much else to do
expect.set_options(timeout=PATIENCE_MS)
SWITCHES = [
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--autoplay-policy=no-user-gesture-required",
]  # fmt: skip


@dataclass
class Live:
    """A server that runs, and what is in its house."""

    url: str
    house: House
    cast: Cast
    meeting: str
    chinese: str
    running: str

    def progress(self, value: float) -> None:
        """What the worker writes while it is at the running recording."""
        with self.house.db.write() as session:
            recording = session.get_one(Recording, self.running)
            run = session.get_one(Run, recording.run_id)
            run.state = recording.state = RunState.TRANSCRIBING
            run.progress, recording.changed_at = value, self.house.now()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, headless."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("no Chromium on this machine (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=SWITCHES)
        yield browser
        browser.close()


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    """The real application behind a real socket."""
    yield from open_house(tmp_path)


def open_house(tmp_path: Path) -> Iterator[Live]:
    """What the fixture gives, for those who share one house between tests."""
    db = Database(f"sqlite:///{tmp_path / 'nas_asr.sqlite3'}")
    migrate(db)
    options = Settings(data=tmp_path, timezone="Europe/Berlin")
    house = House(db=db, queue=RememberingQueue(), options=options, now=utc_now)
    cast = make_cast(db)
    set_password(house, None, "alice", PASSWORD)
    folder = make_folder(db, cast.choir, tmp_path / "share")
    shutil.copy(SAMPLE, tmp_path / "share" / "meeting.flac")
    meeting = make_recording(
        house, cast.choir, "Sales meeting", folder_id=folder, raw_path=b"meeting.flac", path="meeting.flac",
        container="flac", codec="flac", size_bytes=SAMPLE.stat().st_size,
    )  # fmt: skip
    write_transcript(
        house, meeting, [f"line {n} of the meeting" for n in range(19)] + ["we sold twenty five percent more"]
    )
    _write_differently(house, meeting)
    chinese = make_recording(
        house, cast.choir, "周例会", language="zh", folder_id=folder, raw_path=b"meeting.flac", path="meeting.flac",
        container="flac", size_bytes=SAMPLE.stat().st_size,
    )  # fmt: skip
    write_transcript(house, chinese, ["今天的会议主要讨论显存", "下周再开会"])
    running = make_recording(house, cast.choir, "Interview")
    app = create_app(house, WebSetup(secret_key="a key for tests, forty characters long", trusted_hosts=("127.0.0.1",)))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Live(f"http://127.0.0.1:{server.server_port}", house, cast, meeting, chinese, running)
    app.extensions["nas_asr_streams"].closing.set()
    server.shutdown()
    thread.join(10)
    db.close()


def _write_differently(house: House, recording_id: str) -> None:
    with house.db.write() as session:
        row = session.query(SegmentRow).filter_by(recording_id=recording_id, position=19).one()
        row.text = "we sold 25% more"


class Complaints:
    """What a browser says against a page: errors, refused by policy, requests to somebody else."""

    def __init__(self, page: Page, own: str) -> None:
        self.heard: list[str] = []
        self._own = urlsplit(own).netloc
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.heard.append(f"page error: {error}"))
        page.on("request", self._on_request)

    def _on_console(self, message: ConsoleMessage) -> None:
        # A page that is left ends what it had asked for; htmx reports that, and a failure it reports under a name of its own.
        if message.text.startswith(("htmx:sendAbort", "htmx:afterRequest")):
            return
        if message.type in ("error", "warning"):
            self.heard.append(f"{message.type}: {message.text} {message.location.get('url')}")

    def _on_request(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme in ("http", "https") and address.netloc != self._own:
            self.heard.append(f"asked somebody else: {request.url}")


@pytest.fixture
def context(chromium: Browser, live: Live, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    """A fresh browser profile; parametrize indirectly with Playwright's options for language, size or colours."""
    options = {"locale": "en-US", "viewport": {"width": 1280, "height": 800}} | getattr(request, "param", {})
    context = chromium.new_context(**options)
    context.set_default_timeout(PATIENCE_MS)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext, live: Live) -> Iterator[Page]:
    """A tab in which Alice is signed in; at the end the browser must have had nothing to complain about."""
    page = context.new_page()
    complaints = Complaints(page, live.url)
    page.goto(live.url + "/login")
    page.fill("#f-name", "alice")
    page.fill("#f-password", PASSWORD)
    page.click("button.primary")
    page.wait_for_selector("#library")
    page.wait_for_load_state()  # scripts listen from then on
    yield page
    assert complaints.heard == []
