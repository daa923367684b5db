"""Room: tests.store.test_parts. Split files are offered, joined, read and found as one, and taken apart; on both databases."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from nas_asr.core.access import Role, Viewer
from nas_asr.core.errors import Conflict, Invalid, NotPermitted, NotVisible, Unreadable
from nas_asr.core.ids import new_id
from nas_asr.core.offers import Offer as EngineOffer
from nas_asr.core.offers import Skills
from nas_asr.core.recording import LedgerState, RunState
from nas_asr.core.transcript import EngineLabel, Segment, Span, Transcript, Word
from nas_asr.services import parts, recordings
from nas_asr.services.arrivals import revive
from nas_asr.services.base import House
from nas_asr.services.listing import RecordingFilter, list_recordings
from nas_asr.services.paging import PageOrder
from nas_asr.services.recordings import one_recording
from nas_asr.services.replacements import Turn, turn_replacement
from nas_asr.services.runs import MAX_ATTEMPTS
from nas_asr.services.search import SearchOrder, search
from nas_asr.services.summary import summary
from nas_asr.services.transcribe import Claimant, Incarnation, claim, fail, finish
from nas_asr.services.transcripts import list_versions, read_transcript
from nas_asr.services.versions import choose_version
from nas_asr.store.models import LedgerLine, Recording, Run
from tests.cast import START, Cast, make_folder, make_recording, replace_something, write_transcript

MINUTE = 60_000
WORKER = Claimant(Incarnation("me", "boot1"), Skills((EngineOffer("sphinx", ("en",)),)))


def split_files(house: House, cast: Cast, count: int = 3, **more: Any) -> list[str]:
    """A recorder's files of ten minutes each, queued, the first one first."""
    fields = {
        "container": "wav",
        "codec": "pcm_s16le",
        "sample_rate": 16_000,
        "channels": 1,
        "recorded_from": "container",
    }
    return [
        make_recording(
            house, cast.choir, f"REC001_P00{number}", path=f"day/REC001_P00{number}.WAV", duration_ms=10 * MINUTE,
            recorded_at=START + timedelta(minutes=10 * (number - 1)), size_bytes=100, **{**fields, **more},
        )
        for number in range(1, count + 1)
    ]  # fmt: skip


def transcribe(house: House, recording_id: str, *lines: str) -> None:
    """As a worker does it; the runs of other recordings wait."""
    with house.db.write() as session:
        run = session.get_one(Run, session.get_one(Recording, recording_id).run_id)
        run.priority = 9
    held = claim(house, WORKER)
    assert held is not None
    assert held.recording_id == recording_id
    segments = tuple(
        Segment(new_id(), Span(1000 * i, 1000 * i + 900), line, line, "1", words=(Word(line, 1000 * i, 1000 * i + 9),))
        for i, line in enumerate(lines)
    )
    label = EngineLabel("sphinx", "en-us", "5.1", "cpu")
    finish(house, held, Transcript(segments, 10 * MINUTE, 900, 5_000, label, "en"))


