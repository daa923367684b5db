"""Room: tests.core.test_waveform. A drawing is small for any length, fine for a short one, and right where it was joined."""

import random
import tracemalloc

import pytest

from nas_asr.core.transcript import Span, Waveform
from nas_asr.core.waveform import MOST_SPANS, MOST_STEPS, Sketch, joined

HOUR = 3_600_000


def drawn(duration_ms: int, loud_at_ms: int) -> Waveform:
    """Silence with one loud moment."""
    sketch = Sketch()
    for at in range(0, duration_ms, 50):
        sketch.loudness(32_768 if at <= loud_at_ms < at + 50 else 0)
    return sketch.finished(duration_ms)


@pytest.mark.parametrize("duration_ms", [1, 49, 50, 51, 60_000, 400_000, 400_001, HOUR, 5 * HOUR + 7])
def test_a_drawing_covers_its_length_in_no_more_than_so_many_steps(duration_ms: int) -> None:
    found = drawn(duration_ms, duration_ms // 2)
    assert (len(found.peaks) - 1) * found.step_ms < duration_ms <= len(found.peaks) * found.step_ms
    assert len(found.peaks) <= MOST_STEPS
    assert found.step_ms == 50 or len(found.peaks) > MOST_STEPS / 2 - 1
    assert [at for at, peak in enumerate(found.peaks) if peak] == [duration_ms // 2 // found.step_ms]


def test_a_quiet_voice_is_seen() -> None:
    sketch = Sketch()
    for peak in (0, 3, 328, 32_768):
        sketch.loudness(peak)
    assert list(sketch.finished(200).peaks) == [0, 2, 26, 255]


def test_day_long_speech_is_kept_small_and_keeps_its_longest_silences() -> None:
    chance, at, silences = random.Random(5), 0, []
    sketch = Sketch()
    for _ in range(20_000):
        sketch.speech(Span(at, at + 2000))
        silences.append(chance.randrange(210, 9000))
        at += 2000 + silences[-1]
    found = sketch.finished(at)
    left = [right.start_ms - left.end_ms for left, right in zip(found.speech, found.speech[1:], strict=False)]
    assert len(found.speech) == MOST_SPANS
    assert sorted(left) == sorted(silences[:-1])[-len(left) :]


def test_drawing_takes_no_more_memory_for_a_longer_recording() -> None:
    tracemalloc.start()
    sketch = Sketch()
    for at in range(0, 5 * HOUR, 50):
        sketch.loudness(at % 30_000)
        if at % 3000 == 0:
            sketch.speech(Span(at, at + 1000 + at % 1700))
    sketch.finished(5 * HOUR)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 1_000_000


def test_a_moment_between_two_words_is_no_silence() -> None:
    sketch = Sketch()
    for span in (Span(0, 1000), Span(1150, 2000), Span(2300, 3000)):
        sketch.speech(span)
    assert sketch.finished(2900).speech == (Span(0, 2000), Span(2300, 2900))


def test_parts_stand_in_a_row_on_one_time_line() -> None:
    first = Waveform(1_030, 50, bytes([9] * 20 + [200]), (Span(0, 500), Span(900, 1030)))
    second = Waveform(400, 100, bytes([50, 0, 0, 250]), (Span(100, 400),))
    whole = joined([(0, first), (1_030, second)])
    assert (whole.duration_ms, whole.step_ms, len(whole.peaks)) == (1_430, 100, 15)
    assert list(whole.peaks[8:]) == [9, 9, 200, 50, 0, 250, 250]
    assert whole.speech == (Span(0, 500), Span(900, 1430))


def test_channels_that_were_heard_apart_lie_over_each_other() -> None:
    left = Waveform(200, 50, bytes([1, 9, 1, 0]), (Span(0, 90),))
    right = Waveform(200, 50, bytes([5, 5, 5, 5]), (Span(50, 150), Span(160, 200)))
    assert joined([(0, left), (0, right)]) == Waveform(200, 50, bytes([5, 9, 5, 5]), (Span(0, 200),))


def test_many_long_parts_are_no_larger_than_one() -> None:
    hours = [(at * HOUR, drawn(HOUR, at * 1000)) for at in range(9)]
    whole = joined(hours)
    assert len(whole.peaks) <= MOST_STEPS
    assert [at for at, peak in enumerate(whole.peaks) if peak] == [
        (at * HOUR + at * 1000) // whole.step_ms for at in range(9)
    ]
