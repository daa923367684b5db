"""Room: watcher.wake. The system's events about one folder, as a hint to look early. Never says what happened.

Events are silent where another machine writes to the share, and lost where too many come at once: the scan is the truth.
"""

import logging
import os
from collections.abc import Callable

from watchdog.events import (
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer

from nas_asr.watcher.ignore import is_quiet

log = logging.getLogger(__name__)

# Not the ones for opening and reading: our own hashing would wake us for ever.
_EVENTS: list[type[FileSystemEvent]] = [
    DirCreatedEvent, DirDeletedEvent, DirMovedEvent, FileClosedEvent, FileCreatedEvent, FileDeletedEvent,
    FileModifiedEvent, FileMovedEvent,
]  # fmt: skip


class Wake(FileSystemEventHandler):
    """Calls `ring` when something in the folder may have changed. Where the system gives no events, says why in `note`."""

    def __init__(self, path: str, ring: Callable[[], None]) -> None:
        self.note = ""
        self._path = path
        self._ring = ring
        self._observer = Observer()

    def start(self) -> None:
        """Begin to listen; never fails, for a folder without events is looked through all the same."""
        try:
            self._observer.schedule(self, self._path, recursive=True, event_filter=_EVENTS)
            self._observer.start()
        except OSError as error:  # too many watches, no inotify, or the folder went away just now
            self.note = f"No events from this folder ({error.strerror}); it is looked through at intervals."
            log.warning("folder.without_events", extra={"errno": error.errno})

    def stop(self) -> None:
        """Listen no longer."""
        if self._observer.is_alive():
            self._observer.stop()

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Wake the loop unless nothing but junk changed; NAS software touches its own files all the time."""
        if not all(is_quiet(self._below(path)) for path in (event.src_path, event.dest_path) if path):
            self._ring()

    def _below(self, path: bytes | str) -> bytes:
        return os.fsencode(path)[len(os.fsencode(self._path)) :].lstrip(b"/")
