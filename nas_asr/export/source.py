"""Room: export.source. What an export is made from, and what the reader chose. Pure values; never looks anything up."""

import unicodedata
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from nas_asr.core.transcript import Milliseconds, Segment, Transcript


class TextLayer(StrEnum):
    """Which of the two texts (decision 8): as people write it, or as it was spoken."""

    WRITTEN = "written"
    SPOKEN = "spoken"


@dataclass(frozen=True, slots=True)
class ExportSource:
    """One version of a transcript with what is known of its recording.

    recorded_at: aware; file names show the day in its own zone, so hand it over in the site's. version and
    hotwords_version: numbers, 0 for none. path: as people see it, below its folder. Empty texts mean unknown.
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


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """text: which layer; timestamps and speakers: whether they are shown. json ignores all of them: it always holds both texts.

    channel: how a speaker is called who is only known as a channel, with {} for its number.
    """

    text: TextLayer = TextLayer.WRITTEN
    timestamps: bool = True
    speakers: bool = True
    channel: str = "Channel {}"

    def text_of(self, segment: Segment) -> str:
        """The segment's text of the chosen layer on one line, composed (NFC), without control characters."""
        return one_line(segment.text if self.text is TextLayer.WRITTEN else segment.spoken)

    def speaker_of(self, segment: Segment) -> str:
        """The speaker's name on one line, empty where unknown or not wanted."""
        name = one_line(segment.speaker or "") if self.speakers else ""
        return self.channel.replace("{}", name) if name.isascii() and name.isdigit() else name


def one_line(text: str) -> str:
    """NFC, white space and line breaks as single spaces, other control characters gone."""
    joined = " ".join(unicodedata.normalize("NFC", text).split())
    return "".join(char for char in joined if unicodedata.category(char) not in ("Cc", "Cs"))
