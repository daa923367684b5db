"""Room: export.turns. Segments as paragraphs to read: who speaks, from when on, and everything until somebody else does.

Where nobody is named, or one speaks long, a pause or a minute ends a paragraph, or nobody would find the place again.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from nas_asr.core.transcript import Milliseconds, Segment
from nas_asr.export.layout import is_wide
from nas_asr.export.source import ExportOptions, ExportSource

_PAUSE_MS = 2_000  # so long a silence begins a new paragraph
_LONG_MS = 60_000  # and so does the next segment once a paragraph has lasted so long


@dataclass(slots=True)
class Turn:
    """A paragraph; speaker is empty where nobody is named."""

    speaker: str
    start_ms: Milliseconds
    end_ms: Milliseconds
    texts: list[str] = field(default_factory=list)

    def goes_on_with(self, segment: Segment, speaker: str) -> bool:
        """Whether the segment belongs to this paragraph."""
        near = segment.span.start_ms - self.end_ms < _PAUSE_MS
        return speaker == self.speaker and near and segment.span.start_ms - self.start_ms < _LONG_MS

    @property
    def text(self) -> str:
        """All of it, with a space between, except where two scripts meet that are written without."""
        pieces = self.texts[:1]
        for before, text in zip(self.texts, self.texts[1:], strict=False):
            pieces += [text] if is_wide(before[-1]) and is_wide(text[0]) else [" ", text]
        return "".join(pieces)


def turns(source: ExportSource, options: ExportOptions) -> Iterator[Turn]:
    """All that is said, in order of time; what is empty is left out."""
    current: Turn | None = None
    for segment in sorted(source.transcript.segments, key=lambda one: one.span):
        text, speaker = options.text_of(segment), options.speaker_of(segment)
        if not text:
            continue
        if current is None or not current.goes_on_with(segment, speaker):
            if current is not None:
                yield current
            current = Turn(speaker, segment.span.start_ms, segment.span.end_ms)
        current.texts.append(text)
        current.end_ms = max(current.end_ms, segment.span.end_ms)
    if current is not None:
        yield current
