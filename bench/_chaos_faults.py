"""Room: bench._chaos_faults. What strikes a house: how each kind begins, how long it lasts, how it ends. Judges nothing."""

import os
import random
import sqlite3
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from bench._chaos_drops import Droppers, Share, rename
from bench._chaos_house import EVERYBODY, WORKERS, Household, Tempo, compiler

_STEPS_S = (600.0, 5400.0)  # less and more than the house ever puts anything off


@dataclass
class Stage:
    """Who can be struck. disk: the mount point whose room is bounded, None where DATA lies on an ordinary disk.

    busy: the names of the workers that have a run under a lease just now.
    """

    household: Household
    droppers: Droppers
    rng: random.Random
    tempo: Tempo
    database_url: str
    disk: Path | None
    busy: Callable[[], set[str]]
    clock_s: float = 0.0

    def worker(self) -> str:
        """One of the workers, one that is at work where there is one."""
        return self.rng.choice(sorted(self.busy()) or list(WORKERS))


@dataclass
class Blow:
    """A fault that is under way.

    ends: when `mend` is called. workers: what the names of those begin with whose runs are met; None where no worker is struck.
    """

    ends: float
    mend: Callable[[], None]
    workers: str | None = None


@dataclass(frozen=True)
class Fault:
    """One kind. groups: what it needs for itself. strike returns None where it cannot be done now.

    stops_taking, stops_claiming: while it lasts, nobody can write a line of a new file, or claim a run.
    """

    kind: str
    groups: frozenset[str]
    strike: Callable[[Stage], Blow | None]
    stops_taking: bool = False
    stops_claiming: bool = False
    why_not: Callable[[Stage], str] = field(default=lambda stage: "")


def faults() -> dict[str, Fault]:
    """All kinds, by name."""
    workers, everybody = frozenset(WORKERS), frozenset(EVERYBODY)
    kinds = [
        Fault("kill-watcher", frozenset({"watcher"}), lambda stage: _kill(stage, "watcher"), True),
        Fault("kill-web", frozenset({"web"}), lambda stage: _kill(stage, "web")),
        Fault("kill-worker", workers, lambda stage: _kill(stage, stage.worker())),
        Fault("kill-child", workers, _kill_child),
        Fault("kill-redis", frozenset({"redis"}), lambda stage: _kill(stage, "redis")),
        Fault("lose-redis", frozenset({"redis"}), _lose_redis),
        Fault("kill-all", everybody, lambda stage: _kill(stage, *EVERYBODY), True, True),
        Fault("pause-worker", workers, lambda stage: _pause(stage, stage.worker())),
        Fault("pause-watcher", frozenset({"watcher"}), lambda stage: _pause(stage, "watcher"), True),
        Fault("lock-database", frozenset({"database", "disk"}), _lock_database, True, True),
        Fault("fill-disk", frozenset({"database", "disk", "redis"}), _fill_disk, True, True, _no_disk),
        Fault("take-root", frozenset({"root"}), _take_root),
        Fault("clock-forward", frozenset({"clock"}), lambda stage: _step_clock(stage, 1), False, False, _no_clock),
        Fault("clock-back", frozenset({"clock"}), lambda stage: _step_clock(stage, -1), False, False, _no_clock),
    ]
    return {fault.kind: fault for fault in kinds}


# -- processes --------------------------------------------------------------------------------------------------------


def _kill(stage: Stage, *names: str) -> Blow:
    due = stage.household.kill(*names)
    return Blow(due, stage.household.tend, _whose(names))


def _whose(names: tuple[str, ...]) -> str | None:
    struck = [name for name in names if name in WORKERS]
    return os.path.commonprefix(struck) if struck else None


def _kill_child(stage: Stage) -> Blow | None:
    name = stage.worker()
    return Blow(time.monotonic(), _nothing, name) if stage.household.kill_child(name) else None


def _lose_redis(stage: Stage) -> Blow:
    due = stage.household.kill("redis")
    stage.household.forget_queue()
    return Blow(due, stage.household.tend)


def _pause(stage: Stage, name: str) -> Blow:
    """For longer than a lease."""
    stage.household.pause(name)
    ends = time.monotonic() + stage.tempo.lease_s + stage.rng.uniform(0.5, 1.5)
    return Blow(ends, lambda: stage.household.resume(name), _whose((name,)))


# -- places -----------------------------------------------------------------------------------------------------------


def _lock_database(stage: Stage) -> Blow | None:
    """Somebody else writes to it, for longer than a lease half of the time."""
    seconds = stage.rng.uniform(1.5, stage.tempo.lease_s + 1.5)
    held = ExitStack()
    try:
        if stage.database_url.startswith("sqlite:///"):
            connection = sqlite3.connect(stage.database_url.removeprefix("sqlite:///"), timeout=5, isolation_level=None)
            held.callback(connection.close)
            connection.execute("BEGIN IMMEDIATE")
        else:
            engine = create_engine(stage.database_url)
            held.callback(engine.dispose)
            session = held.enter_context(engine.connect())
            session.execute(text("LOCK TABLE runs, recordings, ledger IN EXCLUSIVE MODE"))
    except (sqlite3.OperationalError, OperationalError):  # full or locked as it is; PostgreSQL chose us to end a deadlock
        held.close()
        return None
    return Blow(time.monotonic() + seconds, held.close)


def _fill_disk(stage: Stage) -> Blow | None:
    """The file system of DATA has no block left; then somebody makes room."""
    assert stage.disk is not None
    ballast = stage.disk / "ballast"
    with ballast.open("ab", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(1 << 16))
    with ballast.open("ab", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(512))
    return Blow(time.monotonic() + stage.rng.uniform(1.5, 3.5), lambda: ballast.unlink(missing_ok=True))


def _no_disk(stage: Stage) -> str:
    return "" if stage.disk else "no file system of bounded size could be mounted here (needs root or user namespaces)"


def _take_root(stage: Stage) -> Blow:
    """A share is unmounted: its root is gone, or an empty directory lies in its place. People go on writing to it."""
    share = stage.rng.choice(stage.droppers.shares)
    mount_point = stage.rng.random() < 0.5
    rename(share, share.root.with_name(f".{share.root.name}.away"))
    if mount_point:
        share.root.mkdir()
    return Blow(time.monotonic() + stage.rng.uniform(2.0, 5.0), lambda: _bring_back(share))


def _bring_back(share: Share) -> None:
    with suppress(FileNotFoundError):
        os.rmdir(share.root)  # noqa: PTH106 (must be empty: nobody may have written there)
    rename(share, share.root)


def _step_clock(stage: Stage, sign: int) -> Blow:
    stage.clock_s += sign * stage.rng.choice(_STEPS_S)
    stage.household.step_clock(stage.clock_s)
    return Blow(time.monotonic(), _nothing)


def _no_clock(_stage: Stage) -> str:
    return "" if compiler() else "there is no C compiler here to make the clock that can be stepped"


def _nothing() -> None:
    """What is done is done."""
