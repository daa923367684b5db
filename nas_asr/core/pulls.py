"""Room: core.pulls. How far a download of a checkpoint is: a small file in DATA/models, written by one and read by others."""

import json
import os
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from nas_asr.core.clock import iso

SILENT_FOR = timedelta(seconds=90)  # the puller writes every second, and waits for a silent hub for less than this


class PullState(StrEnum):
    """Where a pull stands."""

    PULLING = "pulling"
    DONE = "done"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class PullStatus:
    """`done` of `total` bytes; message and remedy are sentences or empty. wish: the number of the page's wish, 0 without."""

    state: PullState
    model: str
    hub: str = ""
    done: int = 0
    total: int = 0
    message: str = ""
    remedy: str = ""
    wish: int = 0
    updated_at: str = ""


def status_file(models: Path) -> Path:
    """Where the newest pull writes how far it is."""
    return models / "pull.json"


def write_status(models: Path, status: PullStatus, now: datetime) -> None:
    """Replace the file at once, so that a reader never sees half of it."""
    whole = status_file(models)
    part = whole.with_name(f"{whole.name}.{os.getpid()}")
    part.write_text(json.dumps(asdict(replace(status, updated_at=iso(now)))), "utf-8")
    part.replace(whole)


def read_status(models: Path, now: datetime) -> PullStatus | None:
    """How far the newest pull is, None where there was none; one that fell silent was interrupted. Raises nothing."""
    try:
        said = json.loads(status_file(models).read_text("utf-8"))
        status = PullStatus(**said | {"state": PullState(said["state"])})
        if not all(isinstance(number, int) for number in (status.done, status.total, status.wish)):
            return None
        silent = now - datetime.fromisoformat(status.updated_at) > SILENT_FOR
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if status.state is PullState.PULLING and silent:
        return replace(
            status, state=PullState.INTERRUPTED, message="The download of the model was interrupted.",
            remedy="Start it again: it goes on where it stopped.",
        )  # fmt: skip
    return status
