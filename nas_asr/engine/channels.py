"""Room: engine.channels. Which channels of a recording hold a voice of their own. Remembers sums, never sound.

Many recorders write one microphone to both channels, and a call recorder may leave one empty: hearing those apart would give
every sentence twice, or nothing.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nas_asr.core.ports import PcmBlocks

MOST = 8  # more are no row of speakers but an array of microphones

_SILENT = 10 ** (-60 / 20)  # of full scale; no sample of an unused channel is louder
_FAINT = 10 ** (-45 / 20)  # what one second of a channel must have beyond another one, at least, to be another sound ...
_ALIKE = 0.05  # ... and this share of its own power; a lossy codec changes copies a little

_Sums = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Channels:
    """Numbers, from 0, of the channels to hear one after the other; (None,): all mixed. alike: why they are not apart."""

    heard: tuple[int | None, ...] = (None,)
    alike: bool = False

    @property
    def apart(self) -> bool:
        """Whether there is more than one voice to tell."""
        return len(self.heard) > 1


def survey(blocks: PcmBlocks) -> Channels:
    """Look once through all channels, blocks of shape (samples, channels), int16. Gives up early where they are too few or many.

    Two channels are alike where no second of either has anything that is not a louder, softer or turned copy of the other;
    of a group of copies the loudest is heard.
    """
    loudest = power = own = None
    for block in blocks:
        count = block.shape[1]
        if not 1 < count <= MOST:
            return Channels()
        sound = block.astype(np.float64) / 32768
        gram = sound.T @ sound
        if loudest is None or power is None or own is None:
            loudest, power, own = np.zeros(count), np.zeros(count), np.zeros((count, count), bool)
        loudest = np.maximum(loudest, np.abs(sound).max(axis=0, initial=0))
        power += gram.diagonal()
        own |= _beyond(gram, len(sound))
    if loudest is None or power is None or own is None:
        return Channels()
    return _chosen(loudest, power, own)


def _beyond(gram: _Sums, samples: int) -> NDArray[np.bool_]:
    """[i, j]: whether channel i has something in this block that no copy of channel j explains."""
    powers = gram.diagonal()
    explained = np.square(gram) / np.maximum(powers, 1e-12)[None, :]
    left = np.maximum(powers[:, None] - explained, 0)
    return np.asarray((left > _ALIKE * powers[:, None]) & (left > _FAINT**2 * samples))


def _chosen(loudest: _Sums, power: _Sums, own: NDArray[np.bool_]) -> Channels:
    used = [i for i in range(len(power)) if loudest[i] > _SILENT]
    heard: list[int] = []
    for channel in sorted(used, key=lambda i: (-power[i], i)):
        if all(own[channel, other] or own[other, channel] for other in heard):
            heard.append(channel)
    if len(heard) < 2:
        return Channels((heard[0],) if heard else (None,), alike=True)
    return Channels(tuple(sorted(heard)))
