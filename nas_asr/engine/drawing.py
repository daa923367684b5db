"""Room: engine.drawing. Draws a recording's waveform out of what passes anyway: its blocks, and what the VAD says of them."""

from collections.abc import Iterable, Iterator

import numpy as np

from nas_asr.core.ports import SAMPLE_RATE, Pcm, PcmBlocks, Vad
from nas_asr.core.transcript import Milliseconds, Span, Waveform
from nas_asr.core.waveform import FINEST_MS, Sketch

_STEP = SAMPLE_RATE * FINEST_MS // 1000


class Drawing:
    """A Vad that draws what the one below it says, beside the sound that passes. For one recording, heard once."""

    def __init__(self, vad: Vad) -> None:
        self._vad = vad
        self._sketch = Sketch()

    def passing(self, blocks: Iterable[Pcm]) -> Iterator[Pcm]:
        """The same blocks; the loudest sample of each step is drawn."""
        rest: Pcm = np.zeros(0, np.int16)
        for block in blocks:
            waiting = np.concatenate([rest, block]) if len(rest) else block
            whole = len(waiting) - len(waiting) % _STEP
            self._draw(waiting[:whole])
            rest = waiting[whole:]
            yield block
        if len(rest):
            self._draw(np.pad(rest, (0, _STEP - len(rest))))

    def spans(self, blocks: PcmBlocks) -> Iterator[Span]:
        """The VAD's spans, drawn."""
        for span in self._vad.spans(blocks):
            self._sketch.speech(span)
            yield span

    def finished(self, duration_ms: Milliseconds) -> Waveform:
        """The drawing, when all has passed."""
        return self._sketch.finished(duration_ms)

    def _draw(self, steps: Pcm) -> None:
        if not len(steps):
            return
        table = steps.reshape(-1, _STEP)
        # the negative of -32768 has no place in 16 bits
        loudest = np.maximum(table.max(axis=1).astype(np.int32), -table.min(axis=1).astype(np.int32))
        for peak in loudest.tolist():
            self._sketch.loudness(peak)
