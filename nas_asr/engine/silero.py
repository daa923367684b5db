"""Room: engine.silero. Silero VAD on onnxruntime, streaming: where somebody speaks. Never imports the package (that is torch).

The model is the sequence model in the silero-vad wheel; the rules are those of the package's get_speech_timestamps, so that
anybody's experience with its parameters holds here (tests/engine/test_silero_equality.py proves it where torch is installed).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from nas_asr.core.ports import SAMPLE_RATE, Pcm, PcmBlocks
from nas_asr.core.transcript import Milliseconds, Span
from nas_asr.engine.weights import silero

_FRAME = 512  # samples that the model judges at once: 32 ms
_CONTEXT = 64  # samples of the frame before that it wants to see again
_FRAMES_A_CALL = 64  # two seconds: calls cost little, and a pipeline that is stopped must notice soon
_PER_MS = SAMPLE_RATE // 1000

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class VadRules:
    """When speech begins and ends; names and meaning as in the silero-vad package.

    max_speech_ms: a longer span is cut at its longest silence over min_cut_ms, else where it stands.
    """

    threshold: float = 0.5
    neg_threshold: float = 0.35
    min_speech_ms: Milliseconds = 250
    min_silence_ms: Milliseconds = 300
    pad_ms: Milliseconds = 30
    max_speech_ms: Milliseconds = 30_000
    min_cut_ms: Milliseconds = 98


class SileroVad:
    """A Vad. One instance may serve many recordings, one after another or at once; it keeps nothing between them."""

    def __init__(self, rules: VadRules | None = None) -> None:
        self.rules = rules or VadRules()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 4
        path = str(silero())
        self._session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    def spans(self, blocks: PcmBlocks) -> Iterator[Span]:
        """Speech intervals in order of time, padded, each as soon as what follows cannot change it."""
        judge = _Judge(self.rules)
        total = 0
        for samples, chances in self._chances(blocks):
            total += samples
            for chance in chances:
                yield from judge.hear(float(chance))
        yield from judge.finish(total)

    def _chances(self, blocks: PcmBlocks) -> Iterator[tuple[int, Floats]]:
        """How many samples came, and the chance of speech for each frame of them; the last frame is filled with silence."""
        state = np.zeros((1, 1, 128), np.float32)
        cell = np.zeros((1, 1, 128), np.float32)
        context = np.zeros(_CONTEXT, np.float32)
        for piece in _pieces(blocks, _FRAME * _FRAMES_A_CALL):
            frames = np.zeros((-(-len(piece) // _FRAME), _FRAME), np.float32)
            frames.reshape(-1)[: len(piece)] = piece.astype(np.float32) / 32768
            before = np.vstack([context, frames[:-1, -_CONTEXT:]])
            context = frames[-1, -_CONTEXT:]
            values, state, cell = self._session.run(
                ["speech_probs", "hn", "cn"], {"input": np.hstack([before, frames]), "h": state, "c": cell}
            )
            yield len(piece), np.asarray(values, np.float32).reshape(-1)


def _pieces(blocks: PcmBlocks, size: int) -> Iterator[Pcm]:
    """The same samples in pieces of `size`; only the last is shorter."""
    waiting: list[Pcm] = []
    length = 0
    for block in blocks:
        waiting.append(block)
        length += len(block)
        if length >= size:
            joined = np.concatenate(waiting)
            whole = length - length % size
            for start in range(0, whole, size):
                yield joined[start : start + size]
            waiting, length = [joined[whole:]], length - whole
    if length:
        yield np.concatenate(waiting)


@dataclass(slots=True)
class _Speech:
    start: int
    end: int = 0


class _Judge:
    """From a chance a frame to padded spans. All places are samples from the recording's start."""

    def __init__(self, rules: VadRules) -> None:
        self._rules = rules
        self._pad = rules.pad_ms * _PER_MS
        self._longest = rules.max_speech_ms * _PER_MS - _FRAME - 2 * self._pad
        self._at = 0  # where the frame that is heard now begins
        self._start: int | None = None  # of the speech we are in
        self._quiet: int | None = None  # where it may have ended
        self._pauses: list[tuple[int, int]] = []  # within it: start and length
        self._held: _Speech | None = None  # ended, but its padding depends on what follows

    def hear(self, chance: float) -> Iterator[Span]:
        """Judge the next frame."""
        closed = self._step(chance)
        if closed:
            yield from self._close(closed)
        elif self._held and self._clear_of(self._held):
            yield self._release(self._held)
        self._at += _FRAME

    def finish(self, total: int) -> Iterator[Span]:
        """The recording ended after `total` samples."""
        if self._start is not None and total - self._start > self._rules.min_speech_ms * _PER_MS:
            yield from self._close(_Speech(self._start, total))
        if self._held:
            yield _span(self._held.start, min(total, self._held.end + self._pad))

    def _step(self, chance: float) -> _Speech | None:
        """The state machine: a speech that this frame closes, or None."""
        loud = chance >= self._rules.threshold
        if loud:
            self._end_pause()
            if self._start is None:
                self._start = self._at
                return None
        if self._start is None:
            return None
        cut = self._cut_if_long(self._start)
        return self._hear_quiet(chance) or cut

    def _end_pause(self) -> None:
        if self._quiet is not None:
            if self._at - self._quiet > self._rules.min_cut_ms * _PER_MS:
                self._pauses.append((self._quiet, self._at - self._quiet))
            self._quiet = None

    def _cut_if_long(self, start: int) -> _Speech | None:
        if self._at - start <= self._longest:
            return None
        if self._pauses:
            pause, length = max(self._pauses, key=lambda found: found[1])
            self._start = pause + length
        else:
            pause, self._start = self._at, None
        self._quiet = None
        self._pauses = []
        return _Speech(start, pause)

    def _hear_quiet(self, chance: float) -> _Speech | None:
        if chance >= self._rules.neg_threshold or self._start is None:
            return None
        if self._quiet is None:
            self._quiet = self._at
        if self._at - self._quiet < self._rules.min_silence_ms * _PER_MS:
            return None
        speech = _Speech(self._start, self._quiet)
        self._start = self._quiet = None
        self._pauses = []
        return speech if speech.end - speech.start > self._rules.min_speech_ms * _PER_MS else None

    def _close(self, speech: _Speech) -> Iterator[Span]:
        """Pad the start against the speech before, give that one out, and hold this one."""
        if self._held:
            gap = speech.start - self._held.end
            if gap < 2 * self._pad:
                yield _span(self._held.start, self._held.end + gap // 2)
                speech.start -= gap // 2
            else:
                yield self._release(self._held)
                speech.start -= self._pad
        else:
            speech.start = max(0, speech.start - self._pad)
        self._held = speech

    def _clear_of(self, held: _Speech) -> bool:
        """Whether whatever speech comes next leaves both paddings their room."""
        nearest = self._at if self._start is None else self._start
        return nearest - held.end >= 2 * self._pad

    def _release(self, held: _Speech) -> Span:
        self._held = None
        return _span(held.start, held.end + self._pad)


def _span(start: int, end: int) -> Span:
    return Span(start // _PER_MS, end // _PER_MS)
