"""Room: tests.export.test_readers. Exports as other programs read them: Word's, spreadsheets', Markdown's, LibreOffice's."""

import csv
import io
import shutil
import string
import subprocess
import zipfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import yaml
from docx import Document
from docx.oxml.ns import qn
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from nas_asr.export import FORMATS, ExportOptions, Words
from nas_asr.export.csv_file import HEADER, guarded
from nas_asr.export.markdown import escaped
from tests.export.sources import CHINESE, FULL, read_docx, segment, source_of

PLAIN = ExportOptions(link="http://nas.home/recordings/{}")
_SIGNS = st.sampled_from([*string.punctuation, *"aB1 \n\t"])
hostile = st.text(max_size=40) | st.lists(_SIGNS, max_size=30).map("".join)
EVIL = [
    "<img src=x onerror=alert(1)>", "[click](javascript:alert(1))", "# no heading", "- no item", "1. no item", "1) no item",
    "> no quote", "```", "~~~", "---", "===", "| a | b |", "&lt;b&gt;", "**no**", "__no__", "`no`", "![x](http://evil/x.png)",
    "<http://evil>", "\\", "$x$", "==no==", "%%no%%", "#tag", "+ no item", "* no item", "    no code", "[x]: http://evil",
    "title: x\n---\n# out of the front matter", "</td>", "\u202egnp.exe", "=1+1", "@SUM(A1)",
]  # fmt: skip


# -- csv ----------------------------------------------------------------------------------------------------------------


def read_csv(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True))


def test_a_spreadsheet_gets_a_row_a_segment() -> None:
    content = FORMATS["csv"].write(FULL, PLAIN)
    assert content.startswith("\ufeffsegment,start,end,start_ms,end_ms,speaker,text\r\n".encode())
    assert content.count(b"\n") == content.count(b"\r\n") == 7
    header, *rows = read_csv(content)
    assert tuple(header) == HEADER
    assert rows[0] == ["1", "00:00:00.001", "00:00:01.001", "1", "1001", "张伟", "好的，我们开始。"]
    assert [row[5] for row in read_csv(FORMATS["csv"].write(FULL, ExportOptions(speakers=False)))[1:]] == [""] * 6


@given(st.lists(st.tuples(hostile, hostile), max_size=5))
def test_no_cell_is_a_formula_and_no_row_is_lost(said: list[tuple[str, str]]) -> None:
    source = source_of(*(segment(i * 1000, i * 1000 + 900, text, speaker=name) for i, (name, text) in enumerate(said)))
    rows = read_csv(FORMATS["csv"].write(source, PLAIN))
    assert len(rows) == len(said) + 1
    assert all(len(row) == len(HEADER) for row in rows)
    assert not any(cell.startswith(tuple("=+-@\t\r\n＝＋－＠")) for row in rows for cell in row)


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "＝1", "\ufeff=1", "\u200b\u200e@x"])
def test_what_a_spreadsheet_would_calculate_gets_an_apostrophe(cell: str) -> None:
    assert guarded(cell) == "'" + cell
    assert guarded("x" + cell) == "x" + cell


@pytest.mark.parametrize("said", ["so;=1+1;", 'so; "=cmd()', "so;'@x", "so;-1"])
def test_a_cell_within_a_cell_is_none_to_a_spreadsheet_that_takes_semicolons(said: str) -> None:
    cells = next(csv.reader([guarded(said)], delimiter=";", quoting=csv.QUOTE_NONE))
    assert not any(cell.lstrip(' "').startswith(tuple("=+-@")) for cell in cells)


# -- md -----------------------------------------------------------------------------------------------------------------


def read_md(content: bytes) -> tuple[dict[str, object], str]:
    """The front matter as YAML reads it, and the rest."""
    head, front, body = content.decode().split("---\n", 2)
    assert head == ""
    return yaml.safe_load(front), body


def test_notes_have_front_matter_and_paragraphs_that_link_to_their_second() -> None:
    berlin = timezone(timedelta(hours=1))
    front, body = read_md(
        FORMATS["md"].write(replace(FULL, recorded_at=datetime(2026, 11, 21, 10, 30, tzinfo=berlin)), PLAIN)
    )
    assert " ".join(front) == "title date duration team speakers tags source sha256 hotwords pipeline"
    assert (front["title"], front["speakers"]) == ("周例会 <weekly> & budget", ["张伟", "Alice"])
    assert front["date"] == datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
    assert (front["duration"], front["hotwords"], front["source"]) == ("00:01:02", 7, "2026/周例会.m4a")
    assert f"\n\n**张伟** [00:00:24](http://nas.home/recordings/{FULL.id}?t=24) {CHINESE}\n\n" in body
    bare = FORMATS["md"].write(FULL, ExportOptions(timestamps=False, speakers=False)).decode()
    assert "**" not in bare and "00:00:24" not in bare
    assert "speakers: []\n" in bare


def shown(text: str) -> str:
    """What a reader of Markdown shows of a paragraph; it must be one paragraph of plain text."""
    paragraph, inline, end = MarkdownIt("commonmark").enable(["strikethrough", "table"]).parse(escaped(text))
    assert (paragraph.type, end.type) == ("paragraph_open", "paragraph_close")
    assert all(child.type in ("text", "text_special") for child in inline.children or ())
    return "".join(child.content for child in inline.children or ())


