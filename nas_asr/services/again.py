"""Room: services.again. One more run of a recording that had one, and the engine that it has to have. Commits nothing."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from nas_asr.core.access import Viewer
from nas_asr.core.errors import Conflict, Invalid
from nas_asr.core.ids import new_id
from nas_asr.core.languages import check_language
from nas_asr.core.offers import AUTO, ENGINES, MODEL
from nas_asr.core.recording import UNDER_WAY, RunState, recording_state
from nas_asr.core.transcript import VersionKind
from nas_asr.services.base import House
from nas_asr.services.engines import Served, served
from nas_asr.services.hotword_versions import newest_hotwords
from nas_asr.services.wholes import follow
from nas_asr.store.models import Folder, Recording, Run, TranscriptVersion


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants of one more run. Empty fields: as always; hotwords: a number of the team's list, 0 for none."""

    engine: str = ""
    language: str = ""
    hotwords: int | None = None
    priority: int = 1


AS_ALWAYS = Wish()


def new_run(session: Session, house: House, recording: Recording, viewer: Viewer | None, wish: Wish = AS_ALWAYS) -> Run:
    """A run after those that ended; ring after the commit. Conflict while one is under way, Invalid where a wish is none.

    viewer: who asked, None where the house does by itself.
    """
    last = session.get(Run, recording.run_id or "")
    if last is not None and last.state in UNDER_WAY:
        raise Conflict("This recording is already being transcribed or waiting.", "Wait until that is over.")
    if wish.language:
        recording.language = check_language(wish.language)
    now = served(session, house)
    engine = _named(wish.engine) if wish.engine else _engine(session, house, recording, now)
    run = Run(
        id=new_id(), recording_id=recording.id, team_id=recording.team_id, engine=engine, language=recording.language,
        duration_ms=recording.duration_ms, waiting_for=now.waiting_for(engine, recording.language),
        priority=wish.priority, requested_by=viewer.user_id if viewer else None, created_at=house.now(),
        hotwords_version=_hotwords(session, recording.team_id, wish), hotwords_chosen=wish.hotwords is not None,
    )  # fmt: skip
    session.add(run)
    recording.run_id = run.id
    recording.state = recording_state(RunState.QUEUED, has_machine_version=recording.version > 0)
    recording.changed_at = house.now()
    session.flush()
    follow(session, recording, house.now())
    return run


def _named(engine: str) -> str:
    if engine not in ENGINES:
        raise Invalid(f"There is no engine called {engine}.", f"Use one of: {', '.join(ENGINES)}.", field="engine")
    return engine


def _hotwords(session: Session, team_id: str, wish: Wish) -> int:
    newest = newest_hotwords(session, team_id)
    if wish.hotwords is None:
        return newest
    if not 0 <= wish.hotwords <= newest:
        raise Invalid(
            f"The team's hotword list has no version {wish.hotwords}.", f"Use one up to {newest}, or 0 for none.",
            field="hotwords_version",
        )  # fmt: skip
    return wish.hotwords


def _engine(session: Session, house: House, recording: Recording, now: Served) -> str:
    """The folder's engine, else the house's; but what the model did, or can do better now, is never done by a lesser one."""
    folder = session.get(Folder, recording.folder_id) if recording.folder_id else None
    engine = folder.engine if folder is not None else ""
    if (engine or house.options.engine) != AUTO or not recording.version:
        return engine
    if recording.draft:
        return MODEL if recording.language in now.languages(MODEL) else engine
    last = session.scalar(
        select(TranscriptVersion.engine)
        .where(TranscriptVersion.recording_id == recording.id, TranscriptVersion.kind == VersionKind.MACHINE)
        .order_by(TranscriptVersion.number.desc())
        .limit(1)
    )
    return MODEL if last == MODEL else engine
