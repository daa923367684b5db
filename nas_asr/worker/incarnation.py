"""Room: worker.incarnation. Gives a worker a name that survives restarts and that no second one can have at a time."""

import fcntl
import hashlib
import os
import socket
from dataclasses import dataclass
from pathlib import Path

from nas_asr.core.errors import ConfigError
from nas_asr.core.ids import new_id
from nas_asr.services.transcribe import Incarnation

_MOST = 64


@dataclass(frozen=True, slots=True)
class Slot:
    """A name that is ours until close(), or until the kernel sees us die."""

    who: Incarnation
    lock: int

    def close(self) -> None:
        """Give the name back."""
        os.close(self.lock)


def take_slot(data: Path, name: str = "") -> Slot:
    """The given name, or the first free one of this machine and DATA. Raises ConfigError where it is taken."""
    folder = data.resolve() / "run"
    folder.mkdir(parents=True, exist_ok=True)
    if name:
        lock = _try_lock(folder / f"worker-{_short(name)}.lock")
        if lock is None:
            raise ConfigError(f"A worker with the name {name} is already running here.", "Give this one another name.")
        return Slot(Incarnation(name, new_id()), lock)
    for number in range(1, _MOST + 1):
        lock = _try_lock(folder / f"worker-{number}.lock")
        if lock is not None:
            return Slot(Incarnation(f"{socket.gethostname()[:60]}-{_short(str(folder))}-{number}", new_id()), lock)
    raise ConfigError(f"There are {_MOST} workers on this DATA already.", "Start fewer.")


def _short(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:8]


def _try_lock(path: Path) -> int | None:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor
