"""Room: tests.engine.test_utterances. From spans to utterances: nothing lost, none too long, little kept."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nas_asr.core.ports import PcmBlocks
from nas_asr.core.spans import UtteranceLimits, merge
from nas_asr.core.transcript import Span
from nas_asr.engine.silero import SileroVad, VadRules
from nas_asr.engine.utterances import Tape, utterances
from tests.media.made import Samples, noise, speech

LIMITS = UtteranceLimits()


class FakeVad:
    """Says what the test says, as soon as the sound has passed."""

    def __init__(self, *spans: Span) -> None:
        self._spans = spans

    def spans(self, blocks: PcmBlocks) -> Iterator[Span]:
        """Each span when its end has passed."""
        waiting = list(self._spans)
        passed = 0
        for block in blocks:
            passed += len(block) // 16
            while waiting and waiting[0].end_ms <= passed:
                yield waiting.pop(0)


def seconds_of(samples: Samples) -> Iterator[Samples]:
    """Blocks as media.decode gives them."""
    for start in range(0, len(samples), 16_000):
        yield samples[start : start + 16_000]


@st.composite
def spans(draw: st.DrawFn) -> list[Span]:
    """Spans as a VAD gives them."""
    at = draw(st.integers(0, 5000))
    found = []
    for gap, length in draw(st.lists(st.tuples(st.integers(0, 2000), st.integers(1, 90_000)), max_size=12)):
        found.append(Span(at + gap, at + gap + length))
        at += gap + length
    return found


@given(spans(), st.integers(1000, 40_000), st.integers(0, 500))
def test_utterances_are_ordered_short_enough_and_cover_all_speech(found: list[Span], max_ms: int, pad_ms: int) -> None:
    limits = UtteranceLimits(max_ms=max_ms, pad_ms=pad_ms)
    merged = list(merge(found, limits))
    for left, right in zip(merged, merged[1:], strict=False):
        assert left.end_ms <= right.start_ms
    assert all(span.start_ms >= 0 and 0 < span.length_ms <= max_ms for span in merged)
    for span in found:
        covering = sum(max(0, min(m.end_ms, span.end_ms) - max(m.start_ms, span.start_ms)) for m in merged)
        assert covering == span.length_ms
    assert sum(m.length_ms for m in merged) <= sum(s.length_ms for s in found) + sum(
        LIMITS.join_gap_ms + 2 * pad_ms for _ in found
    )


def test_close_spans_become_one_and_far_ones_stay_apart() -> None:
    found = [Span(1000, 2000), Span(2400, 3000), Span(5000, 6000)]
    assert list(merge(found, LIMITS)) == [Span(800, 3200), Span(4800, 6200)]


def test_padding_is_shared_between_neighbours() -> None:
    limits = UtteranceLimits(join_gap_ms=0)
    assert list(merge([Span(1000, 2000), Span(2100, 3000)], limits)) == [Span(800, 2050), Span(2050, 3200)]


def test_endless_speech_is_cut_where_it_is_quietest() -> None:
    sound = noise(50, 0.1)
    sound[16_000 * 21 : 16_000 * 21 + 3200] //= 20
    tape = Tape(seconds_of(sound), 70_000)
    found = list(utterances(tape, FakeVad(Span(0, 50_000)), LIMITS))
    assert [len(each.pcm) / 16 for each in found] == [each.span.length_ms for each in found]
    assert found[0].span.end_ms == found[1].span.start_ms == pytest.approx(21_100, abs=100)
    assert np.array_equal(np.concatenate([each.pcm for each in found]), sound)


def test_each_utterance_has_exactly_the_sound_of_its_span() -> None:
    sound = noise(20)
    tape = Tape(seconds_of(sound), 70_000)
    found = list(utterances(tape, FakeVad(Span(500, 1500), Span(9000, 12_000), Span(19_000, 19_900)), LIMITS))
    assert [each.span for each in found] == [Span(300, 1700), Span(8800, 12_200), Span(18_800, 20_000)]
    for each in found:
        assert np.array_equal(each.pcm, sound[each.span.start_ms * 16 : each.span.end_ms * 16])


def test_hours_of_silence_between_two_sentences_are_not_kept() -> None:
    first, last = noise(3), noise(3)[::-1]
    silence = np.zeros(16_000, np.int16)
    kept = 0

    def blocks() -> Iterator[Samples]:
        nonlocal kept
        yield from seconds_of(first)
        for _ in range(3 * 3600):
            yield silence
            kept = max(kept, tape.kept_samples)
        yield from seconds_of(last)
        yield silence

    tape = Tape(blocks(), 70_000)
    late = (3 * 3600 + 3) * 1000
    found = list(utterances(tape, FakeVad(Span(0, 3000), Span(late, late + 3000)), LIMITS))
    assert kept <= 90 * 16_000
    assert np.array_equal(found[0].pcm[: 3 * 16_000], first)
    assert np.array_equal(found[1].pcm[200 * 16 : 200 * 16 + 3 * 16_000], last)


def test_an_hour_of_close_talk_is_not_kept_either() -> None:
    silence = np.zeros(16_000, np.int16)
    kept = []

    def blocks() -> Iterator[Samples]:
        for _ in range(1800):
            yield silence
            kept.append(tape.kept_samples)

    tape = Tape(blocks(), 70_000)
    found = FakeVad(*(Span(i * 1000, i * 1000 + 900) for i in range(1800)))
    assert all(each.span.length_ms <= 12_400 for each in utterances(tape, found, LIMITS))
    assert max(kept) <= 90 * 16_000


def test_the_voice_detector_hears_speech_whatever_the_size_of_the_blocks() -> None:
    sound = speech(20)
    vad = SileroVad()
    whole = list(vad.spans([sound]))
    assert len(whole) >= 4
    for size in (1, 160, 511, 4096, 16_000)[1:]:
        assert list(vad.spans(sound[i : i + size] for i in range(0, len(sound), size))) == whole


def test_the_voice_detector_gives_no_span_over_its_limit() -> None:
    sound = np.concatenate([speech(8)[8000:64_000]] * 12)
    found = list(SileroVad(VadRules(max_speech_ms=5000, min_silence_ms=2000)).spans(seconds_of(sound)))
    assert len(found) > 5
    assert all(span.length_ms <= 5000 for span in found)
