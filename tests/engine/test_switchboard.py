"""Room: tests.engine.test_switchboard. Several engines behind one door, and what of them can work on a machine. Fakes only."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nas_asr.core import checkpoints
from nas_asr.core.errors import EngineBusy, ModelUnavailable
from nas_asr.core.offers import BUILT_IN_OFFER, MODEL, Offer, Skills
from nas_asr.core.ports import Order, Progress
from nas_asr.core.transcript import EngineLabel, Transcript
from nas_asr.engine.options import EngineOptions
from nas_asr.engine.presence import footprint, offers_here, options_for, reason
from nas_asr.engine.switchboard import Switchboard

NANO = Offer(MODEL, ("zh", "en"))
ALL = ("sphinx", MODEL, "sensevoice", "openai")


class Fake:
    """An engine that says its name."""

    def __init__(self, engine: str) -> None:
        self.label = EngineLabel(engine)
        self.offers: tuple[Offer, ...] = ()
        self.closed = False

    def serves(self, language: str) -> bool:
        """Everything."""
        return True

    def transcribe(self, order: Order, progress: Progress) -> Transcript:
        """Its name, and no text."""
        return Transcript((), 0, 0, 1, self.label, order.language)

    def loaded(self) -> list[dict[str, Any]]:
        """Itself."""
        return [{"engine": self.label.name}]

    def close(self) -> None:
        """Remembered."""
        self.closed = True


class Workshop:
    """Builds fakes and remembers them; the next `busy` ones find no memory."""

    def __init__(self) -> None:
        self.made: list[Fake] = []
        self.busy = 0
        self.now = 0.0

    def __call__(self, engine: str) -> Fake:
        """Another one."""
        if self.busy:
            self.busy -= 1
            raise EngineBusy("There is no memory for it.")
        self.made.append(Fake(engine))
        return self.made[-1]

    def board(self, skills: Skills) -> Switchboard:
        """The door."""
        return Switchboard(skills, self, lambda: self.now)


def ask(board: Switchboard, language: str = "en", engine: str = "") -> str:
    """The name of the engine that answers."""
    return board.transcribe(Order(b"", 0, language, engine=engine), lambda _: None).engine.name


def names(workshop: Workshop) -> list[str]:
    """What was built."""
    return [fake.label.name for fake in workshop.made]


def test_each_engine_is_built_when_it_is_first_needed_and_once() -> None:
    workshop = Workshop()
    board = workshop.board(Skills((NANO, BUILT_IN_OFFER)))
    assert names(workshop) == [] and board.loaded() == []
    assert [ask(board), ask(board, "zh")] == [MODEL, MODEL]
    workshop.now = 1
    assert ask(board, engine="sphinx") == "sphinx"
    assert [one["engine"] for one in board.loaded()] == ["sphinx", MODEL]
    workshop.now = 2
    assert ask(board) == MODEL
    assert [one["engine"] for one in board.loaded()] == names(workshop) == [MODEL, "sphinx"]
    board.close()
    assert [fake.closed for fake in workshop.made] == [True, True]
    assert not board.loaded()


def test_an_engine_that_others_are_asked_for_instead_goes_after_a_while() -> None:
    workshop = Workshop()
    board = workshop.board(Skills((NANO, BUILT_IN_OFFER)))
    ask(board)
    workshop.now = 500
    ask(board, engine="sphinx")
    assert [fake.closed for fake in workshop.made] == [False, False]
    workshop.now = 700
    ask(board, engine="sphinx")
    assert [fake.closed for fake in workshop.made] == [True, False]
    assert [one["engine"] for one in board.loaded()] == ["sphinx"]


def test_where_memory_is_short_the_other_engines_go_first() -> None:
    workshop = Workshop()
    board = workshop.board(Skills((NANO, BUILT_IN_OFFER)))
    ask(board, engine="sphinx")
    workshop.busy = 1
    assert ask(board) == MODEL and workshop.made[0].closed
    board.close()
    workshop.busy = 1
    with pytest.raises(EngineBusy):
        ask(board)


def test_a_named_engine_that_is_not_here_is_never_replaced_by_another() -> None:
    board = Workshop().board(Skills((BUILT_IN_OFFER,)))
    for language, engine in (("en", MODEL), ("zh", ""), ("zh", "sphinx")):
        with pytest.raises(ModelUnavailable) as refused:
            ask(board, language, engine)
        assert language in refused.value.message and not refused.value.permanent
    assert not board.serves("zh") and board.serves("en")


# -- what can work here ---------------------------------------------------------------------------------------------


def put(models: Path, hub: checkpoints.Hub, model: str) -> Path:
    """A checkpoint that somebody carried here by hand."""
    place = checkpoints.place(models, hub, model)
    place.mkdir(parents=True)
    (place / "configuration.json").write_text("{}")
    return place


def engines(options: EngineOptions, second_stage: bool = True, known: tuple[str, ...] = ALL) -> list[str]:
    """Names of the offers."""
    return [offer.engine for offer in offers_here(options, known, second_stage)]


def test_weights_and_packages_are_both_needed(tmp_path: Path) -> None:
    options = EngineOptions(models=tmp_path)
    assert engines(options) == ["sphinx"]
    before = footprint(options)
    put(tmp_path, checkpoints.Hub.HUGGING_FACE, "FunAudioLLM/Fun-ASR-Nano-2512")
    assert engines(options) == [MODEL, "sphinx"] and footprint(options) != before
    assert engines(options, second_stage=False) == ["sphinx"]
    assert engines(options, known=("sphinx",)) == ["sphinx"]
    assert offers_here(options, ALL, second_stage=True)[0].languages == ("auto", "zh", "en", "ja", "yue")


def test_another_quality_is_offered_to_who_names_it_and_the_named_one_comes_first(tmp_path: Path) -> None:
    put(tmp_path, checkpoints.Hub.MODELSCOPE, "iic/SenseVoiceSmall")
    options = EngineOptions(models=tmp_path, openai_url="http://127.0.0.1:9/v1")
    assert engines(options) == ["sensevoice", "openai", "sphinx"]
    assert Skills(offers_here(options, ALL, second_stage=True)).engine_for("", "zh") is None
    assert engines(replace(options, engine="openai"))[0] == "openai"


def test_a_model_s_name_is_told_to_the_engine_that_it_belongs_to(tmp_path: Path) -> None:
    mlt = EngineOptions(model="Fun-ASR-MLT-Nano-2512", models=tmp_path)
    assert options_for(mlt, MODEL).model == "Fun-ASR-MLT-Nano-2512"
    assert options_for(mlt, "sensevoice").model == options_for(mlt, "sphinx").model == ""
    by_hand = put(tmp_path, checkpoints.Hub.MODELSCOPE, "somebody/Fun-ASR-MLT-Nano-2512")
    own = EngineOptions(model=str(by_hand), models=tmp_path)
    assert options_for(own, MODEL).model == str(by_hand)
    assert "ko" in offers_here(own, ALL, second_stage=True)[0].languages
    assert options_for(replace(own, engine="sensevoice"), "sensevoice").model == str(by_hand)


def test_other_weights_in_the_same_place_are_noticed(tmp_path: Path) -> None:
    options = EngineOptions(models=tmp_path)
    place = put(tmp_path, checkpoints.Hub.MODELSCOPE, "FunAudioLLM/Fun-ASR-Nano-2512")
    before = footprint(options)
    (place / checkpoints.LOCK).write_text('{"hub": "modelscope"}')
    assert footprint(options) != before


@pytest.mark.parametrize("engine", ["of-tomorrow", "openai", "sphinx", MODEL])
def test_what_cannot_work_here_says_why_and_what_to_do(engine: str) -> None:
    for second_stage in (True, False):
        told = reason(engine, ALL, second_stage)
        assert told.message.endswith(".") and told.remedy


def test_weights_that_lack_are_named_in_the_remedy() -> None:
    assert reason("sensevoice", ALL, True).remedy == "Get them: nas-asr model pull SenseVoiceSmall"
    assert reason(MODEL, ALL, True).remedy == "Get them: nas-asr model pull Fun-ASR-Nano-2512"
