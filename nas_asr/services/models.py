"""Room: services.models. What admins see of the engines' models, and their wish for one. Workers download; nobody here does."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from nas_asr.core.access import Viewer
from nas_asr.core.checkpoints import CHECKPOINTS, Checkpoint, known
from nas_asr.core.errors import Invalid
from nas_asr.core.pulls import PullState
from nas_asr.services.base import Act, House, audit
from nas_asr.services.house_settings import leave_wish
from nas_asr.services.summary import live_workers
from nas_asr.store.models import HouseSetting
from nas_asr.store.scope import Scope

PULL = "pull_model"  # no setting, but a wish that workers hear the same way


@dataclass(frozen=True, slots=True)
class PullWish:
    """What admins want pulled: the wish's number, a name that we know, and a hub or empty for the first that answers."""

    number: int
    model: str
    hub: str = ""


@dataclass(frozen=True, slots=True)
class ShelfView:
    """A place where models lie: one for each machine and DATA. here: whether the model is whole there.

    pull: how far its download is, as core.pulls.PullStatus says it; None where there is nothing to tell. asked: the wish
    was not heard there yet.
    """

    machine: str
    workers: tuple[str, ...]
    here: bool
    pull: Mapping[str, Any] | None
    asked: bool

    @property
    def under_way(self) -> bool:
        """Whether it is being downloaded, or about to be."""
        return self.asked or self.pull is not None and self.pull["state"] == PullState.PULLING

    @property
    def failed(self) -> bool:
        """Whether the last try came to nothing and the model is not here."""
        ended = (PullState.FAILED, PullState.INTERRUPTED)
        return not self.under_way and not self.here and self.pull is not None and self.pull["state"] in ended


@dataclass(frozen=True, slots=True)
class ModelView:
    """A known model, and each place where it could be."""

    checkpoint: Checkpoint
    shelves: tuple[ShelfView, ...]

    @property
    def here(self) -> bool:
        """Whether every worker has it."""
        return bool(self.shelves) and all(shelf.here for shelf in self.shelves)

    @property
    def under_way(self) -> bool:
        """Whether it is on its way to any of them."""
        return any(shelf.under_way for shelf in self.shelves)


def wish_for_model(house: House, viewer: Viewer, model: str, hub: str = "") -> str:
    """Ask every worker to pull it to its machine. Returns its name; raises Invalid where it is none that we know."""
    checkpoint = known(model)
    if checkpoint is None:
        raise Invalid(f"“{model}” is no model that we know.", "Choose one of the list.", field="model")
    if hub not in ("", *checkpoint.ids):
        raise Invalid(f"“{hub}” is no hub that has this model.", "Choose one of the list.", field="hub")
    with house.db.write() as session:
        Scope(session, viewer).require_admin()
        leave_wish(session, house, viewer, PULL, json.dumps({"model": checkpoint.name, "hub": hub}))
        audit(session, house, viewer, Act("model.asked", checkpoint.name))
    return checkpoint.name


def pull_wish(house: House) -> PullWish | None:
    """The newest wish; None where there is none, or where the database does not answer."""
    try:
        with house.db.read() as session:
            row = session.scalar(select(HouseSetting).where(HouseSetting.name == PULL))
            return None if row is None else PullWish(row.generation, **json.loads(row.value or "{}"))
    except (SQLAlchemyError, ValueError, TypeError):
        return None


def list_models(house: House, viewer: Viewer) -> list[ModelView]:
    """Every known model with what the living workers say of it; admins only."""
    wish = pull_wish(house)
    with house.db.read() as session:
        Scope(session, viewer).require_admin()
        told: dict[str, list[tuple[str, Mapping[str, Any]]]] = {}
        for beat in live_workers(session, house):
            if isinstance(said := beat.detail.get("models"), dict):
                told.setdefault(str(said.get("shelf")), []).append((beat.name, said))
    return [ModelView(one, tuple(_shelf(one, workers, wish) for _, workers in sorted(told.items()))) for one in CHECKPOINTS]


def _shelf(one: Checkpoint, workers: Sequence[tuple[str, Mapping[str, Any]]], wish: PullWish | None) -> ShelfView:
    names, said = tuple(name for name, _ in workers), workers[0][1]
    pull, here = said.get("pull"), said.get("here")
    theirs = pull if isinstance(pull, dict) and pull.get("model") == one.name and _is_readable(pull) else None
    heard = max(_number(words.get("heard")) for _, words in workers)
    asked = wish is not None and wish.model == one.name and wish.number > heard
    is_here = isinstance(here, list) and one.name in here
    return ShelfView(str(said.get("machine", "")), names, is_here, theirs, asked)


def _is_readable(pull: Mapping[str, Any]) -> bool:
    """Whether a worker of another version told it as we do."""
    numbers = all(isinstance(pull.get(name), int) for name in ("done", "total"))
    return numbers and pull.get("state") in list(PullState)


def _number(told: object) -> int:
    return told if isinstance(told, int) else 0
