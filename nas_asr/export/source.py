"""Room: export.source. What an export is made from, and what the reader chose. Pure values; never looks anything up."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from nas_asr.core.search_text import unpiled
from nas_asr.core.transcript import Milliseconds, Segment, Transcript


class TextLayer(StrEnum):
    """Which of the two texts (decision 8): as people write it, or as it was spoken."""

    WRITTEN = "written"
    SPOKEN = "spoken"


@dataclass(frozen=True, slots=True)
class ExportSource:
    """One version of a transcript with what is known of its recording.

    recorded_at: aware; file names show the day in its own zone, so hand it over in the site's. version and
    hotwords_version: numbers, 0 for none. path: as people see it, below its folder. team: its short name, team_name: the one
    for people. Empty texts mean unknown.
    """

    transcript: Transcript
    id: str
    title: str
    team: str
    recorded_at: datetime
    duration_ms: Milliseconds
    sha256: str
    version: int
    language: str
    path: str
    hotwords_version: int = 0
    team_name: str = ""

    @property
    def people(self) -> str:
        """The team as people call it."""
        return self.team_name or self.team


@dataclass(frozen=True, slots=True)
class Words:
    """What an export says by itself, in the reader's language. {}: a number or name that is put there.

    languages: names of spoken languages by code; one that is not there shows as its code.
    """

    channel: str = "Channel {}"
    transcript: str = "Transcript"
    recorded: str = "Recorded"
    length: str = "Length"
    team: str = "Team"
    speakers: str = "Speakers"
    language: str = "Language"
    file: str = "File"
    made_by: str = "Transcribed by"
    version: str = "version {}"
    page: str = "Page {} of {}"
    nobody: str = "Nobody speaks here."
    comma: str = ", "
    languages: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """text: which layer; timestamps and speakers: whether they are shown. A format says which of these it takes.

    bom: whether the file begins with a byte order mark; None is the format's own habit. words: see there. link: address of a
    recording's page, with {} for its id; empty where there is no page.
    """

    text: TextLayer = TextLayer.WRITTEN
    timestamps: bool = True
    speakers: bool = True
    bom: bool | None = None
    words: Words = field(default_factory=Words)
    link: str = ""

    def text_of(self, segment: Segment) -> str:
        """The segment's text of the chosen layer on one line, composed (NFC), without control characters."""
        return one_line(segment.text if self.text is TextLayer.WRITTEN else segment.spoken)

    def speaker_of(self, segment: Segment) -> str:
        """The speaker's name on one line, empty where unknown or not wanted."""
        name = one_line(segment.speaker or "") if self.speakers else ""
        return self.words.channel.replace("{}", name) if name.isascii() and name.isdigit() else name

    def speakers_of(self, source: ExportSource) -> list[str]:
        """Everybody who is named, in the order in which they first speak."""
        ordered = sorted(source.transcript.segments, key=lambda one: one.span)
        return list(dict.fromkeys(name for name in map(self.speaker_of, ordered) if name))

    def marked(self, content: str, habit: bool = False) -> bytes:
        """The content in UTF-8, with a byte order mark where it is wanted, or is the format's habit."""
        return content.encode("utf-8-sig" if (habit if self.bom is None else self.bom) else "utf-8", "replace")


# A direction that is set and never ended would turn around whatever stands after it, such as the time beside a name
_DIRECTIONS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def one_line(text: str) -> str:
    """NFC, white space and line breaks as single spaces; other control characters and directions gone."""
    joined = " ".join(unicodedata.normalize("NFC", unpiled(text)).split())
    return "".join(
        char for char in joined if unicodedata.category(char) not in ("Cc", "Cs") and char not in _DIRECTIONS
    )
