"""Room: engine.itn. From spoken to written form (inverse text normalisation): "twenty five percent" becomes "25%".

Only ever adds a second text; what was spoken is kept beside it (decision 8). Our own rules say first what they know for sure:
what stays (idioms), and what the grammars write as nobody would (2025/01). wetext's grammars, read from its wheel, get the rest.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

from nas_asr.engine import itn_chinese, itn_english
from nas_asr.engine.itn_rules import Rules, laid

# wetext's parser takes its own marks in a text for structure: it loses them, or never comes back.
_MARKS = frozenset('"\\{}')


class Itn(Protocol):
    """The written form of a spoken text in a language."""

    def __call__(self, spoken: str, language: str) -> str: ...


@dataclass(frozen=True, slots=True)
class _Grammar:
    """A language's rules, whether the rest of a text is worth showing to wetext, and the last touch to what wetext wrote."""

    wetext: str
    rules: Rules
    before: Callable[[str], str]
    numeral: Callable[[str], bool]
    after: Callable[[str, str], str]


_GRAMMARS: Mapping[str, _Grammar] = {
    "en": _Grammar("en", itn_english.RULES, itn_english.plain, itn_english.may_matter, itn_english.touched),
    "zh": _Grammar("zh", itn_chinese.RULES, str, itn_chinese.may_matter, itn_chinese.touched),
}


def written(spoken: str, language: str) -> str:
    """The written form; the spoken text itself where the language has no grammar or the grammar has no answer."""
    grammar = _GRAMMARS.get(language)
    if grammar is None or not spoken.strip() or not spoken.isprintable() or _MARKS & set(spoken):
        return spoken
    text = laid(grammar.before(spoken), grammar.rules, lambda rest: _by_grammar(rest, grammar))
    if language == "en":
        text = itn_english.finished(text, spoken)
    return text.strip() or spoken


def _by_grammar(rest: str, grammar: _Grammar) -> str:
    """What wetext makes of a stretch between two places that our rules have written; the white space around it stays."""
    core = rest.strip()
    if not core or not grammar.numeral(core):
        return rest
    try:
        text = str(_normaliser(grammar.wetext).normalize(core)).strip()
    except (AssertionError, RuntimeError, ValueError, IndexError):  # wetext on texts its grammars did not foresee
        return rest
    before = rest[: len(rest) - len(rest.lstrip())]
    after = rest[len(rest.rstrip()) :]
    return f"{before}{grammar.after(text, core) or core}{after}"


@cache
def _normaliser(grammar: str) -> Any:
    from wetext import Normalizer  # 0.1 s, and only for those who transcribe

    return Normalizer(lang=grammar, operator="itn")
