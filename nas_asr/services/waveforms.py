"""Room: services.waveforms. What a recording looks like: kept when a run is written down, read by who may hear it. No sound."""

from sqlalchemy.orm import Session

from nas_asr.core.access import Viewer
from nas_asr.core.errors import NotVisible
from nas_asr.core.transcript import Span, Waveform
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


def read_waveform(house: House, viewer: Viewer, recording_id: str) -> Waveform:
    """What a recording looks like; a joined one on its one time line.

    NotVisible where it is not theirs, NoWaveform where it, or a part of it, was not transcribed since there are drawings.
    """
    with house.db.read() as session:
        recording = Scope(session, viewer).recording(recording_id)
        parts = parts_of(session, [recording.id]).get(recording.id, ())
        placed = [(part.recording.id, part.start_ms) for part in parts] or [(recording.id, 0)]
        drawn = [(start, _drawn(session, one)) for one, start in placed]
    return joined(drawn) if len(drawn) > 1 else drawn[0][1]


def _drawn(session: Session, recording_id: str) -> Waveform:
    row = session.get(WaveformRow, recording_id)
    if row is None:
        raise NoWaveform("This recording has no waveform yet.", "It gets one when it is transcribed; run it again.")
    speech = tuple(Span(start, end) for start, end in row.speech)
    return Waveform(row.duration_ms, row.step_ms, row.peaks, speech)
