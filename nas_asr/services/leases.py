"""Room: services.leases. Which runs under way are not extended any more, as one observer saw it. Changes nothing.

A lease says how long its holder may be silent, not until when: the time of day in lease_until is the worker's, and only that
it changes counts. A clock that is set takes no run from a living worker and leaves none with a dead one.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from nas_asr.core.recording import RunState
from nas_asr.services.base import House
from nas_asr.services.stillness import Stillness
from nas_asr.store.models import Run


@dataclass(frozen=True, slots=True)
class Stale:
    """A lease that stood still for its whole length; taking the run is right only while it still is this one."""

    run_id: str
    fence: int
    lease_until: datetime | None


class Leases:
    """One observer's memory of the runs under way. every_s: how often it means to look."""

    def __init__(self, every_s: float) -> None:
        self._every_s = every_s
        self._seen: dict[str, Stillness] = {}
        self._settled: set[str] = set()

    @property
    def undecided(self) -> set[str]:
        """Runs under way that have neither moved since they were first seen nor stood still for their lease."""
        return self._seen.keys() - self._settled

    def look(self, house: House, now: float) -> list[Stale]:
        """The leases that ran out by now, in monotonic seconds. One read."""
        with house.db.read() as session:
            rows = session.execute(
                select(Run.id, Run.fence, Run.lease_until, Run.lease_ms).where(Run.state == RunState.TRANSCRIBING)
            ).all()
        for gone in self._seen.keys() - {row.id for row in rows}:
            del self._seen[gone]
            self._settled.discard(gone)
        stale = []
        for row in rows:
            sign = (row.fence, row.lease_until)
            seen = self._seen.setdefault(row.id, Stillness())
            if seen.looked_at is not None and seen.sign != sign:
                self._settled.add(row.id)
            if seen.seen(sign, now, row.lease_ms / 1000, self._every_s):
                self._settled.add(row.id)
                stale.append(Stale(row.id, row.fence, row.lease_until))
        return stale
