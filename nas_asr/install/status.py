"""Room: install.status. How far stage 2 is, for the page and doctor. Reads one file; never imports torch or funasr."""

import importlib
import importlib.util
import json
import os
import sys
import threading
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from nas_asr.core.clock import iso, utc_now
from nas_asr.install.locks import Stamps, lock

SILENT_FOR = timedelta(seconds=60)  # the installer writes at least every few seconds; after this it is gone
_LOOKING = threading.Lock()  # two threads that forget Python's caches at the same moment trip over each other: KeyError


class Stage2State(StrEnum):
    """Where stage 2 stands."""

    ABSENT = "absent"
    INSTALLING = "installing"
    INSTALLED = "installed"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Stage2Status:
    """`done` of `total` are for a progress bar; `message` and `remedy` are sentences or empty."""

    state: Stage2State
    step: str = ""
    done: int = 0
    total: int = 0
    message: str = ""
    remedy: str = ""
    updated_at: str = ""


ABSENT = Stage2Status(
    Stage2State.ABSENT,
    message="The packages of the Fun-ASR engine are not installed; declared English is transcribed without them.",
    remedy="Start with `make run`, without STAGE=1, and they are installed beside everything else.",
)
INTERRUPTED = replace(
    ABSENT,
    message="Installing the Fun-ASR engine was interrupted.",
    remedy="It goes on at the next start without STAGE=1: run `make run`.",
)
INSTALLED = Stage2Status(Stage2State.INSTALLED, message="The Fun-ASR engine's packages are installed.")


def status_file(data: Path) -> Path:
    """Where the installer writes its progress."""
    return data / "stage2.json"


def log_file(data: Path) -> Path:
    """Where pip's own words go."""
    return data / "logs" / "stage2.log"


def empty_log(data: Path) -> None:
    """Begin the log anew, in place: whoever started us may have it open, too."""
    log_file(data).parent.mkdir(parents=True, exist_ok=True)
    log_file(data).write_bytes(b"")


def write_status(data: Path, status: Stage2Status) -> None:
    """Replace the file at once, so that a reader never sees half of it."""
    data.mkdir(parents=True, exist_ok=True)
    whole = status_file(data)
    part = whole.with_name(f"{whole.name}.{os.getpid()}")
    part.write_text(json.dumps(asdict(status)), "utf-8")
    part.replace(whole)


def read_status(data: Path) -> Stage2Status | None:
    """What the installer wrote last, or None."""
    try:
        written = json.loads(status_file(data).read_text("utf-8"))
        return Stage2Status(**written | {"state": Stage2State(written["state"])})
    except (OSError, ValueError, KeyError, TypeError):
        return None


def stage2_status(data: Path, *, now: datetime | None = None, prefix: Path | None = None) -> Stage2Status:
    """Where stage 2 stands in the virtual environment that we run in. Raises nothing."""
    written = read_status(data)
    here = modules_here()
    if here and finished(prefix):
        return _with_words(written, INSTALLED)
    if written is not None and written.state is Stage2State.INSTALLING:
        return written if _fresh(written, now or utc_now()) else INTERRUPTED
    if written is not None and written.state in (Stage2State.FAILED, Stage2State.SKIPPED):
        return written
    return INSTALLED if here else _with_words(written, ABSENT)


def finished(prefix: Path | None = None) -> bool:
    """Whether the installer came to its end with the lock file of today."""
    return Stamps(prefix or Path(sys.prefix)).fits("engine", lock("engine").text)


def _with_words(written: Stage2Status | None, fallback: Stage2Status) -> Stage2Status:
    return written if written is not None and written.state is fallback.state else fallback


def modules_here() -> bool:
    """Whether torch and funasr can be imported; somebody may have uninstalled them by hand."""
    with _LOOKING:
        importlib.invalidate_caches()  # they may have come after this process started
        return all(importlib.util.find_spec(name) is not None for name in ("torch", "funasr"))


def _fresh(status: Stage2Status, now: datetime) -> bool:
    try:
        return now - datetime.fromisoformat(status.updated_at) < SILENT_FOR
    except (ValueError, TypeError):
        return False


def stamped(status: Stage2Status, now: datetime) -> Stage2Status:
    """The same, said now."""
    return replace(status, updated_at=iso(now))
