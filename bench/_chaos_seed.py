"""Room: bench._chaos_seed. One seed from its empty directory to its verdict: people drop, faults strike, everything drains."""

import http.client
import os
import random
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from bench._chaos_checks import Verdict, drained, judge
from bench._chaos_drops import Content, Droppers, Share
from bench._chaos_faults import Blow, Fault, Stage, faults
from bench._chaos_house import Household, Place, Tempo
from bench._chaos_strikes import Strike, Watchbook
from nas_asr import bootstrap
from nas_asr.core.access import Role, TokenScope
from nas_asr.core.errors import NasAsrError
from nas_asr.core.ports import SilentQueue
from nas_asr.core.recording import RunState
from nas_asr.services import recordings
from nas_asr.services.accounts import NewUser, create_user
from nas_asr.services.base import House
from nas_asr.services.folders import FolderOrder, add_folder
from nas_asr.services.teams import add_member, create_team
from nas_asr.services.tokens import NewToken, create_token
from nas_asr.settings import load_settings
from nas_asr.store.database import Database
from nas_asr.store.models import Folder, Heartbeat, Recording, Run

TEAMS = ("choir", "garden", "sales")
_FOLDERS_EACH = 2
_FIDDLES = 0.08  # moves and deletions for each drop
_TICK_S = 0.03
_AIM_S = 1.5  # so long a fault waits for work to be in flight
_READY_S = 120.0
_PASSING = ("worker_lost", "unreadable", "vanished", "storage_full", "internal")


@dataclass(frozen=True)
class Order:
    """What every seed does. strikes: how many faults; disk_mb: size of DATA's own file system, 0 for none."""

    jobs: int
    drops_a_second: float
    strikes: int
    kinds: tuple[str, ...]
    tempo: Tempo
    drain_s: float = 120.0
    disk_mb: int = 256


@dataclass
class Outcome:
    """What came of one seed."""

    seed: int
    verdict: Verdict
    strikes: list[Strike]
    drops: int
    contents: int
    runs: int
    executions: int
    asked_again: int  # visibly failed runs that a person then started again
    took_s: float
    drain_s: float
    did: dict[str, int]
    ended_alone: dict[str, int]
    not_here: dict[str, str] = field(default_factory=dict)


class Sender:
    """Somebody who sends recordings over the network, again with the same key until they are accepted."""

    def __init__(self, port: int, token: str, slugs: dict[str, str]) -> None:
        self._port, self._token, self._slugs = port, token, slugs
        self._waiting: SimpleQueue[tuple[Content, bytes]] = SimpleQueue()
        self._left = 0
        self._over = threading.Event()
        threading.Thread(target=self._work, daemon=True).start()

    @property
    def is_done(self) -> bool:
        """Whether all were accepted."""
        return self._left == 0

    def send(self, content: Content, sound: bytes) -> None:
        """Some time soon."""
        self._left += 1
        self._waiting.put((content, sound))

    def close(self) -> None:
        """Give up."""
        self._over.set()

    def _work(self) -> None:
        while not self._over.is_set():
            try:
                content, sound = self._waiting.get(timeout=0.2)
            except Empty:
                continue
            while not self._over.is_set() and not self._post(content, sound):
                self._over.wait(0.3)
            self._left -= 1

    def _post(self, content: Content, sound: bytes) -> bool:
        bound = "----chaos"
        parts = (
            f'--{bound}\r\nContent-Disposition: form-data; name="team"\r\n\r\n{self._slugs[content.team]}\r\n'
            f'--{bound}\r\nContent-Disposition: form-data; name="language"\r\n\r\nen\r\n'
            f'--{bound}\r\nContent-Disposition: form-data; name="file"; filename="{content.sha256[:8]}.wav"\r\n'
            "Content-Type: audio/wav\r\n\r\n"
        )
        body = parts.encode() + sound + f"\r\n--{bound}--\r\n".encode()
        headers = {
            "Authorization": f"Bearer {self._token}", "Idempotency-Key": content.sha256,
            "Content-Type": f"multipart/form-data; boundary={bound}",
        }  # fmt: skip
        line = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        try:
            line.request("POST", "/api/v1/recordings", body, headers)
            content.uploaded = line.getresponse().status == 202
        except (OSError, http.client.HTTPException):
            return False
        finally:
            line.close()
        return content.uploaded


