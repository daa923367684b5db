"""Room: watcher.ears. inotify, with an ear for what the kernel lost and what it would not watch. Linux alone; tells, never acts.

watchdog has one line in its log for an overflow, and nothing at all for a subfolder that the machine's limit left out. It is
asked where it deals with both: `InotifyFD.handle_event` and `add_callback`. A new version has to pass tests/watcher/test_wake.py.
"""

import errno
import os
import warnings
from collections.abc import Callable
from pathlib import Path

from watchdog.observers.api import BaseObserver
from watchdog.observers.inotify import InotifyEmitter
from watchdog.observers.inotify_c import CallbackId, InotifyEvent, InotifyFD, Mask, WatchCallback, WatchDescriptor

# A folder that is made while its parent is being listed is met twice; watchdog warns of it on standard error, to no use
warnings.filterwarnings("ignore", "Callback with id", RuntimeWarning)

_LIMITS = (Path("/proc/sys/fs/inotify/max_user_watches"), Path("/proc/sys/user/max_inotify_watches"))


class Ears(InotifyFD):
    """The kernel's queue of events. lost: called after events were lost; refused: when there are no more watches to be had."""

    def __init__(self, root: str, lost: Callable[[], None], refused: Callable[[], None]) -> None:
        super().__init__()
        self.deaf = False  # not even the root is watched
        self._root = os.fsencode(root)
        self._lost = lost
        self._refused = refused

    def handle_event(self, event: InotifyEvent) -> None:
        """As watchdog does, which watches everything anew after an overflow; then say so."""
        super().handle_event(event)
        if event.is_queue_overflow:
            self._lost()

    def add_callback(self, path: bytes, mask: Mask, callback: WatchCallback, id_: CallbackId) -> WatchDescriptor:
        """As watchdog does, which goes on without a word where a subfolder cannot be watched."""
        try:
            return super().add_callback(path, mask, callback, id_)
        except OSError as error:
            self.deaf = self.deaf or path == self._root
            if error.errno == errno.ENOSPC:
                self._refused()
            raise


class Inotify(BaseObserver):
    """watchdog's observer over our own ears."""

    def __init__(self, ears: Ears) -> None:
        super().__init__(InotifyEmitter, inotify_fd=ears)
        self._ears = ears
        ears.start()

    def well(self) -> bool:
        """Whether every thread that events pass through is alive."""
        return self._ears.is_alive() and not self._ears.deaf

    def on_thread_stop(self) -> None:
        """End all threads."""
        super().on_thread_stop()
        self._ears.stop()
        if self._ears.is_alive():
            self._ears.join()


def watch_limit() -> int:
    """How many directories a user of this machine may watch, 0 where nobody says."""
    found = []
    for place in _LIMITS:
        try:
            found.append(int(place.read_text()))
        except (OSError, ValueError):
            continue
    return min(found, default=0)
