"""Room: services.engines. Which engines the living workers offer, and what has to wait for one. Never loads an engine.

Workers tell in their signs of life what they can do: they may sit on other machines than the watcher and the pages.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from nas_asr.core import checkpoints
from nas_asr.core.errors import StorageFull
from nas_asr.core.offers import AUTO, BUILT_IN_OFFER, MODEL, Skills, heard
from nas_asr.core.pulls import PullState
from nas_asr.core.recording import Waiting
from nas_asr.services.base import House
from nas_asr.services.summary import live_workers
from nas_asr.store.models import HouseSetting

_SEEN = "model_seen"  # a row beside the settings: since when the house knows its model


@dataclass(frozen=True, slots=True)
class Served:
    """What the living workers can do. workers: empty while nobody has told; then only what needs no asking is known."""

    workers: tuple[Skills, ...]
    choice: str = AUTO

    @property
    def known(self) -> bool:
        """Whether somebody lives who has told."""
        return bool(self.workers)

    def engine_for(self, wanted: str, language: str) -> str | None:
        """The engine that a run gets, the best one of all workers; None where it has to wait. wanted: empty for the house's."""
        workers = self.workers or (Skills((BUILT_IN_OFFER,), self.choice),)
        found = [engine for worker in workers if (engine := worker.engine_for(wanted, language)) is not None]
        return MODEL if MODEL in found else next(iter(found), None)

    def waiting_for(self, wanted: str, language: str) -> Waiting | None:
        """Why a run cannot be claimed yet, or None where it can."""
        return Waiting.MODEL if self.engine_for(wanted, language) is None else None

    def languages(self, engine: str) -> frozenset[str]:
        """What the engine serves, on whatever worker."""
        return frozenset(language for worker in self.workers for language in worker.languages(engine))


@dataclass(frozen=True, slots=True)
class Outlook:
    """What pages say about engines. choice: the house's own. known: whether a worker lives who has told what it offers.

    offered: engines of all living workers. model_lost: the model worked here before, and no worker has it any more.
    coming: a worker is downloading it now.
    """

    choice: str
    known: bool
    offered: frozenset[str]
    model_lost: bool
    coming: bool = False

    @property
    def has_model(self) -> bool:
        """Whether what `auto` likes best is here."""
        return MODEL in self.offered

    @property
    def lacks(self) -> str:
        """The engine that new recordings should have and do not get; empty where there is nothing to say."""
        wanted = MODEL if self.choice == AUTO else self.choice
        return wanted if self.known and wanted not in self.offered else ""


def served(session: Session, house: House, besides: str = "") -> Served:
    """What the living workers can do. besides: the name of one that is not asked."""
    beats = (beat for beat in live_workers(session, house) if beat.name != besides)
    found = (heard(beat.detail) for beat in beats)
    return Served(tuple(skills for skills in found if skills is not None), house.options.engine)


def outlook(house: House) -> Outlook:
    """What to say about engines now."""
    choice = house.options.engine
    with house.db.read() as session:
        now = served(session, house)
        seen = session.scalar(select(HouseSetting.name).where(HouseSetting.name == _SEEN)) is not None
        coming = any(_is_coming(beat.detail) for beat in live_workers(session, house))
    offered = frozenset(offer.engine for worker in now.workers for offer in worker.offers)
    lost = seen and now.known and choice in (AUTO, MODEL) and MODEL not in offered
    return Outlook(choice, now.known, offered, lost, coming)


def _is_coming(told: Mapping[str, Any]) -> bool:
    """Whether a worker's sign of life speaks of a download that gives it the model."""
    models = told.get("models")
    pull = models.get("pull") if isinstance(models, dict) else None
    if not isinstance(pull, dict) or pull.get("state") != PullState.PULLING:
        return False
    default = checkpoints.default_checkpoint(MODEL)
    return default is not None and pull.get("model") == default.name


def remember(house: House, skills: Skills) -> None:
    """A worker has the model: if it is ever gone, that is worth saying. The next sign of life tries again where this fails."""
    if not skills.languages(MODEL):
        return
    try:
        with house.db.write() as session:
            if session.get(HouseSetting, _SEEN) is None:
                session.add(HouseSetting(name=_SEEN, value=MODEL, generation=0, changed_at=house.now()))
    except (OperationalError, StorageFull):
        return


def was_seen(house: House) -> bool:
    """Whether the model ever worked in this house."""
    with house.db.read() as session:
        return session.get(HouseSetting, _SEEN) is not None
