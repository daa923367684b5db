"""Room: install.shelf. Which models are known, which are here, and whether they are as they were pulled. Changes nothing."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from nas_asr.core.checkpoints import CHECKPOINTS, LOCK, PART, Hub, is_whole, known, misfits, place, read_lock


class ShelfState(StrEnum):
    """Whether a checkpoint is here. by_hand: whole as far as can be seen, but never locked."""

    HERE = "here"
    BY_HAND = "by hand"
    UNFINISHED = "unfinished"
    BROKEN = "broken"
    ABSENT = "not here"


@dataclass(frozen=True, slots=True)
class Shelved:
    """A checkpoint that is known or here. size: bytes, here as locked, otherwise about what comes; broken: files that lack."""

    name: str
    engine: str
    languages: tuple[str, ...]
    size: int
    licence: str
    state: ShelfState
    hub: str = ""
    revision: str = ""
    directory: Path | None = None
    broken: tuple[str, ...] = ()


def shelf(models: Path) -> list[Shelved]:
    """Every known model, and everything else that was pulled. Looks at sizes only, so it is quick."""
    rows: list[Shelved] = []
    for one in CHECKPOINTS:
        there = [
            row for hub, model in one.ids.items() if (row := _look(place(models, hub, model), hub, model)) is not None
        ]
        rows += there or [
            Shelved(one.name, one.engine, one.languages, round(one.gigabytes * 1e9), one.licence, ShelfState.ABSENT)
        ]
    for hub in Hub:
        for directory in sorted((models / hub.value).glob("*/*")):
            model = f"{directory.parent.name}/{directory.name.removesuffix(PART)}"
            if known(model) is None and (row := _look(place(models, hub, model), hub, model)) is not None:
                rows += [] if row in rows else [row]
    return rows


def _look(directory: Path, hub: Hub, model: str) -> Shelved | None:
    one, lock = known(model), read_lock(directory)
    missing = misfits(directory, lock) if lock else ()
    begun = directory.with_name(directory.name + PART).is_dir()
    if lock is not None:
        state = ShelfState.BROKEN if missing else ShelfState.HERE
    elif (directory / LOCK).exists():
        state, missing = ShelfState.BROKEN, (LOCK,)
    elif is_whole(directory):
        state = ShelfState.BY_HAND
    elif begun:
        state = ShelfState.UNFINISHED
    else:
        return None
    return Shelved(
        one.name if one else model, one.engine if one else "", one.languages if one else (),
        lock.size if lock else round(one.gigabytes * 1e9) if one else 0,
        one.licence if one else lock.licence if lock else "", state, hub.value,
        (lock.commit or lock.revision) if lock else "", directory, missing,
    )  # fmt: skip


def named(models: Path, model: str) -> Iterator[Shelved]:
    """The rows of one model, or of all that are here where none is named."""
    one = known(model)
    for row in shelf(models):
        if row.directory is not None and model in ("", row.name) or (one is not None and row.name == one.name):
            yield row
