"""Room: export.txt. Plain text to read or paste: a paragraph a turn, with its time. Never a header of ours."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from nas_asr.core.transcript import Milliseconds, Segment
from nas_asr.export.layout import is_wide
from nas_asr.export.source import ExportOptions, ExportSource
from nas_asr.export.timecode import clock

_PAUSE_MS = 2_000  # so long a silence begins a new paragraph
_LONG_MS = 60_000  # and so does the next segment once a paragraph has lasted so long, or nobody would find the place


@dataclass(slots=True)
class _Paragraph:
    speaker: str
    start_ms: Milliseconds
    end_ms: Milliseconds
    texts: list[str] = field(default_factory=list)

    def goes_on_with(self, segment: Segment, speaker: str) -> bool:
        near = segment.span.start_ms - self.end_ms < _PAUSE_MS
        return speaker == self.speaker and near and segment.span.start_ms - self.start_ms < _LONG_MS


def write(source: ExportSource, options: ExportOptions) -> bytes:
    """UTF-8 without BOM, LF. Each paragraph: `Speaker 00:01:23` (what is wanted and known of it), its text, a blank line."""
    paragraphs = _paragraphs(source.transcript.segments, options)
    return "\n".join(_block(paragraph, options) for paragraph in paragraphs).encode("utf-8", "replace")


def _paragraphs(segments: Iterable[Segment], options: ExportOptions) -> Iterator[_Paragraph]:
    current: _Paragraph | None = None
    for segment in sorted(segments, key=lambda one: one.span):
        text, speaker = options.text_of(segment), options.speaker_of(segment)
        if not text:
            continue
        if current is None or not current.goes_on_with(segment, speaker):
            if current is not None:
                yield current
            current = _Paragraph(speaker, segment.span.start_ms, segment.span.end_ms)
        current.texts.append(text)
        current.end_ms = max(current.end_ms, segment.span.end_ms)
    if current is not None:
        yield current


def _block(paragraph: _Paragraph, options: ExportOptions) -> str:
    head = [paragraph.speaker] if paragraph.speaker else []
    if options.timestamps:
        head.append(clock(paragraph.start_ms))
    first_line = " ".join(head) + "\n" if head else ""
    return f"{first_line}{_joined(paragraph.texts)}\n"


def _joined(texts: list[str]) -> str:
    """With a space between, except where two scripts meet that are written without."""
    joined = texts[0]
    for text in texts[1:]:
        joined += text if is_wide(joined[-1]) and is_wide(text[0]) else f" {text}"
    return joined
