"""Room: engine.corrections. Hotwords for engines that do not know any: what sounds nearly like one is replaced, and noted.

English: spans of one to four words by how they sound. Chinese: as many characters as the hotword has, by syllable. What the
engine heard is kept as spoken text; only what people read changes, and each place can be turned back (decision 20).
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from nas_asr.core.hotwords import Hotword, hotword
from nas_asr.core.replacements import Replacement
from nas_asr.core.search_text import fold
from nas_asr.engine.common_words import COMMON
from nas_asr.engine.phonetics import Sound, enough, like, nearness, sound, spelled_nearness, syllables

LONGEST_SPAN = 4  # words
_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_UNIT = re.compile(f"[{_HAN}]|[^\\W_{_HAN}]+(?:['’][^\\W_{_HAN}]+)*")
_IS_HAN = re.compile(f"[{_HAN}]")
_JOINT = re.compile(r"[ \-]*")
_EXACT = 2.0  # beats whatever is only near
_COMMON_EDGE = 0.08  # "is daniel" is rather nobody's Istanbul
_WHOLE_WORD = 0.08  # a name that was not understood falls into pieces; "amazing" is rather no Amazonas
_SHORTEST_RUN = 3  # letters; two are "a i"
_SPELLED_ENOUGH = 0.75
_TOO_SHORT_FOR_LIKENESS = 3  # Chinese hotwords of two characters must sound the same


@dataclass(frozen=True, slots=True)
class Match:
    """A hotword that is meant at [start, end) of a text."""

    start: int
    end: int
    hotword: str
    near: float


@dataclass(frozen=True, slots=True)
class _Unit:
    """A Latin word or one Chinese character, with its place."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Latin:
    word: str
    sounds: tuple[Sound, ...]
    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Han:
    word: str
    said: tuple[str, ...]
    alike: tuple[str, ...]


