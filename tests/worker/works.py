"""Room: tests.worker.works. A house with a real Redis and workers in their own programs, that a test can harm."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from sqlalchemy import func, select

from nas_asr.core.recording import RunState
from nas_asr.jobs.embedded import EmbeddedRedis
from nas_asr.jobs.queue import RqQueue
from nas_asr.services.base import House
from nas_asr.services.leases import Leases
from nas_asr.services.sweep import SweepReport, sweep
from nas_asr.store.database import Database
from nas_asr.store.models import Heartbeat, Recording, Run, SegmentRow, TranscriptVersion
from nas_asr.worker.room import Pace
from tests.cast import Cast, make_cast, make_folder, make_recording
from tests.live import wait_for
from tests.worker.rooms import FACTORY, Stage

HURRY = Pace(lease_s=3.0, tick_s=0.1, beat_s=0.3, silence_s=5.0, patience_s=0.2, grace_s=1.0)


@dataclass
class Works:
    """The house, its Redis and its workers."""

    house: House
    redis: EmbeddedRedis
    stage: Stage
    team: str
    folder: Path
    folder_id: str
    people: Cast
    workers: list["subprocess.Popen[bytes]"] = field(default_factory=list)
    leases: Leases = field(default_factory=lambda: Leases(0.5))

    # -- doing ----------------------------------------------------------------------------------------------------

    def record(self, text: str, **fields: object) -> str:
        """A file in the folder, its queued recording, and the ring after it. Returns the recording's id."""
        name = f"{len(list(self.folder.iterdir()))}.txt"
        (self.folder / name).write_text(text)
        size = len(text.encode())
        place = {"folder_id": self.folder_id, "raw_path": name.encode(), "path": name, "size_bytes": size}
        recording_id = make_recording(self.house, self.team, name, **{**place, **fields})
        self.house.queue.ring(self.run_of(recording_id).id, 40_000)
        return recording_id

    def name_engine(self, recording_id: str, engine: str) -> None:
        """The recording's run asks for this engine, as one from a folder with an engine of its own does."""
        with self.house.db.write() as session:
            session.get_one(Run, session.get_one(Recording, recording_id).run_id).engine = engine

    def start_worker(
        self, name: str = "one", factory: str = FACTORY, pace: Pace = HURRY, queue_url: str = ""
    ) -> "subprocess.Popen[bytes]":
        """Another worker; its words go to worker.log."""
        words = {
            "parent": os.getpid(), "database": self.stage.database, "data": self.stage.data,
            "queue_url": queue_url or self.redis.url, "factory": factory, "argument": self.stage.to_argument(), "name": name,
            "pace": asdict(pace),
        }  # fmt: skip
        with (Path(self.stage.data) / "worker.log").open("ab") as log:
            worker = subprocess.Popen(
                [sys.executable, "-m", "tests.worker.program", json.dumps(words)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=Path(__file__).parents[2],
            )  # fmt: skip
        self.workers.append(worker)
        return worker

    def hold(self) -> None:
        """From now on the parrot does not come to an end."""
        Path(self.stage.hold).touch()

    def let_go(self) -> None:
        """It may."""
        Path(self.stage.hold).unlink()

    def sweep(self) -> SweepReport:
        """One sweep, as the watcher does it every few seconds."""
        return sweep(self.house, self.leases.look(self.house, time.monotonic()))

    # -- seeing ---------------------------------------------------------------------------------------------------

    def run_of(self, recording_id: str) -> Run:
        """The recording's newest run."""
        with self.house.db.read() as session:
            run = session.get_one(Run, session.get_one(Recording, recording_id).run_id)
            session.expunge(run)
            return run

    def starts(self) -> list[int]:
        """The numbers of the children that started to work, in order."""
        diary = Path(self.stage.diary)
        return [int(line.split()[0]) for line in diary.read_text().splitlines()] if diary.exists() else []

    def until_started(self, times: int = 1) -> int:
        """Wait until the engine was started so often; the number of the child that did it last."""
        wait_for(lambda: len(self.starts()) >= times, 20, f"{times} starts")
        return self.starts()[-1]

    def until(self, recording_id: str, state: RunState, seconds: float = 20) -> Run:
        """Wait until the recording's run is in the state, sweeping meanwhile as the house does."""

        def there() -> bool:
            self.sweep()
            return self.run_of(recording_id).state == state

        wait_for(there, seconds, str(state))
        return self.run_of(recording_id)

    def until_warm(self, state: str = "idle") -> Heartbeat:
        """Wait until a worker says that it is in the state."""

        def beat() -> Heartbeat | None:
            with self.house.db.read() as session:
                beats = session.scalars(select(Heartbeat)).all()
                session.expunge_all()
            return next((beat for beat in beats if beat.detail["state"] == state), None)

        return wait_for(beat, 20, f"a worker is {state}")

    def assert_done_once(self, recording_id: str, text: str) -> None:
        """The recording can be read, and there is one of everything."""
        with self.house.db.read() as session:
            recording = session.get_one(Recording, recording_id)
            assert (recording.state, recording.version) == (RunState.DONE, 1)
            versions = select(func.count()).where(TranscriptVersion.recording_id == recording_id)
            assert session.scalar(versions) == 1
            rows = session.scalars(select(SegmentRow).where(SegmentRow.recording_id == recording_id)).all()
            assert [row.text for row in rows] == [text]

    def versions(self, recording_id: str) -> int:
        """How many transcripts it has."""
        with self.house.db.read() as session:
            of_it = TranscriptVersion.recording_id == recording_id
            return session.scalar(select(func.count()).select_from(TranscriptVersion).where(of_it)) or 0

    def is_warm(self, name: str) -> bool:
        """Whether this worker says that it is ready."""
        with self.house.db.read() as session:
            found = session.get(Heartbeat, name)
            return found is not None and found.detail.get("state") == "idle"

    def log(self) -> str:
        """What the workers said."""
        path = Path(self.stage.data) / "worker.log"
        return path.read_text("utf-8", "replace")[-4000:] if path.exists() else ""


@contextmanager
def works(db: Database, house: House, folder: Path) -> Iterator[Works]:
    """A house at work; everything is ended afterwards."""
    data = house.options.data
    redis = EmbeddedRedis(data)
    redis.start()
    redis.wait_ready()
    live = House(db, RqQueue(redis.url), house.options)
    people = make_cast(db)
    team = people.choir
    stage = Stage(str(data), db.url, str(data / "hold"), str(data / "diary"))
    shop = Works(live, redis, stage, team, folder, make_folder(db, team, folder), people)
    try:
        yield shop
    finally:
        for worker in shop.workers:
            worker.kill()
            worker.wait()
        redis.stop()
        print(shop.log())  # pytest shows it where the test failed


def kill(pid: int) -> None:
    """kill -9."""
    os.kill(pid, signal.SIGKILL)


def is_alive(pid: int) -> bool:
    """Whether a program with this number runs; one that is dead and not yet buried does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
