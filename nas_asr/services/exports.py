"""Room: services.exports. A transcript for a file, or many for a zip that is made while it is sent. Every export is audited."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from nas_asr.core.access import Viewer
from nas_asr.core.errors import Invalid, NotVisible
from nas_asr.core.recording import RunState
from nas_asr.core.transcript import VersionKind
from nas_asr.export import (
    Bundle,
    BundleWords,
    ExportOptions,
    ExportSource,
    Format,
    LeftOut,
    TextLayer,
    check_options,
)
from nas_asr.services.base import Act, House, audit
from nas_asr.services.listing import RecordingFilter, counts, list_recordings
from nas_asr.services.paging import MAX_LIMIT, PageOrder
from nas_asr.services.recordings import RecordingView, one_recording
from nas_asr.services.transcripts import TranscriptView, list_versions, read_transcript
from nas_asr.store.models import Recording
from nas_asr.store.scope import Scope

Present = Callable[[], Viewer | None]  # who the reader is at this moment; None where their access is over
_AT_ONCE = 500  # ids in one question: SQLite and PostgreSQL both bound them


class Layer(StrEnum):
    """Another way to say which text: the machine's word for word or as written, or what readers see."""

    RAW = "raw"
    ITN = "itn"
    EDITED = "edited"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which text of a recording: a version (None: the one that readers see), or the layer."""

    version: int | None = None
    layer: Layer | None = None


_NO_TRANSCRIPT: Mapping[RunState, str] = {
    RunState.QUEUED: "There is no transcript yet: it waits to be transcribed.",
    RunState.TRANSCRIBING: "There is no transcript yet: it is being transcribed.",
    RunState.FAILED: "There is no transcript: transcribing it failed.",
    RunState.STOPPED: "There is no transcript: transcribing it was stopped.",
}


@dataclass(frozen=True, slots=True)
class Reasons:
    """Why a recording could not be exported, in the reader's language."""

    states: Mapping[RunState, str] = field(default_factory=lambda: _NO_TRANSCRIPT)
    gone: str = "It is not there, or not within your reach."


@dataclass(frozen=True, slots=True)
class Many:
    """Recordings by their ids, or all that pass a filter; the formats, and how they are to be."""

    formats: Sequence[Format]
    options: ExportOptions
    ids: Sequence[str] = ()
    everything: RecordingFilter | None = None
    words: BundleWords = field(default_factory=BundleWords)
    reasons: Reasons = field(default_factory=Reasons)


def export_one(house: House, viewer: Viewer, recording_id: str, wanted: Wanted, form: Format) -> ExportSource:
    """What a file in that format is made from; the audit log keeps who had it."""
    number = wanted.version
    if wanted.layer in (Layer.RAW, Layer.ITN):
        versions = list_versions(house, viewer, recording_id)
        number = max((one.number for one in versions if one.kind is VersionKind.MACHINE), default=None)
    view = read_transcript(house, viewer, recording_id, number)
    detail = {"format": form.name, "version": str(view.version.number)}
    with house.db.write() as session:
        audit(session, house, viewer, Act("recording.exported", recording_id, view.recording.team_id, detail=detail))
    return source_of(house, view)


def source_of(house: House, view: TranscriptView) -> ExportSource:
    """A version of a transcript as exports want it."""
    recording = view.recording
    return ExportSource(
        transcript=view.transcript, id=recording.id, title=recording.title, team=recording.team,
        recorded_at=in_site_zone(house, recording.recorded_at), duration_ms=recording.duration_ms,
        sha256=recording.sha256, version=view.version.number, language=recording.language, path=recording.path,
        hotwords_version=view.version.hotwords_version, team_name=recording.team_name,
    )  # fmt: skip


@dataclass(slots=True)
class Reader:
    """Who has a zip sent to them: who they are at each moment, and the teams of which something is in it by then."""

    present: Present
    teams: set[str] = field(default_factory=set)

    def may(self, viewer: Viewer) -> bool:
        """Whether what is on its way to them is still all theirs to read."""
        return all(viewer.sees(team) for team in tuple(self.teams))


def export_many(house: House, viewer: Viewer, order: Many, reader: Reader) -> Iterator[bytes]:
    """The zip, piece by piece. What is wrong with the order is said before the first one.

    The reader is asked before each recording: whoever leaves a team has nothing more of it from that moment on.
    """
    if not order.formats:
        raise Invalid("No format is chosen.", "Choose at least one.", field="format")
    check_options(order.formats, order.options)
    expected = _count(house, viewer, order)
    names = ",".join(form.name for form in order.formats)
    detail = {"count": str(expected), "formats": names}
    with house.db.write() as session:
        audit(session, house, viewer, Act("recordings.exported", f"{expected} ({names})", detail=detail))
    return _stream(house, viewer, order, reader, expected)


def _count(house: House, viewer: Viewer, order: Many) -> int:
    """How many recordings are within reach; NotVisible where none of those that were named is."""
    if order.everything is not None:
        states = counts(house, viewer, order.everything)
        state = order.everything.state
        found = states[state] if state is not None else sum(states.values())
        if not found:
            raise Invalid("No recording fits what was asked for.", "Change the filters.", field="everything")
        return found
    if not order.ids:
        raise Invalid("No recording is chosen.", "Choose at least one.", field="id")
    found = 0
    with house.db.read() as session:
        mine = Scope(session, viewer).recordings()
        for first in range(0, len(order.ids), _AT_ONCE):
            chosen = mine.where(Recording.id.in_(order.ids[first : first + _AT_ONCE])).subquery()
            found += session.scalar(select(func.count()).select_from(chosen)) or 0
    if not found:
        raise NotVisible("There is nothing here under this address for you.")
    return found


def _stream(house: House, viewer: Viewer, order: Many, reader: Reader, expected: int) -> Iterator[bytes]:
    present = reader.present
    seen, now = 0, present()
    with Bundle(order.formats, order.options, in_site_zone(house, house.now()), viewer.name, order.words) as bundle:
        for recording_id in _ids(house, order, present):
            seen += 1
            if (now := present()) is None:
                break
            found = _readable(house, now, recording_id, order.reasons)
            if isinstance(found, LeftOut):
                bundle.leave_out(found)
            else:
                reader.teams.add(found.recording.team_id)
                yield from bundle.add(source_of(house, found))
        missing = max(expected - seen, 0) if now is not None and order.everything is not None else 0
        yield from bundle.finish(ended=now is None, missing=missing)


def _ids(house: House, order: Many, present: Present) -> Iterator[str]:
    """One after the other; of a filter a page at a time, each as its reader may see it by then."""
    if order.everything is None:
        yield from dict.fromkeys(order.ids)
        return
    cursor: str | None = ""
    while cursor is not None and (viewer := present()) is not None:
        page = list_recordings(house, viewer, order.everything, PageOrder(MAX_LIMIT, cursor))
        yield from [recording.id for recording in page.items]
        cursor = page.next


def _readable(house: House, viewer: Viewer, recording_id: str, reasons: Reasons) -> TranscriptView | LeftOut:
    try:
        recording: RecordingView = one_recording(house, viewer, recording_id)
        if recording.version:
            return read_transcript(house, viewer, recording_id)
    except NotVisible:
        return LeftOut(recording_id, "not_found", reasons.gone)
    reason = reasons.states.get(recording.state, reasons.gone)
    return LeftOut(recording.id, recording.state, reason, recording.title)


def in_site_zone(house: House, moment: datetime) -> datetime:
    """File names carry the day on the wall clock of the place, not London's."""
    zone = house.options.timezone
    return moment.astimezone(ZoneInfo(zone) if zone else None)


def text_of(layer: Layer | None, text: TextLayer) -> TextLayer:
    """The layer's text where one is named, else the one asked for."""
    if layer is None:
        return text
    return TextLayer.SPOKEN if layer is Layer.RAW else TextLayer.WRITTEN
