"""Room: tests.store.test_at_once. Two people do something at the same moment, twenty times, on both databases."""

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

from sqlalchemy import func, select, update

from nas_asr.core.errors import Conflict, EngineError, NasAsrError
from nas_asr.core.hotwords import clean
from nas_asr.core.offers import Offer, Skills
from nas_asr.core.ports import Options
from nas_asr.core.recording import UNDER_WAY, RunState
from nas_asr.core.transcript import EngineLabel, Transcript
from nas_asr.services import parts, recordings
from nas_asr.services.archive_nights import ask, meet_nights
from nas_asr.services.archive_nights import claim as claim_night
from nas_asr.services.archive_rules import RuleOrder, save_rule
from nas_asr.services.base import House
from nas_asr.services.hotwords import set_hotwords
from nas_asr.services.house_settings import change_settings, free_memory, show_settings
from nas_asr.services.replacements import Turn, turn_replacement
from nas_asr.services.reruns import rerun_team
from nas_asr.services.transcribe import Claim, Claimant, Incarnation, claim, fail, finish, wanted
from nas_asr.store.models import ArchiveRun, HotwordVersion, HouseSetting, Recording, Run, Team, TranscriptVersion
from tests.cast import Cast, Clock, make_recording, replace_something, write_transcript

ROUNDS = 20
WORKER = Claimant(Incarnation("w", "1"), Skills((Offer("sphinx", ("en",)),)))


