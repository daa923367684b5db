"""Room: tests.nano.evaluate. How good a small checkpoint is, through funasr's own AutoModel. Run by hand, never by a test.

python -m tests.nano.evaluate FOLDER [--count 60] [--json]

Needs espeak-ng and flite. Utterances, requests and voices are drawn anew; what training heard is among them by chance only.
"""

import argparse
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import Any

from tests.nano.speech import UNSEEN_FLITE, Sound, Utterance, Voice, draw_utterance, no_speech, perform
from tests.nano.words import LANGUAGE_NAMES, SPELLINGS, STRANGERS, join

LONGEST_ANSWER = 40  # tokens


@dataclass(frozen=True, slots=True)
class Case:
    """A sound, a request and the right text; names: the spellings of names that the text must hold."""

    sound: Sound
    text: str
    names: tuple[str, ...] = ()
    hotwords: tuple[str, ...] = ()
    language: str | None = None
    itn: bool = True


@dataclass(frozen=True, slots=True)
class Score:
    """Figures of one condition: error_rate per token (word, character or digit); shares between 0 and 1."""

    lang: str
    condition: str
    count: int
    error_rate: float
    exact: float
    names: int
    names_right: float


class Recogniser:
    """AutoModel, one request for each group of cases that ask the same."""

    def __init__(self, folder: Path) -> None:
        import torch
        from funasr import AutoModel

        self._tensor: Callable[[Sound], Any] = torch.from_numpy
        self._model: Any = AutoModel(
            model=str(folder), device="cpu", disable_update=True, disable_pbar=True, ncpu=2, ctc_decoder=None
        )

    def texts(self, cases: Sequence[Case], batch: int = 16) -> list[str]:
        """The text of each case."""
        groups: dict[tuple[Any, ...], list[int]] = {}
        for at, case in enumerate(cases):
            groups.setdefault((case.hotwords, case.language, case.itn), []).append(at)
        said = [""] * len(cases)
        for (hotwords, language, itn), members in groups.items():
            answers = self._model.generate(
                input=[self._tensor(cases[at].sound) for at in members],
                batch_size=batch,
                max_length=LONGEST_ANSWER,
                hotwords=list(hotwords),
                language=language,
                itn=itn,
            )
            for at, answer in zip(members, answers, strict=True):
                said[at] = answer["text"].strip()
        return said


def tokens(text: str) -> list[str]:
    """English words, Chinese characters, digits."""
    return re.findall(r"[a-z]+|\S", text)


def errors(right: Sequence[str], said: Sequence[str]) -> int:
    """Levenshtein's distance."""
    row = list(range(len(said) + 1))
    for at, wanted in enumerate(right, 1):
        diagonal, row[0] = row[0], at
        for k, got in enumerate(said, 1):
            diagonal, row[k] = row[k], min(row[k] + 1, row[k - 1] + 1, diagonal + (wanted != got))
    return row[-1]


def score(lang: str, condition: str, cases: Sequence[Case], said: Sequence[str]) -> Score:
    """The figures of one condition."""
    pairs = [(tokens(case.text), tokens(text)) for case, text in zip(cases, said, strict=True)]
    wrong, whole = sum(errors(*pair) for pair in pairs), sum(len(right) for right, _ in pairs)
    exact = sum(right == got for right, got in pairs)
    held = [text if lang == "zh" else text.split() for text in said]
    names = [name in text for case, text in zip(cases, held, strict=True) for name in case.names]
    rate = wrong / max(1, whole)
    return Score(lang, condition, len(cases), round(rate, 4), round(exact / len(cases), 4), len(names), _share(names))


def _share(right: Sequence[bool]) -> float:
    return round(sum(right) / len(right), 4) if right else 0.0


def case_of(
    utterance: Utterance, sound: Sound, hotwords: tuple[str, ...] = (), itn: bool = True, named: bool = False
) -> Case:
    """The utterance under a request."""
    names = [unit for unit in utterance.units if unit.twin]
    right = tuple(unit.text(itn, hotwords) for unit in names)
    language = LANGUAGE_NAMES[utterance.lang] if named else None
    return Case(sound, join(utterance.lang, utterance.units, itn, hotwords), right, hotwords, language, itn)


