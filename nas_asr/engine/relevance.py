"""Room: engine.relevance. Which of a team's hotwords can matter to an utterance, by the sound of what was heard without them.

A hotword that nobody says hurts: a model that is offered it sometimes writes it. So of a long list only what sounds like a
part of the first text goes into the prompt. Loose on purpose: what is missed here is never put right, the model decides.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from enum import Enum, auto

import numpy as np
from rapidfuzz.fuzz import partial_ratio

from nas_asr.core.hotwords import Hotword
from nas_asr.core.search_text import fold
from nas_asr.engine.common_words import COMMON
from nas_asr.engine.phonetics import Sound, alike, enough, like, nearness_table, sound, syllables

DIRECT = 3  # words of a list that goes into every prompt as it is; four absent ones were measured to hurt
MOST = 8  # words in one prompt; the checkpoints that take lists were trained with about so many

_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_UNIT = re.compile(f"[{_HAN}]|[^\\W_{_HAN}]+(?:['’][^\\W_{_HAN}]+)*")
_IS_HAN = re.compile(f"[{_HAN}]")
_LONGEST_SPAN = 4  # Latin words that were one name
_LONGEST_SPELLED = 14  # letters said one by one
_LOOSER = 0.14  # than what replaces text afterwards (engine.phonetics.enough)
_HAN_ENOUGH = 0.78  # of the syllables' letters
_PAIR_ENOUGH = 0.85  # of two characters; everyday words abound that are nearly them
_OTHER_ENOUGH = 0.75  # Cyrillic, kana and others, letter by letter


class _Kind(Enum):
    """What a span is made of."""

    WORDS = auto()
    EVERYDAY = auto()
    CHARACTERS = auto()  # read as one foreign word


class Relevance:
    """A list made ready for one recording. Keeps nothing between utterances."""

    def __init__(self, words: Sequence[Hotword]) -> None:
        self._words = tuple(words)
        self._latin: list[tuple[int, Sound]] = []
        self._in_pinyin: list[int] = []  # places in _latin of Chinese names
        self._han: dict[int, list[tuple[int, str]]] = {}  # by how many syllables
        self._other: list[tuple[int, str]] = []
        for place, one in enumerate(self._words):
            for form in filter(None, (one.word, one.sounds)):
                self._add(place, form)
        self._bounds = np.array([enough(form.key) - _LOOSER for _, form in self._latin], np.float32)

    def words_for(self, text: str) -> tuple[Hotword, ...]:
        """Those that can matter, the nearest first, MOST at most. text: what was heard without hotwords."""
        near = self._nearness(unicodedata.normalize("NFKC", text))
        order = sorted(np.flatnonzero(near > 0), key=lambda place: (-near[place], place))
        return tuple(self._words[place] for place in order[:MOST])

    def _add(self, place: int, form: str) -> None:
        if _IS_HAN.search(form):
            said = _said(form)
            self._han.setdefault(len(said), []).append((place, "".join(said)))
            self._in_pinyin.append(len(self._latin))
            self._latin.append((place, sound("".join(_said(form, plain=True)))))
        elif sound(form).key:
            self._latin.append((place, sound(form)))
        else:
            self._other.append((place, _letters(form)))

    def _nearness(self, text: str) -> "np.ndarray[tuple[int], np.dtype[np.float32]]":
        near = np.zeros(len(self._words), np.float32)
        self._by_sound(text, near)
        self._by_syllable(text, near)
        letters = _letters(text) if self._other else ""
        for place, form in self._other:
            found = partial_ratio(form, letters) / 100 if len(form) <= len(letters) else 0.0
            near[place] = max(near[place], found if found >= _OTHER_ENOUGH else 0.0)
        return near

    def _by_sound(self, text: str, near: "np.ndarray[tuple[int], np.dtype[np.float32]]") -> None:
        spans = list(dict.fromkeys(_spans(text)))
        if not spans or not self._latin:
            return
        table = nearness_table([heard for heard, _ in spans], [form for _, form in self._latin])
        # "me she" is no name, but where the list says just that.
        table[[kind is _Kind.EVERYDAY for _, kind in spans]] = 0
        characters = np.array([kind is _Kind.CHARACTERS for _, kind in spans])
        table[np.ix_(characters, np.array(self._in_pinyin, np.intp))] = 0  # these are compared syllable by syllable
        best = table.max(axis=0)
        best[best < self._bounds] = 0
        said = {heard.letters for heard, kind in spans if kind is not _Kind.CHARACTERS}
        best[[form.letters in said for _, form in self._latin]] = 1
        np.maximum.at(near, [place for place, _ in self._latin], best)

    def _by_syllable(self, text: str, near: "np.ndarray[tuple[int], np.dtype[np.float32]]") -> None:
        said = _said(text) if self._han and _IS_HAN.search(text) else []
        for count, forms in self._han.items():
            windows = list(dict.fromkeys(_windows(said, count)))
            if windows:
                best = alike(windows, [form for _, form in forms]).max(axis=0)
                best[best < (_PAIR_ENOUGH if count <= 2 else _HAN_ENOUGH)] = 0
                np.maximum.at(near, [place for place, _ in forms], best)


def stands(word: str, text: str) -> bool:
    """Whether a hotword stands in a text letter for letter, and is no part of a longer Latin word."""
    before, after = (f"(?{ahead}[^\\W{_HAN}])" for ahead in ("<!", "!"))
    edges = (before if not _IS_HAN.match(word[:1]) else "", after if not _IS_HAN.match(word[-1:]) else "")
    return re.search(re.escape(word).join(edges), text) is not None


def _said(text: str, plain: bool = False) -> list[str]:
    """One sound for each character or Latin word; plain keeps what many speakers do not keep apart."""
    spoken = syllables(text)
    units = [(found.group(), found.start()) for found in _UNIT.finditer(text)]
    said = [spoken[at] if _IS_HAN.match(unit) else fold(unit) for unit, at in units]
    return said if plain else [like(each) for each in said]


def _windows(said: Sequence[str], count: int) -> Iterator[str]:
    """Runs of as many sounds as a hotword has; for three and more also one fewer and one more."""
    slack = 1 if count >= 3 else 0
    for length in range(count - slack, count + slack + 1):
        for at in range(len(said) - length + 1):
            yield "".join(said[at : at + length])


def _spans(text: str) -> Iterator[tuple[Sound, _Kind]]:
    """One to four Latin words, letters that were spelled, and Chinese characters."""
    spoken = syllables(text)
    run: list[str] = []
    runs = []
    was_han = False
    for found in _UNIT.finditer(text):
        is_han = _IS_HAN.match(found.group()) is not None
        if run and is_han != was_han:
            runs.append((was_han, run))
            run = []
        run.append(spoken[found.start()] if is_han else fold(found.group()).replace("’", "'"))
        was_han = is_han
    for is_han, parts in [*runs, (was_han, run)]:
        yield from _foreign(parts) if is_han else _words(parts)


def _foreign(parts: Sequence[str]) -> Iterator[tuple[Sound, _Kind]]:
    for at in range(len(parts)):
        for length in range(2, 7):
            if at + length <= len(parts):
                yield sound("".join(parts[at : at + length])), _Kind.CHARACTERS


def _words(parts: Sequence[str]) -> Iterator[tuple[Sound, _Kind]]:
    for at in range(len(parts)):
        for length in range(1, _LONGEST_SPELLED + 1):
            span = parts[at : at + length]
            spelled = all(len(part) == 1 for part in span)
            if len(span) < length or (length > _LONGEST_SPAN and not spelled):
                break
            everyday = all(part in COMMON for part in span) and not (spelled and length > 1)
            yield sound("".join(span)), _Kind.EVERYDAY if everyday else _Kind.WORDS


def _letters(text: str) -> str:
    return "".join(sign for sign in fold(text) if sign.isalnum())
