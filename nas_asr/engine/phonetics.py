"""Room: engine.phonetics. How near two texts sound: English by Metaphone and letters, Chinese by syllable without tone. Pure."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from jellyfish import metaphone
from numpy.typing import NDArray
from pypinyin import lazy_pinyin
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cdist

# Sounds that small models take for each other: voiced and unvoiced, m and n, hisses; h, w and y come and go.
_ALIKE = str.maketrans({"B": "P", "J": "S", "X": "S", "M": "N", "0": "T", "H": None, "W": None, "Y": None})
_VOWELS = "AEIOU"
_BY_SPELLING, _BY_SOUND, _BY_COARSE_SOUND = 0.35, 0.35, 0.3
_OTHER_BEGINNING = 0.05
_LETTERS = {
    ord(letter): sign
    for sign, letters in {"e": "bcdegptvz", "n": "mn", "a": "ahjk", "s": "fsx", "u": "quw", "i": "iy"}.items()
    for letter in letters
}
# Pairs that a third of all Chinese speakers do not keep apart.
_INITIALS = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("n", "l"))


@dataclass(frozen=True, slots=True)
class Sound:
    """A Latin text reduced to how it sounds. key: Metaphone's consonants; coarse: with the ones that are alike made one."""

    letters: str
    key: str
    coarse: str


@lru_cache(maxsize=20_000)
def sound(text: str) -> Sound:
    """How a Latin text sounds, its words run together: where the recogniser cut a name in pieces, the pieces are one."""
    folded = unicodedata.normalize("NFKD", text).casefold()
    letters = "".join(sign for sign in folded if sign.isalnum())
    key = metaphone("".join(sign for sign in letters if sign.isascii()))
    first = "A" if key[:1] in _VOWELS else key[:1]
    return Sound(letters, key, first + key[1:].translate(_ALIKE))


def nearness(left: Sound, right: Sound) -> float:
    """0 for nothing in common, 1 for the same."""
    if not left.key or not right.key:
        return 0.0
    near = (
        _BY_SPELLING * Levenshtein.normalized_similarity(left.letters, right.letters)
        + _BY_SOUND * Levenshtein.normalized_similarity(left.key, right.key)
        + _BY_COARSE_SOUND * Levenshtein.normalized_similarity(left.coarse, right.coarse)
    )
    return near if left.coarse[:1] == right.coarse[:1] else near - _OTHER_BEGINNING


def nearness_table(left: Sequence[Sound], right: Sequence[Sound]) -> NDArray[np.float32]:
    """nearness() of each with each, shape (left, right): 250 spans against 1,000 forms in a hundredth of a second."""
    near = np.zeros((len(left), len(right)), np.float32)
    for weight, part in ((_BY_SPELLING, "letters"), (_BY_SOUND, "key"), (_BY_COARSE_SOUND, "coarse")):
        near += weight * alike([getattr(one, part) for one in left], [getattr(one, part) for one in right])
    first, other = ([one.coarse[:1] for one in side] for side in (left, right))
    near[np.array(first, object)[:, None] != np.array(other, object)[None, :]] -= np.float32(_OTHER_BEGINNING)
    near[[not one.key for one in left]] = 0
    near[:, [not one.key for one in right]] = 0
    return near


def alike(left: Sequence[str], right: Sequence[str]) -> NDArray[np.float32]:
    """How alike the letters of each are to those of each, 0 to 1; shape (left, right)."""
    return np.asarray(cdist(left, right, scorer=Levenshtein.normalized_similarity, dtype=np.float32))


def enough(key: str) -> float:
    """How near a text must come to a hotword of this key: the shorter it is, the more everyday words resemble it.

    Measured against two hundred terms that nobody said (docs/benchmarks.md); up to three sounds only the same will do.
    """
    bounds = {4: 0.88, 5: 0.72, 6: 0.72, 7: 0.63, 8: 0.6}
    return 1.0 if len(key) < min(bounds) else bounds.get(len(key), 0.6)


def spelling(letters: str) -> str:
    """Spelled letters with those that sound alike made one: B, D, P and T all end in the same vowel, M is N."""
    return letters.casefold().translate(_LETTERS)


def spelled_nearness(left: str, right: str) -> float:
    """How near two spellings sound, 0 to 1."""
    return Levenshtein.normalized_similarity(spelling(left), spelling(right))


def syllables(text: str) -> tuple[str, ...]:
    """One syllable without tone for each character of a Chinese text; other signs stand for themselves."""
    spoken = lazy_pinyin(text, errors=_apart)
    return tuple(spoken if len(spoken) == len(text) else [lazy_pinyin(sign, errors=_apart)[0] for sign in text])


def _apart(signs: str) -> Any:
    """pypinyin takes a list for one entry a sign, which its types do not say."""
    return list(signs)


def like(syllable: str) -> str:
    """The syllable with the sounds that many speakers do not keep apart made one: zhang and zang, lin and ling."""
    for one, other in _INITIALS:
        if syllable.startswith(one):
            syllable = other + syllable.removeprefix(one)
            break
    return syllable.removesuffix("g") if syllable.endswith("ng") else syllable
