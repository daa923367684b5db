"""Room: core.hotwords. A team's hotword list: one word a line, cleaned and capped, each refusal explained. Pure; no team, no row.

A line is `word`, or `word = what it sounds like` where the engine hears something that the spelling does not show.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from nas_asr.core.search_text import composed, fold, tokens

MOST_WORDS = 500
LONGEST_WORD = 60  # characters; a sentence is no hotword
LONGEST_SOUND = 80
_LONGEST_LINE = 1_000  # characters; a longer one is not even looked at, for folding takes its time
MOST_LINES = 2_000  # what is looked at; the rest is refused in one sentence
SIGN = "="

_TOO_LONG = f"A hotword has at most {LONGEST_WORD} characters."
_BRACKETS = frozenset("[](){}<>【】「」『』《》〈〉（）［］｛｝＜＞〔〕")
_ALSO = frozenset(" .-'’&+/#_@·")
# Marks and phrases of the models' own prompts: a list that holds them would speak to the model instead of naming things.
_PROMPT = (
    "热词",
    "上下文信息",
    "语音转写",
    "im_start",
    "im_end",
    "im end",
    "endoftext",
    "startofspeech",
    "endofspeech",
    "转写成",
    "文本规整",
    "会留空",
)
# What speaks to a language model and names nothing.
_ORDER = re.compile(
    r"\b(ignore|disregard|forget) (all|any|the|this|that|these|those|your|previous|prior|everything|what)\b"
    r"|\b(output|print|say|write|repeat|answer|respond|reply) (only|nothing|exactly|with|the following)\b"
    r"|\b(transcribe|translate|summari[sz]e) (this|it|the|into|to)\b|\byou are an?\b|\bsystem prompt\b|\bhelpful assistant\b"
    r"|(忽略|无视|不要听)(以上|上述|前面|之前|所有|音频|语音|录音|指令|提示)|(请|只|不要)(输出|回答|转写)|翻译成|系统提示"
)
_MOST_PARTS = 6  # words with blanks between them; more is a sentence


@dataclass(frozen=True, slots=True)
class Hotword:
    """A name or term as it is written; `sounds`: how the engine may hear it, empty where the spelling says that."""

    word: str
    sounds: str = ""

    @property
    def line(self) -> str:
        """As people write it, and as it is stored."""
        return f"{self.word} {SIGN} {self.sounds}" if self.sounds else self.word


@dataclass(frozen=True, slots=True)
class Refusal:
    """A line that was not taken: its number from 1 (0: the list as a whole), its text, and why, as a sentence."""

    line: int
    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What became of a list: the words in their order, and what was refused."""

    words: tuple[Hotword, ...]
    refused: tuple[Refusal, ...]


def hotword(line: str) -> Hotword:
    """A line's word and sound, with width folded and blanks made single. Says nothing about whether it may stand."""
    word, _, sounds = composed(line).partition(SIGN)
    return Hotword(" ".join(word.split()), " ".join(sounds.split()))


def clean_text(text: str) -> Cleaned:
    """A list as people write it: one word a line; empty lines and those that begin with # are passed over."""
    lines = text.removeprefix("\ufeff").splitlines()
    numbered = ((number, line) for number, line in enumerate(lines, 1) if line.strip())
    return _clean((number, line) for number, line in numbered if not line.lstrip().startswith("#"))


def clean(lines: Iterable[str]) -> Cleaned:
    """A list as programs send it: each item one line."""
    return _clean(enumerate(lines, 1))


def fit_for_prompt(words: Iterable[Hotword]) -> tuple[Hotword, ...]:
    """What of a list may reach a model, wherever the list comes from: each word is judged again as if it were new."""
    return clean(one.line for one in words).words


def _clean(lines: Iterable[tuple[int, str]]) -> Cleaned:
    words: dict[str, Hotword] = {}
    refused: list[Refusal] = []
    for seen, (number, line) in enumerate(lines):
        if seen >= MOST_LINES:
            refused.append(Refusal(0, "", f"Only the first {MOST_LINES} lines were looked at."))
            break
        if len(line) > _LONGEST_LINE:
            refused.append(Refusal(number, line.strip()[:LONGEST_SOUND], _TOO_LONG))
            continue
        one = hotword(line)
        key = " ".join(tokens(one.word))
        if reason := _why_not(line, one) or _why_not_here(key, words):
            refused.append(Refusal(number, line.strip()[:LONGEST_SOUND], reason))
        else:
            words[key] = one
    return Cleaned(tuple(words.values()), tuple(refused))


def _why_not(line: str, one: Hotword) -> str:
    """Why a line may not stand at all; empty where it may."""
    written = one.word + one.sounds
    if len(line.strip().splitlines()) > 1:
        return "A hotword is one line."
    if _BRACKETS & (set(line) | set(written)):
        return "Brackets are not allowed in a hotword."
    if _is_instruction(line, one):
        return "This is part of the model's own instructions."
    if strange := next((sign for sign in written if not _stands(sign)), ""):
        return _about_sign(strange)
    return _about_size(one) or _about_sound(line, one)


def _is_instruction(line: str, one: Hotword) -> bool:
    """Whether it would speak to the model; blanks and marks between Chinese characters hide nothing."""
    folded = fold(line)
    bare = "".join(sign for sign in folded if sign.isalnum())
    if any(phrase in folded or phrase in bare for phrase in _PROMPT):
        return True
    return bool(_ORDER.search(fold(one.word)) or _ORDER.search(fold(one.sounds)) or _ORDER.search(bare))


def _about_sign(sign: str) -> str:
    if sign in ",;、，；":
        return "Write one hotword a line; commas do not separate them."
    if sign.isprintable():
        return f"The sign “{sign}” is not allowed in a hotword."
    return "There is an invisible sign in it."


def _about_size(one: Hotword) -> str:
    letters = tokens(one.word)
    if not any(sign.isalpha() for sign in one.word):
        return "A hotword needs at least one letter."
    if sum(map(len, letters)) < 2:
        return "A single letter or character would stand for too much."
    if len(one.word.split()) > _MOST_PARTS:
        return "A hotword is a name or a term, not a sentence."
    if len(one.word) > LONGEST_WORD:
        return _TOO_LONG
    return ""


def _about_sound(line: str, one: Hotword) -> str:
    if SIGN in composed(line) and not re.search(r"\w", one.sounds):
        return "Nothing stands after =; write there what it sounds like, or leave = out."
    if len(one.sounds) > LONGEST_SOUND:
        return f"What it sounds like has at most {LONGEST_SOUND} characters."
    return ""


def _why_not_here(key: str, words: dict[str, Hotword]) -> str:
    if key in words:
        return "It is on the list already."
    if len(words) >= MOST_WORDS:
        return f"The list is full: it holds at most {MOST_WORDS} words."
    return ""


def _stands(sign: str) -> bool:
    return sign in _ALSO or unicodedata.category(sign)[0] in "LMN"
