"""Room: services.transcripts. Reads a recording's transcript, its versions, and what an export needs. Changes nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from nas_asr.core.access import Viewer
from nas_asr.core.errors import NotVisible
from nas_asr.core.transcript import EngineLabel, ItnMode, Origin, Transcript, VersionKind
from nas_asr.services.base import House
from nas_asr.services.recordings import RecordingView, one_recording
from nas_asr.services.version_texts import segments_in
from nas_asr.store.models import Recording, TranscriptVersion, User
from nas_asr.store.scope import Scope


@dataclass(frozen=True, slots=True)
class VersionView:
    """One version in a recording's history; author is a person's name, None for the machine's.

    base: the version that an edited one stands on. tally: how many edits of each kind.
    """

    number: int
    kind: VersionKind
    author: str | None
    created_at: datetime
    engine: str
    hotwords_version: int
    language: str = ""
    origin: Origin = Origin.RUN
    base: int = 0
    author_id: str | None = None
    tally: Mapping[str, int] = field(default_factory=dict)

    @property
    def changes(self) -> int:
        """How many places were changed in it."""
        return sum(self.tally.values())


@dataclass(frozen=True, slots=True)
class TranscriptView:
    """A recording with one version of its transcript."""

    recording: RecordingView
    version: VersionView
    transcript: Transcript


def read_transcript(
    house: House, viewer: Viewer, recording_id: str, number: int | None = None, *, words: bool = True
) -> TranscriptView:
    """The version that readers see, or the one asked for; with or without its words' times. NotVisible where there is none."""
    recording = one_recording(house, viewer, recording_id)
    with house.db.read() as session:
        row = Scope(session, viewer).recording(recording_id)
        version, author = find_version(session, viewer, row, number or recording.version)
        return TranscriptView(recording, version_view(version, author), transcript_of(session, version, words=words))


def list_versions(house: House, viewer: Viewer, recording_id: str) -> list[VersionView]:
    """All versions of a recording's transcript, newest first."""
    one = TranscriptVersion
    with house.db.read() as session:
        scope = Scope(session, viewer)
        statement = scope.versions(scope.recording(recording_id)).outerjoin(User, User.id == one.author_id)
        # Somebody who types makes a version every two seconds: columns, for rows as objects take ten times as long
        columns = statement.with_only_columns(
            one.number, one.kind, User.name, one.created_at, one.engine, one.hotwords_version, one.language, one.origin,
            one.base, one.author_id, one.tally,
        )  # fmt: skip
        return [VersionView(*row) for row in session.execute(columns)]


def transcript_of(session: Session, version: TranscriptVersion, *, words: bool = True) -> Transcript:
    """The whole of a version that the caller may see."""
    return Transcript(
        segments=tuple(segments_in(session, version, words=words)),
        duration_ms=version.duration_ms,
        speech_ms=version.speech_ms,
        elapsed_ms=version.elapsed_ms,
        engine=EngineLabel(version.engine, version.model, version.revision, version.device),
        language=version.language,
        itn=ItnMode(version.itn),
    )


def find_version(
    session: Session, viewer: Viewer, recording: Recording, number: int
) -> tuple[TranscriptVersion, str | None]:
    """A version of a recording that the viewer may see, and its author's name. NotVisible where there is none."""
    statement = Scope(session, viewer).versions(recording).where(TranscriptVersion.number == number)
    row = session.execute(
        statement.add_columns(User.name).outerjoin(User, User.id == TranscriptVersion.author_id)
    ).one_or_none()
    if row is None:
        raise NotVisible("There is no such version of this transcript yet.", "Wait until the recording is transcribed.")
    return row[0], row[1]


def version_view(version: TranscriptVersion, author: str | None) -> VersionView:
    """A version as the history shows it."""
    return VersionView(
        version.number, version.kind, author, version.created_at, version.engine, version.hotwords_version,
        version.language, version.origin, version.base, version.author_id, version.tally,
    )  # fmt: skip
