"""Room: core.search_text. One split of text for index and query, so that Chinese is found from one character on. Pure.

CJK characters stand alone, Latin words and numbers stay whole, width and case are folded (NFKC, casefold). A query's terms
become phrases of these tokens; the database matches phrases, this module marks them. See docs/decisions/0009.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, pairwise

# Ideographs (all planes), kana and bopomofo: scripts written without spaces between words. Hangul is written with spaces
# but agglutinates, so it is split as well.
CJK = "\u3005-\u3007\u3040-\u30ff\u3100-\u312f\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U000323af"
_LONGEST = 500  # letters of a token; what is longer is several, for PostgreSQL drops words of 2047 bytes without a word
_SIGN = re.compile(f"[{CJK}]")
_TOKEN = re.compile(f"[{CJK}]|[^\\W_{CJK}]{{1,{_LONGEST}}}")
_PILE = re.compile("[\u0300-\U0010ffff]{64,}")  # signs beyond Latin in a row; only among these can marks pile up
_MOST_MARKS = 30  # on one letter: what Unicode's stream-safe form allows (UAX #15), and no writing needs
_QUERY = re.compile(r'"([^"]*)"|(\S+)')
_WORD = 20  # letters of a word that is not cut
MAX_TERMS = 16
MAX_PHRASE = 128  # tokens; what is longer is looked for by its beginning


def composed(text: str) -> str:
    """Width folded, marks and letters composed (NFKC), without piles of marks."""
    return unicodedata.normalize("NFKC", unpiled(text))


def unpiled(text: str) -> str:
    """The text with no more than thirty marks on one letter: the first ones are kept.

    Python sorts such a pile in time that grows with its square: half a megabyte of marks would hold a process for minutes.
    """
    return _PILE.sub(_thinned, text)


def fold(text: str) -> str:
    """Width and case folded, composed: the form in which tokens are compared."""
    return composed(text).casefold()


def tokens(text: str) -> list[str]:
    """The folded tokens of a text in order."""
    return _TOKEN.findall(fold(text))


@lru_cache(maxsize=1 << 16)
def is_sign(token: str) -> bool:
    """Whether a token is a character of a script that is split into single ones."""
    return _SIGN.fullmatch(token) is not None


def pairs(words: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """For each run of two or more such characters its overlapping pairs: 会议纪 is 会议, 议纪. A word between ends a run.

    Most Chinese words have two characters, and each of them alone stands in half of all sentences.
    """
    run: list[str] = []
    for word, after in pairwise((*words, "")):
        if is_sign(word) and is_sign(after):
            run.append(word + after)
        elif run:
            yield tuple(run)
            run = []


def _thinned(pile: re.Match[str]) -> str:
    kept: list[str] = []
    marks = 0
    for sign in pile.group():
        marks = marks + 1 if unicodedata.combining(sign) else 0
        if marks <= _MOST_MARKS:
            kept.append(sign)
    return "".join(kept)


def parse_query(query: str) -> list[tuple[str, ...]]:
    """The phrases that must all match: each quoted part and each other word, as tokens. Empty where nothing can match.

    `GPU显存` is one phrase of three tokens; `"next week" 会议` are two phrases.
    """
    quotes = query.replace("\u201c", '"').replace("\u201d", '"')
    phrases = (tuple(tokens(quoted or word)[:MAX_PHRASE]) for quoted, word in _QUERY.findall(quotes))
    return list(dict.fromkeys(phrase for phrase in phrases if phrase))[:MAX_TERMS]


@dataclass(frozen=True, slots=True)
class _Placed:
    token: str
    start: int
    end: int


def highlights(text: str, phrases: Sequence[tuple[str, ...]]) -> list[tuple[int, int]]:
    """Where the phrases stand in the text: [start, end) in characters of `text`, in order, merged where they overlap."""
    placed = _placed_tokens(text)
    said = " ".join(("", *(p.token for p in placed), ""))
    begins = list(accumulate((len(p.token) + 1 for p in placed), initial=0))
    index = {at: i for i, at in enumerate(begins)}
    found = [
        (placed[first].start, placed[first + len(phrase) - 1].end)
        for phrase in phrases
        for first in (index[at] for at in _each_place(said, " ".join(("", *phrase, ""))))
    ]
    return merged(sorted(found))


def _each_place(said: str, words: str) -> Iterator[int]:
    """Where the words begin; of places that overlap with one, only the last, for those between lie in the two."""
    at = said.find(words)
    while at >= 0:
        yield at
        last = said.rfind(words, at + 1, at + 2 * len(words) - 2)
        at = last if last >= 0 else said.find(words, at + 1)


def _placed_tokens(text: str) -> list[_Placed]:
    return [_Placed(token, origins[0], origins[-1] + 1) for token, origins in tokens_with_origins(text)]


def tokens_with_origins(text: str) -> list[tuple[str, list[int]]]:
    """Tokens, and for each of their letters which character of the text it is from.

    Folding can change lengths, so it is done character by character.
    """
    folded: list[str] = []
    origin: list[int] = []
    for i, char in enumerate(text):
        piece = _folded_sign(char)
        folded.append(piece)
        origin.extend([i] * len(piece))
    joined = "".join(folded)
    return [(m.group(), origin[m.start() : m.end()]) for m in _TOKEN.finditer(joined)]


@lru_cache(maxsize=1 << 14)
def _folded_sign(sign: str) -> str:
    return fold(sign)


def excerpt(text: str, marks: Sequence[tuple[int, int]], most: int) -> tuple[str, list[tuple[int, int]]]:
    """A long text cut to about `most` characters around its first mark, with the marks that stand there; … where it was cut."""
    if len(text) <= most:
        return text, list(marks)
    first = marks[0][0] if marks else 0
    start = max(0, min(first - most // 4, len(text) - most))
    if start and (blank := text.find(" ", start, min(start + _WORD, first))) >= 0:
        start = blank + 1  # a Latin word is not cut in two where that is near
    end = min(start + most, len(text))
    if end < len(text) and (blank := text.rfind(" ", end - _WORD, end)) > first:
        end = blank
    before, after = "…" if start else "", "…" if end < len(text) else ""
    moved = [(a - start + len(before), min(b, end) - start + len(before)) for a, b in marks if a < end]
    return f"{before}{text[start:end]}{after}", moved


def merged(found: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Places in order, those that overlap or touch as one."""
    whole: list[tuple[int, int]] = []
    for start, end in found:
        if whole and start <= whole[-1][1]:
            whole[-1] = (whole[-1][0], max(end, whole[-1][1]))
        else:
            whole.append((start, end))
    return whole
