"""Room: core.find_text. Finding inside one transcript, parts of words too (decision 51). Pure; no index, no ranking.

Width, case, punctuation and the space between Chinese characters count as little as they do in `search_text`, but `week` is
found by `wee`. static/recording/find_text.js does the same in the browser; one table of tests holds both to it.
"""

import re
from collections.abc import Iterable, Sequence

from nas_asr.core.search_text import CJK, fold, merged, parse_query, tokens, tokens_with_origins

_CJK = re.compile(f"[{CJK}]")


def find_terms(query: str) -> list[str]:
    """What must all stand in a segment: each quoted part and each other word, squeezed. Empty where nothing can match."""
    return [squeezed(phrase) for phrase in parse_query(query)]


def holds(text: str, terms: Sequence[str]) -> bool:
    """Whether all terms stand in the text; False without terms."""
    letters = {sign for term in terms for sign in term} - {" "}
    folded = fold(text)
    # Most texts of a long transcript lack a letter of what is looked for; only the others are worth taking apart.
    if not letters or not all(letter in folded for letter in letters):
        return False
    found = squeezed(tokens(text))
    return all(term in found for term in terms)


def find_places(text: str, terms: Sequence[str]) -> list[tuple[int, int]]:
    """Where any of the terms stands: [start, end) in characters of `text`, in order, merged where they touch."""
    letters: list[str] = []
    origins: list[int] = []
    after_word = False
    for token, places in tokens_with_origins(text):
        word = not _CJK.match(token)
        if word and after_word:
            letters.append(" ")
            origins.append(places[0])
        letters.extend(token)
        origins.extend(places)
        after_word = word
    joined = "".join(letters)
    return merged(sorted(_each(joined, origins, terms)))


def squeezed(found: Iterable[str]) -> str:
    """Tokens as one text: a space between two words, none beside characters that are written without."""
    parts: list[str] = []
    after_word = False
    for token in found:
        word = not _CJK.match(token)
        if word and after_word:
            parts.append(" ")
        parts.append(token)
        after_word = word
    return "".join(parts)


def _each(joined: str, origins: Sequence[int], terms: Sequence[str]) -> Iterable[tuple[int, int]]:
    for term in terms:
        at = joined.find(term)
        while at >= 0:
            end = at + len(term)
            yield origins[at], origins[end - 1] + 1
            at = joined.find(term, end)