def at_once(*deeds: Callable[[], Any]) -> list[Any]:
    """What each of them came to: its answer, or the error that it ended with. Anything but ours is no answer."""
    came: list[Any] = [None] * len(deeds)
    start = threading.Barrier(len(deeds))

    def do(place: int) -> None:
        start.wait(10)
        try:
            came[place] = deeds[place]()
        except Exception as error:
            came[place] = error

    threads = [threading.Thread(target=do, args=(place,)) for place in range(len(deeds))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    strange = [one for one in came if isinstance(one, Exception) and not isinstance(one, NasAsrError)]
    assert not strange, strange
    return came


def refused(came: list[Any]) -> int:
    """How many were told that somebody was quicker."""
    return sum(isinstance(one, Conflict) for one in came)


def runs_of(house: House, recording: str) -> list[Run]:
    """A recording's runs, oldest first."""
    with house.db.read() as session:
        return list(session.scalars(select(Run).where(Run.recording_id == recording).order_by(Run.created_at)))


def loads(_wanted: Options) -> None:
    """An engine that loads."""


def test_two_who_try_again_make_one_run(house: House, cast: Cast) -> None:
    for _ in range(ROUNDS):
        recording = make_recording(house, cast.choir)
        write_transcript(house, recording, ["hello"])
        came = at_once(
            partial(recordings.retry, house, cast.bob, recording),
            partial(recordings.retry, house, cast.alice, recording),
            partial(recordings.declare_language, house, cast.alice, recording, "en"),
        )
        waiting = [run for run in runs_of(house, recording) if run.state in UNDER_WAY]
        assert len(waiting) == 1, came


def test_a_run_that_is_claimed_while_somebody_stops_it_is_stopped(house: House, cast: Cast) -> None:
    for _ in range(ROUNDS):
        recording = make_recording(house, cast.choir)
        held, _stopped = at_once(lambda: claim(house, WORKER), partial(recordings.stop, house, cast.bob, recording))
        (run,) = runs_of(house, recording)
        assert run.state == RunState.STOPPED
        if isinstance(held, Claim):
            assert not wanted(house, held)


def test_a_language_is_said_before_a_worker_begins_or_not_at_all(house: House, cast: Cast) -> None:
    for _ in range(ROUNDS):
        recording = make_recording(house, cast.choir)
        held, said = at_once(
            lambda: claim(house, WORKER), partial(recordings.declare_language, house, cast.bob, recording, "zh")
        )
        (run,) = runs_of(house, recording)
        if isinstance(held, Claim):
            assert isinstance(said, Conflict) and run.language == "en"
            finish(house, held, Transcript((), 1, 0, 1, EngineLabel("sphinx", "m", "r", "cpu"), "en"))
        else:
            assert (run.language, run.waiting_for) == ("zh", "model")
            recordings.trash(house, cast.bob, recording)


def test_a_list_that_is_saved_does_not_wait_for_a_worker_that_waits_for_it(house: House, cast: Cast) -> None:
    make_recording(house, cast.choir)
    if house.db.is_sqlite:
        return  # one writer at a time: nobody can wait for each other
    with house.db.write() as session:  # half of a claim: it has its run, and will write the team next
        session.execute(select(Run.id).with_for_update())
        writer = threading.Thread(target=lambda: set_hotwords(house, None, "choir", clean(["Kubernetes"])), daemon=True)
        writer.start()
        writer.join(10)
        assert not writer.is_alive()
        session.execute(update(Team).values(name="still here"))


def test_lists_claims_and_reruns_at_the_same_moment_come_to_an_end(house: House, cast: Cast, clock: Clock) -> None:
    for n in range(ROUNDS):
        write_transcript(house, make_recording(house, cast.choir), ["hello"])
        make_recording(house, cast.choir)
        set_hotwords(house, None, "choir", clean([f"word{n}a"]))
        came = at_once(
            partial(set_hotwords, house, cast.alice, "choir", clean([f"word{n}b"])),
            lambda: claim(house, WORKER),
            lambda: rerun_team(house, cast.alice, "choir", 30),
            lambda: rerun_team(house, cast.alice, "choir", 30),
        )
        assert refused(came) == 0
    with house.db.read() as session:
        twice = (
            select(Run.recording_id).where(Run.state.in_(UNDER_WAY)).group_by(Run.recording_id).having(func.count() > 1)
        )
        assert session.execute(twice).all() == []


def test_two_writers_of_a_list_make_a_version_each_or_one_is_told(house: House, cast: Cast) -> None:
    for n in range(ROUNDS):
        came = at_once(
            partial(set_hotwords, house, cast.alice, "choir", clean([f"word{n}a"]), expected=n),
            partial(set_hotwords, house, cast.alice, "choir", clean([f"word{n}b"]), expected=n),
        )
        assert refused(came) == 1
    with house.db.read() as session:
        numbers = session.scalars(select(HotwordVersion.number).order_by(HotwordVersion.number)).all()
    assert list(numbers) == list(range(1, ROUNDS + 1))


def test_two_who_undo_the_same_place_make_one_version(house: House, cast: Cast) -> None:
    for _ in range(ROUNDS):
        recording = make_recording(house, cast.choir)
        write_transcript(house, recording, ["we met at nine"])
        segment = replace_something(house, recording)
        turn = Turn(segment, 0, 1)
        came = at_once(*[partial(turn_replacement, house, cast.bob, recording, turn)] * 2)
        assert refused(came) == 1
        with house.db.read() as session:
            count = (
                select(func.count()).select_from(TranscriptVersion).where(TranscriptVersion.recording_id == recording)
            )
            assert session.scalar(count) == 2


def test_an_undo_while_a_rerun_ends_stays_what_people_see(house: House, cast: Cast) -> None:
    for _ in range(ROUNDS):
        recording = make_recording(house, cast.choir)
        write_transcript(house, recording, ["we met at nine"])
        turn = Turn(replace_something(house, recording), 0, 1)
        recordings.retry(house, cast.bob, recording)
        held = claim(house, WORKER)
        assert held is not None
        new = Transcript((), 1, 0, 1, EngineLabel("sphinx", "m", "r", "cpu"), "en")
        undone, _ended = at_once(
            partial(turn_replacement, house, cast.bob, recording, turn), partial(finish, house, held, new)
        )
        with house.db.read() as session:
            row = session.get_one(Recording, recording)
        assert row.version == (undone if isinstance(undone, int) else 2)


def test_two_who_ask_for_the_archive_get_one_run(house: House, cast: Cast, clock: Clock) -> None:
    for _ in range(ROUNDS):
        came = at_once(
            *[lambda: save_rule(house, cast.alice, "choir", RuleOrder(on=True))] * 2,
            *[lambda: save_rule(house, cast.charlie, "garden", RuleOrder(on=True))] * 2,
        )
        assert refused(came) == 0
        came = at_once(*[lambda: ask(house, cast.alice, "choir")] * 3)
        assert refused(came) == 2
        with house.db.write() as session:
            session.execute(update(ArchiveRun).values(state="done"))
        clock.pass_seconds(1)


def test_a_night_is_claimed_by_one(house: House, cast: Cast, clock: Clock) -> None:
    for slug in ("choir", "garden"):
        save_rule(house, None, slug, RuleOrder(on=True))
    for _ in range(ROUNDS):
        clock.pass_seconds(86_400)
        at_once(*[lambda: meet_nights(house)] * 3)
        came = [night for night in at_once(*[lambda: claim_night(house)] * 3) if night is not None]
        assert sorted(night.team for night in came) == ["choir", "garden"]
        with house.db.write() as session:
            session.execute(update(ArchiveRun).values(state="done"))


def test_two_admins_at_once_do_not_overwrite_each_other(house: House, cast: Cast) -> None:
    for n in range(ROUNDS):
        seen = show_settings(house, cast.ada).generation
        came = at_once(
            partial(change_settings, house, cast.ada, {"scan_seconds": str(100 + n)}, loads, seen),
            partial(change_settings, house, cast.ada, {"settle_seconds": str(200 + n)}, loads, seen),
        )
        assert refused(came) == 1
        at_once(*[lambda: free_memory(house, cast.ada)] * 2)
    with house.db.read() as session:
        freed = session.scalar(select(HouseSetting.generation).where(HouseSetting.name == "free_memory"))
    assert freed == 3 * ROUNDS


def test_files_that_are_joined_and_taken_apart_at_once_are_lost_to_nobody(house: House, cast: Cast) -> None:
    for deed in (parts.unjoin, recordings.trash, recordings.retry):
        for _ in range(ROUNDS // 3):
            one, two, three, four = (make_recording(house, cast.choir) for _ in range(4))
            whole = parts.join(house, cast.bob, one, [one, two])
            came = at_once(
                partial(parts.join, house, cast.bob, whole, [three]),
                partial(deed, house, cast.alice, whole),
                partial(parts.join, house, cast.alice, whole, [four]),
            )
            with house.db.read() as session:
                rows = {id: session.get_one(Recording, id) for id in (whole, one, two, three, four)}
            for part in rows.values():
                its_whole = rows[part.whole_id or part.id]
                assert (part.trashed_at is None) == (its_whole.trashed_at is None), (deed, came)
            if rows[whole].trashed_at is None:
                joined = sorted(
                    (row for row in rows.values() if row.whole_id == whole), key=lambda row: row.part_number
                )
                assert [row.part_number for row in joined] == list(range(1, len(joined) + 1)), came
                assert rows[whole].size_bytes == sum(row.size_bytes for row in joined)


def test_a_part_ends_while_others_are_joined_to_its_whole(house: House, cast: Cast) -> None:
    for _ in range(ROUNDS // 2):
        one, two, three = (make_recording(house, cast.choir) for _ in range(3))
        whole = parts.join(house, cast.bob, one, [one, two])
        with house.db.write() as session:
            session.execute(update(Run).where(Run.recording_id == two).values(priority=9))
        held = claim(house, WORKER)
        assert held is not None
        trouble = EngineError("It does not load.")
        came = at_once(partial(fail, house, held, trouble), partial(parts.join, house, cast.bob, whole, [three]))
        with house.db.read() as session:
            rows = {id: session.get_one(Recording, id) for id in (two, three)}
        assert rows[three].whole_id == whole, came
        assert rows[two].state == RunState.FAILED
