"""Room: bench._chaos_checks. What must be true of a house after everything, read from its database. Changes nothing."""

from collections import Counter
from dataclasses import dataclass, field

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from bench._chaos_drops import Content, Droppers, tree_troubles
from nas_asr.core.recording import LedgerState, Presence, RunState
from nas_asr.core.transcript import VersionKind
from nas_asr.store.database import Database
from nas_asr.store.models import LedgerLine, Recording, Run, SegmentRow, TranscriptVersion

# What a recording may say whose file its people took away before it was heard: that it is gone, or that faults had cost its
# three tries before somebody could notice.
_GONE_UNHEARD = ("unreadable", "vanished", "worker_lost")


@dataclass
class Verdict:
    """What broke, in sentences, and the contents that it happened to."""

    lost: list[Content] = field(default_factory=list)
    duplicated: list[Content] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    gone_unheard: int = 0  # deleted by their people before they were transcribed; the recording says so

    @property
    def good(self) -> bool:
        """Whether every promise was kept."""
        return not (self.lost or self.duplicated or self.broken)


@dataclass(frozen=True)
class _Seen:
    recordings: dict[tuple[str, str], list[Recording]]
    versions: dict[str, list[TranscriptVersion]]
    texts: dict[str, list[str]]
    runs: dict[str, list[Run]]


def judge(db: Database, droppers: Droppers) -> Verdict:
    """Compare what people did with what the house has."""
    verdict = Verdict()
    with db.read() as session:
        seen = _see(session)
        for content in droppers.contents.values():
            _judge_content(verdict, content, seen)
        _judge_runs(verdict, seen)
        _judge_origin(verdict, droppers, seen)
        _judge_ledger(verdict, session, droppers, seen)
        if db.is_sqlite and (said := session.scalar(text("PRAGMA integrity_check"))) != "ok":
            verdict.broken.append(f"integrity_check: {said}")
    verdict.broken += tree_troubles(droppers)
    return verdict


def drained(db: Database, droppers: Droppers) -> bool:
    """Whether nothing is under way any more: every promised content has an ended run, no file is growing."""
    with db.read() as session:
        under_way = select(Run.id).where(Run.state.in_((RunState.QUEUED, RunState.TRANSCRIBING))).limit(1)
        growing = select(LedgerLine.id).where(
            LedgerLine.state == LedgerState.GROWING, LedgerLine.presence == Presence.PRESENT
        )
        if session.scalar(under_way) is not None or session.scalar(growing.limit(1)) is not None:
            return False
        here = set(session.execute(select(Recording.team_id, Recording.sha256)).tuples())
        lines = session.execute(
            select(LedgerLine.folder_id, LedgerLine.path, LedgerLine.sha256).where(
                LedgerLine.presence == Presence.PRESENT
            )
        )
        known = {(folder, path): sha256 for folder, path, sha256 in lines}
    all_here = all(key in here for key, content in droppers.contents.items() if content.is_promised)
    return all_here and all(known.get(key) == left.sha256 for key, left in droppers.left.items())


def _see(session: Session) -> _Seen:
    seen = _Seen({}, {}, {}, {})
    for recording in session.scalars(select(Recording)):
        seen.recordings.setdefault((recording.team_id, recording.sha256), []).append(recording)
    for version in session.scalars(select(TranscriptVersion).where(TranscriptVersion.kind == VersionKind.MACHINE)):
        seen.versions.setdefault(version.recording_id, []).append(version)
    for row in session.scalars(select(SegmentRow)):
        seen.texts.setdefault(row.version_id, []).append(row.text)
    for run in session.scalars(select(Run)):
        seen.runs.setdefault(run.recording_id, []).append(run)
    return seen


def _judge_content(verdict: Verdict, content: Content, seen: _Seen) -> None:
    recordings = seen.recordings.get((content.team, content.sha256), [])
    versions = [version for recording in recordings for version in seen.versions.get(recording.id, [])]
    if len(recordings) > 1 or len(versions) > 1:
        verdict.duplicated.append(content)
        verdict.broken.append(f"{content.sha256[:12]} has {len(recordings)} recordings and {len(versions)} transcripts")
    if versions:
        return
    codes = {run.failure_code for recording in recordings for run in seen.runs.get(recording.id, [])}
    if not content.is_promised and (not content.was_taken or (recordings and codes & set(_GONE_UNHEARD))):
        verdict.gone_unheard += bool(recordings)
        return
    verdict.lost.append(content)
    states = [run.state.value for recording in recordings for run in seen.runs.get(recording.id, [])]
    verdict.broken.append(
        f"{content.sha256[:12]} is lost: {len(recordings)} recordings, runs {states} {sorted(codes)}, "
        f"at {sorted(content.places)}"
    )


def _judge_runs(verdict: Verdict, seen: _Seen) -> None:
    for runs in seen.runs.values():
        for run in runs:
            if run.state in (RunState.QUEUED, RunState.TRANSCRIBING):
                verdict.broken.append(f"run {run.id} is still {run.state} ({run.worker}, waits for {run.waiting_for})")
            if run.state != RunState.TRANSCRIBING and run.lease_until is not None:
                verdict.broken.append(f"run {run.id} is {run.state} under a lease")
    of_runs = Counter(version.run_id for versions in seen.versions.values() for version in versions)
    verdict.broken += [f"run {run_id} has {count} transcripts" for run_id, count in of_runs.items() if count != 1]


def _judge_origin(verdict: Verdict, droppers: Droppers, seen: _Seen) -> None:
    """Each transcript is that of its recording's bytes, and no recording is half a file."""
    for (team, sha256), recordings in seen.recordings.items():
        if (team, sha256) not in droppers.contents and sha256 not in droppers.halves:
            verdict.broken.append(f"{sha256[:12]} ({recordings[0].path}) is nothing that anybody put there whole")
        for recording in recordings:
            for version in seen.versions.get(recording.id, []):
                if (texts := seen.texts.get(version.id, [])) != [sha256]:
                    verdict.broken.append(f"{recording.path} ({sha256[:12]}) has the text of {[t[:12] for t in texts]}")


def _judge_ledger(verdict: Verdict, session: Session, droppers: Droppers, seen: _Seen) -> None:
    by_id = {recording.id: recording for found in seen.recordings.values() for recording in found}
    present = session.scalars(select(LedgerLine).where(LedgerLine.presence == Presence.PRESENT)).all()
    lines = {(line.folder_id, line.path): line for line in present}
    if len(lines) != len(present):
        verdict.broken.append("a file has two present generations in the ledger")
    for key, left in droppers.left.items():
        line = lines.get(key)
        if line is None or line.state not in (LedgerState.INGESTED, LedgerState.DUPLICATE):
            verdict.broken.append(f"{key[1]} is {line.state if line else 'not'} in the ledger")
        elif line.sha256 != left.sha256 or by_id[line.recording_id or ""].sha256 != left.sha256:
            verdict.broken.append(f"{key[1]} stands in the ledger with other bytes than it has")
    verdict.broken += [
        f"{key[1]} is present in the ledger and not in the folder" for key in lines.keys() - droppers.left.keys()
    ]
