"""Room: tests.services.test_engines. Workers say what they can do; the rest waits, and nobody is given invented English."""

from datetime import timedelta

import pytest

from nas_asr.core.offers import BUILT_IN_OFFER, MODEL, Offer, Skills
from nas_asr.core.recording import Waiting
from nas_asr.services.base import House
from nas_asr.services.engines import Served, outlook, remember, served
from nas_asr.services.heartbeats import Beat, beat
from tests.cast import Cast, Clock

NANO = Offer(MODEL, ("auto", "zh", "en"))
SMALL = Skills((BUILT_IN_OFFER,))
LARGE = Skills((NANO, BUILT_IN_OFFER))


def alive(house: House, skills: Skills, name: str = "w") -> None:
    """A worker says what it can do."""
    beat(house, Beat("worker", name, "boot", skills.told()))


def now(house: House) -> Served:
    """What the living workers can do."""
    with house.db.read() as session:
        return served(session, house)


@pytest.mark.parametrize("wanted", ["auto", "sphinx", ""])
def test_declared_english_is_served_from_the_first_minute_and_before_any_worker_lives(house: House, wanted: str) -> None:
    assert now(house).engine_for(wanted, "en") == "sphinx"
    alive(house, SMALL)
    assert now(house).waiting_for(wanted, "en") is None


@pytest.mark.parametrize("language", ["auto", "zh", "de"])
def test_nobody_is_given_invented_english(house: House, language: str) -> None:
    assert now(house).waiting_for("", language) == Waiting.MODEL
    alive(house, SMALL)
    assert now(house).waiting_for("auto", language) == Waiting.MODEL
    alive(house, LARGE)
    assert now(house).waiting_for("sphinx", language) == Waiting.MODEL


def test_a_worker_with_the_model_serves_what_waited_and_english_better(house: House) -> None:
    alive(house, SMALL, "nas")
    alive(house, LARGE, "pc")
    assert now(house).engine_for("", "zh") == now(house).engine_for("", "en") == MODEL
    assert now(house).waiting_for(MODEL, "zh") is None
    assert now(house).waiting_for("", "de") == Waiting.MODEL


def test_a_silent_worker_serves_nothing_and_one_that_has_not_told_is_no_reason_to_wait(house: House, clock: Clock) -> None:
    alive(house, LARGE)
    clock.pass_seconds(timedelta(minutes=2).total_seconds())
    beat(house, Beat("worker", "new", "boot", {"state": "starting"}))
    assert not now(house).known
    assert now(house).waiting_for("", "en") is None


@pytest.mark.parametrize(
    "offers", [None, "all", 7, {"engine": MODEL}, [1, None, "x"], [{}], [{"engine": MODEL}], [{"engine": [], "languages": "en"}]]
)
def test_a_worker_that_nobody_understands_takes_nothing_from_the_others(house: House, offers: object) -> None:
    alive(house, SMALL, "nas")
    beat(house, Beat("worker", "newer", "boot", {"offers": offers, "choice": 5 if offers is None else "auto"}))
    assert now(house).engine_for("", "en") == "sphinx"
    assert now(house).waiting_for("", "zh") == Waiting.MODEL


def test_a_worker_whose_own_settings_name_an_engine_takes_that_one_only(house: House) -> None:
    alive(house, Skills((NANO, BUILT_IN_OFFER), choice="sphinx"))
    assert now(house).waiting_for("", "zh") == Waiting.MODEL
    assert now(house).engine_for("", "en") == "sphinx"
    assert now(house).engine_for(MODEL, "zh") == MODEL


def test_no_other_quality_takes_the_model_s_place_by_itself(house: House) -> None:
    alive(house, Skills((Offer("sensevoice", ("zh", "en")), Offer("openai", ("zh",)), BUILT_IN_OFFER)))
    assert now(house).waiting_for("auto", "zh") == Waiting.MODEL
    assert now(house).engine_for("sensevoice", "zh") == "sensevoice"


def test_a_model_that_is_gone_is_told_from_one_that_never_was(house: House, cast: Cast) -> None:
    alive(house, SMALL)
    assert (outlook(house).lacks, outlook(house).model_lost) == (MODEL, False)
    alive(house, LARGE)
    remember(house, LARGE)
    assert (outlook(house).lacks, outlook(house).model_lost, outlook(house).has_model) == ("", False, True)
    alive(house, SMALL)
    assert (outlook(house).lacks, outlook(house).model_lost) == (MODEL, True)
