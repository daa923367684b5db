"""Room: services.transcribe. A worker's way with runs: claim in fair order, hold, finish, fail, give back. No engine.

Every claim has a lease and a fence. Whoever lost either changes nothing any more, however late it comes back.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, case, false, or_, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from nas_asr.core.errors import NasAsrError, RunStopped, StorageFull, Unreadable, Vanished
from nas_asr.core.ids import new_id
from nas_asr.core.offers import AUTO, BUILT_IN, MODEL, Skills
from nas_asr.core.ports import Order
from nas_asr.core.recording import RunState
from nas_asr.core.transcript import ItnMode, Milliseconds, Transcript, VersionKind
from nas_asr.services import runs
from nas_asr.services.audio import locate, was_seen_to_go
from nas_asr.services.base import House
from nas_asr.services.engines import Served, served
from nas_asr.services.pause import may_begin
from nas_asr.services.segment_rows import add_rows, row_of
from nas_asr.services.version_texts import next_number, show
from nas_asr.services.waveforms import keep_waveform
from nas_asr.store.models import Folder, HotwordVersion, Recording, Run, Team, TranscriptVersion

_OLDEST_EVERY = 8  # turns; the last digits of the clock draw


@dataclass(frozen=True, slots=True)
class Incarnation:
    """One start of one worker: the name survives restarts, the boot does not."""

    name: str
    boot: str

    @property
    def tag(self) -> str:
        """How a run says who has it."""
        return f"{self.name}:{self.boot}"


@dataclass(frozen=True, slots=True)
class Claimant:
    """Who asks for work, and what it can do. lease_s: for so long it may be silent before the run is another's.

    shuns: runs that ended a child of its own a moment ago, and that another worker, where one lives, is to try first.
    besides: runs that it leaves to others (services.reach).
    """

    who: Incarnation
    skills: Skills
    lease_s: float = 30.0
    shuns: frozenset[str] = frozenset()
    besides: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Claim:
    """A run that is ours while the lease lasts; `fence` tells this claim from every other one of the same run.

    engine: the one of the claimant's that it gets. draft: `auto` gave it to the built-in engine, for want of the model.
    """

    run_id: str
    recording_id: str
    fence: int
    attempt: int
    duration_ms: Milliseconds
    lease_s: float
    engine: str = ""
    draft: bool = False


def claim(house: House, claimant: Claimant) -> Claim | None:
    """The next run in fair order, or None where none can be claimed.

    Order: priority, then the team whose turn is longest ago, then what broke off before, then short before long, then old
    before new; but one turn in eight, by a draw, is for the team's oldest run, so that a long one is not kept waiting for
    ever by short ones (decision 40).
    """
    now = house.now()
    with house.db.write() as session:
        following = _claimable(session, house, claimant).with_for_update(of=Run, skip_locked=True)
        while (run_id := session.scalar(following)) is not None:
            row = session.execute(
                update(Run)
                .where(Run.id == run_id, Run.state == RunState.QUEUED)
                .values(
                    state=RunState.TRANSCRIBING, fence=Run.fence + 1, attempts=Run.attempts + 1, progress=0.0,
                    worker=claimant.who.tag, lease_until=now + timedelta(seconds=claimant.lease_s),
                    lease_ms=round(claimant.lease_s * 1000), started_at=now, not_before=None, failure_code="",
                    failure_message="", failure_remedy="",
                )
                .returning(
                    Run.recording_id, Run.team_id, Run.fence, Run.attempts, Run.duration_ms, Run.engine, Run.language
                )
                .execution_options(synchronize_session=False)
            ).one_or_none()  # fmt: skip
            if row is None:  # another worker was quicker
                continue
            session.execute(update(Team).where(Team.id == row.team_id).values(turn_at=now))
            runs.show(session, run_id, row.recording_id, RunState.TRANSCRIBING, now)
            engine = claimant.skills.engine_for(row.engine, row.language) or ""
            draft = engine == BUILT_IN and claimant.skills.is_auto(row.engine)
            return Claim(
                run_id, row.recording_id, row.fence, row.attempts, row.duration_ms, claimant.lease_s, engine, draft
            )
    return None


def is_work(house: House, claimant: Claimant) -> bool:
    """Whether there is a run that the claimant could claim. False where the database does not answer."""
    try:
        with house.db.read() as session:
            return session.scalar(_claimable(session, house, claimant)) is not None
    except OperationalError:
        return False


def _claimable(session: Session, house: House, claimant: Claimant) -> Select[str]:
    now = house.now()
    others = served(session, house, besides=claimant.who.name)
    turn = case((Team.turn_at <= now, Team.turn_at))  # a turn in the future was had by a clock that has been set since
    turn_of_the_oldest = now.microsecond % _OLDEST_EVERY == _OLDEST_EVERY - 1
    within_a_team = () if turn_of_the_oldest else (Run.attempts == 0, Run.duration_ms)
    return (
        select(Run.id)
        .join(Team, Team.id == Run.team_id)
        .where(
            Run.state == RunState.QUEUED,
            Run.waiting_for.is_(None),
            Run.stop_asked_at.is_(None),
            Run.id.not_in(claimant.besides),
            runs.is_due(now),
            may_begin(),
            or_(false(), *_fits(claimant, others)),
            Run.id.not_in(claimant.shuns if others.known else ()),
        )
        .order_by(Run.priority.desc(), turn.asc().nulls_first(), *within_a_team, Run.created_at, Run.id)
        .limit(1)
    )


def _fits(claimant: Claimant, others: Served) -> list[ColumnElement[bool]]:
    """What the claimant can do: runs that name one of its engines, and runs that leave the choice.

    Where another living worker has the model, what `auto` would make a draft of here is left to that one.
    """
    skills = claimant.skills
    fits = [and_(Run.engine == one.engine, Run.language.in_(one.languages)) for one in skills.offers]
    for wanted in ("", AUTO):
        languages = {language for one in skills.offers for language in one.languages}
        served_here = {language: skills.engine_for(wanted, language) for language in languages}
        ours = [
            language
            for language, engine in served_here.items()
            if engine is not None
            and not (engine == BUILT_IN and skills.is_auto(wanted) and others.engine_for(wanted, language) == MODEL)
        ]
        fits.append(and_(Run.engine == wanted, Run.language.in_(ours)))
    return fits


def order(house: House, held: Claim) -> Order:
    """What the engine is to do for a claim. Raises Unreadable where the audio is gone, RunStopped where the run is."""
    with house.db.read() as session:
        run = session.get(Run, held.run_id)
        if run is None:
            raise _not_ours()
        recording = session.get_one(Recording, run.recording_id)
        words = session.scalar(
            select(HotwordVersion.words).where(
                HotwordVersion.team_id == run.team_id, HotwordVersion.number == run.hotwords_version
            )
        )
        place = locate(house, session, recording)
        folder = session.get(Folder, recording.folder_id) if recording.folder_id else None
        return Order(
            place.path, run.duration_ms, run.language, tuple(words or ()), place.root, held.engine,
            itn=ItnMode(folder.itn) if folder else ItnMode.RULES, apart=bool(folder and folder.apart),
            content=place.content,
        )  # fmt: skip


def extend(house: House, held: Claim, progress: float) -> bool:
    """Keep the lease and write the progress (0..1). False where the database did not take it: try again soon.

    Raises RunStopped where the run is no longer ours, or a person asked to stop it.
    """
    until = house.now() + timedelta(seconds=held.lease_s)
    try:
        with house.db.write() as session:
            row = session.execute(
                update(Run)
                .where(_ours(held))
                .values(lease_until=until, progress=min(max(progress, 0.0), 1.0))
                .returning(Run.stop_asked_at)
                .execution_options(synchronize_session=False)
            ).one_or_none()
    except (OperationalError, StorageFull):
        return False
    if row is None:
        raise _not_ours()
    if row.stop_asked_at is not None:
        raise RunStopped("Somebody asked to stop this transcription.")
    return True


def wanted(house: House, held: Claim) -> bool:
    """Whether the run is still ours and nobody asked to stop it; a read, so that it can be asked often."""
    try:
        with house.db.read() as session:
            ours = select(Run.id).where(_ours(held), Run.stop_asked_at.is_(None))
            return session.scalar(ours) is not None
    except OperationalError:
        return True


def finish(house: House, held: Claim, transcript: Transcript) -> None:
    """Write the transcript: one commit, behind the fence. Raises RunStopped where the run is no longer ours."""
    now = house.now()
    with house.db.write() as session:
        run = locked(session, held)
        run.progress = 1.0
        recording = session.get_one(Recording, run.recording_id, with_for_update=True)
        shown = session.scalar(_versions(recording).where(TranscriptVersion.number == recording.version))
        version = _new_version(session, run, transcript)
        version.created_at = now
        session.add(version)
        session.flush()
        add_rows(session, (row_of(version, i, segment) for i, segment in enumerate(transcript.segments)))
        if shown is None or shown.kind == VersionKind.MACHINE:  # a person's work stays what people see
            show(session, recording, version)
            recording.draft = held.draft
        recording.draft = recording.draft and held.draft  # the better version is there, shown or not
        recording.done_at = now
        recording.duration_ms = transcript.duration_ms or recording.duration_ms
        if transcript.waveform is not None:
            keep_waveform(session, recording, transcript.waveform)
        runs.move(session, run, RunState.DONE, now)


def fail(house: House, held: Claim, error: NasAsrError) -> runs.Move:
    """Write why it did not work; what may pass is queued again for later. Raises RunStopped where it is not ours."""
    with house.db.write() as session:
        run = locked(session, held)
        if isinstance(error, Vanished) and not was_seen_to_go(session, session.get_one(Recording, run.recording_id)):
            error = Unreadable(error.message, error.remedy)  # the watcher found it again meanwhile
        return runs.failed(session, run, error, house.now())


def stopped(house: House, held: Claim) -> bool:
    """Whether a person stopped the run; written here where it was only asked for. Otherwise somebody else has it."""
    with house.db.write() as session:
        same = select(Run).where(Run.id == held.run_id, Run.fence == held.fence)
        run = session.scalar(same.with_for_update())
        if run is not None and run.state == RunState.TRANSCRIBING and run.stop_asked_at is not None:
            runs.move(session, run, RunState.STOPPED, house.now())
        return run is not None and run.state == RunState.STOPPED


def give_back(house: House, who: Incarnation) -> list[runs.Move]:
    """The worker's child died: what it had goes back to the queue at once. The attempt counts."""
    return _release(house, select(Run).where(Run.worker == who.tag), runs.lost)


def give_back_earlier(house: House, who: Incarnation) -> list[runs.Move]:
    """At a worker's start: what its earlier incarnations still seem to have goes back at once. The attempts count."""
    of_the_name = Run.worker.startswith(f"{who.name}:", autoescape=True)
    return _release(house, select(Run).where(of_the_name, Run.worker != who.tag), runs.lost)


def let_go(house: House, who: Incarnation) -> list[runs.Move]:
    """The worker was asked to leave: what it has goes back to the queue as if it had never been claimed."""
    return _release(house, select(Run).where(Run.worker == who.tag), runs.left)


def _release(house: House, theirs: Select[Run], how: Callable[[Session, Run, datetime], runs.Move]) -> list[runs.Move]:
    now = house.now()
    with house.db.write() as session:
        found = session.scalars(theirs.where(Run.state == RunState.TRANSCRIBING).with_for_update()).all()
        return [how(session, run, now) for run in found]


def _ours(held: Claim) -> ColumnElement[bool]:
    return and_(Run.id == held.run_id, Run.fence == held.fence, Run.state == RunState.TRANSCRIBING)


def locked(session: Session, held: Claim) -> Run:
    """The run of a claim, held until the commit. Raises RunStopped where it is not ours any more."""
    run = session.scalar(select(Run).where(_ours(held)).with_for_update())
    if run is None:
        raise _not_ours()
    return run


def _not_ours() -> RunStopped:
    return RunStopped("This run was given to another worker meanwhile, or is gone.")


def _versions(recording: Recording) -> Select[TranscriptVersion]:
    return select(TranscriptVersion).where(TranscriptVersion.recording_id == recording.id)


def _new_version(session: Session, run: Run, transcript: Transcript) -> TranscriptVersion:
    label = transcript.engine
    return TranscriptVersion(
        id=new_id(), recording_id=run.recording_id, team_id=run.team_id, number=next_number(session, run.recording_id),
        kind=VersionKind.MACHINE, run_id=run.id, language=transcript.language, engine=label.name, model=label.model,
        revision=label.revision, device=label.device, hotwords_version=run.hotwords_version,
        duration_ms=transcript.duration_ms, speech_ms=transcript.speech_ms, elapsed_ms=transcript.elapsed_ms,
        itn=transcript.itn,
    )  # fmt: skip
