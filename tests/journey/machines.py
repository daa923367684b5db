"""Room: tests.journey.machines. Several machines in one: a DATA each; PostgreSQL, Redis and the audio are what they share."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from nas_asr.store.database import Database
from nas_asr.store.models import Recording, Run, TranscriptVersion
from tests.jobs.servers import network_redis
from tests.live import PASSWORD, SAMPLE, Browser, Live, free_port, living
from tests.postgres import Cluster, name_of, running

REDIS_PASSWORD = "a secret of the house"


@dataclass
class Site:
    """Machine A with pages, watcher, PostgreSQL and Redis; the others have workers only."""

    live: Live
    cluster: Cluster
    database: str
    folder: Path
    workers: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    def work(self, machine: str) -> "subprocess.Popen[bytes]":
        """Start the worker of another machine, or of A."""
        data = self.live.data if machine == "a" else self.live.data.parent / machine
        data.mkdir(exist_ok=True)
        command = [sys.executable, "-m", "nas_asr", "--data", str(data), "work", "--name", f"pc-{machine}"]
        with (self.live.data.parent / f"{machine}.log").open("ab") as log:
            worker = subprocess.Popen(
                command, env=self.live.environ, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        self.workers.append(worker)
        return worker

    def log(self, machine: str) -> str:
        """What the machine's worker said."""
        return (self.live.data.parent / f"{machine}.log").read_text("utf-8", "replace")

    def drop(self, name: str) -> None:
        """The sample under another name and with other bytes, so that it is a recording of its own."""
        part = self.folder / f".{name}.part"
        shutil.copy(SAMPLE, part)
        with part.open("ab") as file:
            file.write(name.encode())
        part.rename(self.folder / f"{name}.flac")

    def runs(self) -> dict[str, Run]:
        """The newest run of every recording, by its title."""
        db = Database(self.database)
        try:
            with db.read() as session:
                rows = session.execute(select(Recording.title, Run).join(Run, Run.id == Recording.run_id)).all()
                return {title: run for title, run in rows}
        finally:
            db.close()

    def versions(self) -> dict[str, int]:
        """How many transcripts each recording has."""
        db = Database(self.database)
        try:
            with db.read() as session:
                counted = select(Recording.title, func.count(TranscriptVersion.id)).outerjoin(TranscriptVersion)
                return {title: count for title, count in session.execute(counted.group_by(Recording.title))}
        finally:
            db.close()

    def told(self) -> str:
        """Everything that anybody wrote into a log, for a failing test's message and for what must not stand there."""
        home = self.live.data.parent
        return "\n".join(
            file.read_text("utf-8", "replace") for file in [*home.glob("*.log"), *home.glob("*/logs/*.log")]
        )


@contextmanager
def site(home: Path, **settings: Any) -> Iterator[Site]:
    """Machine A, with ada, a team and its English folder."""
    (home / "a").mkdir()
    (home / "redis").mkdir()
    with running(port=free_port()) as cluster, network_redis(home / "redis", REDIS_PASSWORD) as redis:
        name = name_of(cluster.new_database())
        address = {"NAS_ASR_DATABASE_URL": cluster.network_url(name), "NAS_ASR_REDIS_URL": redis}
        with living(home / "a" / "data", NAS_ASR_DEVICE="cpu", **address, **settings) as live:
            live.run("user", "add", "ada", "--admin", "--password-stdin", stdin=PASSWORD)
            live.run("team", "add", "choir")
            live.run("member", "add", "choir", "ada", "--role", "manager")
            (home / "share").mkdir()
            live.run("folder", "add", "choir", str(home / "share"), "--language", "en")
            made = Site(live, cluster, cluster.url(name), home / "share")
            try:
                yield made
            finally:
                for worker in made.workers:
                    if worker.poll() is None:
                        os.killpg(worker.pid, 9)
                    worker.wait()


def ada(made: Site) -> Browser:
    """Ada's browser."""
    browser = Browser(made.live.base)
    browser.post("/login", "/login", name="ada", password=PASSWORD)
    return browser
