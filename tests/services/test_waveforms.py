"""Room: tests.services.test_waveforms. A drawing is written with its transcript, behind the fence; who may hear it reads it."""

from dataclasses import replace

import pytest

from nas_asr.core.errors import NotVisible, RunStopped
from nas_asr.core.transcript import EngineLabel, Span, Transcript, Waveform
from nas_asr.services import parts, recordings
from nas_asr.services.base import House
from nas_asr.services.transcribe import finish
from nas_asr.services.waveforms import NoWaveform, has_waveform, read_waveform
from tests.cast import Cast, a_waveform, make_recording
from tests.services.test_transcribe import ME, claimed

DRAWN = Waveform(41_000, 50, bytes(range(200)) * 4 + bytes(20), (Span(300, 40_000),))
NOTHING_SAID = Transcript((), 41_000, 0, 5_000, EngineLabel("sphinx"), "en", waveform=DRAWN)


def transcribe(house: House, drawn: Waveform | None = DRAWN) -> None:
    """Work on the next run; nothing is said in it."""
    finish(
        house, claimed(house, ME), replace(NOTHING_SAID, waveform=drawn, duration_ms=drawn.duration_ms if drawn else 1)
    )


def test_a_recording_in_which_nothing_is_said_has_a_waveform_too(house: House, cast: Cast) -> None:
    recording = make_recording(house, cast.choir)
    transcribe(house)
    assert read_waveform(house, cast.rita, recording) == DRAWN


def test_a_later_run_draws_anew_and_until_then_the_old_one_is_there(house: House, cast: Cast) -> None:
    recording = make_recording(house, cast.choir)
    transcribe(house)
    recordings.retry(house, cast.bob, recording)
    assert read_waveform(house, cast.rita, recording) == DRAWN
    transcribe(house, a_waveform(41_000))
    assert read_waveform(house, cast.rita, recording) == a_waveform(41_000)


def test_who_lost_the_run_draws_nothing(house: House, cast: Cast) -> None:
    recording = make_recording(house, cast.choir)
    held = claimed(house, ME)
    with pytest.raises(RunStopped):
        finish(house, replace(held, fence=held.fence + 1), NOTHING_SAID)
    with pytest.raises(NoWaveform) as told:
        read_waveform(house, cast.rita, recording)
    assert (told.value.code, "run it again" in told.value.remedy) == ("no_waveform", True)


@pytest.mark.parametrize("who", ["charlie", "ada"])
def test_others_do_not_learn_whether_there_is_one(house: House, cast: Cast, who: str) -> None:
    recording = make_recording(house, cast.choir)
    transcribe(house)
    with pytest.raises(NotVisible) as told:
        read_waveform(house, getattr(cast, who), recording)
    assert told.value.code == "not_found"


def test_a_joined_recording_is_drawn_on_its_one_time_line(house: House, cast: Cast) -> None:
    """The first run's own length counts, as it does for the text."""
    first = make_recording(house, cast.choir, "REC_1.wav")
    transcribe(house, Waveform(10_000, 50, bytes([7]) * 200, (Span(0, 9_000),)))
    second = make_recording(house, cast.choir, "REC_2.wav")
    whole = parts.join(house, cast.bob, first, [first, second])
    with pytest.raises(NoWaveform):
        read_waveform(house, cast.rita, whole)
    assert (has_waveform(house, cast.rita, first), has_waveform(house, cast.rita, whole)) == (True, False)
    transcribe(house, Waveform(6_000, 100, bytes([9]) * 60, (Span(1_000, 6_000),)))
    found = read_waveform(house, cast.rita, whole)
    assert has_waveform(house, cast.rita, whole)
    starts = [part.start_ms for part in recordings.one_recording(house, cast.rita, whole).parts]
    assert (starts, found.duration_ms) == ([0, 10_000], 16_000)
    assert found.peaks == bytes([7]) * 100 + bytes([9]) * 60
    assert found.speech == (Span(0, 9_000), Span(11_000, 16_000))
