"""Room: engine.word_times. From a text and the frames of its tokens to words with times. Knows no model; invents no time.

A word is a run of letters and digits between spaces and marks; in scripts without spaces each character is one. Places in a
text are counted in letters: every sign but spaces, which tokenizers write or leave out as they like.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from nas_asr.core.transcript import Milliseconds, Word

Decode = Callable[[list[int]], str]
Range = tuple[int, int]  # [first, end)

# Han, kana and their marks; Hangul and all others write spaces.
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_UNFINISHED = "\ufffd"  # what a decoder says of a character whose bytes are not all there yet


@dataclass(slots=True)
class Spoken:
    """A word of a text, and where it stands, in letters."""

    word: str
    first: int
    end: int


def spoken_words(text: str) -> list[Spoken]:
    """The words without marks: "你好, it's 5%" is 你, 好, it's, 5."""
    words: list[Spoken] = []
    is_open = False
    letter = 0
    for at, sign in enumerate(text):
        if sign.isspace():
            is_open = False
            continue
        letter += 1
        if _CJK.match(sign):
            words.append(Spoken(sign, letter - 1, letter))
            is_open = False
        elif not _is_letter(sign) and not (is_open and sign in "'’-" and _goes_on(text, at)):
            is_open = False
        elif is_open:
            words[-1].word += sign
            words[-1].end = letter
        else:
            words.append(Spoken(sign, letter - 1, letter))
            is_open = True
    return words


def _is_letter(sign: str) -> bool:
    return unicodedata.category(sign)[0] in "LNM"


def _goes_on(text: str, at: int) -> bool:
    after = text[at + 1 : at + 2]
    return bool(after) and _is_letter(after) and not _CJK.match(after)


def plain(text: str) -> str:
    """The text without marks, one space where there was one: what a CTC head was taught to write."""
    written = ""
    for each in spoken_words(text):
        gap = bool(written) and not (_CJK.match(written[-1]) or _CJK.match(each.word))
        written += f" {each.word}" if gap else each.word
    return written


def letters(text: str) -> int:
    """How many signs that are no spaces."""
    return len("".join(text.split()))


def token_letters(tokens: Sequence[int], decode: Decode) -> list[Range]:
    """For each token the letters that it writes or helps to write.

    A character of several tokens belongs to each of them; a token of several characters has them all.
    """
    ranges: list[Range] = []
    done = 0
    for count in range(1, len(tokens) + 1):
        text = decode(list(tokens[:count]))
        whole = letters(text.rstrip(_UNFINISHED))
        ranges.append((done, done + 1 if text.endswith(_UNFINISHED) else max(whole, done)))
        done = max(done, whole)
    return ranges


def timed(
    words: Sequence[Spoken], ranges: Sequence[Range], frames: Sequence[Range], frame_ms: float
) -> list[Word] | None:
    """The words with times from the first frame; None where a word has no token.

    ranges and frames: of each token in order, the letters it writes and where it was heard.
    """
    times: list[Word] = []
    for each in words:
        said = [at for (first, end), at in zip(ranges, frames, strict=True) if first < each.end and end > each.first]
        if not said:
            return None
        times.append(Word(each.word, _ms(said[0][0], frame_ms), _ms(said[-1][1], frame_ms)))
    return times


def _ms(frame: int, frame_ms: float) -> Milliseconds:
    return round(frame * frame_ms)
