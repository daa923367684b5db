"""Room: export.vtt. WebVTT as W3C has it: for browsers. Escapes what WebVTT reads as its own."""

from nas_asr.core.clock import iso
from nas_asr.export.cues import Cue, cues
from nas_asr.export.source import ExportOptions, ExportSource, one_line
from nas_asr.export.timecode import timecode


def write(source: ExportSource, options: ExportOptions) -> bytes:
    """UTF-8, LF; where it comes from in a NOTE; speakers as voice spans."""
    found = cues(source.transcript.segments, options, name_in_text=False)
    blocks = ["WEBVTT", _note(source), *(_block(cue) for cue in found)]
    return ("\n\n".join(blocks) + "\n").encode("utf-8", "replace")


def _note(source: ExportSource) -> str:
    engine = source.transcript.engine
    facts = {
        "Title": source.title,
        "Recorded": iso(source.recorded_at),
        "Recording": f"{source.id}, version {source.version}" if source.id else "",
        "Language": source.language,
        "Engine": " ".join(part for part in (engine.name, engine.model, engine.revision) if part),
    }
    return "\n".join(["NOTE", *(f"{name}: {_escaped(one_line(value))}" for name, value in facts.items() if value)])


def _block(cue: Cue) -> str:
    voice = f"<v {_escaped(cue.speaker)}>" if cue.speaker else ""
    text = "\n".join(_escaped(line) for line in cue.lines)
    return f"{timecode(cue.start_ms, '.')} --> {timecode(cue.end_ms, '.')}\n{voice}{text}"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
