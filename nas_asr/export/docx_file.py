"""Room: export.docx_file. A Word document of real styles, headings and properties. Import it only where one is made.

Turns are written as XML elements, not through python-docx's paragraphs, which look through the whole document for each.
"""

import io
import zipfile
from collections.abc import Iterator
from datetime import UTC
from typing import Any

from docx import Document
from docx.document import Document as Doc
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm

from nas_asr.export import docx_styles as styles
from nas_asr.export.source import ExportOptions, ExportSource, one_line
from nas_asr.export.timecode import clock
from nas_asr.export.turns import turns

_LONGEST_PROPERTY = 255  # Office takes no longer ones
_LABELS_CM, _FACTS_CM = 3.4, 12.6
_ILLEGAL = str.maketrans(dict.fromkeys((0xFFFE, 0xFFFF)))  # no characters to XML


def write(source: ExportSource, options: ExportOptions) -> bytes:
    """Title, a table of what is known, and the turns, each under its speaker's name and time."""
    document = Document()
    styles.prepare(document, source.language)
    _properties(document, source, options)
    document.add_paragraph(_legal(source.title), style="Title")
    _facts(document, list(_known(source, options)))
    document.add_heading(options.words.transcript, level=1)
    _turns(document, source, options)
    _footer(document, source, options)
    saved = io.BytesIO()
    document.save(saved)
    return _undated(saved)


def _undated(saved: io.BytesIO) -> bytes:
    """The same package without the hour of its making: the same transcript is the same document whenever it is exported."""
    out = io.BytesIO()
    with zipfile.ZipFile(saved) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            new.writestr(zipfile.ZipInfo(entry.filename), old.read(entry), zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _properties(document: Doc, source: ExportSource, options: ExportOptions) -> None:
    known = document.core_properties
    known.title = _legal(source.title)[:_LONGEST_PROPERTY]
    known.subject = _legal(source.people)[:_LONGEST_PROPERTY]
    known.author = known.last_modified_by = "nas_asr"
    known.keywords = _legal(", ".join(options.speakers_of(source)))[:_LONGEST_PROPERTY]
    known.comments = _legal(f"{source.id} {options.words.version.replace('{}', str(source.version))}".strip())
    known.language = styles.tag_of(source.language)
    known.created = known.modified = source.recorded_at.astimezone(UTC).replace(tzinfo=None)


def _known(source: ExportSource, options: ExportOptions) -> Iterator[tuple[str, str]]:
    words, engine = options.words, source.transcript.engine
    version = words.version.replace("{}", str(source.version)) if source.id and source.version else ""
    made_by = " ".join(part for part in (engine.name, engine.model, engine.revision) if part)
    yield words.recorded, f"{source.recorded_at:%Y-%m-%d %H:%M}"
    yield words.length, clock(source.duration_ms)
    yield words.team, source.people
    yield words.speakers, words.comma.join(options.speakers_of(source))
    yield words.language, words.languages.get(source.language, source.language)
    yield words.file, source.path
    yield words.made_by, words.comma.join(part for part in (made_by, version) if part)


def _facts(document: Doc, facts: list[tuple[str, str]]) -> None:
    table = document.add_table(rows=0, cols=2)
    table.autofit = False
    styles.hairlines(table)
    for column, width in zip(table.columns, (_LABELS_CM, _FACTS_CM), strict=True):
        column.width = Cm(width)
    for label, value in facts:
        if not (value := _legal(value)):
            continue
        cells = table.add_row().cells
        for cell, text, style, width in zip(
            cells, (label, value), (styles.LABEL, styles.FACT), (_LABELS_CM, _FACTS_CM), strict=True
        ):
            cell.width = Cm(width)
            cell.paragraphs[0].style = style
            cell.paragraphs[0].add_run(text)


def _turns(document: Doc, source: ExportSource, options: ExportOptions) -> None:
    body = document.element.body
    end = body.sectPr
    named = _styles_of_speakers(document, options.speakers_of(source))
    said = styles.id_of(document, styles.SAID, WD_STYLE_TYPE.PARAGRAPH)
    time = styles.id_of(document, styles.TIME, WD_STYLE_TYPE.CHARACTER)
    nobody = True
    for turn in turns(source, options):
        nobody = False
        if turn.speaker or options.timestamps:
            head = _paragraph(named.get(turn.speaker, named[""]))
            if turn.speaker:
                head.append(_run(_legal(turn.speaker)))
            if options.timestamps:
                head.append(_run(("  " if turn.speaker else "") + clock(turn.start_ms), time))
            end.addprevious(head)
        paragraph = _paragraph(said)
        paragraph.append(_run(_legal(turn.text)))
        end.addprevious(paragraph)
    if nobody:
        document.add_paragraph(options.words.nobody, style=styles.SAID)


def _styles_of_speakers(document: Doc, names: list[str]) -> dict[str, str]:
    """Ids of styles by speaker; those beyond the styles that a person can still look through share the common one."""
    found = {"": styles.id_of(document, styles.SPEAKER, WD_STYLE_TYPE.PARAGRAPH)}
    for number, name in enumerate(names[: styles.MOST_SPEAKERS]):
        found[name] = styles.add_speaker(document, number, _legal(name))
    return found


def _footer(document: Doc, source: ExportSource, options: ExportOptions) -> None:
    paragraph = document.sections[0].footer.paragraphs[0]
    paragraph.style = styles.FOOT
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    before, _, rest = options.words.page.partition("{}")
    between, _, after = rest.partition("{}")
    for text, field in ((before, "PAGE"), (between, "NUMPAGES"), (after, "")):
        if text:
            paragraph.add_run(text)
        if field:
            element = OxmlElement("w:fldSimple")
            element.set(qn("w:instr"), field)
            element.append(_run("1"))
            paragraph._p.append(element)


def _paragraph(style_id: str) -> Any:
    paragraph = OxmlElement("w:p")
    about = OxmlElement("w:pPr")
    style = OxmlElement("w:pStyle")
    style.set(qn("w:val"), style_id)
    about.append(style)
    paragraph.append(about)
    return paragraph


def _run(text: str, style_id: str = "") -> Any:
    run = OxmlElement("w:r")
    if style_id:
        about = OxmlElement("w:rPr")
        style = OxmlElement("w:rStyle")
        style.set(qn("w:val"), style_id)
        about.append(style)
        run.append(about)
    said = OxmlElement("w:t")
    said.text = text
    said.set(qn("xml:space"), "preserve")
    run.append(said)
    return run


def _legal(text: str) -> str:
    return one_line(text).translate(_ILLEGAL)
