"""Room: services.difference. Two versions of one transcript, compared for whoever may read them. Never writes."""

from dataclasses import dataclass

from nas_asr.core.access import Viewer
from nas_asr.core.difference import Passage, difference
from nas_asr.core.errors import NotVisible
from nas_asr.services.base import House
from nas_asr.services.recordings import RecordingView
from nas_asr.services.transcripts import VersionView, list_versions, read_transcript


@dataclass(frozen=True, slots=True)
class DifferenceView:
    """What became of the old version's words in the new one."""

    recording: RecordingView
    old: VersionView
    new: VersionView
    passages: list[Passage]

    @property
    def changes(self) -> int:
        """In how many passages something went or came."""
        return sum(passage.changed for passage in self.passages)


def read_difference(
    house: House, viewer: Viewer, recording_id: str, old: int | None = None, new: int | None = None
) -> DifferenceView:
    """Compare two versions; without numbers the newest with the one before it. NotVisible where there is no such version."""
    numbers = [version.number for version in list_versions(house, viewer, recording_id)]
    new = new if new is not None else max(numbers, default=0)
    old = old if old is not None else max((number for number in numbers if number < new), default=new)
    if old not in numbers or new not in numbers:
        raise NotVisible("There is no such version of this transcript.", "Reload the page.")
    before, after = (read_transcript(house, viewer, recording_id, number) for number in (old, new))
    passages = difference(before.transcript.segments, after.transcript.segments)
    return DifferenceView(after.recording, before.version, after.version, passages)
