"""Room: tests.worker. The keeper beside an engine: whom it gives up, and whom not."""

import math
import threading

import pytest

from nas_asr.core.offers import Offer, Skills
from nas_asr.services.base import House
from nas_asr.services.transcribe import Claim, Claimant, Incarnation, claim
from nas_asr.worker.keeper import Keeper, Terms
from nas_asr.worker.room import Pace
from tests.cast import Cast, make_recording

PACE = Pace(tick_s=0.01)


class Watched:
    """A keeper whose end of the program is only noted."""

    def __init__(self, house: House, held: Claim, monkeypatch: pytest.MonkeyPatch) -> None:
        self.given_up, self.lived = threading.Event(), threading.Event()
        self._signs = 0
        monkeypatch.setattr("nas_asr.worker.keeper.os._exit", lambda _status: self.given_up.set())
        self.keeper = Keeper(house, held, Terms(PACE, stuck_s=0.0), self._sign)

    def _sign(self) -> None:
        self._signs += 1
        if self._signs > 5:
            self.lived.set()


@pytest.fixture
def held(house: House, cast: Cast) -> Claim:
    """A run."""
    make_recording(house, cast.choir)
    found = claim(house, Claimant(Incarnation("w", "1"), Skills((Offer("sphinx", ("en",)),))))
    assert found is not None
    return found


def test_an_engine_that_gets_no_further_is_given_up(house: House, held: Claim, monkeypatch: pytest.MonkeyPatch) -> None:
    watched = Watched(house, held, monkeypatch)
    with watched.keeper:
        assert watched.given_up.wait(20)


def test_a_finished_transcript_that_waits_for_the_database_is_not_given_up(
    house: House, held: Claim, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = Watched(house, held, monkeypatch)
    monkeypatch.setattr(watched.keeper, "_limit_s", -math.inf)
    watched.keeper.engine_is_through()
    with watched.keeper:
        assert watched.lived.wait(20)
        watched.keeper.progress(1.0)  # raises where it must not go on
    assert not watched.given_up.is_set()
