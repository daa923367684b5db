"""Room: engine.itn. From spoken to written form (inverse text normalisation): "twenty five percent" becomes "25%".

Only ever adds a second text; what was spoken is kept beside it (decision 8). Reads wetext's grammars from its wheel.
"""

import re
from functools import cache
from typing import Any, Protocol

_GRAMMARS = {"en": "en", "zh": "zh"}
# wetext's parser takes its own marks in a text for structure: it loses them, or never comes back.
_MARKS = frozenset('"\\{}')
_SLASH_DATE = re.compile(r"(?<!\d)(\d{4})/(\d{2})(?:/(\d{2}))?(?!\d)")
_PERCENT = re.compile(r"(?<=\d) %")
_I = re.compile(r"\bi(?=\b(?!\.))")
# "at 1st" and "the 2nd time" are no English; ordinals up to nine are written as words.
_ORDINALS = {"1st": "first", "2nd": "second", "3rd": "third"} | {
    f"{i}th": word for i, word in enumerate(("fourth", "fifth", "sixth", "seventh", "eighth", "ninth"), 4)
}
_SMALL_ORDINAL = re.compile(r"(?<!\S)[1-9](?:st|nd|rd|th)(?!\S)")


class Itn(Protocol):
    """The written form of a spoken text in a language."""

    def __call__(self, spoken: str, language: str) -> str: ...


def written(spoken: str, language: str) -> str:
    """The written form; the spoken text itself where the language has no grammar or the grammar has no answer."""
    if language not in _GRAMMARS or not spoken.strip() or not spoken.isprintable() or _MARKS & set(spoken):
        return spoken
    try:
        text = str(_normaliser(_GRAMMARS[language]).normalize(spoken)).strip()
    except (AssertionError, RuntimeError, ValueError, IndexError):  # wetext on texts its grammars did not foresee
        return spoken
    text = _chinese_dates(text, spoken) if language == "zh" else _english(text)
    return text or spoken


@cache
def _normaliser(grammar: str) -> Any:
    from wetext import Normalizer  # 0.1 s, and only for those who transcribe

    return Normalizer(lang=grammar, operator="itn")


def _english(text: str) -> str:
    text = _I.sub("I", _PERCENT.sub("%", text))
    return _SMALL_ORDINAL.sub(lambda found: _ORDINALS[found.group()], text)


def _chinese_dates(text: str, spoken: str) -> str:
    """二零二五年一月 is written 2025年1月; the grammar writes 2025/01, which nobody said."""
    if "年" not in spoken:
        return text
    return _SLASH_DATE.sub(_date, text)


def _date(found: re.Match[str]) -> str:
    year, month, day = found.groups()
    return f"{year}年{int(month)}月" + (f"{int(day)}日" if day else "")
