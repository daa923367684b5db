"""Room: tests.engine.test_batches. Order, memory and stops, with a model that is a function of the test's own."""

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from nas_asr.core.errors import EngineBusy, RunStopped
from nas_asr.core.hotwords import Hotword
from nas_asr.core.ports import SAMPLE_RATE, Brief, Pcm, Utterance
from nas_asr.core.transcript import Heard, Span
from nas_asr.engine.batches import SHORTEST, Batches, Care, Listen
from nas_asr.engine.budget import FILE, Budget, Ceiling

SMALL = Ceiling(rows=4, seconds=20.0, ahead=30.0)
LENGTHS = (3.0, 0.5, 9.0, 1.0, 0.01, 4.0, 2.0, 5.0)


class OutOfMemoryError(RuntimeError):
    """As a device throws it."""


def made(lengths: Sequence[float] = LENGTHS) -> list[Utterance]:
    """Utterances whose samples say which one it is: number n is all n + 1."""
    return [
        Utterance(
            Span(at * 30_000, at * 30_000 + int(length * 1000)), np.full(int(length * SAMPLE_RATE), at + 1, np.int16)
        )
        for at, length in enumerate(lengths)
    ]


def named(rows: Sequence[Pcm]) -> list[Heard]:
    """Each row's number as text."""
    return [Heard(str(round(float(row[0]) * 32768))) for row in rows]


class Model:
    """Hears the row's number. room_s: padded seconds that it has memory for."""

    def __init__(self, room_s: float = 1e9) -> None:
        self.room_s = room_s
        self.sizes: list[int] = []
        self.rows: list[Pcm] = []
        self.given_back = 0

    def __call__(self, rows: Sequence[Pcm], brief: Brief, stopped: Callable[[], bool]) -> list[Heard]:
        self.sizes.append(len(rows))
        self.rows += rows
        if len(rows) * max(map(len, rows)) / SAMPLE_RATE > self.room_s:
            raise OutOfMemoryError("CUDA out of memory")
        return named(rows)

    def give_back(self) -> None:
        self.given_back += 1


def batches(model: Listen, budget: Budget | None = None, give_back: Callable[[], None] = lambda: None) -> Batches:
    """Around the model."""
    return Batches(
        model, budget or Budget(SMALL, "test"), Care(lambda error: isinstance(error, OutOfMemoryError), give_back)
    )


def read(batched: Batches, utterances: Sequence[Utterance]) -> list[str]:
    """The texts, in the order in which they come; each with its own utterance."""
    found = list(batched.heard(utterances, Brief("en"), lambda: None))
    assert [utterance for utterance, _ in found] == list(utterances)
    return [heard.spoken for _, heard in found]


def test_each_utterance_gets_its_own_text_in_the_order_given() -> None:
    model = Model()
    assert read(batches(model), made()) == [str(at + 1) for at in range(len(LENGTHS))]
    assert max(model.sizes) > 1


@pytest.mark.parametrize("rows", [1, 2, 3, 100])
@pytest.mark.parametrize("backwards", [False, True])
def test_size_and_order_of_batches_change_nothing(rows: int, backwards: bool) -> None:
    lengths = LENGTHS[::-1] if backwards else LENGTHS
    budget = Budget(Ceiling(rows, 1000.0, 1000.0), "test")
    assert read(batches(Model(), budget), made(lengths)) == [str(at + 1) for at in range(len(lengths))]


def test_rows_of_one_batch_are_of_like_length() -> None:
    model = Model()
    read(batches(model, Budget(Ceiling(2, 1000.0, 1000.0), "test")), made((1, 9, 1, 9)))
    lengths = iter([len(row) for row in model.rows])
    assert [{next(lengths) for _ in range(size)} for size in model.sizes] == [{16_000}, {144_000}]


def test_nothing_shorter_than_a_frame_and_nothing_that_is_no_number_reaches_the_model() -> None:
    model = Model()
    broken = Utterance(Span(0, 100), np.array([np.nan, np.inf, -np.inf, 0.5] * 400, np.float32))
    empty = Utterance(Span(100, 100), np.zeros(0, np.int16))
    short = Utterance(Span(100, 101), np.ones(16, np.int16))
    found = list(batches(model).heard([empty, broken, short, empty], Brief("en"), lambda: None))
    assert [heard.spoken for _, heard in found] == ["", "0", "1", ""]
    assert all(len(row) >= SHORTEST and row.dtype == np.float32 for row in model.rows)
    assert all(np.isfinite(row).all() and abs(row).max() <= 1 for row in model.rows)
    assert list(batches(model).heard([empty], Brief("en"), lambda: None)) == [(empty, Heard(""))]


