"""Room: engine.batches. Utterances to a model that takes many at once: by length, within a budget, and back in their order.

Knows no model. The work runs in a thread of its own, so that whoever waits can say that they live, or stop it.
"""

import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from nas_asr.core.errors import EngineBusy
from nas_asr.core.ports import SAMPLE_RATE, Beat, Brief, Pcm, Utterance
from nas_asr.core.transcript import Heard
from nas_asr.engine.budget import Budget

_BEAT_S = 0.4
SHORTEST = 400  # samples; a feature frame of 25 ms. With none at all, funasr's front end ends the process


class Stopped(Exception):
    """Thrown in the working thread once nobody wants the result."""


class Listen(Protocol):
    """The model: rows of float32 samples, each of SHORTEST at least, to what was heard in each, in order.

    stopped() is true once nobody wants the result; raising Stopped then is welcome.
    """

    def __call__(self, rows: Sequence[Pcm], brief: Brief, stopped: Callable[[], bool]) -> list[Heard]: ...


@dataclass(frozen=True, slots=True)
class Care:
    """What to do about memory. ran_out: whether an error says so. give_back: what the device keeps for later."""

    ran_out: Callable[[BaseException], bool]
    give_back: Callable[[], None]


@dataclass(slots=True)
class _Row:
    utterance: Utterance
    heard: Heard | None = None

    @property
    def seconds(self) -> float:
        return max(len(self.utterance.pcm), SHORTEST) / SAMPLE_RATE


class Batches:
    """One model's turns. Several recognise calls may be open at once; each turn belongs to one of them."""

    def __init__(self, listen: Listen, budget: Budget, care: Care) -> None:
        self._listen = listen
        self._budget = budget
        self._care = care
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="model")

    def heard(
        self, utterances: Iterable[Utterance], brief: Brief, beat: Beat
    ) -> Generator[tuple[Utterance, Heard], None, None]:
        """Each utterance with what was heard, in order. Raises EngineBusy where a single row finds no memory."""
        for window in self._windows(utterances):
            waiting = 0
            for batch in self._batches(window):
                self._hear(batch, brief, beat)
                while waiting < len(window) and (heard := window[waiting].heard) is not None:
                    yield window[waiting].utterance, heard
                    waiting += 1
            for row in window[waiting:]:  # the last ones, where they held no sound
                yield row.utterance, row.heard or Heard("")

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown(wait=True, cancel_futures=True)

    def _windows(self, utterances: Iterable[Utterance]) -> Iterator[list[_Row]]:
        """As many as may be read ahead, at once."""
        window: list[_Row] = []
        seconds = 0.0
        for utterance in utterances:
            window.append(_Row(utterance, None if len(utterance.pcm) else Heard("")))
            seconds += window[-1].seconds
            if seconds >= self._budget.ceiling.ahead:
                yield window
                window, seconds = [], 0.0
        if window:
            yield window

    def _batches(self, window: Sequence[_Row]) -> list[list[_Row]]:
        """Rows of like length together; the batch with the earliest row first, for that is what people wait for."""
        places = sorted(
            (at for at, row in enumerate(window) if row.heard is None), key=lambda at: window[at].seconds, reverse=True
        )
        made: list[list[int]] = []
        for at in places:
            if made and self._budget.fits(len(made[-1]) + 1, window[made[-1][0]].seconds):
                made[-1].append(at)
            else:
                made.append([at])
        return [[window[at] for at in batch] for batch in sorted(made, key=min)]

    def _hear(self, batch: Sequence[_Row], brief: Brief, beat: Beat) -> None:
        """Fill in what was heard; a batch that finds no memory is tried again in halves."""
        waiting = [list(batch)]
        while waiting:
            rows = waiting.pop()
            longest = rows[0].seconds
            if not self._budget.fits(len(rows), longest):
                waiting += _halves(rows)
                continue
            heard = self._turn([_samples(row.utterance.pcm) for row in rows], brief, beat)
            if heard is None:  # by now the error and all that it held are gone, and its memory can be given back
                self._care.give_back()
                self._budget.ran_out(len(rows), longest)
                if len(rows) == 1:
                    raise EngineBusy(
                        f"There was no memory for {longest:.0f} seconds of sound, alone as they were.",
                        "Free memory of the device, or choose the device cpu, and try again.",
                    )
                waiting += _halves(rows)
                continue
            self._budget.went_well()
            for row, text in zip(rows, heard, strict=True):
                row.heard = text

    def _turn(self, rows: list[Pcm], brief: Brief, beat: Beat) -> list[Heard] | None:
        """What the model heard, or None where there was no memory. beat's exceptions stop the model and pass."""
        stop = threading.Event()
        turn = self._thread.submit(self._listen, rows, brief, stop.is_set)
        try:
            while not wait([turn], timeout=_BEAT_S).done:
                beat()
        finally:  # also where beat says that nobody wants this any more: the model must be at rest before we leave
            stop.set()
            wait([turn])
        error = turn.exception()
        if error is None:
            return turn.result()
        if not self._care.ran_out(error):
            raise error
        error.__traceback__ = None  # its frames hold the tensors that had no room
        return None


def _halves(rows: list[_Row]) -> list[list[_Row]]:
    """The same rows as two batches, the longer ones to be taken first."""
    middle = (len(rows) + 1) // 2
    return [rows[middle:], rows[:middle]]


def _samples(pcm: Pcm) -> Pcm:
    """Float32 within [-1, 1], long enough for a feature frame, and nothing in it that is no number."""
    samples: Any = np.asarray(pcm)
    if samples.dtype == np.int16:
        samples = samples.astype(np.float32) / 32768.0
    samples = np.clip(np.nan_to_num(samples.astype(np.float32), posinf=1.0, neginf=-1.0), -1.0, 1.0)
    return np.pad(samples, (0, max(0, SHORTEST - len(samples))))
