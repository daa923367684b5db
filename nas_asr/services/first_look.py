"""Room: services.first_look. Which of the files that were in a folder first are taken: the question, and the answer. Opens none.

Hours of audio come from the headers that were looked into (services.header_looks); for the other files their bytes are
counted, at the rate of their kind. What comes into the folder while the question is open is newer than it, and is taken.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, Integer, and_, case, false, func, literal, select, true, update
from sqlalchemy.orm import Session

from nas_asr.core.access import Action, Viewer
from nas_asr.core.errors import Invalid
from nas_asr.core.recording import LedgerState, Presence
from nas_asr.core.transcript import Milliseconds
from nas_asr.services.base import Act, House, audit
from nas_asr.services.endings import ending
from nas_asr.services.engines import served
from nas_asr.services.folders import folder_to_change, since_of
from nas_asr.services.header_looks import MOST_LOOKED_INTO
from nas_asr.services.recorded_at import site_day
from nas_asr.services.sightings import OLDER, instant
from nas_asr.services.summary import Backlog, backlog
from nas_asr.store.database import alone
from nas_asr.store.models import Folder, LedgerLine
from nas_asr.store.scope import Scope


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer, and what it would mean. since: what is sent for it.

    name: all, week, month, year (presets by the calendar), picked, now.
    duration_ms: of all its audio, None while no header was looked into. exact: every one of them was.
    eta_seconds: until all of it is done, and what waits already; None where that is not known, or not the viewer's to decide.
    """

    name: str
    since: str
    files: int
    size_bytes: int
    duration_ms: Milliseconds | None
    exact: bool
    eta_seconds: int | None


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked about a folder. open: nobody has chosen yet; then nothing of it is taken. looked: the first look is over.

    looked_into of to_look_into headers. waits_for_model: what is taken waits until a worker can serve its language.
    may_choose: whether the viewer may answer.
    """

    folder_id: str
    open: bool
    looked: bool
    files: int
    looked_into: int
    to_look_into: int
    waits_for_model: bool
    may_choose: bool
    choices: tuple[Choice, ...]


class _Heap(NamedTuple):
    """Files of one kind."""

    files: int
    size_bytes: int
    looked_into: int
    size_looked_into: int
    duration_ms: int


def question(house: House, viewer: Viewer, folder_id: str, picked: str = "") -> Question:
    """What can be chosen about a folder's first files, or later about those that were left out. picked: a date besides.

    Raises NotVisible; Invalid where picked is no date.
    """
    with house.db.read() as session:
        scope = Scope(session, viewer)
        folder = scope.folder(folder_id)
        asked = [
            (name, since, since_of(house, since))
            for name, since in [("all", "all"), *_presets(house), *([("picked", picked)] if picked else [])]
        ]
        days = sorted({instant(moment) for _, _, moment in asked if moment is not None}, reverse=True)
        heaps = _heaps(session, folder, days)
        every = _newer(heaps, len(days))
        files = sum(heap.files for heap in every.values())
        waits = served(session, house).waiting_for(folder.engine, folder.language) is not None
        may_choose = viewer.runs_the_house or viewer.may(folder.team_id, Action.MANAGE)
        # How much other teams' recordings there are to do is nobody's business who decides nothing
        count = _Counting(_rates(every), backlog(session, house) if may_choose and not waits else None)
        choices = [
            count.choice(name, since, every if moment is None else _newer(heaps, days.index(instant(moment))))
            for name, since, moment in asked
        ]
        if folder.awaiting_choice:
            choices.append(count.choice("now", "now", {}))
        return Question(
            folder.id, folder.awaiting_choice, folder.last_scan_at is not None, files,
            sum(heap.looked_into for heap in every.values()), min(files, MOST_LOOKED_INTO), waits,
            may_choose, tuple(choices),
        )  # fmt: skip


def choose(house: House, viewer: Viewer | None, folder_id: str, since: str) -> int:
    """Take these of the folder's first files: all, now (none of them), or those changed since a date. Returns how many.

    What is left out can be chosen later, by the same call. viewer None: the command line. Raises Invalid, NotVisible,
    NotPermitted.
    """
    if not since.strip():
        raise Invalid("Nothing was chosen.", "Choose all, now, or a date such as 2026-01-31.", field="since")
    moment = since_of(house, since.strip())
    with house.db.write() as session:
        folder = folder_to_change(session, viewer, folder_id)
        alone(session, folder)
        wanted = false() if since.strip() == "now" else _changed_since(moment)
        taken = _take(session, house, folder, wanted)
        first = folder.awaiting_choice
        if first:
            _leave_out(session, folder)
        if first or moment is None or (folder.since is not None and moment < folder.since):
            folder.since = moment
        folder.awaiting_choice = False
        if first or taken:
            detail = {"since": since.strip(), "files": str(taken)}
            audit(session, house, viewer, Act("folder.files_chosen", folder.name, folder.team_id, detail=detail))
    return taken


def _take(session: Session, house: House, folder: Folder, wanted: ColumnElement[bool]) -> int:
    """Let them be looked at again when they have been quiet for as long as any other file; returns how many are there."""
    which = and_(_asked_about(folder), wanted)
    there = select(func.count()).where(which, LedgerLine.presence == Presence.PRESENT)
    count = int(session.scalar(there) or 0)
    session.execute(
        update(LedgerLine)
        .where(which)
        .values(
            state=LedgerState.GROWING, reason_code="chosen",
            reason="Somebody chose it; it is taken when its turn comes.",
            next_look_at=house.now() + timedelta(seconds=house.options.settle_seconds),
        )
        .execution_options(synchronize_session=False)
    )  # fmt: skip
    return count


def _leave_out(session: Session, folder: Folder) -> None:
    session.execute(
        update(LedgerLine)
        .where(_asked_about(folder))
        .values(state=LedgerState.IGNORED, reason_code=OLDER.code, reason=OLDER.sentence, next_look_at=None)
        .execution_options(synchronize_session=False)
    )


def _asked_about(folder: Folder) -> ColumnElement[bool]:
    """The files that wait for a first choice; later those that it left out."""
    here = LedgerLine.folder_id == folder.id
    if folder.awaiting_choice:
        return and_(here, LedgerLine.state == LedgerState.WAITING_CHOICE)
    return and_(here, LedgerLine.state == LedgerState.IGNORED, LedgerLine.reason_code == OLDER.code)


def _changed_since(moment: datetime | None) -> ColumnElement[bool]:
    return true() if moment is None else LedgerLine.mtime_ns >= instant(moment)


def _presets(house: House) -> list[tuple[str, str]]:
    today = site_day(house.now(), house.options.timezone)
    return [
        ("week", (today - timedelta(days=7)).isoformat()),
        ("month", (today - timedelta(days=30)).isoformat()),
        ("year", today.replace(month=1, day=1).isoformat()),
    ]


# -- how many hours ---------------------------------------------------------------------------------------------------


def _heaps(session: Session, folder: Folder, days: Sequence[int]) -> list[tuple[int, str, _Heap]]:
    """The files that are asked about, in one pass: by the newest of these days that they are not older than, and by kind."""
    kind = ending().label("kind")
    age = case(
        *((LedgerLine.mtime_ns >= day, place) for place, day in enumerate(days)), else_=literal(len(days), Integer)
    ).label("age")
    looked_into = case((LedgerLine.duration_ms.is_not(None), LedgerLine.size_bytes), else_=0)
    rows = session.execute(
        select(
            age, kind, func.count(), func.sum(LedgerLine.size_bytes), func.count(LedgerLine.duration_ms),
            func.sum(looked_into), func.coalesce(func.sum(LedgerLine.duration_ms), 0),
        )
        .where(_asked_about(folder), LedgerLine.presence == Presence.PRESENT)
        .group_by(age, kind)
    )  # fmt: skip
    return [(row[0], row[1], _Heap(*map(int, row[2:]))) for row in rows]


def _newer(heaps: Iterable[tuple[int, str, _Heap]], oldest: int) -> Mapping[str, _Heap]:
    """Those of no older day than the one at this place, by kind."""
    found: dict[str, _Heap] = {}
    for age, kind, heap in heaps:
        if age <= oldest:
            found[kind] = _Heap(*map(sum, zip(found.get(kind, _Heap(0, 0, 0, 0, 0)), heap, strict=True)))
    return found


def _rates(every: Mapping[str, _Heap]) -> Mapping[str, float]:
    """Milliseconds a byte of each kind that was looked into, and under * of all."""
    whole = sum(heap.size_looked_into for heap in every.values())
    if not any(heap.looked_into for heap in every.values()):
        return {}
    rates = {kind: heap.duration_ms / heap.size_looked_into for kind, heap in every.items() if heap.size_looked_into}
    return {**rates, "*": sum(heap.duration_ms for heap in every.values()) / whole if whole else 0.0}


@dataclass(frozen=True, slots=True)
class _Counting:
    """Makes choices out of heaps. backlog: None where nothing can be said about when it is done."""

    rates: Mapping[str, float]
    backlog: Backlog | None

    def choice(self, name: str, since: str, heaps: Mapping[str, _Heap]) -> Choice:
        files = sum(heap.files for heap in heaps.values())
        duration = self._duration(heaps)
        exact = files == sum(heap.looked_into for heap in heaps.values())
        eta = None if self.backlog is None or not duration else self.backlog.seconds(duration)
        return Choice(name, since, files, sum(heap.size_bytes for heap in heaps.values()), duration, exact, eta)

    def _duration(self, heaps: Mapping[str, _Heap]) -> Milliseconds | None:
        if not heaps:
            return 0
        if not self.rates:
            return None
        return round(
            sum(
                heap.duration_ms + (heap.size_bytes - heap.size_looked_into) * self.rates.get(kind, self.rates["*"])
                for kind, heap in heaps.items()
            )
        )
