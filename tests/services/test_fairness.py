"""Room: tests.services. Who is served when many want something: teams, short and long recordings, lost rings; both databases."""

from datetime import timedelta
from random import Random

from sqlalchemy import insert, update

from nas_asr.core.ids import new_id
from nas_asr.core.recording import RunState
from nas_asr.services.base import House
from nas_asr.services.sweep import sweep
from nas_asr.store.models import Recording, Run, Team
from tests.cast import START, Cast, Clock, RememberingQueue, make_recording
from tests.services.test_transcribe import claimed, recording_of, run_of


def drop_many(house: House, team: str, count: int, duration_ms: int = 1_000, **fields: object) -> None:
    """So many recordings with queued runs, as a folder that somebody filled at once leaves them; fields of the recordings."""
    ids = [(new_id(), new_id()) for _ in range(count)]
    with house.db.write() as session:
        session.execute(
            insert(Recording),
            [
                {"id": recording, "team_id": team, "raw_path": recording.encode(), "path": recording, "title": "one of many",
                 "size_bytes": 1, "sha256": recording * 2, "duration_ms": duration_ms, "language": "en",
                 "recorded_at": START, "ingested_at": START, "changed_at": START, "run_id": run, **fields}
                for recording, run in ids
            ],
        )  # fmt: skip
        session.execute(
            insert(Run),
            [
                {"id": run, "recording_id": recording, "team_id": team, "language": "en", "duration_ms": duration_ms,
                 "created_at": house.now()}
                for recording, run in ids
            ],
        )  # fmt: skip


def make_team(house: House, slug: str) -> str:
    with house.db.write() as session:
        team = Team(id=new_id(), slug=slug, name=slug, created_at=START)
        session.add(team)
    return team.id


def next_one(house: House) -> Recording:
    """What a worker claims now; it is done a second later."""
    recording = recording_of(house, claimed(house).recording_id)
    clock = house.now
    assert isinstance(clock, Clock)
    clock.pass_seconds(1)
    with house.db.write() as session:
        session.execute(update(Run).where(Run.id == recording.run_id).values(state=RunState.DONE, ended_at=clock()))
    return recording


def test_one_recording_is_done_within_three_while_another_team_dropped_two_thousand(house: House, cast: Cast) -> None:
    drop_many(house, cast.choir, 2_000)
    for _ in range(5):
        next_one(house)
    lonely = make_recording(house, cast.garden, duration_ms=3_600_000)
    assert lonely in [next_one(house).id for _ in range(3)]


def test_three_teams_take_turns_whatever_they_dropped(house: House, cast: Cast) -> None:
    teams = [cast.choir, cast.garden, make_team(house, "office")]
    for team, count in zip(teams, (300, 7, 30), strict=True):
        drop_many(house, team, count, duration_ms=1_000 * count)
    turns = [next_one(house).team_id for _ in range(18)]
    for start in range(0, 18, 3):
        assert set(turns[start : start + 3]) == set(teams)


def test_a_team_that_ran_dry_has_no_turns_saved_up(house: House, cast: Cast) -> None:
    drop_many(house, cast.garden, 1)
    drop_many(house, cast.choir, 20)
    for _ in range(10):
        next_one(house)
    drop_many(house, cast.garden, 10)
    turns = [next_one(house).team_id for _ in range(6)]
    assert turns.count(cast.garden) == 3


def test_short_comes_before_long_within_a_teams_turn(house: House, cast: Cast) -> None:
    long = make_recording(house, cast.choir, "long", duration_ms=7_200_000)
    short = make_recording(house, cast.choir, "short", duration_ms=60_000)
    other = make_recording(house, cast.garden, "other", duration_ms=9_000_000)
    order = [next_one(house).id for _ in range(3)]
    assert order.index(short) < order.index(long)
    assert order.index(other) < 2


def test_a_long_recording_is_not_kept_waiting_for_ever_by_short_ones(house: House, cast: Cast) -> None:
    """A stream that never ends: as soon as a short one is begun, the next one is there."""
    clock = house.now
    assert isinstance(clock, Clock)
    long = make_recording(house, cast.choir, "long", duration_ms=7_200_000)
    hands = Random(8)
    for turn in range(200):
        clock.now = START + timedelta(seconds=10 * turn, microseconds=hands.randrange(1_000_000))
        drop_many(house, cast.choir, 2)
        if next_one(house).id == long:
            break
    assert 0 < turn < 100


def test_seven_turns_of_eight_are_for_the_shortest(house: House, cast: Cast) -> None:
    clock = house.now
    assert isinstance(clock, Clock)
    for digits in range(8):
        long = make_recording(house, cast.choir, duration_ms=7_200_000, ingested_at=START)
        clock.now += timedelta(seconds=60)
        short = make_recording(house, cast.choir, duration_ms=1_000)
        clock.now = clock.now.replace(microsecond=digits)
        assert next_one(house).id == (long if digits == 7 else short)
        clock.now = clock.now.replace(microsecond=7)
        next_one(house)


def test_a_ring_that_was_lost_behind_six_thousand_costs_nobody_a_turn(
    house: House, cast: Cast, queue: RememberingQueue
) -> None:
    """The sweep rings for the oldest runs only, but any ring leads to the run that is next in fair order."""
    drop_many(house, cast.choir, 6_000)
    clock = house.now
    assert isinstance(clock, Clock)
    clock.pass_seconds(1)
    lonely = make_recording(house, cast.garden)
    assert sweep(house).rung > 0
    assert run_of(house, lonely).id not in queue.rung
    assert lonely in [next_one(house).id for _ in range(3)]
