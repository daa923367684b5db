"""Room: tests.services.test_changes. An open page follows what others save: only what is different, or that it is too much."""

import pytest

from nas_asr.core.edits import Edit, EditOp, SpeakerScope
from nas_asr.core.errors import NotVisible
from nas_asr.core.transcript import Segment
from nas_asr.services import changes
from nas_asr.services.base import House
from nas_asr.services.changes import changes_since, told
from nas_asr.services.edits import edit_transcript
from nas_asr.services.transcripts import read_transcript
from nas_asr.services.versions import restore_version
from tests.cast import Cast, make_recording, write_transcript
from tests.services.test_edits import LINES, run_again


@pytest.fixture
def meeting(house: House, cast: Cast) -> str:
    recording = make_recording(house, cast.choir)
    write_transcript(house, recording, LINES)
    return recording


def segments(house: House, cast: Cast, recording: str, number: int | None = None) -> list[Segment]:
    return list(read_transcript(house, cast.rita, recording, number).transcript.segments)


def edit(house: House, cast: Cast, recording: str, *edits: Edit) -> int:
    seen = read_transcript(house, cast.bob, recording).version.number
    return edit_transcript(house, cast.bob, recording, seen, edits).version


def test_only_what_was_touched_since_is_told_as_it_is_now(house: House, cast: Cast, meeting: str) -> None:
    first, second, third, *_ = segments(house, cast, meeting)
    edit(house, cast, meeting, Edit(id=first.id, text="not this any more"))
    edit(house, cast, meeting, Edit(EditOp.SPLIT, id=second.id, at=second.text.index(" ") + 1))
    edit(house, cast, meeting, Edit(EditOp.MERGE, id=first.id), Edit(id=third.id, text="another"))
    now = segments(house, cast, meeting)
    news = changes_since(house, cast.rita, meeting, 1)
    assert news.since is not None and (news.version, news.author) == (4, "bob")
    assert list(news.since.changed) == [now[0], now[1], now[2]] and list(news.since.removed) == [second.id]
    assert news.since.after == {now[1].id: first.id}
    later = changes_since(house, cast.rita, meeting, 3)
    assert later.since is not None and [one.id for one in later.since.changed] == [first.id, third.id]
    current = changes_since(house, cast.rita, meeting, 4)
    assert current.since is not None and (list(current.since.changed), current.version) == ([], 4)


def test_names_for_many_are_told_as_long_as_they_are_not_too_many(
    house: House, cast: Cast, meeting: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = segments(house, cast, meeting)[0]
    edit(house, cast, meeting, Edit(EditOp.SPEAKER, id=first.id, speaker="Anna", scope=SpeakerScope.ALL))
    news = changes_since(house, cast.rita, meeting, 1).since
    assert news is not None and {one.speaker for one in news.changed} == {"Anna"}
    monkeypatch.setattr(changes, "_MOST_SEGMENTS", 1)
    assert changes_since(house, cast.rita, meeting, 1).since is None


def test_another_text_altogether_has_to_be_read_anew(house: House, cast: Cast, meeting: str) -> None:
    first = segments(house, cast, meeting)[0]
    edit(house, cast, meeting, Edit(id=first.id, text="one"))
    edit(house, cast, meeting, Edit(id=first.id, text="two"))
    assert restore_version(house, cast.bob, meeting, 2) == 4
    assert changes_since(house, cast.rita, meeting, 3).since is None
    run_again(house, cast, meeting, ["a newer text"])
    words = [told(house, cast.rita, meeting)]
    restore_version(house, cast.bob, meeting, 5)
    words.append(told(house, cast.rita, meeting))
    assert words == ["4-5", "5-5"] and changes_since(house, cast.rita, meeting, 4).since is None


def test_others_hear_nothing(house: House, cast: Cast, meeting: str) -> None:
    assert told(house, cast.charlie, meeting) == told(house, cast.rita, "nothing") == ""
    with pytest.raises(NotVisible):
        changes_since(house, cast.charlie, meeting, 1)
