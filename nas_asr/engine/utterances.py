"""Room: engine.utterances. From PCM blocks to utterances, through a VAD. Never keeps more than minutes of sound."""

from collections import deque
from collections.abc import Iterator

import numpy as np

from nas_asr.core.ports import SAMPLE_RATE, Pcm, PcmBlocks, Utterance, Vad
from nas_asr.core.spans import UtteranceLimits, merge
from nas_asr.core.transcript import Milliseconds, Span

_PER_MS = SAMPLE_RATE // 1000
_STEP_MS = 10


class Tape:
    """The blocks as they pass, and the last of them once more.

    A VAD tells of speech when it is over, so the sound must be kept until then: keep_ms of it, which must be more than the
    longest span the VAD gives. What an utterance that is not complete yet needs is pinned, for the next span, which completes
    it, may come hours of silence later.
    """

    def __init__(self, blocks: PcmBlocks, keep_ms: Milliseconds) -> None:
        self._blocks = blocks
        self._keep = keep_ms * _PER_MS
        self._kept: deque[tuple[int, Pcm]] = deque()
        self._pinned: Span | None = None
        self.length = 0  # samples that have passed

    def __iter__(self) -> Iterator[Pcm]:
        for block in self._blocks:
            self._kept.append((self.length, block))
            self.length += len(block)
            self._forget()
            yield block

    @property
    def length_ms(self) -> Milliseconds:
        """How much has passed."""
        return self.length // _PER_MS

    @property
    def kept_samples(self) -> int:
        """How much is held in memory."""
        return sum(len(block) for _, block in self._kept)

    def pin(self, span: Span) -> None:
        """Keep this span, and nothing else, beyond keep_ms."""
        self._pinned = span

    def cut(self, span: Span) -> Pcm:
        """The span's samples; shorter where the tape ended before it."""
        start, end = span.start_ms * _PER_MS, span.end_ms * _PER_MS
        pieces = [
            block[max(0, start - at) : end - at]
            for at, block in self._kept
            if at < end and at + len(block) > start
        ]  # fmt: skip
        return np.concatenate(pieces) if pieces else np.zeros(0, np.int16)

    def quietest(self, earliest: Milliseconds, latest: Milliseconds) -> Milliseconds:
        """Where between two times the sound is weakest over a tenth of a second."""
        sound = self.cut(Span(earliest, latest)).astype(np.float32)
        step = _STEP_MS * _PER_MS
        power = np.square(sound[: len(sound) // step * step]).reshape(-1, step).mean(axis=1)
        if len(power) < 10:
            return (earliest + latest) // 2
        smooth = np.convolve(power, np.ones(10), mode="valid")  # window i covers steps i .. i+9
        return earliest + (int(smooth.argmin()) + 5) * _STEP_MS

    def _forget(self) -> None:
        horizon = self.length - self._keep
        while self._kept and self._kept[0][0] + len(self._kept[0][1]) <= horizon and not self._is_pinned(self._kept[0]):
            self._kept.popleft()
        if self._kept and self._kept[0][0] < horizon:
            self._kept = deque(each for each in self._kept if each[0] + len(each[1]) > horizon or self._is_pinned(each))

    def _is_pinned(self, kept: tuple[int, Pcm]) -> bool:
        if self._pinned is None:
            return False
        at, block = kept
        return at < self._pinned.end_ms * _PER_MS and at + len(block) > self._pinned.start_ms * _PER_MS


def utterances(tape: Tape, vad: Vad, limits: UtteranceLimits) -> Iterator[Utterance]:
    """Utterances in order of time, each with exactly its span's samples; none longer than limits.max_ms.

    A span's end is cut to the tape's, so padding never reaches beyond the sound.
    """
    for span in merge(_pinned(tape, vad, limits), limits, tape.quietest):
        whole = Span(span.start_ms, min(span.end_ms, tape.length_ms))
        if whole.length_ms > 0:
            yield Utterance(whole, tape.cut(whole))


def _pinned(tape: Tape, vad: Vad, limits: UtteranceLimits) -> Iterator[Span]:
    """The VAD's spans; while the next one is awaited, all that merge may still hold of the last ones stays on the tape."""
    for span in vad.spans(tape):
        start = min(span.start_ms, span.end_ms - limits.join_ms) - limits.pad_ms
        tape.pin(Span(max(0, start), span.end_ms + limits.pad_ms))
        yield span
