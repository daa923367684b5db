"""Room: export. A transcript as a file: one module a format, one table. Pure; never opens a file, never asks the database."""

from collections.abc import Iterable, Mapping

from nas_asr.core.errors import Invalid
from nas_asr.export import csv_file, json_file, markdown, srt, txt, vtt
from nas_asr.export.bundle import Bundle, BundleWords, LeftOut
from nas_asr.export.format import Format
from nas_asr.export.json_file import from_json
from nas_asr.export.names import content_disposition, file_name
from nas_asr.export.source import ExportOptions, ExportSource, TextLayer, Words

__all__ = [
    "FORMATS", "OPTIONS", "Bundle", "BundleWords", "ExportOptions", "ExportSource", "Format", "LeftOut", "TextLayer", "Words",
    "check_options", "content_disposition", "file_name", "format_named", "from_json",
]  # fmt: skip

# The options that a person can set, as addresses, forms and errors name them.
OPTIONS = ("text", "timestamps", "speakers", "bom")


def _docx(source: ExportSource, options: ExportOptions) -> bytes:
    # python-docx and lxml take 20 MB, which a house that makes no Word documents is not to pay for
    from nas_asr.export import docx_file

    return docx_file.write(source, options)


_DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_PROSE = frozenset({"text", "timestamps", "speakers"})
_SUBTITLES = frozenset({"text", "speakers"})
# In the order in which people are offered them. json always holds both texts.
FORMATS: Mapping[str, Format] = {
    format.name: format
    for format in (
        Format("txt", "Plain text", "text/plain; charset=utf-8", _PROSE | {"bom"}, txt.write),
        Format("docx", "Word document", _DOCX, _PROSE, _docx, binary=True),
        Format("md", "Markdown notes", "text/markdown; charset=utf-8", _PROSE, markdown.write),
        Format("srt", "Subtitles", "application/x-subrip; charset=utf-8", _SUBTITLES, srt.write),
        Format("vtt", "Web subtitles", "text/vtt; charset=utf-8", _SUBTITLES, vtt.write),
        Format("csv", "Spreadsheet", "text/csv; charset=utf-8", _SUBTITLES | {"bom"}, csv_file.write),
        Format("json", "For programs", "application/json", frozenset({"text"}), json_file.write),
    )
}


def format_named(name: str) -> Format:
    """The format of that name, or Invalid that lists the ones there are."""
    if name not in FORMATS:
        raise Invalid(f"There is no export format “{name}”.", f"Use one of: {', '.join(FORMATS)}.", field="format")
    return FORMATS[name]


def check_options(formats: Iterable[Format], options: ExportOptions) -> None:
    """Invalid that names the first option which none of the formats can fulfil."""
    wanted, plain = list(formats), ExportOptions()
    for name in OPTIONS:
        asked = getattr(options, name) not in (getattr(plain, name), False if name == "bom" else None)
        if asked and not any(name in form.takes for form in wanted):
            raise Invalid(
                f"The export format {', '.join(form.name for form in wanted)} cannot heed the option “{name}”.",
                "Leave it out, or choose another format.",
                field=name,
            )
