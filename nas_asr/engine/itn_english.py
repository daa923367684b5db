"""Room: engine.itn_english. English figures as people write them: 3:30 p.m., January 15, 2025, 555-1234.

What may be more than one thing ("two fifty") stays as spoken.
"""

import re

from nas_asr.engine.itn_rules import Rules, stays

_ONES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
         "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen")  # fmt: skip
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_VALUE = {word: value for value, word in enumerate(_ONES)} | {word: 20 + 10 * i for i, word in enumerate(_TENS)}
_AND_JOINS = ("hundred", "thousand", "million", "billion", "dollar", "dollars", "euros", "pounds")
_NUMERALS = frozenset({*_VALUE, "oh", "hundred", "thousand", "million", "billion"})

_DIGIT = "zero|oh|one|two|three|four|five|six|seven|eight|nine"
_SAID = f"(?:double |triple )?(?:{_DIGIT})"
_HOUR = "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"
_MINUTE = (
    r"oh (?:one|two|three|four|five|six|seven|eight|nine)|"
    r"(?:twenty|thirty|forty|fifty)(?: (?:one|two|three|four|five|six|seven|eight|nine))?|"
    r"ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen"
)
_HALF_DAY = r"(?P<half>[ap])\.? ?m\b\.?"
_WHEN = r"in the (?:morning|afternoon|evening)|at night|o'?clock|sharp|tonight|today|tomorrow|this (?:morning|afternoon|evening)"
_BEFORE_TIME = ("at", "by", "until", "till", "before", "after", "around", "since")
_MONTHS = "january|february|march|april|may|june|july|august|september|october|november|december"

_STAY = (
    "point blank", "five point plan", "fifty fifty", "twenty twenty vision", "hindsight is twenty twenty", "seven eleven",
    "fifty shades", "catch twenty two", "forty winks", "sweet sixteen", "(?:my|your|his|her|their) two cents", "top ten",
    "at sixes and sevens", "six feet under", "may one of", "(?:i|we|you|they|he|she|it|who|that|this|which|there) (?:may|march)",
    "cheaper by the dozen", "ninety nine times out of a hundred", "(?:a|one) hundred and ten percent", "at the eleventh hour",
    "roaring twenties",
    "first class", "second hand", "second floor", "third world", "third party", "first aid", "first name", "first person",
    # words that the grammar would shorten as nobody writes them in a sentence
    "doctors?", "mister", "saint", "minutes?", "hours?", "seconds", "inch(?:es)?", "feet", "foot", "yards?", "miles", "pints?",
    "grams?", "liters?", "litres?",
)  # fmt: skip


def _two_digits(spoken: str) -> int:
    return sum(_VALUE.get(word, 0) for word in spoken.split())


def _clock(hour: str, minute: str) -> str:
    return f"{_VALUE[hour]}:{_two_digits(minute):02d}"


def _word_before(found: re.Match[str]) -> str:
    before = found.string[: found.start()].split()
    return before[-1] if before else ""


def _after_numeral(found: re.Match[str]) -> bool:
    return _word_before(found) in _NUMERALS


def _with_half_day(found: re.Match[str]) -> str | None:
    if _after_numeral(found):
        return None
    hour, minute = found["h"], found["min"]
    return f"{_clock(hour, minute) if minute else _VALUE[hour]} {found['half']}.m."


def _time(found: re.Match[str]) -> str | None:
    """Two fifty may be a time, a price or a number; only its neighbours tell, and without them it stays."""
    if _after_numeral(found):
        return None
    if found["when"] is not None or _word_before(found) in _BEFORE_TIME:
        return _clock(found["h"], found["min"])
    return None if found["min"].startswith("oh") else found.group()


def _hands(found: re.Match[str]) -> str:
    hour = _VALUE[found["h"]]
    minute = {"half": 30, "quarter": 15}.get(found["min"].removeprefix("a ")) or _two_digits(found["min"])
    if found["side"] == "to":
        hour, minute = (hour - 2) % 12 + 1, 60 - minute
    return f"{hour}:{minute:02d}"


def _on_the_hour(found: re.Match[str]) -> str:
    return f"{_VALUE[found['h']]} o'clock"


_TIMES_SAID = {"double": 2, "triple": 3}


def _telephone(found: re.Match[str]) -> str | None:
    """Seven digits and more, grouped as people write telephone numbers; "eight hundred" may stand in front."""
    digits = ""
    times = 1
    for word in found["digits"].split():
        times_next = _TIMES_SAID.get(word)
        if times_next:
            times = times_next
            continue
        digits += str(_VALUE.get(word, 0)) * times
        times = 1
    if found["free"]:
        digits = ("1" if found["free"].startswith("one") else "") + "800" + digits
    if len(digits) < 7:
        return None
    country, rest = ("1-", digits[1:]) if len(digits) == 11 and digits[0] == "1" else ("", digits)
    if len(rest) == 10:
        return f"{country}{rest[:3]}-{rest[3:6]}-{rest[6:]}"
    return f"{digits[:3]}-{digits[3:]}" if len(digits) == 7 else digits


def _negative(found: re.Match[str]) -> str | None:
    return None if _after_numeral(found) else f"-{_VALUE[found['n']]}"


def _no_decimal_point(found: re.Match[str]) -> str | None:
    return None if _after_numeral(found) else found.group()


