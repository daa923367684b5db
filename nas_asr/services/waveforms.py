"""Room: services.waveforms. What a recording looks like: kept when a run is written down, read by who may hear it. No sound."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from nas_asr.core.access import Viewer
from nas_asr.core.errors import NotVisible
from nas_asr.core.transcript import Milliseconds, Span, Waveform
from nas_asr.core.waveform import joined
from nas_asr.services.base import House
from nas_asr.services.wholes import parts_of
from nas_asr.store.models import Recording, WaveformRow
from nas_asr.store.scope import Scope


class NoWaveform(NotVisible):
    """The recording is there, but nobody has drawn it yet."""

    code = "no_waveform"


def keep_waveform(session: Session, recording: Recording, drawn: Waveform) -> None:
    """The drawing takes the place of an earlier one, in the caller's transaction."""
    session.merge(
        WaveformRow(
            recording_id=recording.id, team_id=recording.team_id, duration_ms=drawn.duration_ms, step_ms=drawn.step_ms,
            peaks=drawn.peaks, speech=[[span.start_ms, span.end_ms] for span in drawn.speech],
        )
    )  # fmt: skip


def has_waveform(house: House, viewer: Viewer, recording_id: str) -> bool:
    """Whether read_waveform has something to give; of a joined recording, whether each part was drawn."""
    with house.db.read() as session:
        recording = Scope(session, viewer).recording(recording_id)
        wanted = [one for one, _ in _placed(session, recording)]
        drawn = select(func.count()).where(WaveformRow.recording_id.in_(wanted))
        return session.scalar(drawn) == len(wanted)


def read_waveform(house: House, viewer: Viewer, recording_id: str) -> Waveform:
    """What a recording looks like; a joined one on its one time line.

    NotVisible where it is not theirs, NoWaveform where it, or a part of it, was not transcribed since there are drawings.
    """
    with house.db.read() as session:
        recording = Scope(session, viewer).recording(recording_id)
        drawn = [(start, _drawn(session, one)) for one, start in _placed(session, recording)]
    return joined(drawn) if len(drawn) > 1 else drawn[0][1]


def _placed(session: Session, recording: Recording) -> list[tuple[str, Milliseconds]]:
    """What was drawn by itself, and where it begins: the parts of a joined recording, or the recording."""
    parts = parts_of(session, [recording.id]).get(recording.id, ())
    return [(part.recording.id, part.start_ms) for part in parts] or [(recording.id, 0)]


def _drawn(session: Session, recording_id: str) -> Waveform:
    row = session.get(WaveformRow, recording_id)
    if row is None:
        raise NoWaveform("This recording has no waveform yet.", "It gets one when it is transcribed; run it again.")
    speech = tuple(Span(start, end) for start, end in row.speech)
    return Waveform(row.duration_ms, row.step_ms, row.peaks, speech)
