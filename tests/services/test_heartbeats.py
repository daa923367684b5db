"""Room: tests.services.test_heartbeats. A sign of life is one row for each part, and a polite goodbye takes it away."""

from sqlalchemy import select

from nas_asr.services.base import House
from nas_asr.services.heartbeats import Beat, beat, gone
from nas_asr.store.models import Heartbeat
from tests.cast import Clock


def test_the_newest_sign_of_life_counts(house: House, clock: Clock) -> None:
    assert beat(house, Beat("worker", "one", "boot1", {"state": "idle"}))
    clock.pass_seconds(5)
    assert beat(house, Beat("worker", "one", "boot2", {"state": "busy"}))
    with house.db.read() as session:
        rows = session.scalars(select(Heartbeat)).all()
        assert [(row.boot, row.seen_at, row.detail) for row in rows] == [("boot2", clock(), {"state": "busy"})]


def test_an_old_boots_goodbye_does_not_silence_the_new_one(house: House) -> None:
    beat(house, Beat("worker", "one", "boot2"))
    gone(house, "one", "boot1")
    with house.db.read() as session:
        assert session.get(Heartbeat, "one") is not None
    gone(house, "one", "boot2")
    with house.db.read() as session:
        assert session.get(Heartbeat, "one") is None
