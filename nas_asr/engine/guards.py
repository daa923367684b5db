"""Room: engine.guards. Whether a text can be what was said in an utterance: repeats, length, silence, losses. Pure checks.

Each bound lies well beyond what people do: a guard that cries at real speech is worse than none.
"""

import re
from collections.abc import Iterable, Sequence

import numpy as np
from rapidfuzz.distance import Levenshtein

from nas_asr.core.flags import Flag
from nas_asr.core.hotwords import Hotword
from nas_asr.core.ports import SAMPLE_RATE, Pcm, Utterance, Vad
from nas_asr.core.search_text import CJK, tokens

_CHARACTER = re.compile(f"[{CJK}]")
# So often in a row, by how many words or characters repeat. People do say "no no no no" and 对对对对对.
_REPEATS = {1: 10, 2: 6, 3: 5}
_REPEATS_OF_MORE = 4
_REPEATS_OF_SENTENCES = (8, 3)  # eight and more words or characters: three times
_CHARACTERS_A_SECOND = 12.0  # Chinese is read at 4 to 7, auctioned at 10
_WORDS_A_SECOND = 7.0
_LETTERS_A_SECOND = 35.0  # of scripts and loops without blanks
_SLACK_S = 1.0
_SILENT_DB = -55.0  # dBFS of the loudest twentieth; the quietest real speech that was measured has -35
_STEADY_DB = 6.0  # between the loudest and the quietest tenth; speech has 8 at least, 36 as a rule
_SOME_SPEECH_MS = 100
_FRAME = SAMPLE_RATE // 50
_SPARSE = 3.0  # letters a second of sound; speech has about 12
_LEAST_SOUND_S = 1.5
_LETTERS_A_CHARACTER = 3  # of its syllable
_TOO_SHORT = 12  # letters; of less, one name is most
_LONG = 30  # letters; of so many, names do not change all
_SAME = 0.2  # of the words or characters


def findings(text: str, utterance: Utterance) -> tuple[Flag, ...]:
    """What speaks against a text by itself."""
    found = [Flag.LOOP] if repeats(text) else []
    return tuple(found + [Flag.TOO_LONG] if too_long(text, _seconds(utterance)) else found)


def repeats(text: str) -> bool:
    """Whether the same words or characters come again and again, without anything between."""
    said = tokens(text)
    return any(_run(said, size) >= _bound(size) * size for size in range(1, len(said) // 3 + 1))


def too_long(text: str, seconds: float) -> bool:
    """Whether nobody says so much in this time, whatever the script."""
    said = tokens(text)
    characters = sum(_is_character(one) for one in said)
    words = len(said) - characters
    letters = sum(len(one) for one in said) - characters
    needed = characters / _CHARACTERS_A_SECOND + max(words / _WORDS_A_SECOND, letters / _LETTERS_A_SECOND)
    return needed > seconds + _SLACK_S


def silent(utterance: Utterance, vad: Vad) -> bool:
    """Whether there is nothing to hear: hardly a level, or a steady one, and the VAD finds no speech in it by itself."""
    levels = _levels(utterance.pcm)
    if not len(levels):
        return True
    quiet, loud = np.percentile(levels, (10, 95))
    if loud >= _SILENT_DB and loud - quiet >= _STEADY_DB:
        return False
    return sum(span.length_ms for span in vad.spans([utterance.pcm])) < _SOME_SPEECH_MS


def sparse(text: str, utterance: Utterance) -> bool:
    """Whether there is much more sound than text: a reason to listen again, no more than that."""
    levels = _levels(utterance.pcm)
    if not len(levels):
        return False
    loud = np.percentile(levels, 95)
    seconds = float(np.sum(levels > max(loud - 25, _SILENT_DB))) * _FRAME / SAMPLE_RATE
    return seconds >= _LEAST_SOUND_S and _weight(tokens(text)) < _SPARSE * seconds


def changes(text: str, plain: str) -> tuple[Flag, ...]:
    """What a text with hotwords lost against the one without, or has beyond it, that is more than names."""
    if lost(text, plain):
        return (Flag.LOST_TEXT,)
    return (Flag.ADDED_TEXT,) if lost(plain, text) else ()


def lost(text: str, plain: str) -> bool:
    """Whether a text lacks the end or most of another one of the same sound. Names may differ, not the rest."""
    said, before = tokens(text), tokens(plain)
    whole = _weight(before)
    if whole < _TOO_SHORT:
        return not said and whole > 2 * _LETTERS_A_CHARACTER
    if _weight(said) < whole / 2 or (whole >= _LONG and Levenshtein.normalized_similarity(said, before) < _SAME):
        return True
    kept = [(block.src_end, block.dest_end) for block in Levenshtein.opcodes(before, said) if block.tag == "equal"]
    at, other_at = kept[-1] if kept else (0, 0)
    ending, other = before[at:], said[other_at:]
    return _weight(ending) >= max(_TOO_SHORT, 0.15 * whole) and _weight(other) < _weight(ending) / 2


def holds(text: str, words: Iterable[Hotword]) -> bool:
    """Whether any of the hotwords stands in the text, in any case and width."""
    said = tokens(text)
    return any(_stands(tokens(one.word), said) for one in words)


def _stands(name: Sequence[str], said: Sequence[str]) -> bool:
    return any(list(said[at : at + len(name)]) == list(name) for at in range(len(said) - len(name) + 1))


def _run(said: Sequence[str], size: int) -> int:
    """The longest stretch that is one block of this size over and over."""
    longest = same = 0
    for now, before in zip(said[size:], said, strict=False):
        same = same + 1 if now == before else 0
        longest = max(longest, same)
    return longest + size if longest else 0


def _bound(size: int) -> int:
    long_block, times = _REPEATS_OF_SENTENCES
    return times if size >= long_block else _REPEATS.get(size, _REPEATS_OF_MORE)


def _weight(said: Iterable[str]) -> int:
    """How much sound that is, in letters: a character is a syllable."""
    return sum(_LETTERS_A_CHARACTER if _is_character(one) else len(one) for one in said)


def _is_character(token: str) -> bool:
    return len(token) == 1 and _CHARACTER.match(token) is not None


def _levels(pcm: Pcm) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    """dBFS of each fiftieth of a second."""
    samples = np.asarray(pcm[: len(pcm) // _FRAME * _FRAME], np.float64).reshape(-1, _FRAME) / 32768
    levels: np.ndarray[tuple[int], np.dtype[np.float64]] = 10 * np.log10(np.square(samples).mean(axis=1) + 1e-10)
    return levels


def _seconds(utterance: Utterance) -> float:
    return len(utterance.pcm) / SAMPLE_RATE
