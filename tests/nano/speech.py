"""Room: tests.nano.speech. Makes speech with espeak-ng and flite, and what is no speech. Records nobody."""

import subprocess
import tempfile
import wave
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from random import Random

import av
import numpy as np
from numpy.typing import NDArray

from tests.nano.words import Unit, draw, reading

Sound = NDArray[np.float32]

RATE = 16_000
SEEN = (
    "", "+m1", "+m2", "+m3", "+m4", "+m5", "+m7", "+m8", "+f1", "+f2", "+f3", "+f5", "+Andy", "+Alicia", "+Denis",
    "+Gene", "+Hugo", "+Lee", "+Marco", "+Michael", "+Mike", "+adam", "+anika", "+belinda", "+boris", "+caleb",
    "+david", "+ed", "+edward", "+john", "+linda", "+marcelo", "+michel", "+miguel", "+norbert", "+pablo", "+paul",
    "+quincy", "+rob", "+sandro", "+shelby", "+steph", "+travis", "+zac", "+klatt", "+klatt2",
)  # fmt: skip
UNSEEN = (
    "+m6", "+f4", "+Annie", "+Diogo", "+Henrique", "+Alex", "+max", "+robert", "+victor", "+pedro", "+steph2",
)  # fmt: skip
ACCENTS = {"en": ("en-us", "en-gb", "en-us-nyc", "en-gb-x-gbcwmd"), "zh": ("cmn-latn-pinyin",)}
UNSEEN_ACCENTS = {"en": ("en-us", "en-gb", "en-gb-x-rp"), "zh": ("cmn-latn-pinyin",)}
FLITE, UNSEEN_FLITE = ("slt", "rms", "kal16"), ("awb",)


@dataclass(frozen=True, slots=True)
class Voice:
    """A way of speaking: program, voice, words a minute, pitch (espeak-ng's 0-99) and how far the tape runs too fast."""

    program: str
    name: str
    speed: int
    pitch: int
    tape: float


@dataclass(frozen=True, slots=True)
class Utterance:
    """What is said, phrase by phrase, and by whom; no phrase at all is silence or noise."""

    lang: str
    phrases: tuple[tuple[Unit, ...], ...]
    voice: Voice
    seed: int

    @property
    def units(self) -> tuple[Unit, ...]:
        """Everything that is said, in order."""
        return tuple(unit for phrase in self.phrases for unit in phrase)


def draw_voice(lang: str, random: Random, unseen: bool = False) -> Voice:
    """A voice by chance; unseen ones are kept for the evaluation."""
    program, names = "espeak-ng", UNSEEN if unseen else SEEN
    name = random.choice((UNSEEN_ACCENTS if unseen else ACCENTS)[lang]) + random.choice(names)
    if lang == "en" and random.random() < 0.25:
        program, name = "flite", random.choice(UNSEEN_FLITE if unseen else FLITE)
    return Voice(program, name, random.randint(120, 185), random.randint(30, 70), random.uniform(0.93, 1.07))


def draw_utterance(lang: str, random: Random, phrases: Sequence[int], unseen: bool = False) -> Utterance:
    """Phrases of so many units each."""
    said = tuple(draw(lang, count, random) for count in phrases)
    return Utterance(lang, said, draw_voice(lang, random, unseen), random.getrandbits(31))


