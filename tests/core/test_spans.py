"""Room: tests.core.test_spans. From spans to utterances: nothing lost, nothing twice, none too long."""

from hypothesis import given
from hypothesis import strategies as st

from nas_asr.core.spans import UtteranceLimits, merge
from nas_asr.core.transcript import Span

LIMITS = UtteranceLimits()
BARE = UtteranceLimits(pad_ms=0)


@st.composite
def spans(draw: st.DrawFn) -> list[Span]:
    """Spans in order, as VAD gives them."""
    found, at = [], 0
    for gap, length in draw(st.lists(st.tuples(st.integers(1, 3000), st.integers(1, 70_000)), max_size=20)):
        found.append(Span(at + gap, at + gap + length))
        at = found[-1].end_ms
    return found


@given(spans())
def test_utterances_are_in_order_and_none_is_too_long(found: list[Span]) -> None:
    merged = list(merge(found, LIMITS))
    assert all(0 < one.length_ms <= LIMITS.max_ms for one in merged)
    assert all(one.end_ms <= two.start_ms for one, two in zip(merged, merged[1:], strict=False))


@given(spans())
def test_every_moment_of_speech_is_in_an_utterance(found: list[Span]) -> None:
    merged = list(merge(found, LIMITS))
    for span in found:
        covered = sum(max(0, min(span.end_ms, u.end_ms) - max(span.start_ms, u.start_ms)) for u in merged)
        assert covered == span.length_ms


@given(spans())
def test_silence_is_kept_out(found: list[Span]) -> None:
    speech = sum(span.length_ms for span in found)
    merged = sum(span.length_ms for span in merge(found, LIMITS))
    assert merged <= speech + (LIMITS.join_gap_ms + 2 * LIMITS.pad_ms) * len(found)


def test_close_spans_are_one_utterance_and_far_ones_are_not() -> None:
    assert list(merge([Span(0, 1000), Span(1600, 2000)], BARE)) == [Span(0, 2000)]
    assert list(merge([Span(0, 1000), Span(1601, 2000)], BARE)) == [Span(0, 1000), Span(1601, 2000)]


def test_joining_ends_where_an_utterance_would_grow_long() -> None:
    close = [Span(i * 5000, i * 5000 + 4900) for i in range(4)]
    assert list(merge(close, BARE)) == [Span(0, 9900), Span(10_000, 19_900)]


def test_padding_never_reaches_over_a_neighbour_nor_before_the_beginning() -> None:
    found = list(merge([Span(100, 1000), Span(1700, 2000), Span(9000, 9500)], LIMITS))
    assert found == [Span(0, 1200), Span(1500, 2200), Span(8800, 9700)]


@given(spans(), st.integers(0, 3))
def test_a_cut_lies_where_it_is_quietest_and_leaves_no_sliver(found: list[Span], where: int) -> None:
    asked: list[tuple[int, int]] = []

    def quietest(earliest: int, latest: int) -> int:
        asked.append((earliest, latest))
        return earliest + (latest - earliest) * where // 3

    merged = list(merge(found, LIMITS, quietest))
    assert all(earliest <= latest for earliest, latest in asked)
    cut = {span.end_ms for span in merged}
    assert {earliest + (latest - earliest) * where // 3 for earliest, latest in asked} <= cut
    long = [span for span in merged if span.length_ms < LIMITS.max_ms // 4]
    assert all(any(one.start_ms >= span.start_ms - 1000 for one in found) for span in long)
