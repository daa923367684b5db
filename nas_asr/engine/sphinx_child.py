"""Room: engine.sphinx_child. One process of the built-in English engine: PCM in, words with frames out. Keeps no state.

Reads frames U (16 kHz mono int16 PCM) and answers each with H, JSON of [[word, first frame, last frame], ...], 100 frames a
second. The model is loaded at the first one, so that the parent never waits for it with its hands full.
"""

import json
import re

from nas_asr.core.frames import read_frame, write_frame

_IN, _OUT = 0, 1
_VARIANT = re.compile(r"\(\d+\)$")  # the dictionary's second way to say a word: "either(2)"

# Chosen with bench/engine_wer.py (12 recordings, 265 words, one busy core): these beams WER 27.2 % at RTFx 3.2, the defaults
# 28.3 % at 4.4 (32.5 % where whole files are read at once, against 27.5 % here), without the second pass (fwdflat) 29.1 % at
# 4.2, without it and with maxhmmpf=3000 30.9 % at 8.2. Still wider beams cost three times as much and read nothing better.
SETTINGS = {
    "beam": 1e-60,
    "wbeam": 1e-35,
    "fwdflatbeam": 1e-80,
}


def main() -> None:
    """Answer until the parent closes the pipe."""
    decoder = None
    while (frame := read_frame(_IN)) is not None:
        if decoder is None:
            from pocketsphinx import Decoder

            decoder = Decoder(loglevel="FATAL", **SETTINGS)
        decoder.reinit_feat()  # else what it heard before, by chance of who was free, changes the words
        decoder.start_utt()
        decoder.process_raw(frame.body, full_utt=True)
        decoder.end_utt()
        words = [
            (plain(seg.word), seg.start_frame, seg.end_frame) for seg in decoder.seg() or () if not is_noise(seg.word)
        ]
        write_frame(_OUT, b"H", json.dumps(words).encode())


def is_noise(word: str) -> bool:
    """Whether the engine's word stands for silence, breath or noise: <s>, <sil>, [NOISE], ++UM++."""
    return word[:1] in "<[+"


def plain(word: str) -> str:
    """The word without its mark of pronunciation."""
    return _VARIANT.sub("", word)
