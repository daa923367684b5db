"""Room: engine.itn_rules. How rules lay hold of places of a text, each place once, and leave the rest. Knows no language."""

import re
from collections.abc import Callable

# What to write for a match; None: this rule has nothing to say about it.
Write = Callable[[re.Match[str]], str | None]
Rules = tuple[tuple[re.Pattern[str], Write], ...]


def stays(found: re.Match[str]) -> str:
    """As it was spoken."""
    return found.group()


def laid(text: str, rules: Rules, rest: Callable[[str], str]) -> str:
    """The text with each rule's places as it writes them, earlier rules before later ones, and `rest` of what lies between."""
    taken: list[tuple[int, int, str]] = []
    for pattern, write in rules:
        for found in pattern.finditer(text):
            start, end = found.span()
            if start == end or any(start < other_end and other < end for other, other_end, _ in taken):
                continue
            answer = write(found)
            if answer is not None:
                taken.append((start, end, answer))
    parts, at = [], 0
    for start, end, answer in sorted(taken):
        parts += [rest(text[at:start]) if at < start else "", answer]
        at = end
    return "".join([*parts, rest(text[at:]) if at < len(text) else ""])
