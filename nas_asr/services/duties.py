"""Room: services.duties. What one process does at a time (a folder's watch, the upkeep): hold it, wait for it. No fence.

Nobody's clock is compared with another's: who waits counts on its own how long the holder's beat has stood still. A duty
saves double work and no more; whoever was stopped in the middle of a piece of work wakes up in it.
"""

from dataclasses import dataclass

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError, OperationalError

from nas_asr.core.errors import StorageFull
from nas_asr.services.base import House
from nas_asr.services.stillness import Stillness
from nas_asr.services.transcribe import Incarnation
from nas_asr.store.models import Duty

_BEATS_PER_HOLD = 3


@dataclass(slots=True)
class _Held:
    """Our own side of a duty: the beat that we wrote last, and when we began to write it."""

    beat: int
    at: float


class Duties:
    """The duties of one process. A name is asked for by one thread at a time; different names by any."""

    def __init__(self, house: House, who: Incarnation) -> None:
        self._house = house
        self._who = who
        self._held: dict[str, _Held] = {}
        self._seen: dict[str, Stillness] = {}

    def hold(self, name: str, seconds: float, now: float) -> bool:
        """Whether the duty is ours, at least until the next look; taken where nobody has it, or nobody beats any more.

        now: monotonic seconds. seconds: for so long we may be silent before another one takes it; look about once a second.
        While the database does not answer, it stays ours for as long as nobody else can have it.
        """
        held = self._held.get(name)
        if held is not None and 0 <= now - held.at < seconds / _BEATS_PER_HOLD:
            return True
        try:
            if held is not None:
                if self._beat(name, seconds, now, held):
                    return True
                del self._held[name]
            return self._take(name, seconds, now)
        except (OperationalError, StorageFull):
            return held is not None and name in self._held and 0 <= now - held.at < seconds

    def give_up(self, name: str) -> None:
        """Let go of a duty, so that nobody has to wait for silence."""
        if self._held.pop(name, None) is None:
            return
        try:
            with self._house.db.write() as session:
                session.execute(delete(Duty).where(Duty.name == name, Duty.holder == self._who.tag))
        except (OperationalError, StorageFull):  # then they wait for silence
            return

    def close(self) -> None:
        """Let go of all of them."""
        for name in list(self._held):
            self.give_up(name)

    def _beat(self, name: str, seconds: float, now: float, held: _Held) -> bool:
        with self._house.db.write() as session:
            ours = session.execute(
                update(Duty)
                .where(Duty.name == name, Duty.holder == self._who.tag, Duty.beat == held.beat)
                .values(beat=held.beat + 1, hold_ms=round(seconds * 1000), changed_at=self._house.now())
                .returning(Duty.beat)
            ).one_or_none()
        if ours is None:
            return False
        self._held[name] = _Held(ours.beat, now)
        return True

    def _take(self, name: str, seconds: float, now: float) -> bool:
        with self._house.db.read() as session:
            row = session.execute(select(Duty.holder, Duty.beat, Duty.hold_ms).where(Duty.name == name)).one_or_none()
        if row is None:
            beat = self._insert(name, seconds)
        elif self._is_free(name, now, row.holder, (row.beat, row.hold_ms)):
            beat = self._replace(name, seconds, row.holder, row.beat)
        else:
            return False
        if beat is None:
            return False
        self._seen[name] = Stillness()
        self._held[name] = _Held(beat, now)
        return True

    def _is_free(self, name: str, now: float, holder: str, beat: tuple[int, int]) -> bool:
        """Whether the holder is silent for too long, or is what we were before we started anew."""
        first = name not in self._seen
        if self._seen.setdefault(name, Stillness()).seen((holder, beat[0]), now, beat[1] / 1000):
            return True
        # Only at the first look: two processes of one name would otherwise take it from each other for ever.
        return holder == self._who.tag or (first and holder.rpartition(":")[0] == self._who.name)

    def _insert(self, name: str, seconds: float) -> int | None:
        """The first beat; None where somebody was quicker."""
        row = {"name": name, "holder": self._who.tag, "beat": 1, "hold_ms": round(seconds * 1000)}
        try:
            with self._house.db.write() as session:
                session.execute(insert(Duty).values(**row, changed_at=self._house.now()))
        except IntegrityError:
            return None
        return 1

    def _replace(self, name: str, seconds: float, holder: str, beat: int) -> int | None:
        """The next beat, which is ours now; None where somebody was quicker, or the holder beat after all."""
        with self._house.db.write() as session:
            return session.scalar(
                update(Duty)
                .where(Duty.name == name, Duty.holder == holder, Duty.beat == beat)
                .values(
                    holder=self._who.tag, beat=Duty.beat + 1, hold_ms=round(seconds * 1000), changed_at=self._house.now()
                )
                .returning(Duty.beat)
            )  # fmt: skip
