"""Room: export.timeline. When a part of a segment's text was spoken: from word times where there are any, else by its share.

The written text need not have as many words as were spoken ("two hundred" and "200"); then the share decides as well.
"""

from dataclasses import dataclass

from nas_asr.core.search_text import tokens
from nas_asr.core.transcript import Milliseconds, Segment, Span


@dataclass(frozen=True, slots=True)
class Timeline:
    """The times of a segment's tokens (Latin words, single CJK characters), in order; none where the engine gave none."""

    span: Span
    moments: tuple[Span, ...]

    def between(self, first: int, after: int, total: int) -> Span:
        """When the tokens [first, after) of a text of `total` tokens were spoken.

        The whole text takes the whole segment; parts that follow each other never overlap.
        """
        start = self.span.start_ms if first <= 0 else self._start(first, total)
        end = self.span.end_ms if after >= total else self._end(after, total)
        return Span(start, max(start, end))

    def _start(self, count: int, total: int) -> Milliseconds:
        if self.moments:
            at = min(self._index(count, total), len(self.moments) - 1)
            return self._inside(self.moments[at].start_ms)
        return self.span.start_ms + self.span.length_ms * count // total

    def _end(self, count: int, total: int) -> Milliseconds:
        if self.moments:
            at = max(self._index(count, total) - 1, 0)
            return self._inside(self.moments[at].end_ms)
        return self.span.start_ms + self.span.length_ms * count // total

    def _index(self, count: int, total: int) -> int:
        return (2 * count * len(self.moments) + total) // (2 * total)  # rounded half up, in integers

    def _inside(self, at_ms: Milliseconds) -> Milliseconds:
        return min(max(at_ms, self.span.start_ms), self.span.end_ms)


def timeline(segment: Segment) -> Timeline:
    """The timeline of one segment; a word of several tokens shares its time out evenly."""
    moments: list[Span] = []
    for word in segment.words:
        count = len(tokens(word.text))
        length = word.end_ms - word.start_ms
        moments += [
            Span(word.start_ms + length * k // count, word.start_ms + length * (k + 1) // count) for k in range(count)
        ]
    return Timeline(segment.span, tuple(moments))
