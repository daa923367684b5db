"""Room: core.spans. From VAD's spans to utterances: merge what is close, pad, cut what is long. Pure and streaming."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from nas_asr.core.transcript import Milliseconds, Span

# Where between two times a cut hurts least; (earliest, latest) -> a time within both.
Quietest = Callable[[Milliseconds, Milliseconds], Milliseconds]


@dataclass(frozen=True, slots=True)
class UtteranceLimits:
    """How spans become utterances.

    max_ms: no utterance is longer (Fun-ASR-Nano and OpenAI-compatible servers take 30 s).
    join_gap_ms: spans nearer than this are one utterance, while the whole stays within join_ms; short utterances lose
    the recogniser its context, long ones lose the reader the place.
    pad_ms: silence kept around each utterance, never over its neighbour and at most half of what lies between them.
    """

    max_ms: Milliseconds = 30_000
    join_gap_ms: Milliseconds = 600
    join_ms: Milliseconds = 12_000
    pad_ms: Milliseconds = 200


def middle(earliest: Milliseconds, latest: Milliseconds) -> Milliseconds:
    """A Quietest for those who cannot hear."""
    return (earliest + latest) // 2


def merge(spans: Iterable[Span], limits: UtteranceLimits, quietest: Quietest = middle) -> Iterator[Span]:
    """Join close spans, pad them, cut those over max_ms where it is quietest; order kept, nothing lost, no overlap.

    Each comes out when the next span, or the end, has shown that it is complete; quietest is asked only then.
    """
    before: Milliseconds = 0  # where the utterance before ends, with its padding
    still_open: Span | None = None
    for span in spans:
        if still_open is None:
            still_open = span
        elif _joins(still_open, span, limits):
            still_open = Span(still_open.start_ms, span.end_ms)
        else:
            room = (span.start_ms - still_open.end_ms) // 2
            padded = _pad(still_open, before, min(limits.pad_ms, max(room, 0)), limits.pad_ms)
            yield from _cut(padded, limits.max_ms, quietest)
            before, still_open = padded.end_ms, span
    if still_open is not None:
        yield from _cut(_pad(still_open, before, limits.pad_ms, limits.pad_ms), limits.max_ms, quietest)


def _joins(left: Span, right: Span, limits: UtteranceLimits) -> bool:
    near = right.start_ms - left.end_ms <= limits.join_gap_ms
    return near and right.end_ms - left.start_ms <= min(limits.join_ms, limits.max_ms)


def _pad(span: Span, before: Milliseconds, after_ms: Milliseconds, pad_ms: Milliseconds) -> Span:
    start = max(before, span.start_ms - pad_ms, 0)
    return Span(min(start, span.start_ms), span.end_ms + after_ms)


def _cut(span: Span, max_ms: Milliseconds, quietest: Quietest) -> Iterator[Span]:
    """Pieces of at most max_ms; none is a sliver, because a cut stays away from both ends."""
    while span.length_ms > max_ms:
        latest = min(span.start_ms + max_ms, span.end_ms - max_ms // 4)
        at = quietest(span.start_ms + max_ms // 2, latest)
        yield Span(span.start_ms, at)
        span = Span(at, span.end_ms)
    yield span
