"""Room: install.exclusive. One installation at a time in one .venv, whoever starts it. Never leaves a lock behind."""

import contextlib
import errno
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

WAIT_SECONDS = 1.0


@contextlib.contextmanager
def exclusive(folder: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Hold `folder` alone; `waiting` is called every second while somebody else does. Dying lets go."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        while not _taken(descriptor):
            waiting()
            time.sleep(WAIT_SECONDS)
        yield
    finally:
        os.close(descriptor)


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        # Some network file systems know no such locks; two installations at once there are the user's own doing.
        return error.errno not in (errno.EWOULDBLOCK, errno.EAGAIN)
    return True
