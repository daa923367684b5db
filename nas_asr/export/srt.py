"""Room: export.srt. SubRip: numbered cues, commas, no tags of any kind. For players and editors."""

from nas_asr.export.cues import Cue, cues, name_prefix
from nas_asr.export.source import ExportOptions, ExportSource
from nas_asr.export.timecode import timecode


def write(source: ExportSource, options: ExportOptions) -> bytes:
    """UTF-8 without BOM, LF, numbers from 1, a blank line after each cue; speakers as a prefix."""
    found = cues(source.transcript.segments, options, name_in_text=True)
    return "".join(_block(number, cue) for number, cue in enumerate(found, 1)).encode("utf-8", "replace")


def _block(number: int, cue: Cue) -> str:
    # SubRip knows no escaping: an arrow in the text would be taken for a time line
    text = (name_prefix(cue.speaker) + "\n".join(cue.lines)).replace("-->", "→")
    return f"{number}\n{timecode(cue.start_ms, ',')} --> {timecode(cue.end_ms, ',')}\n{text}\n\n"
