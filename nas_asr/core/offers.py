"""Room: core.offers. Which engines a worker can work with, and which of them a run gets. Pure; never loads an engine."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

AUTO = "auto"
BUILT_IN = "sphinx"  # needs no second stage and no weights
MODEL = "fun-asr-nano"  # what `auto` takes wherever its packages and weights are
ENGINES = (AUTO, MODEL, "sensevoice", BUILT_IN, "openai")  # all that somebody can name
_AUTO_TAKES = (MODEL, BUILT_IN)  # best first; any other engine works only where somebody names it


@dataclass(frozen=True, slots=True)
class Offer:
    """An engine that can work here, and the declared languages that it serves."""

    engine: str
    languages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Skills:
    """What one worker can do. offers: best first. choice: the engine for runs that name none, as its settings say."""

    offers: tuple[Offer, ...] = ()
    choice: str = AUTO

    def languages(self, engine: str) -> tuple[str, ...]:
        """What the engine serves here; nothing where it is not here."""
        return next((offer.languages for offer in self.offers if offer.engine == engine), ())

    def is_auto(self, wanted: str) -> bool:
        """Whether a run that asks for this engine takes the best one. wanted: an engine, `auto`, or empty for the choice."""
        return (wanted or self.choice) == AUTO

    def engine_for(self, wanted: str, language: str) -> str | None:
        """The engine that a run in this language gets here, None where it has to wait."""
        names = _AUTO_TAKES if self.is_auto(wanted) else (wanted or self.choice,)
        return next((name for name in names if language in self.languages(name)), None)

    def told(self) -> dict[str, Any]:
        """As plain values, for a sign of life."""
        offers = [{"engine": offer.engine, "languages": list(offer.languages)} for offer in self.offers]
        return {"offers": offers, "choice": self.choice}


def heard(told: Mapping[str, Any]) -> Skills | None:
    """The skills in a sign of life; None where it has none (yet), or none that this version can read."""
    offers, choice = told.get("offers"), told.get("choice", AUTO)
    if not isinstance(offers, list) or not isinstance(choice, str):
        return None
    found = [_offer(one) for one in offers]
    return Skills(tuple(offer for offer in found if offer is not None), choice)


def _offer(told: object) -> Offer | None:
    engine, languages = (told.get("engine"), told.get("languages")) if isinstance(told, dict) else (None, None)
    if not isinstance(engine, str) or not isinstance(languages, list):
        return None
    return Offer(engine, tuple(language for language in languages if isinstance(language, str)))


# What is known without asking anybody: nobody is given invented English (decision 14).
BUILT_IN_OFFER = Offer(BUILT_IN, ("en",))
