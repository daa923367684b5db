"""Room: services.hotword_reach. Which recordings a hotword list would change, before anybody runs them again. Changes none.

A place counts where the machine's text sounds like a hotword and is written in another way; that is what the built-in
engine replaces, and a hint for the model, which hears the audio again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from nas_asr.core.access import Action, Viewer
from nas_asr.core.errors import Invalid
from nas_asr.core.hotwords import Cleaned
from nas_asr.core.transcript import Milliseconds
from nas_asr.services.base import House
from nas_asr.services.hotword_versions import newest_hotwords
from nas_asr.services.hotwords import team_of
from nas_asr.store.models import Layer, Recording, SegmentRow, TranscriptVersion
from nas_asr.store.scope import Scope
from nas_asr.store.seen import is_shown

MOST_SEGMENTS = 20_000  # about thirty hours; the newest recordings first
_MOST_RECORDINGS = 200
_PLACES_SHOWN = 5

Place = tuple[int, int, str]  # [start, end) in the text, and the hotword that is meant there
Listen = Callable[
    [Sequence[str], Sequence[str]], Sequence[Sequence[Place]]
]  # lines of the list, texts -> places of each text


@dataclass(frozen=True, slots=True)
class PlaceView:
    """One place: when it is said, what stands there, and the hotword that would."""

    start_ms: Milliseconds
    was: str
    hotword: str


@dataclass(frozen=True, slots=True)
class ReachedView:
    """A recording in which something would change: how often, and the first places. has_newest: it ran with the newest list."""

    id: str
    title: str
    recorded_at: datetime
    count: int
    places: Sequence[PlaceView]
    has_newest: bool


@dataclass(frozen=True, slots=True)
class Reach:
    """What was found. looked_at: recordings; whole: False where there are older ones that were not looked at."""

    recordings: Sequence[ReachedView]
    looked_at: int
    whole: bool


@dataclass(frozen=True, slots=True)
class _Said:
    recording_id: str
    start_ms: Milliseconds
    text: str


def list_reach(house: House, viewer: Viewer, slug: str, words: Cleaned, listen: Listen) -> Reach:
    """The team's recordings that these words would change, newest first; for those who keep the list.

    listen: compares by sound, outside of this program. Raises Invalid where no word is left, NasAsrError where it fails.
    """
    lines = [word.line for word in words.words]
    with house.db.read() as session:
        team = team_of(session, viewer, slug, Action.KEEP_HOTWORDS)
        if not lines:
            raise Invalid("There is no word in this list.", "Write one, one a line.", field="words")
        newest = newest_hotwords(session, team.id)
        rows = session.execute(
            select(
                SegmentRow.recording_id, SegmentRow.start_ms, SegmentRow.spoken, Recording, TranscriptVersion.hotwords_version
            )
            .join(Recording, Recording.id == SegmentRow.recording_id)
            .join(TranscriptVersion, TranscriptVersion.id == SegmentRow.version_id)
            .where(
                Recording.id.in_(Scope(session, viewer).recordings(Action.WRITE).with_only_columns(Recording.id)),
                Recording.team_id == team.id,
                is_shown(SegmentRow.version_id),
                SegmentRow.layer == Layer.OWN,
            )
            .order_by(Recording.recorded_at.desc(), Recording.id, SegmentRow.position)
            .limit(MOST_SEGMENTS + 1)
        ).all()
        recordings = {row[0]: (row[3].title, row[3].recorded_at, bool(newest) and row[4] == newest) for row in rows}
    said = [_Said(row[0], row[1], row[2]) for row in rows[:MOST_SEGMENTS]]
    places = _places(said, listen(lines, [one.text for one in said]))
    found = [
        ReachedView(key, title, at, len(places[key]), places[key][:_PLACES_SHOWN], has_newest)
        for key, (title, at, has_newest) in recordings.items()
        if key in places
    ]
    return Reach(found[:_MOST_RECORDINGS], len(recordings), len(rows) <= MOST_SEGMENTS)


def _places(said: Sequence[_Said], heard: Sequence[Sequence[Place]]) -> dict[str, list[PlaceView]]:
    found: dict[str, list[PlaceView]] = {}
    for one, places in zip(said, heard, strict=True):
        for start, end, hotword in places:
            found.setdefault(one.recording_id, []).append(PlaceView(one.start_ms, one.text[start:end], hotword))
    return found
