"""Room: install.exclusive. One installation at a time in one .venv, whoever starts it. Never leaves a lock behind."""

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from nas_asr.core.locks import taken

WAIT_SECONDS = 1.0


@contextlib.contextmanager
def exclusive(folder: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Hold `folder` alone; `waiting` is called every second while somebody else does. Dying lets go."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        while not taken(descriptor):
            waiting()
            time.sleep(WAIT_SECONDS)
        yield
    finally:
        os.close(descriptor)
