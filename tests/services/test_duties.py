"""Room: tests.services.test_duties. One at a time has a duty; who waits for it believes its own clock. On both databases."""

from functools import partial

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from nas_asr.services.base import House
from nas_asr.services.duties import Duties
from nas_asr.services.transcribe import Incarnation
from nas_asr.store.models import Duty
from tests.cast import Clock
from tests.store.test_at_once import at_once

HOLD = 15.0


def duties(house: House, name: str = "one", boot: str = "boot1") -> Duties:
    """Those of one process."""
    return Duties(house, Incarnation(name, boot))


def look(*who: Duties, since: float, until: float) -> list[list[bool]]:
    """Everybody's answers, second by second."""
    return [[one.hold("watch:x", HOLD, float(now)) for one in who] for now in range(int(since), int(until))]


def test_one_has_it_and_the_other_waits_for_as_long_as_it_beats(house: House) -> None:
    answers = look(duties(house), duties(house, "two"), since=0, until=100)
    assert answers == [[True, False]] * 100


def test_silence_as_seen_by_the_one_who_waits_passes_it_on(house: House, clock: Clock) -> None:
    one, two = duties(house), duties(house, "two")
    look(one, two, since=0, until=20)
    clock.pass_seconds(-86_400)  # what the walls say is nobody's business
    taken = [now for now in range(20, 60) if two.hold("watch:x", HOLD, float(now))]
    assert taken[0] == 15 + HOLD  # it beat at 15 for the last time
    assert not one.hold("watch:x", HOLD, 60.0)


def test_clocks_of_two_machines_need_not_agree(house: House) -> None:
    one, two = duties(house), duties(house, "two")
    assert one.hold("watch:x", HOLD, 7_000_000.0)
    assert not two.hold("watch:x", HOLD, 3.0)


def test_who_slept_judges_nobody_by_the_jump(house: House) -> None:
    one, two = duties(house), duties(house, "two")
    look(one, two, since=0, until=20)
    assert not two.hold("watch:x", HOLD, 4_000.0)
    assert one.hold("watch:x", HOLD, 21.0)


def test_who_was_away_for_too_long_asks_before_it_goes_on(house: House) -> None:
    one, two = duties(house), duties(house, "two")
    look(one, two, since=0, until=5)
    look(two, since=5, until=40)
    assert look(one, two, since=40, until=60) == [[False, True]] * 20


def test_a_new_start_of_the_same_takes_over_at_once_and_two_of_a_name_do_not_fight(house: House) -> None:
    old, new = duties(house), duties(house, boot="boot2")
    assert old.hold("watch:x", HOLD, 0.0)
    assert new.hold("watch:x", HOLD, 0.0)
    assert look(old, new, since=1, until=100)[6:] == [[False, True]] * 93


def test_what_is_given_up_is_taken_at_the_next_look(house: House) -> None:
    one, two = duties(house), duties(house, "two")
    for name in ("watch:x", "watch:y"):
        assert one.hold(name, HOLD, 0.0) and not two.hold(name, HOLD, 0.0)
    one.give_up("watch:x")
    assert [two.hold(name, HOLD, 1.0) for name in ("watch:x", "watch:y")] == [True, False]
    one.close()
    assert two.hold("watch:y", HOLD, 2.0)
    one.give_up("watch:x")  # not ours any more: nothing happens
    assert two.hold("watch:x", HOLD, 2.0)


def test_of_many_who_want_it_at_the_same_moment_one_gets_it(house: House) -> None:
    for n in range(20):
        many = [duties(house, f"w{i}") for i in range(4)]
        assert sum(at_once(*[partial(one.hold, f"d{n}", HOLD, 0.0) for one in many])) == 1
        for now in (4.0, 8.0, 12.0):
            assert not duties(house, "late").hold(f"d{n}", HOLD, now)
        late = [duties(house, f"l{i}") for i in range(4)]
        for now in (0.0, 5.0, 10.0):
            assert not any(one.hold(f"d{n}", HOLD, now) for one in late)
        assert sum(at_once(*[partial(one.hold, f"d{n}", HOLD, 15.0) for one in late])) == 1


def test_who_has_it_hardly_asks_the_database(house: House) -> None:
    one = duties(house)
    look(one, since=0, until=60)
    with house.db.read() as session:
        assert 0 < (session.scalar(select(Duty.beat)) or 0) <= 60 / (HOLD / 3) + 1
        assert session.scalar(select(func.count()).select_from(Duty)) == 1


def test_while_the_database_is_away_it_is_ours_for_as_long_as_nobody_else_can_have_it(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = duties(house)
    assert one.hold("watch:x", HOLD, 0.0)

    def away() -> None:
        raise OperationalError("SELECT", {}, Exception("away"))

    with monkeypatch.context() as broken:
        broken.setattr(type(house.db), "write", lambda _self: away())
        broken.setattr(type(house.db), "read", lambda _self: away())
        assert one.hold("watch:x", HOLD, 14.0)
        assert not one.hold("watch:x", HOLD, 15.0)
        assert not duties(house, "two").hold("watch:x", HOLD, 15.0)
        one.close()
    assert duties(house).hold("watch:x", HOLD, 16.0)
