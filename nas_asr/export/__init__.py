"""Room: export. A transcript as a file: one module a format, one table. Pure; never opens a file, never asks the database."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from nas_asr.core.errors import Invalid
from nas_asr.export import json_file, srt, txt, vtt
from nas_asr.export.json_file import from_json
from nas_asr.export.names import content_disposition, file_name
from nas_asr.export.source import ExportOptions, ExportSource, TextLayer

__all__ = [
    "FORMATS", "ExportOptions", "ExportSource", "Format", "TextLayer", "content_disposition", "file_name", "format_named",
    "from_json",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Format:
    """One way to write a transcript: its name in addresses, the media type, the files' suffix, and who writes it."""

    name: str
    media_type: str
    suffix: str
    write: Callable[[ExportSource, ExportOptions], bytes]


FORMATS: Mapping[str, Format] = {
    format.name: format
    for format in (
        Format("txt", "text/plain; charset=utf-8", "txt", txt.write),
        Format("srt", "application/x-subrip; charset=utf-8", "srt", srt.write),
        Format("vtt", "text/vtt; charset=utf-8", "vtt", vtt.write),
        Format("json", "application/json", "json", json_file.write),
    )
}


def format_named(name: str) -> Format:
    """The format of that name, or Invalid that lists the ones there are."""
    if name not in FORMATS:
        raise Invalid(f"There is no export format “{name}”.", f"Use one of: {', '.join(FORMATS)}.", field="format")
    return FORMATS[name]
