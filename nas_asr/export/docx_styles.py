"""Room: export.docx_styles. How our Word documents look: A4, fonts for both scripts, a style for each part. No text."""

from typing import Any

from docx.document import Document as Doc
from docx.enum.style import WD_STYLE_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor
from docx.table import Table

LABEL, FACT, SPEAKER, SAID, TIME, FOOT = "Fact label", "Fact", "Speaker", "Said", "Time", "Footer"
MOST_SPEAKERS = 24
_LATIN = "Calibri"
# The font and the tag by the language that is spoken; Word falls back to what the machine has
_ASIAN = {"ja": "Yu Gothic", "ko": "Malgun Gothic", "yue": "Microsoft JhengHei"}
_ASIAN_TAGS = {"zh": "zh-CN", "yue": "zh-HK", "ja": "ja-JP", "ko": "ko-KR"}
_TAGS = {"en": "en-US", "de": "de-DE", "fr": "fr-FR", "es": "es-ES", "it": "it-IT", "pt": "pt-PT", "ru": "ru-RU", "ar": "ar-SA",
         "th": "th-TH", "vi": "vi-VN", "id": "id-ID"}  # fmt: skip
_INK, _GREY, _LINE = RGBColor(0x1F, 0x23, 0x28), RGBColor(0x6B, 0x72, 0x7A), "D5D9DE"
# Dark enough to be read on white (at least 5 to 1), and as different as eight can be
_COLOURS = ("1F5FA8", "9A3412", "1B6E4B", "7A2E8E", "8A5A00", "0F6B75", "A11D4B", "4A4F9C")


def tag_of(language: str) -> str:
    """The language as documents name it (BCP 47), empty where nobody said it."""
    return _ASIAN_TAGS.get(language, _TAGS.get(language, ""))


def prepare(document: Doc, language: str) -> None:
    """Page, fonts and styles of an empty document."""
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21.0), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.5)
    section.top_margin, section.bottom_margin = Cm(2.2), Cm(2.0)
    section.footer_distance = Cm(1.0)
    asian = _ASIAN.get(language, "Microsoft YaHei")
    _defaults(document, language, asian)
    _paragraph_style(document, "Normal", 11, _INK, asian)
    _paragraph_style(document, "Title", 22, _INK, asian, bold=True, before=0, after=8)
    _paragraph_style(document, "Heading 1", 15, _INK, asian, bold=True, before=20, after=6)
    _paragraph_style(document, LABEL, 9, _GREY, asian, before=2, after=2)
    _paragraph_style(document, FACT, 10, _INK, asian, before=2, after=2)
    _paragraph_style(document, SPEAKER, 10.5, _INK, asian, bold=True, before=11, after=1)
    _paragraph_style(document, SAID, 11, _INK, asian, after=0)
    _paragraph_style(document, FOOT, 8.5, _GREY, asian)
    document.styles[SAID].paragraph_format.line_spacing = 1.3
    document.styles[SPEAKER].paragraph_format.keep_with_next = True
    time = document.styles.add_style(TIME, WD_STYLE_TYPE.CHARACTER)
    time.font.size, time.font.color.rgb, time.font.bold = Pt(8.5), _GREY, False
    _take_away_line(document.styles["Title"].element)


def add_speaker(document: Doc, number: int, name: str) -> str:
    """A style of a speaker's own, to be changed for all their turns at once; returns its id."""
    # Commas and semicolons would begin another name of the style
    plain = " ".join(name.replace(",", " ").replace(";", " ").split())[:60]
    style = document.styles.add_style(f"{SPEAKER} {number + 1} {plain}".strip(), WD_STYLE_TYPE.PARAGRAPH)
    style.style_id = f"Speaker{number + 1}"
    style.base_style = document.styles[SPEAKER]
    style.font.color.rgb = RGBColor.from_string(_COLOURS[number % len(_COLOURS)])
    style.quick_style = True
    return f"Speaker{number + 1}"


def id_of(document: Doc, name: str, kind: WD_STYLE_TYPE) -> str:
    """The id by which paragraphs and runs name a style."""
    found = document.styles[name]
    assert found.type == kind
    return str(found.style_id)


def hairlines(table: Table) -> None:
    """Thin lines between rows, none between columns."""
    about = table._tbl.tblPr
    lines = OxmlElement("w:tblBorders")
    for side in ("top", "bottom", "insideH"):
        line = OxmlElement(f"w:{side}")
        for name, value in (("val", "single"), ("sz", "4"), ("space", "0"), ("color", _LINE)):
            line.set(qn(f"w:{name}"), value)
        lines.append(line)
    about.insert_element_before(lines, "w:shd", "w:tblLayout", "w:tblCellMar", "w:tblLook")


def _paragraph_style(  # noqa: PLR0913 (a row of a table of styles)
    document: Doc, name: str, size: float, colour: RGBColor, asian: str, *, bold: bool = False, before: float = 0,
    after: float = 6,
) -> None:  # fmt: skip
    found = document.styles
    style: Any = found[name] if name in found else found.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
    style.font.size, style.font.color.rgb, style.font.bold, style.font.italic = Pt(size), colour, bold, False
    style.paragraph_format.space_before, style.paragraph_format.space_after = Pt(before), Pt(after)
    style.quick_style = True
    _fonts(style.element.get_or_add_rPr().get_or_add_rFonts(), asian)


def _fonts(fonts: Any, asian: str) -> None:
    # A font of the theme, which the template names, would win over ours
    for name in list(fonts.attrib):
        del fonts.attrib[name]
    for script, font in (("ascii", _LATIN), ("hAnsi", _LATIN), ("cs", _LATIN), ("eastAsia", asian)):
        fonts.set(qn(f"w:{script}"), font)


def _defaults(document: Doc, language: str, asian: str) -> None:
    defaults = document.styles.element.find(".//" + qn("w:rPrDefault") + "/" + qn("w:rPr"))
    for name in ("w:rFonts", "w:lang"):
        if (old := defaults.find(qn(name))) is not None:
            defaults.remove(old)
    fonts, lang = OxmlElement("w:rFonts"), OxmlElement("w:lang")
    _fonts(fonts, asian)
    lang.set(qn("w:val"), _TAGS.get(language, "en-US"))
    lang.set(qn("w:eastAsia"), _ASIAN_TAGS.get(language, "zh-CN"))
    defaults.insert(0, fonts)
    defaults.append(lang)


def _take_away_line(title: Any) -> None:
    border = title.find(".//" + qn("w:pBdr"))
    if border is not None:
        border.getparent().remove(border)
