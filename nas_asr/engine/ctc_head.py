"""Room: engine.ctc_head. Word times from a CTC head: aligned with Nano's text, read off for SenseVoice. Changes no text.

Only the symbols of the text are computed: the whole vocabulary would be 120 MB for half a minute.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from nas_asr.core.transcript import Word
from nas_asr.engine.alignment import align
from nas_asr.engine.word_times import letters, plain, spoken_words, timed, token_letters

Encoded = tuple[Any, Any]  # the encoder's frames (1, frames, width) and their number (1,)

_TAGS = 4  # SenseVoice's first frames say language, feeling, event and ITN
_FRAME_MS = 60.0
_HEARD = 0.05  # a probability below it is none
_MOST_UNHEARD = 0.5  # of the tokens: written figures and hotwords' spellings are not what the head was taught to write


class CtcHead:
    """Nano's head: decoder, projection, and the tokenizer it was taught with. frame_ms: of the encoder."""

    def __init__(self, decoder: Any, projection: Any, tokenizer: Any, blank: int, frame_ms: float) -> None:
        self._decoder = decoder
        self._projection = projection
        self._tokenizer = tokenizer
        self._blank = blank
        self._frame_ms = frame_ms * int(getattr(decoder, "k", 1))

    def words(self, encoded: Sequence[Encoded], texts: Sequence[str]) -> list[tuple[Word, ...]]:
        """For each row its words with times from its first frame; none where the head did not hear the text."""
        import torch

        frames = [made[0, : int(length[0])] for made, length in encoded]
        lengths = torch.tensor([len(each) for each in frames], device=frames[0].device)
        with torch.no_grad():
            padded = torch.nn.utils.rnn.pad_sequence(frames, batch_first=True)
            decoded, sizes = self._decoder(padded, lengths)
            return [self._row(decoded[row, : int(sizes[row])], text) for row, text in enumerate(texts)]

    def _row(self, frames: Any, text: str) -> tuple[Word, ...]:
        wanted = plain(text)
        tokens = [int(token) for token in self._tokenizer.encode(wanted)] if wanted else []
        if not tokens or max(tokens) >= len(self._projection.weight):
            return ()
        symbols = [self._blank, *dict.fromkeys(token for token in tokens if token != self._blank)]
        scores = (frames @ self._projection.weight[symbols].T + self._projection.bias[symbols]).float().cpu().numpy()
        spans = align(scores, [symbols.index(token) for token in tokens])
        ranges = token_letters(tokens, self._tokenizer.decode)
        if spans is None or ranges[-1][1] != letters(wanted) or self._unheard(frames, tokens, spans) > _MOST_UNHEARD:
            return ()
        return tuple(timed(spoken_words(wanted), ranges, spans, self._frame_ms) or ())

    def _unheard(self, frames: Any, tokens: Sequence[int], spans: Sequence[tuple[int, int]]) -> float:
        """The share of the tokens that the head gives no chance where they should be."""
        import torch

        at = [frame for first, end in spans for frame in range(first, end)]
        wanted = [token for token, (first, end) in zip(tokens, spans, strict=True) for _ in range(first, end)]
        logits = self._projection(frames[at]).float()
        chances = torch.softmax(logits, dim=-1)[range(len(at)), wanted].cpu().numpy()
        starts = np.cumsum([0, *(end - first for first, end in spans)])[:-1]
        return float((np.maximum.reduceat(chances, starts) < _HEARD).mean())


def greedy_words(scores: Any, lengths: Any, tokenizer: Any, blank: int) -> list[tuple[Word, ...]]:
    """SenseVoice's words with times: its text is the best symbol of each frame, so the frames are where it stands.

    scores: (rows, frames, symbols).
    """
    best = scores.argmax(dim=-1).cpu().numpy()
    rows = []
    for row, length in zip(best, lengths.tolist(), strict=True):
        said = row[_TAGS:length]
        starts = np.flatnonzero(np.diff(said, prepend=-1)) if len(said) else np.zeros(0, int)
        spans = [(int(first), int(end)) for first, end in zip(starts, [*starts[1:], len(said)], strict=True)]
        heard = [(int(said[first]), (first, end)) for first, end in spans if said[first] != blank]
        tokens = [token for token, _ in heard]
        words = spoken_words(str(tokenizer.decode(tokens)) if tokens else "")
        ranges = token_letters(tokens, tokenizer.decode)
        rows.append(tuple(timed(words, ranges, [span for _, span in heard], _FRAME_MS) or ()))
    return rows
