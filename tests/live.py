"""Room: tests.live. A whole house as a person starts it: `nas-asr up` in a directory of its own, asked over HTTP."""

import http.cookiejar
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")
PASSWORD = "correct horse battery"
SAMPLE = Path(__file__).parent / "sample" / "meeting.flac"
BUSY = 3  # times slower than an idle machine is one that runs four tests at once on two cores


def wait_for(what: Callable[[], T | None], seconds: float, tell: str) -> T:
    """Ask until the answer is true; fails with `tell` after three times the seconds that it may take on an idle machine.

    For what has to come; a promise of how soon is measured by the test that makes it.
    """
    seconds *= BUSY
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        answer = what()
        if answer:
            return answer
        time.sleep(0.1)
    raise AssertionError(f"after {seconds:.0f} s still not: {tell}")


@dataclass
class Answer:
    """What came back over HTTP."""

    status: int
    body: bytes
    headers: dict[str, str]

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass
class Browser:
    """A person without a screen: cookies, forms with their CSRF token, pages as text."""

    base: str
    jar: http.cookiejar.CookieJar = field(default_factory=http.cookiejar.CookieJar)

    def get(self, path: str, **headers: str) -> Answer:
        """One GET; redirects are followed, errors are answers."""
        return self._send(urllib.request.Request(self.base + path, headers=headers))

    def post(self, path: str, form_page: str, **fields: str) -> Answer:
        """Fill the form on a page and send it."""
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', self.get(form_page).text)
        assert token, f"no form on {form_page}"
        content = urllib.parse.urlencode({**fields, "csrf_token": token.group(1)}).encode()
        request = urllib.request.Request(self.base + path, data=content, headers={"Referer": self.base + form_page})
        return self._send(request)

    def _send(self, request: urllib.request.Request) -> Answer:
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar))
        try:
            with opener.open(request, timeout=60) as answer:
                return Answer(answer.status, answer.read(), dict(answer.headers))
        except urllib.error.HTTPError as error:
            return Answer(error.code, error.read(), dict(error.headers))


@dataclass
class Live:
    """A running house."""

    data: Path
    port: int
    process: "subprocess.Popen[bytes]"
    environ: dict[str, str]

    @property
    def base(self) -> str:
        """Where its pages are."""
        return f"http://127.0.0.1:{self.port}"

    def run(self, *words: str, stdin: str = "") -> str:
        """A command of nas-asr beside the running house; its standard output."""
        done = subprocess.run(
            [sys.executable, "-m", "nas_asr", "--data", str(self.data), *words],
            input=stdin, text=True, capture_output=True, env=self.environ, timeout=180,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    def up(self) -> bool:
        """Whether the page answers."""
        try:
            return Browser(self.base).get("/healthz").status == 200
        except OSError:
            return False

    def family(self) -> list[int]:
        """Process ids of everything that was started for this data directory."""
        return [pid for pid, words in _processes() if str(self.data) in words]

    def family_of(self, word: str) -> list[int]:
        """Those whose command has the word."""
        return [pid for pid, words in _processes() if str(self.data) in words and word in words]

    def started_by(self, word: str, module: str) -> list[int]:
        """Programs that run the module, started by those whose command has the word; they know nothing of the directory."""
        parents = self.family_of(word)
        return [pid for pid, words in _processes() if any(f" {module} {parent} " in f"{words} " for parent in parents)]

    def words(self) -> dict[int, str]:
        """All of them with their command, for a failing test's message."""
        return {pid: words for pid, words in _processes() if str(self.data) in words}

    def logs(self) -> str:
        """The end of every log, for a failing test's message."""
        files = sorted((self.data / "logs").glob("*.log"))
        return "\n".join(f"--- {file.name}\n{file.read_text('utf-8', 'replace')[-2000:]}" for file in files)


@contextmanager
def living(data: Path, **settings: str) -> Iterator[Live]:
    """Start `nas-asr up --stage 1` on a free port and end it afterwards."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("NAS_ASR_")}
    environ = {**kept, "NAS_ASR_SETTLE_SECONDS": "1", "NAS_ASR_SCAN_SECONDS": "2", **settings}
    port = free_port()
    words = ["up", "--stage", "1", "--data", str(data), "--port", str(port)]
    with (data.parent / "up.log").open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "nas_asr", *words],
            stdout=output,
            stderr=output,
            stdin=subprocess.DEVNULL,
            env=environ,
        )
    live = Live(data, port, process, environ)
    try:
        wait_for(lambda: live.up() or process.poll() is not None, 60, "the page answers")
        assert process.poll() is None, (data.parent / "up.log").read_text()
        yield live
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.wait(40)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _processes() -> Iterator[tuple[int, str]]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                # A zombie has an empty command line: it is over, only its parent has not asked yet.
                yield int(entry.name), (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
            except OSError:
                continue