class Corrections:
    """A hotword list made ready for one recording."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._latin: list[_Latin] = []
        self._han: list[_Han] = []
        for line in lines:
            self._add(hotword(line))

    def matches(self, text: str) -> list[Match]:
        """Where hotwords are meant, in order, none over another; what already stands as it should is left out."""
        units = [_Unit(found.group(), found.start(), found.end()) for found in _UNIT.finditer(text)]
        found = [*self._latin_matches(text, units), *self._han_matches(text, units)]
        chosen: list[Match] = []
        for match in sorted(found, key=lambda one: (-one.near, one.start - one.end, one.start)):
            if all(match.end <= other.start or other.end <= match.start for other in chosen):
                chosen.append(match)
        return sorted((one for one in chosen if text[one.start : one.end] != one.hotword), key=lambda one: one.start)

    def _add(self, one: Hotword) -> None:
        if _IS_HAN.search(one.word + one.sounds):
            heard = [unit.group() for unit in _UNIT.finditer(one.sounds or one.word)]
            said = tuple(_said(unit) for unit in heard)
            self._han.append(_Han(one.word, said, tuple(like(each) for each in said)))
        else:
            forms = [one.word, one.sounds] if one.sounds else [one.word]
            names = frozenset(sound(form).letters for form in forms)
            self._latin.append(_Latin(one.word, tuple(sound(form) for form in forms), names))

    def _latin_matches(self, text: str, units: list[_Unit]) -> Iterator[Match]:
        if not self._latin:
            return
        yield from self._spelled_matches(text, units)
        for span in _spans(text, units):
            words = [unit.text.casefold().replace("’", "'") for unit in span]
            spelled = len(words) > 1 and all(len(word) == 1 for word in words)
            heard = sound(" ".join(words))
            everyday = not spelled and all(word in COMMON for word in words)
            edge = words[0] in COMMON or words[-1] in COMMON
            less = 0.0 if spelled else _WHOLE_WORD * (len(words) == 1) + _COMMON_EDGE * edge
            for one in self._latin:
                if heard.letters in one.names and (not everyday or len(words) > 1):
                    yield Match(span[0].start, span[-1].end, one.word, _EXACT)
                elif not everyday and (near := _near(heard, one, less)):
                    yield Match(span[0].start, span[-1].end, one.word, near)

    def _spelled_matches(self, text: str, units: list[_Unit]) -> Iterator[Match]:
        """Runs of single letters: one word that was spelled, however long; "m g i m x" is Nginx."""
        for run in _letter_runs(text, units):
            letters = "".join(unit.text for unit in run)
            for one in self._latin:
                near = max(spelled_nearness(letters, form.letters) for form in one.sounds)
                if near >= (1.0 if len(letters) == _SHORTEST_RUN else _SPELLED_ENOUGH):
                    yield Match(run[0].start, run[-1].end, one.word, 1.0 + near / 2)

    def _han_matches(self, text: str, units: list[_Unit]) -> Iterator[Match]:
        if not self._han:
            return
        said = [_said(unit.text) for unit in units]
        if len(units) == len(text):  # characters in context: 银行 is yin hang
            said = list(syllables(text))
        alike = [like(each) for each in said]
        for one in self._han:
            count = len(one.said)
            for at in range(len(units) - count + 1):
                span = units[at : at + count]
                exact = tuple(said[at : at + count]) == one.said
                likely = count >= _TOO_SHORT_FOR_LIKENESS and tuple(alike[at : at + count]) == one.alike
                if (exact or likely) and _together(text, span):
                    yield Match(span[0].start, span[-1].end, one.word, _EXACT if exact else 1.0)


def corrected(
    text: str, matches: Sequence[Match], written: Callable[[str], str]
) -> tuple[str, tuple[Replacement, ...]]:
    """The written form of a spoken text with its hotwords in place, which ITN leaves alone; and where they stand in it."""
    if not matches:
        return written(text), ()
    parts: list[str] = []
    made: list[Replacement] = []
    at = length = 0
    for match in matches:
        before = _written(text[at : match.start], written)
        start = length + len(before)
        end = start + len(match.hotword)
        made.append(Replacement(start, end, text[match.start : match.end], match.hotword))
        parts += [before, match.hotword]
        at, length = match.end, end
    return "".join(parts) + _written(text[at:], written), tuple(made)


def _written(piece: str, written: Callable[[str], str]) -> str:
    """ITN of a piece; it trims, so the blanks at its edges are put back."""
    core = piece.strip()
    if not core:
        return piece
    left = len(piece) - len(piece.lstrip())
    return piece[:left] + written(core) + piece[left + len(core) :]


def _near(heard: Sound, one: _Latin, less: float) -> float:
    """How near it comes to the best form of a hotword, less what speaks against it; 0 where that is not near enough."""
    return max(
        (near for form in one.sounds if (near := _nearness(heard, form) - less) >= enough(form.key)), default=0.0
    )


def _nearness(heard: Sound, form: Sound) -> float:
    if not 0.5 <= (len(heard.letters) + 1) / (len(form.letters) + 1) <= 2:
        return 0.0
    return nearness(heard, form)


def _spans(text: str, units: list[_Unit]) -> Iterator[list[_Unit]]:
    """Runs of one to four Latin words with nothing but blanks and hyphens between them."""
    for first in range(len(units)):
        for last in range(first, min(first + LONGEST_SPAN, len(units))):
            if _IS_HAN.match(units[last].text) or (last > first and not _together(text, units[last - 1 : last + 1])):
                break
            yield units[first : last + 1]


def _letter_runs(text: str, units: list[_Unit]) -> Iterator[list[_Unit]]:
    run: list[_Unit] = []
    for unit in [*units, _Unit("..", len(text), len(text))]:
        if len(unit.text) == 1 and unit.text.isascii() and (not run or _together(text, [run[-1], unit])):
            run.append(unit)
            continue
        if len(run) >= _SHORTEST_RUN:
            yield run
        run = [unit] if len(unit.text) == 1 and unit.text.isascii() else []


def _together(text: str, span: Sequence[_Unit]) -> bool:
    return all(_JOINT.fullmatch(text, left.end, right.start) for left, right in pairwise(span))


def _said(unit: str) -> str:
    return syllables(unit)[0] if _IS_HAN.match(unit) else fold(unit)