def test_no_more_is_read_ahead_than_the_ceiling_says() -> None:
    read_so_far = 0

    def coming() -> Iterator[Utterance]:
        nonlocal read_so_far
        for utterance in made((10,) * 30):
            read_so_far += 1
            yield utterance

    ahead = []
    for at, _ in enumerate(batches(Model()).heard(coming(), Brief("en"), lambda: None)):
        ahead.append(read_so_far - at)
    assert len(ahead) == 30
    assert max(ahead) * 10 <= SMALL.ahead


def test_a_batch_without_memory_is_tried_again_in_halves_and_the_lesson_is_kept(tmp_path: Path) -> None:
    model = Model(room_s=9.0)
    budget = Budget(SMALL, "cuda:0 bf16", tmp_path / FILE)
    assert read(batches(model, budget, model.give_back), made()) == [str(at + 1) for at in range(len(LENGTHS))]
    assert model.given_back >= 1
    tried = len(model.sizes)
    remembered = Budget(SMALL, "cuda:0 bf16", tmp_path / FILE)
    assert remembered.seconds == pytest.approx(budget.seconds, abs=0.1)
    assert remembered.seconds <= 10
    assert Budget(SMALL, "cuda:1 bf16", tmp_path / FILE).seconds == SMALL.seconds
    again = Model(room_s=9.0)
    read(batches(again, remembered, again.give_back), made())
    assert again.given_back == 0, f"{tried} turns before, and the second time it still ran out"


def test_one_row_without_memory_fails_its_recording_only() -> None:
    model = Model(room_s=8.5)
    batched = batches(model, give_back=model.give_back)
    with pytest.raises(EngineBusy, match="9 seconds") as caught:
        read(batched, made())
    assert caught.value.remedy and not caught.value.permanent
    assert read(batched, made((1, 2))) == ["1", "2"]


def test_after_fifty_clean_batches_a_little_more_is_tried() -> None:
    budget = Budget(SMALL, "test")
    budget.ran_out(2, 5.0)
    assert budget.seconds == 5.0
    for _ in range(50):
        budget.went_well()
    assert budget.seconds == pytest.approx(5.5)
    for _ in range(5000):
        budget.went_well()
    assert budget.seconds == SMALL.seconds


def test_a_broken_file_of_lessons_is_no_lesson(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("[1", "utf-8")
    assert Budget(SMALL, "test", tmp_path / FILE).seconds == SMALL.seconds


def test_other_errors_of_the_model_pass() -> None:
    def model(rows: Sequence[Pcm], brief: Brief, stopped: Callable[[], bool]) -> list[Heard]:
        raise ValueError("no idea")

    with pytest.raises(ValueError, match="no idea"):
        read(batches(model), made((1,)))


def test_whoever_waits_says_that_they_live_and_can_stop_the_model() -> None:
    noticed = threading.Event()

    def model(rows: Sequence[Pcm], brief: Brief, stopped: Callable[[], bool]) -> list[Heard]:
        while not stopped():
            noticed.wait(0.01)
        noticed.set()
        return named(rows)

    beats = 0

    def beat() -> None:
        nonlocal beats
        beats += 1
        if beats == 2:
            raise RunStopped("Nobody wants it.")

    batched = batches(model)
    with pytest.raises(RunStopped):
        list(batched.heard(made((1,)), Brief("en"), beat))
    assert noticed.is_set()


def test_somebody_else_may_ask_while_an_answer_is_awaited() -> None:
    seen: list[tuple[str, ...]] = []

    def model(rows: Sequence[Pcm], brief: Brief, stopped: Callable[[], bool]) -> list[Heard]:
        seen.append(tuple(hotword.word for hotword in brief.hotwords))
        return named(rows)

    batched = batches(model)
    texts = []
    for utterance, heard in batched.heard(made(), Brief("en", (Hotword("Okonkwo"),)), lambda: None):
        ((same, again),) = batched.heard([utterance], Brief("en"), lambda: None)
        assert same is utterance
        texts.append((heard.spoken, again.spoken))
    assert texts == [(str(at + 1),) * 2 for at in range(len(LENGTHS))]
    assert {("Okonkwo",), ()} == set(seen)


@pytest.mark.parametrize(
    "content", [b"{", b"[]", b"\xff", b"[" * 100_000, b'{"cpu": NaN}', b'{"cpu": 1%s}' % (b"0" * 400), b'{"cpu": "much"}']
)
def test_a_garbled_memory_of_the_budget_is_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    budget = Budget(SMALL, "cpu", tmp_path / FILE)
    assert budget.seconds == SMALL.seconds
    budget.ran_out(2, 5.0)
    assert Budget(SMALL, "cpu", tmp_path / FILE).seconds == budget.seconds == 5.0
