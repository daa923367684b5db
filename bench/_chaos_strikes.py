"""Room: bench._chaos_strikes. What each strike met, and how long the house needed to recover from it. Strikes nobody itself.

Recovery is counted from the end of the fault (the moment at which a killed process is started again, a stopped one is
continued, a lock is released, room is made, a root is back, a clock was stepped): for each run that was in flight when it
struck, until that run has ended or is claimed again, and for each file dropped while it lasted, until the ledger has a line of
it; 0 where that was so before the fault ended. In flight: under a lease; for a fault of one worker, under a lease of that one.
What a later fault meets before it has recovered is counted with that one alone: a run under the same claim whose worker is
struck, a run that waits while nobody can claim, a file that waits while nobody can write its line.
"""

import time
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from bench._chaos_drops import Droppers
from nas_asr.core.recording import RunState
from nas_asr.store.database import Database
from nas_asr.store.models import LedgerLine, Recording, Run

_LOOK_EVERY_S = 0.15


@dataclass
class Strike:
    """One fault that struck. in_flight: runs and their fences at that moment."""

    kind: str
    began: float
    in_flight: dict[str, int]
    workers: dict[str, str] = field(default_factory=dict)  # who had each of them
    contents: set[tuple[str, str]] = field(default_factory=set)  # team and digest of what it met
    ended: float | None = None
    drops: int = 0
    repeated: int = 0
    recovered_s: list[float] = field(default_factory=list)
    slowest: tuple[float, str] = (0.0, "")  # and which run or file it was
    waiting_runs: dict[str, int] = field(default_factory=dict)
    waiting_drops: set[tuple[str, str]] = field(default_factory=set)

    @property
    def waits(self) -> int:
        """How much has not recovered yet."""
        return len(self.waiting_runs) + len(self.waiting_drops)

    def recovered(self, seconds: float, what: str) -> None:
        """One more thing is as it should be."""
        self.recovered_s.append(seconds)
        self.slowest = max(self.slowest, (seconds, what))


class Watchbook:
    """All strikes of one seed, looked after from outside, over the database."""

    def __init__(self, db: Database, droppers: Droppers) -> None:
        self.strikes: list[Strike] = []
        self._db = db
        self._droppers = droppers
        self._heard = 0  # drops that were given to strikes
        self._looked_at = float("-inf")

    def busy(self) -> set[str]:
        """The names of the workers that have a run under a lease; nobody where the database does not answer."""
        try:
            with self._db.read() as session:
                tags = session.scalars(select(Run.worker).where(Run.state == RunState.TRANSCRIBING)).all()
        except SQLAlchemyError:
            return set()
        return {tag.partition(":")[0] for tag in tags}

    def began(self, kind: str) -> Strike:
        """A fault is about to strike."""
        self._hear_drops()
        strike = Strike(kind, time.monotonic(), {})
        try:
            with self._db.read() as session:
                held = select(Run.id, Run.fence, Run.worker, Recording.team_id, Recording.sha256).join(
                    Recording, Recording.id == Run.recording_id
                )
                rows = session.execute(held.where(Run.state == RunState.TRANSCRIBING)).all()
        except SQLAlchemyError:
            rows = []
        strike.in_flight = {row.id: row.fence for row in rows}
        strike.workers = {row.id: row.worker for row in rows}
        strike.contents = {(row.team_id, row.sha256) for row in rows}
        strike.waiting_runs = dict(strike.in_flight)
        self.strikes.append(strike)
        return strike

    def narrow(self, strike: Strike, worker: str) -> None:
        """It struck this worker alone (empty: all): only what that one had is in flight."""
        for run_id, who in strike.workers.items():
            if not who.startswith(worker):
                del strike.in_flight[run_id], strike.waiting_runs[run_id]
        for earlier in self.strikes:
            for run_id, fence in strike.waiting_runs.items():
                if earlier is not strike and earlier.waiting_runs.get(run_id) == fence:
                    del earlier.waiting_runs[run_id]

    def take_over(self, strike: Strike, *, drops: bool, runs: bool) -> None:
        """Nobody can write lines of new files, or claim runs, while it lasts: what still waits for that waits for its end."""
        for earlier in [one for one in self.strikes if one is not strike and one.ended is not None]:
            if drops:
                strike.waiting_drops |= earlier.waiting_drops
                earlier.waiting_drops = set()
            if runs:
                strike.waiting_runs |= earlier.waiting_runs
                earlier.waiting_runs = {}

    def give_up(self, strike: Strike) -> None:
        """It did not strike after all."""
        self.strikes.remove(strike)

    def ended(self, strike: Strike) -> None:
        """The fault is over."""
        self._hear_drops()
        strike.ended = time.monotonic()

    def look(self) -> None:
        """See what has recovered."""
        now = time.monotonic()
        if now - self._looked_at < _LOOK_EVERY_S:
            return
        self._looked_at = now
        self._hear_drops()
        open_ones = [strike for strike in self.strikes if strike.waits]
        if not open_ones:
            return
        try:
            runs, lines = self._ask(open_ones)
        except SQLAlchemyError:  # the fault may be that the database does not answer
            return
        for strike in open_ones:
            self._compare(strike, runs, lines)

    def _ask(self, strikes: list[Strike]) -> tuple[dict[str, tuple[RunState, int]], set[tuple[str, str]]]:
        run_ids = {run_id for strike in strikes for run_id in strike.waiting_runs}
        paths = {name for strike in strikes for _, name in strike.waiting_drops}
        with self._db.read() as session:
            runs = session.execute(select(Run.id, Run.state, Run.fence).where(Run.id.in_(run_ids))).all()
            lines = session.execute(
                select(LedgerLine.folder_id, LedgerLine.path).where(LedgerLine.path.in_(paths))
            ).tuples()
            return {row.id: (row.state, row.fence) for row in runs}, set(lines)

    def _compare(self, strike: Strike, runs: dict[str, tuple[RunState, int]], lines: set[tuple[str, str]]) -> None:
        since = time.monotonic() - strike.ended if strike.ended is not None else 0.0
        for run_id, fence in list(strike.waiting_runs.items()):
            state, now = runs.get(run_id, (RunState.QUEUED, fence))
            if now > fence or state not in (RunState.QUEUED, RunState.TRANSCRIBING):
                del strike.waiting_runs[run_id]
                strike.repeated += now > fence
                strike.recovered(since, f"run {run_id}")
        for drop in strike.waiting_drops & lines:
            strike.waiting_drops.discard(drop)
            strike.recovered(since, drop[1])
        strike.waiting_drops &= self._droppers.left.keys()  # its people took it away again

    def _hear_drops(self) -> None:
        """Files that were dropped while a fault lasts are its."""
        new = self._droppers.drops[self._heard :]
        self._heard = len(self._droppers.drops)
        for strike in self.strikes:
            if strike.ended is not None:
                continue
            for at, folder_id, name in new:
                left = self._droppers.left.get((folder_id, name))
                if at < strike.began or left is None:
                    continue
                strike.drops += 1
                strike.waiting_drops.add((folder_id, name))
                team = next(share.team for share in self._droppers.shares if share.folder_id == folder_id)
                strike.contents.add((team, left.sha256))
