"""Room: export.csv_file. A row a segment, for spreadsheets. No cell of it ever runs as a formula."""

import csv
import io
import re

from nas_asr.export.source import ExportOptions, ExportSource
from nas_asr.export.timecode import timecode

HEADER = ("segment", "start", "end", "start_ms", "end_ms", "speaker", "text")
# What spreadsheets take for the beginning of a formula; the full-width signs count in some of their languages.
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")
_UNSEEN = "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"  # some programs drop them before they look
_AFTER_BORDER = re.compile(r"""([;\t][\s"'\u00ad\u200b-\u200f\u2060\ufeff]*)([=+\-@＝＋－＠])""")


def write(source: ExportSource, options: ExportOptions) -> bytes:
    """RFC 4180 with CRLF, in UTF-8 with a BOM unless refused: without one Excel shows Chinese as something else."""
    lines = io.StringIO(newline="")
    csv.writer(lines, lineterminator="\r\n").writerow(HEADER)
    rows = csv.writer(lines, lineterminator="\r\n", quoting=csv.QUOTE_NONNUMERIC)
    for number, segment in enumerate(sorted(source.transcript.segments, key=lambda one: one.span), 1):
        start_ms, end_ms = segment.span.start_ms, segment.span.end_ms
        texts = guarded(options.speaker_of(segment)), guarded(options.text_of(segment))
        rows.writerow((number, timecode(start_ms, "."), timecode(end_ms, "."), start_ms, end_ms, *texts))
    return options.marked(lines.getvalue(), habit=True)


def guarded(cell: str) -> str:
    """The cell with an apostrophe before whatever a spreadsheet would calculate.

    One that takes semicolons for its border, as in most of Europe, finds cells within ours.
    """
    inner = _AFTER_BORDER.sub(r"\1'\2", cell)
    return f"'{inner}" if inner.lstrip(_UNSEEN).startswith(_FORMULA) else inner
