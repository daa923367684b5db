"""Room: engine.alignment. Where in the frames of a CTC head a known text was said: the best path through it. numpy only.

funasr does the same through torchaudio, which is not installed.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float32]


def align(scores: Scores, targets: Sequence[int], blank: int = 0) -> list[tuple[int, int]] | None:
    """For each target the frames [first, end) that say it on the best CTC path; None where no path exists.

    scores: (frames, symbols), logarithms; a constant added to a frame changes nothing, so they need not be normalised.
    targets: columns of scores in order. Between two equal targets a blank has to lie, so they need a frame more.
    """
    repeats = sum(one == other for one, other in zip(targets, targets[1:], strict=False))
    if not targets or len(scores) < len(targets) + repeats:
        return None
    # States: blank, target, blank, target, ..., blank.
    columns = np.full(2 * len(targets) + 1, blank)
    columns[1::2] = targets
    # A blank between two different targets may be left out.
    skip = np.zeros(len(columns), bool)
    skip[3::2] = columns[3::2] != columns[1:-2:2]
    best = np.full(len(columns), -np.inf, np.float32)
    best[:2] = scores[0, columns[:2]]
    steps = np.zeros((len(scores), len(columns)), np.int8)
    for frame in range(1, len(scores)):
        ways = np.full((3, len(columns)), -np.inf, np.float32)
        ways[0], ways[1, 1:] = best, best[:-1]
        ways[2, 2:] = np.where(skip[2:], best[:-2], -np.inf)
        steps[frame] = ways.argmax(axis=0)
        best = ways.max(axis=0) + scores[frame, columns]
    last = len(columns) - 1 if best[-1] >= best[-2] else len(columns) - 2
    return _frames(_path(steps, last), len(targets)) if np.isfinite(best[last]) else None


def _path(steps: NDArray[np.int8], state: int) -> list[int]:
    """The state of each frame, from the last one back."""
    path = [state]
    for frame in range(len(steps) - 1, 0, -1):
        state -= int(steps[frame, state])
        path.append(state)
    return path[::-1]


def _frames(path: Sequence[int], count: int) -> list[tuple[int, int]]:
    found: list[Any] = [None] * count
    for frame, state in enumerate(path):
        if state % 2:
            first = found[state // 2][0] if found[state // 2] else frame
            found[state // 2] = (first, frame + 1)
    return found
