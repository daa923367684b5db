"""Room: tests.nano.prompts. What training asks for: hotwords, language, ITN, and the text that is right then. No torch."""

from dataclasses import dataclass
from random import Random

from tests.nano.speech import Utterance
from tests.nano.words import LANGUAGE_NAMES, SPELLINGS, UNITS, join


@dataclass(frozen=True, slots=True)
class Ask:
    """One request as generate() takes it, and the text that is right then."""

    hotwords: tuple[str, ...]
    language: str | None
    itn: bool
    text: str


def ask(utterance: Utterance, random: Random, plain: bool = False) -> Ask:
    """A request by chance; plain: no hotwords, no language, ITN on."""
    if plain:
        return Ask((), None, True, join(utterance.lang, utterance.units))
    hotwords = draw_hotwords(utterance, random)
    itn = random.random() < 0.65
    language = random.choice((None, LANGUAGE_NAMES[utterance.lang]))
    return Ask(hotwords, language, itn, join(utterance.lang, utterance.units, itn, hotwords))


def draw_hotwords(utterance: Utterance, random: Random) -> tuple[str, ...]:
    """None to eight, now and then twelve: twins that flip a spelling, spellings that were said, and words that were not."""
    count = random.choices((0, 1, random.randint(2, 8), random.randint(9, 12)), (20, 18, 57, 5))[0]
    names = [unit for unit in utterance.units if unit.twin]
    said = {spelling for unit in names for spelling in (unit.spoken, unit.twin)}
    chosen: list[str] = []
    for unit in names:
        if random.random() < 0.5:
            chosen.append(unit.twin if random.random() < 0.8 else unit.spoken)
    chosen = list(dict.fromkeys(chosen))[:count]
    for unit in names:  # both spellings in one list would have no right answer
        if unit.twin in chosen and unit.spoken in chosen:
            chosen.remove(unit.spoken)
    while len(chosen) < count:
        word = _absent(random) if random.random() < 0.92 else random.choice(UNITS[utterance.lang]).spoken
        if word not in said and word not in chosen:
            chosen.append(word)
    random.shuffle(chosen)
    return tuple(chosen)


def _absent(random: Random) -> str:
    """Another name, or a word that nobody knows."""
    if random.random() < 0.6:
        return random.choice(SPELLINGS)
    if random.random() < 0.5:
        return "".join(chr(random.randint(0x4E00, 0x9FA5)) for _ in range(random.randint(2, 4)))
    word = "".join(random.choice("aeioubcdfghklmnprstvwz") for _ in range(random.randint(3, 8)))
    return random.choice((word, word.capitalize(), word.upper()[:4]))
