"""Room: tests.services.test_engines. The built-in engine hears what a person declared English; the rest waits."""

import pytest

from nas_asr.core.recording import Waiting
from nas_asr.services.engines import engine_for, waiting_for


@pytest.mark.parametrize("setting", ["auto", "sphinx", ""])
def test_declared_english_is_served_from_the_first_minute(setting: str) -> None:
    assert engine_for(setting, "en") == "sphinx"
    assert waiting_for(setting, "en") is None


@pytest.mark.parametrize("language", ["auto", "zh", "de"])
def test_nobody_is_given_invented_english(language: str) -> None:
    assert waiting_for("auto", language) == Waiting.MODEL
    assert waiting_for("sphinx", language, stage_two_ready=True) == Waiting.MODEL


def test_an_engine_of_the_second_stage_is_waited_for_until_it_is_there() -> None:
    assert waiting_for("fun-asr-nano", "en") == Waiting.MODEL
    assert waiting_for("fun-asr-nano", "zh", stage_two_ready=True) is None
    assert engine_for("auto", "zh", stage_two_ready=True) == "fun-asr-nano"
