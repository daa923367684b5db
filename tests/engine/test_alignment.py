"""Room: tests.engine.test_alignment. Hand-made matrices: the best path is the one that a person would draw."""

import numpy as np
import pytest

from nas_asr.engine.alignment import Scores, align

BLANK, A, B = 0, 1, 2


def frames(said: str, sure: float = 4.0) -> Scores:
    """Scores of a head that hears these symbols, one a frame: `_` is nothing, a and b are themselves."""
    scores = np.zeros((len(said), 3), np.float32)
    for frame, symbol in enumerate(said):
        scores[frame, "_ab".index(symbol)] = sure
    return scores


@pytest.mark.parametrize(
    ("said", "targets", "spans"),
    [
        ("_a__b_", [A, B], [(1, 2), (4, 5)]),
        ("aab", [A, B], [(0, 2), (2, 3)]),
        ("ab", [A, B], [(0, 1), (1, 2)]),
        ("_aa_a_", [A, A], [(1, 3), (4, 5)]),
        ("___b", [B], [(3, 4)]),
        ("a", [A], [(0, 1)]),
    ],
)
def test_each_symbol_lies_where_it_was_heard(said: str, targets: list[int], spans: list[tuple[int, int]]) -> None:
    assert align(frames(said), targets) == spans


def test_a_symbol_that_nobody_heard_lies_between_its_neighbours() -> None:
    spans = align(frames("_a___a_"), [A, B, A])
    assert spans is not None
    assert spans[0] == (1, 2) and spans[2] == (5, 6)
    assert 2 <= spans[1][0] < spans[1][1] <= 5


def test_a_constant_added_to_a_frame_changes_nothing() -> None:
    scores = frames("_a_bb_")
    assert align(scores + np.arange(6, dtype=np.float32)[:, None], [A, B]) == align(scores, [A, B])


@pytest.mark.parametrize(("said", "targets"), [("a", [A, B]), ("aa", [A, A]), ("___", []), ("", [A])])
def test_what_has_no_room_has_no_times(said: str, targets: list[int]) -> None:
    assert align(frames(said), targets) is None


def test_the_best_path_is_as_good_as_any() -> None:
    from itertools import product

    random = np.random.default_rng(7)
    for _ in range(20):
        scores = random.normal(size=(6, 3)).astype(np.float32)
        targets = [int(random.integers(1, 3)) for _ in range(random.integers(1, 4))]
        spans = align(scores, targets)
        ways = [way for way in product(range(3), repeat=6) if said_by(way) == targets]
        if spans is None:
            assert not ways
            continue
        path = [BLANK] * 6
        for target, (first, end) in zip(targets, spans, strict=True):
            path[first:end] = [target] * (end - first)
        assert said_by(tuple(path)) == targets
        best = max(sum(scores[frame, symbol] for frame, symbol in enumerate(way)) for way in ways)
        assert sum(scores[frame, symbol] for frame, symbol in enumerate(path)) == pytest.approx(best, abs=1e-4)


def said_by(path: tuple[int, ...]) -> list[int]:
    """What a path of symbols says: repeats are one, blanks are nothing."""
    return [now for before, now in zip((None, *path), path, strict=False) if now != before and now != BLANK]
