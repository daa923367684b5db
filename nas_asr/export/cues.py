"""Room: export.cues. Subtitles from segments: short, two lines at most, in order, never two at once. Knows no file format."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import accumulate

from nas_asr.core.search_text import tokens
from nas_asr.core.transcript import Milliseconds, Segment, Span
from nas_asr.export.layout import LINE, atoms, fits, lines, width
from nas_asr.export.source import ExportOptions
from nas_asr.export.timeline import Timeline, timeline

LONGEST_MS = 7_000
SHORTEST_MS = 1_000
# How far from the middle of a cue a good place to break may lie, as a share of the cue; a sentence's end is worth a longer way.
_SENTENCE, _CLAUSE, _WORD = 0.35, 0.2, 0.05
_SENTENCE_ENDS, _CLAUSE_ENDS = ".!?。！？…", ",;:，；：、—"


@dataclass(frozen=True, slots=True)
class Cue:
    """What a player shows at once: [start_ms, end_ms), one or two lines, and who speaks (empty: nobody known)."""

    start_ms: Milliseconds
    end_ms: Milliseconds
    lines: tuple[str, ...]
    speaker: str = ""


def cues(segments: Iterable[Segment], options: ExportOptions, *, name_in_text: bool) -> list[Cue]:
    """All cues in order of time. name_in_text: the format writes the speaker into the first line, which then holds less."""
    found: list[Cue] = []
    for segment in sorted(segments, key=lambda one: one.span):
        found.extend(_of_segment(segment, options, name_in_text))
    return _apart(found)


def name_prefix(speaker: str) -> str:
    """How a speaker is named at the beginning of a line."""
    if not speaker:
        return ""
    return f"{speaker}：" if width(speaker[-1]) > width("x") else f"{speaker}: "


def _of_segment(segment: Segment, options: ExportOptions, name_in_text: bool) -> Iterator[Cue]:
    pieces = atoms(options.text_of(segment))
    speaker = options.speaker_of(segment)
    indent = min(width(name_prefix(speaker)), LINE // 2) if name_in_text else 0
    counts = [len(tokens(piece)) for piece in pieces]
    cutter = _Cutter(pieces, list(accumulate(counts, initial=0)), timeline(segment), indent)
    for first, after in cutter.parts(0, len(pieces)):
        span = cutter.span(first, after)
        yield Cue(span.start_ms, span.end_ms, lines(pieces[first:after], indent), speaker)


@dataclass(frozen=True, slots=True)
class _Cutter:
    """Cuts a segment's text into parts that fit two lines and, where word times tell, seven seconds.

    before[i]: how many tokens stand before piece i. Parts are ranges [first, after) of pieces.
    """

    pieces: list[str]
    before: list[int]
    times: Timeline
    indent: int

    def parts(self, first: int, after: int) -> Iterator[tuple[int, int]]:
        waiting = [(first, after)] if first < after else []
        while waiting:
            first, after = waiting.pop()
            if self._too_much(first, after):
                at = self._best_break(first, after)
                waiting += [(at, after), (first, at)]
            else:
                yield first, after

    def span(self, first: int, after: int) -> Span:
        return self.times.between(self.before[first], self.before[after], self.before[-1])

    def _too_much(self, first: int, after: int) -> bool:
        if after - first < 2:
            return False
        if not fits(self.pieces[first:after], self.indent):
            return True
        if self.span(first, after).length_ms <= LONGEST_MS:
            return False
        if self.times.moments:
            return self.before[after] - self.before[first] > 1
        return bool(self._pauses(first, after))

    def _best_break(self, first: int, after: int) -> int:
        """As near to the middle as possible, a little farther for the end of a clause or sentence."""
        widths = [width(piece) for piece in self.pieces[first:after]]
        whole = sum(widths) or 1
        prices = {
            at: abs(left / whole - 0.5) - _worth(self.pieces[at - 1])
            for at, left in enumerate(accumulate(widths[:-1]), first + 1)
        }
        # Without word times nobody knows when a word was said; where a clause ends, a guess does the least harm
        pauses = (
            [] if self.times.moments or not fits(self.pieces[first:after], self.indent) else self._pauses(first, after)
        )
        return min(pauses or prices, key=lambda at: (prices[at], at))

    def _pauses(self, first: int, after: int) -> list[int]:
        """Where a clause ends in it, with a second at least on either side."""
        ends = (at for at in range(first + 1, after) if _worth(self.pieces[at - 1]) >= _CLAUSE)
        return [at for at in ends if min(self.span(first, at).length_ms, self.span(at, after).length_ms) >= SHORTEST_MS]


def _worth(before: str) -> float:
    last = before.rstrip()[-1:]
    if last and last in _SENTENCE_ENDS:
        return _SENTENCE
    if last and last in _CLAUSE_ENDS:
        return _CLAUSE
    return _WORD if before.endswith(" ") else 0.0


def _apart(found: list[Cue]) -> list[Cue]:
    """The same cues with end > start and none over another: whoever speaks into another's words waits up to a second."""
    placed: list[Cue] = []
    for cue in found:
        start = max(cue.start_ms, 0)
        if placed:
            last = placed[-1]
            start = max(start, min(last.end_ms, last.start_ms + SHORTEST_MS))
            placed[-1] = _long_enough(last, start)
        placed.append(replace(cue, start_ms=start, end_ms=max(cue.end_ms, start + 1)))
    if placed:
        placed[-1] = _long_enough(placed[-1], placed[-1].end_ms + SHORTEST_MS)
    return placed


def _long_enough(cue: Cue, next_ms: Milliseconds) -> Cue:
    """Shown for at least a second, but gone when the next one comes."""
    return replace(cue, end_ms=min(max(cue.end_ms, cue.start_ms + SHORTEST_MS), next_ms))