class Seed:
    """One seed at work."""

    def __init__(self, order: Order, seed: int, place: Place, database_url: str) -> None:
        self._order = order
        self._seed = seed
        self._rng = random.Random(seed)
        settings = load_settings({"NAS_ASR_DATABASE_URL": database_url}, data=str(place.data))
        bootstrap.prepare(settings)
        self._db = Database(database_url)
        self._house = House(self._db, SilentQueue(), settings)
        self._teams = {slug: create_team(self._house, None, slug) for slug in TEAMS}
        self._household = Household(place, database_url, order.tempo)
        shares = self._make_shares(place)
        self._droppers = Droppers(shares, random.Random(f"drops {seed}"), order.tempo.settle_s, self._is_taken)
        self._watchbook = Watchbook(self._db, self._droppers)
        self._sender = Sender(self._household.port, self._make_token(), {v: k for k, v in self._teams.items()})
        self._droppers.uploads_by(self._sender.send)
        disk = place.data if os.path.ismount(place.data) else None
        self._stage = Stage(
            self._household, self._droppers, self._rng, order.tempo, database_url, disk, self._watchbook.busy
        )
        every = faults()
        self._not_here = {kind: why for kind in order.kinds if (why := every[kind].why_not(self._stage))}
        self._kinds = [every[kind] for kind in order.kinds if kind not in self._not_here]
        self._deck: list[Fault] = []
        self._under_way: list[tuple[Fault, Blow, Strike]] = []
        self._asked_again = 0

    def run(self) -> Outcome:
        """All of it."""
        began = time.monotonic()
        try:
            self._household.start()
            self._until_ready()
            self._storm()
            drain_s = self._drain()
            verdict = judge(self._db, self._droppers)
            runs, executions = self._count()
        finally:
            self._sender.close()
            self._household.close()
            self._db.close()
        return Outcome(
            self._seed, verdict, self._watchbook.strikes, sum(self._droppers.did.get(way, 0) for way in self._droppers.did
            if way not in ("moved", "deleted")), len(self._droppers.contents), runs, executions, self._asked_again,
            time.monotonic() - began, drain_s, self._droppers.did, self._household.ended_alone, self._not_here,
        )  # fmt: skip

    # -- before -------------------------------------------------------------------------------------------------------

    def _make_shares(self, place: Place) -> list[Share]:
        shares = []
        for slug in TEAMS:
            for number in range(1, _FOLDERS_EACH + 1):
                root = place.shares / slug / f"phone-{number}"
                root.mkdir(parents=True)
                view = add_folder(self._house, None, FolderOrder(slug, root, language="en"))
                shares.append(Share(view.id, self._teams[slug], root, root))
        return shares

    def _make_token(self) -> str:
        create_user(self._house, None, NewUser("ada", "correct horse battery", is_admin=True))
        for slug in TEAMS:
            add_member(self._house, None, slug, "ada", Role.MEMBER)
        return create_token(self._house, None, "ada", NewToken("phone", TokenScope.INGEST))

    def _until_ready(self) -> None:
        """Every folder was looked through, both workers are warm, the page answers."""
        end = time.monotonic() + _READY_S
        while not self._is_ready():
            if time.monotonic() > end:
                raise RuntimeError(f"the house was not ready after {_READY_S:.0f} s; see {self._household.place.logs}")
            self._household.tend()
            time.sleep(0.1)

    def _is_ready(self) -> bool:
        with self._db.read() as session:
            looked = session.scalar(select(func.count()).where(Folder.last_scan_at.is_not(None)))
            beats = session.scalars(select(Heartbeat).where(Heartbeat.kind == "worker")).all()
        warm = sum(beat.detail.get("state") == "idle" for beat in beats)
        if looked != len(self._droppers.shares) or warm != 2:
            return False
        line = http.client.HTTPConnection("127.0.0.1", self._household.port, timeout=5)
        with suppress(OSError, http.client.HTTPException):
            line.request("GET", "/healthz")
            return line.getresponse().status == 200
        return False

    # -- the storm ----------------------------------------------------------------------------------------------------

    def _storm(self) -> None:
        """Drops and faults, until all were dropped and all have struck."""
        now = time.monotonic()
        lasts = self._order.jobs / self._order.drops_a_second
        next_drop, next_strike = now, now + 1.0
        left_drops, left_strikes = self._order.jobs, self._order.strikes if self._kinds else 0
        while left_drops or left_strikes or self._under_way or not self._droppers.quiet:
            now = time.monotonic()
            if left_drops and now >= next_drop:
                self._droppers.drop()
                if self._rng.random() < _FIDDLES:
                    self._droppers.fiddle()
                left_drops -= 1
                next_drop += self._rng.expovariate(self._order.drops_a_second)
            if left_strikes and self._is_time(next_strike) and self._strike():
                left_strikes -= 1
                next_strike = max(now, next_strike + self._rng.uniform(0.5, 1.5) * lasts / self._order.strikes)
            self._tick()

    def _is_time(self, due: float) -> bool:
        """A fault that is due waits a moment for work to be in flight."""
        now = time.monotonic()
        return now >= due + _AIM_S or (now >= due and bool(self._watchbook.busy()))

    def _tick(self) -> None:
        now = time.monotonic()
        for item in [item for item in self._under_way if item[1].ends <= now]:
            self._under_way.remove(item)
            item[1].mend()
            self._watchbook.ended(item[2])
        self._household.tend()
        self._droppers.grow()
        self._watchbook.look()
        time.sleep(_TICK_S)

    def _strike(self) -> bool:
        """The next kind whose groups are free; each kind comes before one comes twice."""
        busy = {group for fault, _, _ in self._under_way for group in fault.groups}
        if not self._deck:
            self._deck = self._rng.sample(self._kinds, len(self._kinds))
        fault = next((one for one in self._deck if not one.groups & busy), None)
        if fault is None:
            return False
        strike = self._watchbook.began(fault.kind)
        blow = fault.strike(self._stage)
        if blow is None:
            self._watchbook.give_up(strike)
            return False
        if blow.workers is not None:
            self._watchbook.narrow(strike, blow.workers)
        self._watchbook.take_over(strike, drops=fault.stops_taking, runs=fault.stops_claiming)
        self._deck.remove(fault)
        self._under_way.append((fault, blow, strike))
        return True

    # -- afterwards ---------------------------------------------------------------------------------------------------

    def _drain(self) -> float:
        """Until nothing is under way, no longer than the order says. What failed visibly a person starts again, once."""
        began = time.monotonic()
        while time.monotonic() - began < self._order.drain_s:
            for _ in range(10):
                self._tick()
            with suppress(SQLAlchemyError, NasAsrError):  # what failed may be at work again by now
                if self._sender.is_done and drained(self._db, self._droppers) and not self._ask_again():
                    break
        return time.monotonic() - began

    def _ask_again(self) -> int:
        with self._db.read() as session:
            failed = session.execute(
                select(Recording.id, Recording.team_id, Recording.sha256)
                .join(Run, Run.id == Recording.run_id)
                .where(Run.state == RunState.FAILED, Run.failure_code.in_(_PASSING))
            ).all()
        promised = [
            row.id for row in failed
            if (content := self._droppers.contents.get((row.team_id, row.sha256))) and content.is_promised
        ]  # fmt: skip
        if self._asked_again > len(promised) + 20:  # it fails again and again: that is for the verdict
            return 0
        for recording_id in promised:
            recordings.retry(self._house, None, recording_id)
        self._asked_again += len(promised)
        return len(promised)

    def _is_taken(self, team: str, sha256: str) -> bool:
        try:
            with self._db.read() as session:
                return session.scalar(
                    select(Recording.id).where(Recording.team_id == team, Recording.sha256 == sha256)
                ) is not None  # fmt: skip
        except SQLAlchemyError:
            return False

    def _count(self) -> tuple[int, int]:
        with self._db.read() as session:
            runs, claims = session.execute(select(func.count(Run.id), func.coalesce(func.sum(Run.fence), 0))).one()
            return runs, claims