def say(voice: Voice, text: str) -> Sound:
    """One phrase at 16 kHz, mono, without the silence around it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "said.wav"
        if voice.program == "flite":
            stretch = ("--setf", f"duration_stretch={150 / voice.speed:.2f}")
            command = ["flite", "-voice", voice.name, *stretch, "-t", text, "-o", str(path)]
        else:
            command = [
                "espeak-ng",
                "-v",
                voice.name,
                "-s",
                str(voice.speed),
                "-p",
                str(voice.pitch),
                "-w",
                str(path),
                text,
            ]
        subprocess.run(command, check=True, capture_output=True)
        return _trimmed(_read(path.read_bytes(), voice.tape))


def _read(content: bytes, tape: float) -> Sound:
    with wave.open(BytesIO(content)) as file:
        rate, raw = file.getframerate(), file.readframes(file.getnframes())
    samples = np.frombuffer(raw, np.int16).reshape(1, -1)
    frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
    frame.sample_rate = round(rate * tape)
    resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
    frames = [*resampler.resample(frame), *resampler.resample(None)]
    return (np.concatenate([each.to_ndarray().reshape(-1) for each in frames]) / 32768).astype(np.float32)


def _trimmed(sound: Sound, floor: float = 0.004) -> Sound:
    loud = np.flatnonzero(np.abs(sound) > floor)
    return sound[max(0, loud[0] - 160) : loud[-1] + 160] if len(loud) else sound


def perform(utterance: Utterance, pause_s: tuple[float, float] = (0.15, 1.0)) -> Sound:
    """The utterance with silence before, between and after its phrases, a room's colour, noise and a level by chance."""
    dice = np.random.default_rng(utterance.seed)
    pieces = [_silence(dice, 0.0, 0.5)]
    for index, phrase in enumerate(utterance.phrases):
        pieces += [_silence(dice, *pause_s)] if index else []
        pieces.append(say(utterance.voice, reading(utterance.lang, phrase)))
    pieces.append(_silence(dice, 0.0, 0.5))
    sound = np.concatenate(pieces)
    sound = sound / max(1e-4, float(np.abs(sound).max()))
    tilt = dice.uniform(-0.2, 0.5)
    sound[1:] = sound[1:] - tilt * sound[:-1]
    if dice.random() < 0.6:
        level = 10 ** (-dice.uniform(18, 45) / 20) * float(np.sqrt(np.mean(sound**2)))
        sound = sound + noise(dice, len(sound)) * level
    return _levelled(sound, dice.uniform(0.04, 0.95))


def no_speech(seed: int, seconds: float) -> Sound:
    """Digital silence, room noise of any colour and level, hum, or clicks."""
    dice = np.random.default_rng(seed)
    length = max(400, int(seconds * RATE))
    kind = dice.choice(["zero", "noise", "noise", "noise", "hum", "clicks"])
    if kind == "zero":
        return np.zeros(length, np.float32)
    sound = noise(dice, length)
    if kind == "hum":
        time = np.arange(length) / RATE
        tone = dice.uniform(45, 400)
        sound = (0.1 * sound + sum(np.sin(2 * np.pi * tone * k * time) / k for k in (1, 2, 3))).astype(np.float32)
    elif kind == "clicks":
        sound = 0.02 * sound
        for at in dice.integers(0, length, max(1, int(seconds * 2))):
            burst = min(int(dice.integers(20, 400)), length - at)
            sound[at : at + burst] += dice.standard_normal(burst).astype(np.float32) * np.linspace(
                1, 0, burst, dtype=np.float32
            )
    return _levelled(sound, 10 ** dice.uniform(-4, -0.4))


def noise(dice: np.random.Generator, length: int) -> Sound:
    """Noise of unit power between white and brown."""
    spectrum = np.fft.rfft(dice.standard_normal(length))
    colour = dice.uniform(0, 1)
    spectrum = spectrum / np.maximum(np.arange(len(spectrum)) / len(spectrum), 2e-3) ** colour
    sound = np.fft.irfft(spectrum, length)
    return (sound / max(1e-9, float(sound.std()))).astype(np.float32)


def _silence(dice: np.random.Generator, least: float, most: float) -> Sound:
    return np.zeros(int(RATE * dice.uniform(least, most)), np.float32)


def _levelled(sound: Sound, peak: float) -> Sound:
    """So loud, and rounded to 16 bits as every recording is."""
    scaled = sound / max(1e-6, float(np.abs(sound).max())) * peak
    return (np.round(scaled * 32767) / 32768).astype(np.float32)