def found(house: House, viewer: Viewer, words: str) -> list[tuple[str, int]]:
    """Which recordings a search names, and at which second."""
    hits = search(house, viewer, SearchOrder(words), PageOrder(50)).items
    return [(hit.recording_id, hit.start_ms // 1000) for hit in hits]


def titles(house: House, viewer: Viewer) -> list[str]:
    """What the library lists."""
    return [view.title for view in list_recordings(house, viewer, RecordingFilter(), PageOrder(50)).items]


def texts(house: House, viewer: Viewer, recording_id: str) -> list[str]:
    """What readers see."""
    return [segment.text for segment in read_transcript(house, viewer, recording_id).transcript.segments]


def joined(house: House, cast: Cast, count: int = 2) -> tuple[str, list[str]]:
    """A whole of transcribed files: `line 1 ...`, `line 2 ...`."""
    files = split_files(house, cast, count)
    for number, one in enumerate(files, 1):
        transcribe(house, one, f"line {number} begins", f"line {number} ends")
    return parts.join(house, cast.bob, files[0], files), files


# -- offers -----------------------------------------------------------------------------------------------------------


def test_split_files_are_offered_from_any_of_them(house: House, cast: Cast) -> None:
    files = split_files(house, cast)
    for one in files:
        offer = parts.offer_of(house, cast.bob, one)
        assert offer is not None
        assert ([file.id for file in offer.parts], offer.title, offer.whole) == (files, "REC001", None)
        assert (offer.duration_ms, offer.may_join) == (30 * MINUTE, True)


def test_the_library_offers_each_group_once(house: House, cast: Cast) -> None:
    split_files(house, cast)
    make_recording(house, cast.choir, "alone_1", path="alone_1.wav")
    page = list_recordings(house, cast.rita, RecordingFilter(), PageOrder(50)).items
    offers = parts.offers_among(house, cast.rita, page)
    assert [(offer.title, len(offer.parts), offer.may_join) for offer in offers] == [("REC001", 3, False)]


def test_files_of_another_team_folder_or_of_the_trash_are_not_offered(house: House, cast: Cast, tmp_path: Path) -> None:
    first, second = split_files(house, cast, 2)
    folder = make_folder(house.db, cast.choir, tmp_path / "share")
    with house.db.write() as session:
        session.get_one(Recording, second).folder_id = folder
    assert parts.offer_of(house, cast.bob, first) is None
    with house.db.write() as session:
        session.get_one(Recording, second).folder_id = None
    assert parts.offer_of(house, cast.bob, first) is not None
    recordings.trash(house, cast.bob, second)
    assert parts.offer_of(house, cast.bob, first) is None
    with pytest.raises(NotVisible):
        parts.offer_of(house, cast.charlie, first)


def test_the_dates_on_the_share_are_looked_at(house: House, cast: Cast, tmp_path: Path) -> None:
    folder = make_folder(house.db, cast.choir, tmp_path / "share")
    files = split_files(house, cast, 2, folder_id=folder, recorded_from="name")
    with house.db.write() as session:
        for number, one in enumerate(files):
            row = session.get_one(Recording, one)
            row.recorded_at = START
            written = START + timedelta(minutes=10 * number)
            session.add(
                LedgerLine(
                    id=new_id(), folder_id=folder, raw_path=row.raw_path, path=row.path, size_bytes=1, inode=1,
                    mtime_ns=int(written.timestamp()) * 10**9, state=LedgerState.INGESTED, recording_id=one,
                    first_seen_at=START, changed_at=START,
                )
            )  # fmt: skip
    assert parts.offer_of(house, cast.bob, files[0]) is not None


def test_what_somebody_keeps_apart_is_not_offered_again_but_can_be_joined_by_hand(house: House, cast: Cast) -> None:
    files = split_files(house, cast, 2)
    parts.keep_apart(house, cast.bob, files[0])
    assert [parts.offer_of(house, cast.bob, one) for one in files] == [None, None]
    assert [file.id for file in parts.following(house, cast.bob, files[0])] == [files[1]]
    whole = parts.join(house, cast.bob, files[0], files)
    assert one_recording(house, cast.bob, whole).title == "REC001"


@pytest.mark.parametrize("ending", ["both at once", "one after the other"])
def test_no_order_of_endings_loses_a_part(house: House, cast: Cast, ending: str) -> None:
    files = split_files(house, cast, 4)
    whole = parts.join(house, cast.bob, files[0], files)
    held = [claim(house, WORKER) for _ in files]
    transcript = Transcript((Segment(new_id(), Span(0, 900), "words", "words"),), 10 * MINUTE)
    with ThreadPoolExecutor(4 if ending == "both at once" else 1) as pool:
        for done in [pool.submit(finish, house, one, transcript) for one in held if one is not None]:
            done.result(timeout=60)
    assert texts(house, cast.bob, whole) == ["words"] * 4
    assert len(list_versions(house, cast.bob, whole)) == 1


# -- joined -----------------------------------------------------------------------------------------------------------


def test_a_joined_recording_is_read_and_found_as_one(house: House, cast: Cast) -> None:
    whole, files = joined(house, cast)
    view = one_recording(house, cast.rita, whole)
    assert (view.title, view.state, view.duration_ms, view.size_bytes) == ("REC001", RunState.DONE, 20 * MINUTE, 200)
    assert [(part.id, part.start_ms, part.ready) for part in view.parts] == [
        (files[0], 0, True),
        (files[1], 10 * MINUTE, True),
    ]
    segments = read_transcript(house, cast.rita, whole).transcript.segments
    assert [(s.text, s.span.start_ms, s.speaker) for s in segments] == [
        ("line 1 begins", 0, "1"), ("line 1 ends", 1000, "1"), ("line 2 begins", 600_000, "1"), ("line 2 ends", 601_000, "1"),
    ]  # fmt: skip
    assert segments[3].words == (Word("line 2 ends", 601_000, 601_009),)
    assert titles(house, cast.rita) == ["REC001"]
    assert found(house, cast.rita, "line 2") == [(whole, 600), (whole, 601)]
    house.options.data.mkdir(exist_ok=True)
    assert summary(house, cast.rita).total == 1
    assert one_recording(house, cast.rita, files[0]).whole_id == whole


def test_while_a_part_is_on_its_way_the_whole_says_so_and_what_is_ready_is_found(house: House, cast: Cast) -> None:
    files = split_files(house, cast, 3)
    transcribe(house, files[0], "the first words")
    whole = parts.join(house, cast.bob, files[0], files)
    view = one_recording(house, cast.rita, whole)
    assert (view.state, view.version, [part.ready for part in view.parts]) == (RunState.QUEUED, 0, [True, False, False])
    assert 0.3 < view.progress < 0.4
    assert found(house, cast.rita, "first words") == [(files[0], 0)]
    transcribe(house, files[2], "the last words")
    transcribe(house, files[1], "in between")
    assert texts(house, cast.rita, whole) == ["the first words", "in between", "the last words"]
    assert found(house, cast.rita, "words") == [(whole, 0), (whole, 1200)]
    assert one_recording(house, cast.rita, whole).state == RunState.DONE


def test_a_part_that_fails_says_which_it_is_and_a_retry_runs_only_that_one(house: House, cast: Cast) -> None:
    files = split_files(house, cast, 2)
    transcribe(house, files[0], "hello")
    whole = parts.join(house, cast.bob, files[0], files)
    for _ in range(3):
        with house.db.write() as session:
            session.get_one(Run, session.get_one(Recording, files[1]).run_id).not_before = None
        held = claim(house, WORKER)
        assert held is not None
        fail(house, held, Unreadable("The share was away.", "Try again."))
    view = one_recording(house, cast.bob, whole)
    assert view.state == RunState.FAILED
    assert view.failure is not None
    assert view.failure.message == "Part 2 of 2, “REC001_P002”: The share was away."
    recordings.retry(house, cast.bob, whole)
    assert [one_recording(house, cast.bob, one).rerun for one in files] == [False, False]
    assert one_recording(house, cast.bob, whole).state == RunState.QUEUED
    transcribe(house, files[1], "again")
    assert texts(house, cast.bob, whole) == ["hello", "again"]


def test_running_the_whole_again_runs_its_parts_and_makes_new_versions(house: House, cast: Cast) -> None:
    whole, files = joined(house, cast)
    recordings.retry(house, cast.bob, whole)
    with pytest.raises(Conflict):
        recordings.retry(house, cast.bob, whole)
    assert one_recording(house, cast.bob, whole).rerun
    transcribe(house, files[0], "better")
    assert texts(house, cast.bob, whole) == ["better", "line 2 begins", "line 2 ends"]
    transcribe(house, files[1], "best")
    assert (texts(house, cast.bob, whole), found(house, cast.bob, "line")) == (["better", "best"], [])
    assert [version.number for version in list_versions(house, cast.bob, whole)] == [3, 2, 1]


def test_what_a_person_changed_in_the_whole_stays_and_the_new_version_stands_beside_it(
    house: House, cast: Cast
) -> None:
    whole, files = joined(house, cast)
    segment = replace_something(house, whole, "line", "Lyon")
    edited = turn_replacement(house, cast.bob, whole, Turn(segment, 0, 1))
    recordings.retry(house, cast.bob, files[1])
    transcribe(house, files[1], "something new")
    view = one_recording(house, cast.bob, whole)
    assert view.version == edited
    newest = list_versions(house, cast.bob, whole)[0]
    assert (newest.number, newest.author) == (edited + 1, None)
    assert found(house, cast.bob, "something") == []
    choose_version(house, cast.bob, whole, newest.number)
    assert found(house, cast.bob, "something") == [(whole, 600)]


def test_an_older_version_that_a_person_chose_stays(house: House, cast: Cast) -> None:
    whole, files = joined(house, cast)
    for text in ("second time", "third time"):
        recordings.retry(house, cast.bob, files[1])
        transcribe(house, files[1], text)
        if text == "second time":
            choose_version(house, cast.bob, whole, 1)
    assert one_recording(house, cast.bob, whole).version == 1


def test_what_a_person_changes_in_a_part_comes_into_the_whole(house: House, cast: Cast) -> None:
    files = split_files(house, cast, 2)
    for one in files:
        write_transcript(house, one, ["we met"])
    segment = replace_something(house, files[1])
    whole = parts.join(house, cast.bob, files[0], files)
    assert texts(house, cast.bob, whole) == ["we met", "Wii met"]
    turn_replacement(house, cast.bob, files[1], Turn(segment, 0, 1))
    assert texts(house, cast.bob, whole) == ["we met", "we met"]
    assert found(house, cast.bob, "Wii") == []


def test_a_part_that_comes_later_is_offered_and_added(house: House, cast: Cast) -> None:
    files = split_files(house, cast, 3)
    with house.db.write() as session:
        session.get_one(Recording, files[2]).trashed_at = START
    for one in files[:2]:
        transcribe(house, one, f"in {one}")
    whole = parts.join(house, cast.bob, files[0], files[:2])
    with house.db.write() as session:
        session.get_one(Recording, files[2]).trashed_at = None
    for asked in (files[2], whole):
        offer = parts.offer_of(house, cast.bob, asked)
        assert offer is not None
        assert (offer.about, [file.id for file in offer.parts]) == (whole, [files[2]])
    assert parts.join(house, cast.bob, whole, [files[2]]) == whole
    view = one_recording(house, cast.bob, whole)
    assert (view.version, view.duration_ms, view.rerun, len(view.parts)) == (1, 30 * MINUTE, True, 3)
    transcribe(house, files[2], "the end")
    assert texts(house, cast.bob, whole)[-1] == "the end"
    assert parts.offer_of(house, cast.bob, whole) is None


def test_taken_apart_everything_is_as_it_was(house: House, cast: Cast) -> None:
    whole, files = joined(house, cast)
    assert parts.unjoin(house, cast.bob, whole) == files
    assert sorted(titles(house, cast.bob)) == ["REC001_P001", "REC001_P002"]
    assert found(house, cast.bob, "line 2") == [(files[1], 0), (files[1], 1)]
    assert parts.offer_of(house, cast.bob, files[0]) is None
    with pytest.raises(NotVisible):
        one_recording(house, cast.bob, whole)
    again = parts.join(house, cast.bob, files[0], files)
    assert (again != whole, texts(house, cast.bob, again)[2]) == (True, "line 2 begins")


def test_the_trash_takes_a_whole_with_its_files_but_no_single_file_of_it(house: House, cast: Cast) -> None:
    whole, files = joined(house, cast)
    with pytest.raises(Conflict):
        recordings.trash(house, cast.bob, files[0])
    recordings.trash(house, cast.bob, whole)
    assert (titles(house, cast.bob), found(house, cast.bob, "line")) == ([], [])


def test_stopping_and_declaring_a_language_reach_every_part(house: House, cast: Cast) -> None:
    files = split_files(house, cast, 2)
    whole = parts.join(house, cast.bob, files[0], files)
    recordings.stop(house, cast.bob, whole)
    assert one_recording(house, cast.bob, whole).state == RunState.STOPPED
    recordings.declare_language(house, cast.bob, whole, "zh")
    assert {one_recording(house, cast.bob, one).language for one in (whole, *files)} == {"zh"}
    assert one_recording(house, cast.bob, whole).state == RunState.QUEUED


def test_nonsense_is_refused_with_a_sentence(house: House, cast: Cast) -> None:
    whole, files = joined(house, cast)
    other = make_recording(house, cast.choir)
    theirs = make_recording(house, cast.garden)
    refused: Sequence[tuple[type[Exception], str, list[str]]] = (
        (Invalid, other, [other]),
        (Invalid, other, [files[0]]),
        (Invalid, whole, []),
        (Conflict, other, [other, files[0]]),
        (Conflict, other, [other, whole]),
        (Conflict, whole, [files[1]]),
        (NotVisible, other, [other, theirs]),
        (NotVisible, other, [other, "nothing"]),
    )
    for error, about, ids in refused:
        with pytest.raises(error):
            parts.join(house, cast.bob, about, ids)
    with pytest.raises(Conflict):
        parts.unjoin(house, cast.bob, other)
    both = Viewer(cast.bob.user_id, "bob", roles={cast.choir: Role.MEMBER, cast.garden: Role.MEMBER})
    with pytest.raises(Invalid):
        parts.join(house, both, other, [other, theirs])


def test_readers_see_and_members_join(house: House, cast: Cast) -> None:
    files = split_files(house, cast, 2)
    assert parts.following(house, cast.rita, files[0]) == ()
    for refused in (
        lambda: parts.join(house, cast.rita, files[0], files),
        lambda: parts.keep_apart(house, cast.rita, files[0]),
        lambda: parts.unjoin(house, cast.rita, parts.join(house, cast.bob, files[0], files)),
    ):
        with pytest.raises(NotPermitted):
            refused()


def test_a_part_whose_file_came_back_makes_its_whole_wait_again(house: House, cast: Cast) -> None:
    files = split_files(house, cast, 2)
    whole = parts.join(house, cast.bob, files[0], files)
    transcribe(house, files[0], "hello")
    held = claim(house, WORKER)
    assert held is not None
    with house.db.write() as session:
        session.get_one(Run, held.run_id).attempts = MAX_ATTEMPTS
    fail(house, held, Unreadable("The file is away."))
    assert one_recording(house, cast.bob, whole).state == RunState.FAILED
    with house.db.write() as session:
        assert revive(session, house, session.get_one(Recording, files[1])) is not None
    assert one_recording(house, cast.bob, whole).state == RunState.QUEUED