def strange(utterance: Utterance, count: int, random: Random) -> tuple[str, ...]:
    """Hotwords that were not said: half other names, half words that the model never saw."""
    said = {spelling for unit in utterance.units for spelling in (unit.spoken, unit.twin)}
    names = [spelling for spelling in SPELLINGS if spelling not in said]
    chosen = [*random.sample(names, count // 2), *random.sample(STRANGERS, count - count // 2)]
    random.shuffle(chosen)
    return tuple(chosen)


def shuffled(words: Sequence[str], random: Random) -> tuple[str, ...]:
    """The same words in another order."""
    return tuple(random.sample(words, len(words)))


def conditions(lang: str, count: int, seed: int) -> Iterator[tuple[str, list[Case]]]:
    """Every condition of one language, each utterance of two to six units unless its name says otherwise."""
    random = Random(seed)
    said = [draw_utterance(lang, random, [random.randint(2, 6)]) for _ in range(count)]
    heard = [(each, perform(each)) for each in said]
    named = [(each, sound) for each, sound in heard if any(unit.twin for unit in each.units)]
    twins = {each.seed: tuple(unit.twin for unit in each.units if unit.twin) for each, _ in named}
    yield "no hotwords", [case_of(*each) for each in heard]
    yield "no hotwords, language named", [case_of(*each, named=True) for each in heard]
    yield "ITN off", [case_of(*each, itn=False) for each in heard]
    yield "flipping hotwords", [case_of(*each, twins[each[0].seed]) for each in named]
    yield (
        "flipping hotwords, 4 others",
        [case_of(*each, shuffled((*twins[each[0].seed], *strange(each[0], 4, random)), random)) for each in named],
    )
    yield "1 absent hotword", [case_of(*each, strange(each[0], 1, random)) for each in heard]
    yield "8 absent hotwords", [case_of(*each, strange(each[0], 8, random)) for each in heard]
    shapes = (("one unit", 1, 1, 1), ("two phrases", 2, 1, 4), ("three phrases, up to 12 s", 3, 2, 4))
    for name, phrases, least, most in shapes:
        drawn = [
            draw_utterance(lang, random, [random.randint(least, most) for _ in range(phrases)])
            for _ in range(count // 2)
        ]
        yield name, [case_of(each, perform(each)) for each in drawn]
    drawn = [draw_utterance(lang, random, [random.randint(2, 6)], unseen=True) for _ in range(count)]
    drawn = [each for each in drawn if each.voice.program == "espeak-ng"]
    yield "unseen voices (espeak-ng)", [case_of(each, perform(each)) for each in drawn]
    if lang == "en":
        voice = Voice("flite", UNSEEN_FLITE[0], 150, 50, 1.0)
        drawn = [draw_utterance(lang, random, [random.randint(2, 6)]) for _ in range(count // 2)]
        drawn = [Utterance(lang, each.phrases, voice, each.seed) for each in drawn]
        yield "unseen voice (flite awb)", [case_of(each, perform(each)) for each in drawn]


def nothing_said(count: int, seed: int) -> Iterator[tuple[str, list[Case]]]:
    """Silence and noise of 0.1 to 8 seconds; the text must be empty."""
    random = Random(seed)
    sounds = [no_speech(random.getrandbits(31), random.choice((0.1, 0.3, 0.5, 1, 2, 4, 8))) for _ in range(count)]
    nobody = draw_utterance("en", random, [])
    yield "silence, noise", [Case(sound, "") for sound in sounds]
    yield "silence, noise, 1 hotword", [Case(sound, "", hotwords=(random.choice(SPELLINGS),)) for sound in sounds]
    yield "silence, noise, 8 hotwords", [Case(sound, "", hotwords=strange(nobody, 8, random)) for sound in sounds]


def evaluate(folder: Path, count: int, seed: int) -> Iterator[Score]:
    """Every condition, and whether batches change anything."""
    recogniser = Recogniser(folder)
    for name, cases in nothing_said(count, seed):
        yield score("-", name, cases, recogniser.texts(cases))
    for lang in ("en", "zh"):
        for name, cases in conditions(lang, count, seed):
            said = recogniser.texts(cases)
            yield score(lang, name, cases, said)
            if name == "no hotwords":
                singly = [Case(case.sound, text) for case, text in zip(cases, said, strict=True)]
                yield score(lang, "batches against single", singly, recogniser.texts(singly, batch=1))


def main() -> None:
    """Print a table, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=60, help="utterances for each condition")
    parser.add_argument("--seed", type=int, default=4242)
    parser.add_argument("--json", action="store_true")
    wanted = parser.parse_args()
    scores = []
    for each in evaluate(wanted.folder, wanted.count, wanted.seed):
        scores.append(each)
        if not wanted.json:
            figures = f"errors {each.error_rate:6.1%}  exact {each.exact:6.1%}"
            names = f"  names {each.names_right:.1%} of {each.names}" if each.names else ""
            print(f"{each.lang:2} {each.condition:28} {each.count:4}  {figures}{names}", flush=True)
    if wanted.json:
        print(json.dumps([asdict(each) for each in scores], indent=1))


if __name__ == "__main__":
    main()
