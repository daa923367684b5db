"""Room: tests.nano.sounds. The speech that the small checkpoint learns from, as funasr's own front end hears it."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from random import Random

import torch

from tests.nano.speech import RATE, Sound, Utterance, draw_utterance, no_speech, perform


@dataclass(frozen=True, slots=True)
class Heard:
    """An utterance and its features: (frames, 560) float16, a frame each 60 ms."""

    utterance: Utterance
    features: torch.Tensor


def lessons(count: int, seed: int) -> list[Utterance]:
    """What is said in training: one unit to six, several phrases, up to twelve seconds, and nothing at all."""
    random = Random(seed)
    made = []
    for _ in range(count):
        lang = random.choice(("en", "zh"))
        shape = random.choices(("none", "one", "few", "many", "two", "long"), (6, 14, 40, 22, 14, 4))[0]
        phrases = {
            "none": [],
            "one": [1],
            "few": [random.randint(2, 4)],
            "many": [random.randint(4, 6)],
            "two": [random.randint(1, 4), random.randint(1, 4)],
            "long": [random.randint(2, 4) for _ in range(random.randint(3, 4))],
        }[shape]
        made.append(draw_utterance(lang, random, phrases))
    return made


def sound_of(utterance: Utterance) -> Sound:
    """The utterance at 16 kHz; one without phrases is silence or noise of 0.1 to 6 seconds."""
    if utterance.phrases:
        return perform(utterance)
    return no_speech(utterance.seed, Random(utterance.seed).choice((0.1, 0.3, 0.6, 1, 2, 3, 4, 6)))


def hear(utterances: Sequence[Utterance], programs: int = 2) -> Iterator[Heard]:
    """Made by so many programs at once and heard by funasr's front end."""
    from funasr.frontends.wav_frontend import WavFrontend

    front = WavFrontend(fs=RATE, window="hamming", n_mels=80, lfr_m=7, lfr_n=6, cmvn_file=None, dither=0.0)
    with ProcessPoolExecutor(programs) as pool:
        for utterance, sound in zip(utterances, pool.map(sound_of, utterances, chunksize=16), strict=True):
            features, _ = front(torch.from_numpy(sound)[None], torch.tensor([len(sound)]))
            yield Heard(utterance, features[0].half())


def lessons_heard(count: int, seed: int, kept: Path) -> list[Heard]:
    """The lessons, made once and kept in a file."""
    if not kept.is_file():
        torch.save([(heard.utterance.seed, heard.features) for heard in hear(lessons(count, seed))], kept)
    features = torch.load(kept)
    return [Heard(said, heard) for said, (_, heard) in zip(lessons(count, seed), features, strict=True)]
