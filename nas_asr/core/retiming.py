"""Room: core.retiming. Word times after a text was changed. Pure; nothing is made up that nobody heard.

A word that is still there keeps its time. What took the place of other words shares the time of those. A word that came in
between two others has no time of its own, and is left out.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from nas_asr.core.difference import matcher, units
from nas_asr.core.merging import place_in
from nas_asr.core.search_text import fold, tokens
from nas_asr.core.transcript import Milliseconds, Word


@dataclass(frozen=True, slots=True)
class _Moment:
    """A token of a word with its share of the word's time. word: which one; of several tokens the first is its head."""

    token: str
    start_ms: Milliseconds
    end_ms: Milliseconds
    word: int


def retimed(words: Sequence[Word], spoken: str) -> tuple[Word, ...]:
    """The words of the changed spoken text, as far as their times are known."""
    if not words:
        return ()
    old, new = _moments(words), _spelled(spoken)
    sizes = Counter(one.word for one in old)
    found: list[Word] = []
    for fate, i1, i2, j1, j2 in matcher([one.token for one in old], [fold(text) for text in new]).get_opcodes():
        if fate == "equal":
            found += _kept(words, old[i1:i2], sizes)
        elif fate == "replace":
            found += _shared(new[j1:j2], old[i1].start_ms, old[i2 - 1].end_ms)
    return tuple(found)


def cut_words(words: Sequence[Word], left: str, right: str) -> tuple[tuple[Word, ...], tuple[Word, ...]]:
    """The words of a spoken text that was cut in two."""
    old = _moments(words)
    before = tokens(left)
    border = place_in([*before, *tokens(right)], [one.token for one in old], len(before))
    after = {one.word for one in old[border:]} - {one.word for one in old[:border]}
    first = min(after, default=len(words))
    return tuple(words[:first]), tuple(words[first:])


def _moments(words: Sequence[Word]) -> list[_Moment]:
    found: list[_Moment] = []
    for number, word in enumerate(words):
        named = tokens(word.text)
        length = word.end_ms - word.start_ms
        found += [
            _Moment(
                token, word.start_ms + length * k // len(named), word.start_ms + length * (k + 1) // len(named), number
            )
            for k, token in enumerate(named)
        ]
    return found


def _spelled(text: str) -> list[str]:
    """The words of a text as they are written, marks left out; what is several tokens stands here as several."""
    found: list[str] = []
    for word, _ in units(text):
        parts = tokens(word)
        found += [word] if len(parts) == 1 else parts
    return found


def _kept(words: Sequence[Word], here: Sequence[_Moment], sizes: Counter[int]) -> list[Word]:
    """Words that are whole in this stretch stay as they were; of one that lost a part, the rest."""
    found: list[Word] = []
    for number, parts in groupby(here, key=lambda one: one.word):
        rest = list(parts)
        if len(rest) == sizes[number]:
            found.append(words[number])
        else:
            found += [Word(one.token, one.start_ms, one.end_ms) for one in rest]
    return found


def _shared(texts: Sequence[str], start: Milliseconds, end: Milliseconds) -> list[Word]:
    length, count = end - start, len(texts)
    return [Word(text, start + length * k // count, start + length * (k + 1) // count) for k, text in enumerate(texts)]
