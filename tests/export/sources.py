"""Room: tests.export.sources. A transcript that has everything, and a parser of SubRip that forgives nothing."""

import io
import re
from dataclasses import dataclass
from datetime import UTC, datetime

from docx import Document

from nas_asr.core.transcript import EngineLabel, Segment, Span, Transcript, Word
from nas_asr.export import ExportSource

_TIME = re.compile(r"(\d{2,}):([0-5]\d):([0-5]\d),(\d{3}) --> (\d{2,}):([0-5]\d):([0-5]\d),(\d{3})")


def words_of(text: str, start_ms: int, each_ms: int) -> tuple[Word, ...]:
    """Word times without gaps: every word takes each_ms."""
    return tuple(
        Word(word, start_ms + i * each_ms, start_ms + (i + 1) * each_ms) for i, word in enumerate(text.split())
    )


def segment(start_ms: int, end_ms: int, text: str, **more: object) -> Segment:
    """A segment whose spoken text is its written one unless said otherwise."""
    fields: dict[str, object] = {"id": f"s{start_ms}", "span": Span(start_ms, end_ms), "text": text, "spoken": text}
    return Segment(**(fields | more))  # type: ignore[arg-type]


def source_of(*segments: Segment, title: str = "周例会 <weekly> & budget") -> ExportSource:
    """A version of a transcript of these segments."""
    return ExportSource(
        transcript=Transcript(
            segments=segments, duration_ms=62_345, speech_ms=31_000, elapsed_ms=8_000, language="zh",
            engine=EngineLabel("sphinx", "en-us", "5.1.1", "cpu"),
        ),
        id="aaaabbbbccccddddeeeeffffgg", title=title, team="choir",
        recorded_at=datetime(2026, 11, 21, 9, 30, 15, tzinfo=UTC), duration_ms=62_345, sha256="ab" * 32, version=3,
        language="zh", path="2026/周例会.m4a", hotwords_version=7,
    )  # fmt: skip


SPOKEN = (
    "so the first thing on the list is the budget for next year, which is two hundred thousand and not, "
    "as somebody wrote, twenty; the second thing is the roof"
)
CHINESE = "第一件事是明年的预算，一共是二十万，不是有人写的两万；第二件事是屋顶，要在冬天以前修好，否则会漏水。"  # noqa: E501
FULL = source_of(
    segment(1, 1_001, "好的，我们开始。", speaker="张伟"),
    segment(1_500, 19_100, SPOKEN.replace("two hundred thousand", "200,000").replace("twenty", "20"), spoken=SPOKEN,
            speaker="Alice", words=words_of(SPOKEN, 1_500, 600), confidence=0.875, flags=("loop",)),
    segment(19_100, 19_400, "A<b & c>d --> e", speaker="Alice"),
    segment(24_000, 33_999, CHINESE, speaker="张伟"),
    segment(40_000, 41_000, ""),
    segment(3_600_000, 3_601_999, "one\nhour  later"),
)  # fmt: skip


@dataclass(frozen=True)
class Parsed:
    """A cue as a player reads it."""

    start_ms: int
    end_ms: int
    lines: list[str]


def parse_srt(content: bytes) -> list[Parsed]:
    """Strict: numbers from 1, exact times, no blank line inside, a blank line at the end of each cue."""
    text = content.decode("utf-8")
    if not text:
        return []
    assert text.endswith("\n\n")
    cues = []
    for number, block in enumerate(text.removesuffix("\n\n").split("\n\n"), 1):
        head, times, *lines = block.split("\n")
        assert head == str(number)
        found = _TIME.fullmatch(times)
        assert found, times
        h1, m1, s1, f1, h2, m2, s2, f2 = map(int, found.groups())
        assert lines
        assert all(line.strip() == line and line for line in lines)
        cues.append(Parsed(((h1 * 60 + m1) * 60 + s1) * 1000 + f1, ((h2 * 60 + m2) * 60 + s2) * 1000 + f2, lines))
    return cues


def read_docx(content: bytes) -> str:
    """What python-docx reads in a Word document, a line a paragraph."""
    return "\n".join(paragraph.text for paragraph in Document(io.BytesIO(content)).paragraphs)
