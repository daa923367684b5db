"""Room: export.txt. Plain text to read or paste: a paragraph a turn, with its time. Never a header of ours."""

from nas_asr.export.source import ExportOptions, ExportSource
from nas_asr.export.timecode import clock
from nas_asr.export.turns import Turn, turns


def write(source: ExportSource, options: ExportOptions) -> bytes:
    """UTF-8, LF, without BOM unless asked. Each paragraph: `Speaker 00:01:23` (what is wanted and known of it), its text."""
    return options.marked("\n".join(_block(turn, options) for turn in turns(source, options)))


def _block(turn: Turn, options: ExportOptions) -> str:
    head = [turn.speaker] if turn.speaker else []
    if options.timestamps:
        head.append(clock(turn.start_ms))
    first_line = " ".join(head) + "\n" if head else ""
    return f"{first_line}{turn.text}\n"