RULES: Rules = (
    (re.compile(r"(?<=\w\w)[.,!?;:]+(?=\s|$)"), stays),
    (re.compile(rf"\b(?:{'|'.join(_STAY)})\b(?!-)"), stays),
    (re.compile(r"(?<!\w)(?:[a-z] ){3,}[a-z]\b(?! (?:dot|at)\b)"), stays),
    # the grammar makes 4050 of "forty and fifty"
    (re.compile("".join(f"(?<!{word} )" for word in _AND_JOINS) + r"\band\b"), stays),
    (re.compile(r"\btwenty four seven\b"), lambda _found: "24/7"),
    (re.compile(rf"\b(?P<h>{_HOUR})(?: (?P<min>{_MINUTE}))? {_HALF_DAY}"), _with_half_day),
    (re.compile(rf"\b(?P<min>(?:a )?(?:half|quarter)) (?P<side>past|to) (?P<h>{_HOUR})\b"), _hands),
    (re.compile(rf"\b(?P<min>five|ten|twenty|twenty five) (?P<side>past) (?P<h>{_HOUR})\b"), _hands),
    (re.compile(rf"\b(?P<h>{_HOUR}) o'?clock\b"), _on_the_hour),
    (
        re.compile(
            rf"\b(?P<free>(?:one )?eight hundred )?(?P<digits>(?:{_SAID} ){{3,}}{_SAID}\b)"
            r"(?! (?:hundred|thousand|million|point|percent))"
        ),
        _telephone,
    ),
    (
        re.compile(
            rf"\b(?P<h>{_HOUR}) (?P<min>{_MINUTE})\b(?P<when>(?= (?:{_WHEN})\b))?"
            rf"(?! (?:hundred|thousand|million|billion|percent|dollars?|euros?|pounds?|point|and|{_DIGIT})\b)"
        ),
        _time,
    ),
    (re.compile(rf"\b(?:minus|negative) (?P<n>{_HOUR})\b(?! (?:point|hundred|thousand|million))"), _negative),
    (re.compile(r"\bpoint\b"), _no_decimal_point),
)  # fmt: skip


_HYPHEN = re.compile(rf"\b({'|'.join(_TENS)})-({_DIGIT})\b", re.IGNORECASE)
_A_HUNDRED_AND = re.compile(rf"\ba (?=(?:hundred|thousand) (?:and )?(?:{'|'.join(_VALUE)})\b)")
_WORD = re.compile(rf"\b(?:{'|'.join(sorted(_NUMERALS, key=len, reverse=True))})\b", re.IGNORECASE)


def plain(text: str) -> str:
    """Numerals as the grammar wants them: small, without hyphens."""
    small = _WORD.sub(lambda found: found.group().lower(), _HYPHEN.sub(r"\1 \2", text))
    return _A_HUNDRED_AND.sub("one ", small)


def may_matter(text: str) -> bool:
    """Always: letters said one by one and months are the grammar's, too."""
    return True


_PERCENT = re.compile(r"(?<=\d) %")
_CENTS = re.compile(r"\$0\.(\d\d)(?!\d)")
_DOLLARS = re.compile(r"\$(\d{4,})(?![\d,])")
_FIVE_FIGURES = re.compile(r"(?<![\d.,:/-])\d{5,}(?![\d:/-])")
_LEADING_ZERO = re.compile(r"(?<![\d:.])0(\d:\d\d)(?!\d)")
# "at 1st" and "the 2nd time" are no English; ordinals up to nine are written as words.
_ORDINALS = {"1st": "first", "2nd": "second", "3rd": "third"} | {
    f"{i}th": word for i, word in enumerate(("fourth", "fifth", "sixth", "seventh", "eighth", "ninth"), 4)
}
_SMALL_ORDINAL = re.compile(r"(?<!\S)[1-9](?:st|nd|rd|th)(?!\S)")
_MONTH_DAY = re.compile(rf"\b(?P<month>{_MONTHS}) (?P<day>\d\d?)(?: (?P<year>\d{{4}}))?\b")
_DAY_MONTH = re.compile(rf"\b(?P<day>\d\d?) (?P<month>{_MONTHS})\b")
_MONTH_YEAR = re.compile(rf"\b(?P<month>{_MONTHS}) (?P<year>\d{{4}})\b")


def touched(text: str, spoken: str) -> str:
    """What the grammar wrote, with the habits of print: commas in 20,000, months with a capital, no 03:30."""
    text = _PERCENT.sub("%", text)
    text = _SMALL_ORDINAL.sub(lambda found: _ORDINALS[found.group()], text)
    text = _LEADING_ZERO.sub(r"\1", text)
    text = _CENTS.sub(lambda found: f"{int(found[1])} cent{'' if found[1] == '01' else 's'}", text)
    text = _DOLLARS.sub(lambda found: f"${int(found[1]):,}", text)
    if "thousand" in spoken:
        text = _FIVE_FIGURES.sub(lambda found: f"{int(found.group()):,}", text)
    text = _MONTH_DAY.sub(_month_day, text)
    text = _DAY_MONTH.sub(lambda found: f"{found['day']} {found['month'].title()}", text)
    return _MONTH_YEAR.sub(lambda found: f"{found['month'].title()} {found['year']}", text)


def _month_day(found: re.Match[str]) -> str:
    return f"{found['month'].title()} {found['day']}" + (f", {found['year']}" if found["year"] else "")


# neither i.e. nor a letter of a word that was spelled
_I = re.compile(r"(?<!\b[a-hj-z] )\bi\b(?!\.| [b-hj-z]\b)")
_TO = re.compile(rf"\b(?P<low>{_HOUR}) to (?=\d+(?![\d:]))")


def finished(text: str, spoken: str) -> str:
    """The whole text: the pronoun I, both ends of a range alike, and a capital at the beginning where there was one."""
    text = _TO.sub(lambda found: f"{_VALUE[found['low']]} to ", _I.sub("I", text))
    return text[:1].upper() + text[1:] if spoken[:1].isupper() else text
