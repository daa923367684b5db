"""Room: core.waveform. Draws what a recording looks like while it goes by, and puts drawings together. Pure, knows no sound.

Whatever the length, a drawing has no more than so many steps and spans: a step doubles when there are too many, and where
there are more silences than anybody skips, the shortest are drawn as speech.
"""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from math import sqrt

from nas_asr.core.transcript import Milliseconds, Span, Waveform

FINEST_MS: Milliseconds = 50
MOST_STEPS = 8_000
MOST_SPANS = 3_000
_NEAR_MS = 200  # a silence that is no longer is none

FULL_SCALE = 32_768


class Sketch:
    """A drawing under way. Memory does not grow with the length."""

    def __init__(self) -> None:
        self._peaks = array("H")
        self._finest_in_a_step = 1
        self._loudest = 0  # of the step that is not full yet
        self._in_it = 0
        self._spans: list[Span] = []

    def loudness(self, peak: int) -> None:
        """The loudest sample of the next FINEST_MS, of 16 bits without its sign."""
        self._loudest = max(self._loudest, peak)
        self._in_it += 1
        if self._in_it < self._finest_in_a_step:
            return
        self._peaks.append(self._loudest)
        self._loudest = self._in_it = 0
        if len(self._peaks) == MOST_STEPS:
            self._peaks = array("H", map(max, self._peaks[::2], self._peaks[1::2]))
            self._finest_in_a_step *= 2

    def speech(self, span: Span) -> None:
        """Somebody speaks; spans come in order of time."""
        self._spans.append(span)
        if len(self._spans) >= MOST_SPANS * 9 // 8:
            self._spans = _fewer(self._spans)

    def finished(self, duration_ms: Milliseconds) -> Waveform:
        """The drawing of a recording that ended here."""
        step = self._finest_in_a_step * FINEST_MS
        peaks = bytes(map(_byte, [*self._peaks, *([self._loudest] if self._in_it else [])]))
        while self._spans and self._spans[-1].end_ms > duration_ms:  # padding reaches beyond the sound
            last = Span(self._spans.pop().start_ms, duration_ms)
            self._spans += [last] if last.length_ms > 0 else []
        return Waveform(duration_ms, step, peaks[: _steps(duration_ms, step)], tuple(_fewer(self._spans)))


def joined(placed: Sequence[tuple[Milliseconds, Waveform]]) -> Waveform:
    """Drawings on one time line, each from where it starts: parts in a row, or channels that were heard apart."""
    duration = max(start + one.duration_ms for start, one in placed)
    step = max(one.step_ms for _, one in placed)
    while _steps(duration, step) > MOST_STEPS:
        step *= 2
    peaks = bytearray(_steps(duration, step))
    for start, one in placed:
        for at in range(start // step, _steps(start + one.duration_ms, step)):
            first = max(0, at * step - start) // one.step_ms
            after = _steps((at + 1) * step - start, one.step_ms)
            peaks[at] = max(peaks[at], *one.peaks[first:after], 0)
    spans = sorted(Span(span.start_ms + start, span.end_ms + start) for start, one in placed for span in one.speech)
    return Waveform(duration, step, bytes(peaks), tuple(_fewer(_union(spans))))


def _byte(peak: int) -> int:
    """By the square root: a voice at the far end of the table has a hundredth of full scale, and is to be seen."""
    return min(255, round(255 * sqrt(peak / FULL_SCALE)))


def _steps(duration_ms: Milliseconds, step_ms: Milliseconds) -> int:
    return -(-duration_ms // step_ms)


def _union(spans: Iterable[Span]) -> Iterator[Span]:
    """Of spans in order of their beginning: those that overlap are one."""
    still_open: Span | None = None
    for span in spans:
        if still_open is not None and span.start_ms <= still_open.end_ms:
            still_open = Span(still_open.start_ms, max(still_open.end_ms, span.end_ms))
            continue
        if still_open is not None:
            yield still_open
        still_open = span
    if still_open is not None:
        yield still_open


def _fewer(spans: Iterable[Span]) -> list[Span]:
    """Spans with the longest silences between them, of which there are fewer than MOST_SPANS."""
    found = list(spans)
    silences = [right.start_ms - left.end_ms for left, right in pairwise(found)]
    longest = sorted(range(len(silences)), key=lambda i: -silences[i])[: MOST_SPANS - 1]
    kept = {i for i in longest if silences[i] > _NEAR_MS}
    drawn: list[Span] = []
    for i, span in enumerate(found):
        if drawn and i - 1 not in kept:
            span = Span(drawn.pop().start_ms, span.end_ms)
        drawn.append(span)
    return drawn
