"""Room: services.wholes. A recording that was split into files, joined again: what becomes of its parts becomes of it.

The whole has no run of its own. Its state is its parts'; its transcript is composed of theirs, and anew when one of them changes.
Never decides what belongs together, never rings.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from nas_asr.core.errors import Conflict
from nas_asr.core.ids import new_id
from nas_asr.core.offers import BUILT_IN
from nas_asr.core.recording import RunState
from nas_asr.core.splits import shifted, starts_of
from nas_asr.core.transcript import Milliseconds, VersionKind
from nas_asr.services.segment_rows import add_rows, row_of
from nas_asr.services.version_texts import segments_in, show, version_numbered
from nas_asr.store.models import Recording, Run, TranscriptVersion

# Of the parts without a transcript, the first of these is what the whole shows.
_LOUDEST = (RunState.TRANSCRIBING, RunState.QUEUED, RunState.FAILED, RunState.STOPPED, RunState.DONE)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a whole with its newest run, and where it starts on the joined time line."""

    recording: Recording
    run: Run | None
    start_ms: Milliseconds


def parts_of(session: Session, whole_ids: Iterable[str]) -> Mapping[str, Sequence[Part]]:
    """The parts of each whole in their order; a recording that is no whole is not in it."""
    rows = session.execute(
        select(Recording, Run)
        .outerjoin(Run, Run.id == Recording.run_id)
        .where(Recording.whole_id.in_(list(whole_ids)))
        .order_by(Recording.whole_id, Recording.part_number, Recording.id)
    ).all()
    found: dict[str, list[Part]] = {}
    for recording, run in rows:
        before = found.setdefault(recording.whole_id or "", [])
        start = before[-1].start_ms + before[-1].recording.duration_ms if before else 0
        before.append(Part(recording, run, start))
    return found


def number_parts(whole: Recording, parts: Sequence[Recording]) -> None:
    """Give each part its place in a whole."""
    for number, (part, start) in enumerate(zip(parts, starts_of(part.duration_ms for part in parts), strict=True), 1):
        part.whole_id, part.part_number, part.part_start_ms = whole.id, number, start


def sha256_of(parts: Iterable[Recording]) -> str:
    """What stands for the bytes of a whole: the SHA-256 of its parts' ones, in order."""
    return hashlib.sha256("".join(part.sha256 for part in parts).encode()).hexdigest()


def hold_whole(session: Session, whole: Recording, parts: Iterable[Recording]) -> None:
    """Hold a joined recording after its parts, in the order of `follow`.

    Conflict where it has others by now, or is in the trash: parts of such a one would be seen by nobody any more.
    """
    before = [part.id for part in parts]
    session.refresh(whole, with_for_update=True)
    now = [part.recording.id for part in parts_of(session, [whole.id]).get(whole.id, ())]
    if whole.trashed_at is not None or now != before:
        raise Conflict("Somebody else changed this recording just now.", "Reload the page.")


def follow(session: Session, part: Recording, now: datetime, *, text: bool = False) -> None:
    """Bring the whole of a part, where it has one, up to date. text: what readers see of the part may be another by now.

    Two parts may end at once: each locks its own rows first and the whole last, so that nobody waits for the other.
    """
    if part.whole_id is None:
        return
    session.flush()
    whole = session.get(Recording, part.whole_id, with_for_update=True, populate_existing=True)
    if whole is not None and whole.trashed_at is None:
        bring_up_to_date(session, whole, now, text=text)


def bring_up_to_date(session: Session, whole: Recording, now: datetime, *, text: bool) -> None:
    """State, length and, where the text may be another, the transcript of a whole that the caller has locked."""
    session.flush()
    parts = session.scalars(
        select(Recording)
        .where(Recording.whole_id == whole.id)
        .order_by(Recording.part_number, Recording.id)
        .execution_options(populate_existing=True)
    ).all()
    whole.duration_ms = sum(part.duration_ms for part in parts)
    whole.draft = any(part.draft for part in parts)
    if text and all(part.version for part in parts):
        _compose(session, whole, parts, now)
    whole.state = state_of(parts) if not whole.version else RunState.DONE
    whole.changed_at = now


def state_of(parts: Sequence[Recording]) -> RunState:
    """What a whole without a transcript shows: that something is still done, else why it is not."""
    left = {part.state for part in parts if not part.version}
    return next(state for state in _LOUDEST if state in left or state == RunState.DONE)


def _compose(session: Session, whole: Recording, parts: Sequence[Recording], now: datetime) -> None:
    """A version of the parts' shown versions, each moved to where it starts. None where it would say the same again.

    What a person chose or changed of the whole stays what people see; then the new version only stands beside it.
    """
    sources = [version_numbered(session, part.id, part.version) for part in parts]
    segments = [
        shifted(segment, start)
        for source, start in zip(sources, starts_of(part.duration_ms for part in parts), strict=True)
        for segment in segments_in(session, source)
    ]
    ours = select(TranscriptVersion).where(TranscriptVersion.recording_id == whole.id)
    versions = session.scalars(ours.order_by(TranscriptVersion.number.desc())).all()
    composed = next((version for version in versions if version.kind == VersionKind.MACHINE), None)
    if composed is not None and segments_in(session, composed) == segments:
        return
    version = _version(whole, sources, versions[0].number + 1 if versions else 1, now)
    session.add(version)
    session.flush()
    add_rows(session, (row_of(version, position, segment) for position, segment in enumerate(segments)))
    if composed is None or whole.version == composed.number:
        show(session, whole, version)
    whole.done_at = now


def _version(whole: Recording, sources: Sequence[TranscriptVersion], number: int, now: datetime) -> TranscriptVersion:
    """Of several engines the least is named, so that nobody trusts the text more than its weakest part."""
    label = min(sources, key=lambda source: source.engine != BUILT_IN)
    return TranscriptVersion(
        id=new_id(), recording_id=whole.id, team_id=whole.team_id, number=number, kind=VersionKind.MACHINE,
        created_at=now, language=whole.language, engine=label.engine, model=label.model, revision=label.revision,
        device=label.device, hotwords_version=min(source.hotwords_version for source in sources), itn=label.itn,
        duration_ms=whole.duration_ms, speech_ms=sum(source.speech_ms for source in sources),
        elapsed_ms=sum(source.elapsed_ms for source in sources),
    )  # fmt: skip
