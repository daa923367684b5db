"""Room: tests.engine.test_drawing. What is drawn of a recording is what is in it: loudness step by step, and speech."""

import itertools

import numpy as np
import pytest

from nas_asr.core.ports import Pcm
from nas_asr.core.transcript import Span, Waveform
from nas_asr.engine.drawing import Drawing
from nas_asr.engine.silero import SileroVad
from tests.engine.test_channels import ONE, QUIET, TWO, Times, transcribed
from tests.media.made import RATE, noise, speech


def drawn(sound: Pcm, block: int) -> Waveform:
    """The drawing of a sound that comes in blocks of so many samples."""
    drawing = Drawing(Times())
    for _ in drawing.passing(sound[at : at + block] for at in range(0, len(sound), block)):
        pass
    return drawing.finished(len(sound) * 1000 // RATE)


@pytest.mark.parametrize("block", [1, 799, 800, 801, RATE])
def test_the_loudest_sample_of_each_step_is_drawn_however_blocks_come(block: int) -> None:
    sound = np.zeros(RATE // 8, np.int16)  # two steps and a half
    sound[[100, 799, 800, 1999]] = [50, -32_768, 8_192, -2_048]
    assert list(drawn(sound, block).peaks) == [255, 128, 64]


def test_who_skips_silence_misses_no_word_and_waits_for_none() -> None:
    """Words of the sample with silences of known places put between them; the VAD lets go of a voice a little late."""
    said = speech(43)
    edges = _voiced(said)
    pieces, wanted, at = [], [], 0
    for first, last in edges[:6]:
        quiet = noise(1.5, 0.0005)
        pieces += [quiet, said[first:last]]
        wanted.append(Span((at + len(quiet)) // 16, (at + len(quiet) + last - first) // 16))
        at += len(quiet) + last - first
    drawing = Drawing(SileroVad())
    list(drawing.spans([np.concatenate([*pieces, noise(1, 0.0005)])]))
    found = drawing.finished((at + RATE) // 16).speech
    assert len(found) == len(wanted)
    for heard, true in zip(found, wanted, strict=True):
        assert -100 <= heard.start_ms - true.start_ms <= 50
        assert -50 <= heard.end_ms - true.end_ms <= 150


def _voiced(said: Pcm) -> list[tuple[int, int]]:
    """Stretches of at least a second between silences of at least 300 ms, by their loudness alone."""
    step = RATE // 100
    power = np.abs(said[: len(said) // step * step].astype(np.int32)).reshape(-1, step).max(axis=1)
    loud = power > power.max() * 0.02
    found: list[tuple[int, int]] = []
    for is_loud, run in itertools.groupby(enumerate(loud), key=lambda each: bool(each[1])):
        places = [place for place, _ in run]
        if not is_loud:
            continue
        if found and places[0] * step - found[-1][1] < RATE * 0.3:
            found[-1] = (found[-1][0], (places[-1] + 1) * step)
        else:
            found.append((places[0] * step, (places[-1] + 1) * step))
    return [(first, last) for first, last in found if last - first > RATE]


def test_a_recording_without_speech_has_a_waveform() -> None:
    transcript, _ = transcribed(QUIET)
    assert transcript.segments == ()
    assert transcript.waveform == Waveform(4_000, 50, bytes(80), ())


def test_channels_that_are_heard_apart_have_one_waveform() -> None:
    late = np.concatenate([QUIET, ONE])
    early = np.concatenate([TWO, QUIET])
    transcript, _ = transcribed(early, late)
    drawn_together = transcript.waveform
    assert drawn_together is not None
    assert (drawn_together.duration_ms, len(drawn_together.peaks)) == (8_000, 160)
    assert min(drawn_together.peaks) > 100
    assert drawn_together.speech == (Span(0, 7_900),)


def test_what_is_heard_is_drawn_on_the_way() -> None:
    sound = np.concatenate([QUIET, ONE])
    transcript, _ = transcribed(sound)
    assert transcript.waveform is not None
    assert max(transcript.waveform.peaks[:80]) == 0 < min(transcript.waveform.peaks[80:])