@pytest.mark.parametrize("text", EVIL)
def test_nothing_that_was_said_is_markup(text: str) -> None:
    assert shown(text) == " ".join(text.replace("\u202e", "").split())


@given(hostile.filter(lambda text: PLAIN.text_of(segment(0, 1, text)) != ""))
def test_notes_show_exactly_what_was_said(text: str) -> None:
    assert shown(text) == PLAIN.text_of(segment(0, 1, text)).replace("\0", "\ufffd")


@given(hostile, hostile)
def test_no_name_breaks_out_of_the_front_matter(title: str, speaker: str) -> None:
    source = replace(source_of(segment(0, 900, "x", speaker=speaker)), title=title, path=title, team=title)
    front, _ = read_md(FORMATS["md"].write(source, PLAIN))
    assert len(front) == 10
    assert front["title"] == front["source"] == front["team"] == PLAIN.text_of(segment(0, 1, title))


# -- docx ---------------------------------------------------------------------------------------------------------------


def test_a_word_document_has_headings_styles_and_properties() -> None:
    document = Document(io.BytesIO(FORMATS["docx"].write(FULL, PLAIN)))
    paragraphs = [
        (paragraph.style.name if paragraph.style else "", paragraph.text) for paragraph in document.paragraphs
    ]
    assert paragraphs[:4] == [
        ("Title", "周例会 <weekly> & budget"),
        ("Heading 1", "Transcript"),
        ("Speaker 1 张伟", "张伟  00:00:00"),
        ("Said", "好的，我们开始。"),
    ]
    assert ("Speaker 2 Alice", "Alice  00:00:01") in paragraphs
    assert [cell.text for cell in document.tables[0].rows[0].cells] == ["Recorded", "2026-11-21 09:30"]
    known = document.core_properties
    assert (known.title, known.author, known.language) == ("周例会 <weekly> & budget", "nas_asr", "zh-CN")
    fonts = {style.name: style.element.find(".//" + qn("w:rFonts")) for style in document.styles}
    for name in ("Normal", "Title", "Heading 1", "Said", "Speaker"):
        assert fonts[name].get(qn("w:eastAsia")) == "Microsoft YaHei"
        assert not [key for key in fonts[name].attrib if key.endswith("Theme")]


def test_a_word_document_does_without_times_and_speakers_and_speaks_the_readers_language() -> None:
    options = ExportOptions(timestamps=False, speakers=False, words=Words(transcript="文字稿", nobody="没有人说话。"))
    text = read_docx(FORMATS["docx"].write(FULL, options))
    assert "文字稿" in text and "Alice" not in text and "00:00" not in text
    assert "没有人说话。" in read_docx(FORMATS["docx"].write(source_of(), options))


@settings(max_examples=10, deadline=None)
@given(st.lists(st.tuples(hostile, hostile), max_size=4), hostile)
def test_any_text_makes_a_word_document_that_can_be_read(said: list[tuple[str, str]], title: str) -> None:
    source = source_of(*(segment(i * 9000, i * 9000 + 900, text, speaker=name) for i, (name, text) in enumerate(said)))
    text = read_docx(FORMATS["docx"].write(replace(source, title=title), PLAIN))
    for name, words in said:
        one = segment(0, 1, words, speaker=name)
        if PLAIN.text_of(one):
            assert PLAIN.text_of(one).translate({0xFFFE: None, 0xFFFF: None}) in text


def test_the_same_transcript_is_the_same_document_to_the_byte() -> None:
    content = FORMATS["docx"].write(FULL, PLAIN)
    assert content == FORMATS["docx"].write(FULL, PLAIN)
    assert {entry.date_time for entry in zipfile.ZipFile(io.BytesIO(content)).infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_libreoffice_prints_the_chinese_and_the_speakers(tmp_path: Path) -> None:
    office, reader = shutil.which("soffice"), shutil.which("pdftotext")
    if office is None or reader is None:
        pytest.skip("LibreOffice Writer and pdftotext are not here: libreoffice-writer-nogui, poppler-utils")
    if not subprocess.run(["fc-list", ":lang=zh"], capture_output=True, check=False).stdout:
        pytest.skip("no font here has Chinese signs: fonts-droid-fallback")
    (tmp_path / "minutes.docx").write_bytes(FORMATS["docx"].write(FULL, PLAIN))
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    command = [
        office,
        profile,
        "--headless",
        "--convert-to",
        "pdf",
        "--outdir",
        str(tmp_path),
        str(tmp_path / "minutes.docx"),
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    printed = subprocess.run(
        [reader, "-layout", tmp_path / "minutes.pdf", "-"], check=True, capture_output=True, text=True
    )
    text = "".join(printed.stdout.split())
    for words in ("张伟00:00:24", CHINESE, "Alice00:00:01", "周例会<weekly>&budget", "A<b&c>d-->e", "Page1of1"):
        assert words.replace(" ", "") in text
