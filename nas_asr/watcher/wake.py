"""Room: watcher.wake. The system's events about one folder, as a hint to look early. Never says what happened.

Events are silent where another machine writes to the share, and lost where too many come at once: the scan is the truth.
"""

import logging
import os
import time
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
from watchdog.observers.api import BaseObserver

from nas_asr.watcher.ignore import is_quiet

try:
    from nas_asr.watcher.ears import Ears, Inotify, watch_limit
except (
    ImportError,
    AttributeError,
    OSError,
):  # no inotify: watchdog has other means elsewhere, which have no such limits
    Inotify = None  # type: ignore[assignment,misc]

log = logging.getLogger(__name__)

# Not the ones for opening and reading: our own hashing would wake us for ever.
_EVENTS: list[type[FileSystemEvent]] = [
    DirCreatedEvent, DirDeletedEvent, DirMovedEvent, FileClosedEvent, FileCreatedEvent, FileDeletedEvent,
    FileModifiedEvent, FileMovedEvent,
]  # fmt: skip
_TELL_FOR_S = 600.0  # that events were lost is told for so long


class Wake(FileSystemEventHandler):
    """Calls `ring` when something in the folder may have changed, also when the system says that it lost count."""

    def __init__(self, path: str, ring: Callable[[], None]) -> None:
        self.limited = False  # there are subfolders that the system would not watch
        self._path = path
        self._ring = ring
        self._why_none = ""
        self._lost_at = float("-inf")
        self._observer: BaseObserver | None = None

    def start(self) -> None:
        """Begin to listen; never fails, for a folder without events is looked through all the same."""
        try:
            self._observer = self._new_observer()
            self._observer.schedule(self, self._path, recursive=True, event_filter=_EVENTS)
            self._observer.start()
        except OSError as error:  # too many watches, no inotify, or the folder went away just now
            self._why_none = error.strerror or str(error)
            log.warning("folder.without_events", extra={"errno": error.errno})

    def stop(self) -> None:
        """Listen no longer."""
        if self._observer is not None:
            self._observer.stop()

    @property
    def well(self) -> bool:
        """Whether events come. A thread that ended tells nobody, so it is asked."""
        if not self._why_none and not self._is_listening():
            self._why_none = "the listening ended by itself"
            log.warning("folder.events_ended")
        return not self._why_none

    def note(self, every_s: float) -> str:
        """What an admin should know of it, empty where all is well. every_s: how often the folder is looked through."""
        if not self.well:
            why = self._why_none
            return f"No events come from this folder ({why}); it is looked through every {every_s:g} s."
        if self.limited:
            return (
                f"This machine allows no more watches (fs.inotify.max_user_watches = {watch_limit()}), so not every subfolder "
                f"tells of changes; all are looked through every {every_s:g} s."
            )
        if time.monotonic() - self._lost_at < _TELL_FOR_S:
            return "The kernel lost events, for too many came at once; the folder was looked through at once, so nothing is lost."
        return ""

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Wake the loop unless nothing but junk changed; NAS software touches its own files all the time."""
        if not all(is_quiet(self._below(path)) for path in (event.src_path, event.dest_path) if path):
            self._ring()

    def _new_observer(self) -> BaseObserver:
        if Inotify is None:
            return Observer()
        return Inotify(Ears(self._path, self._lose, self._be_refused))

    def _is_listening(self) -> bool:
        observer = self._observer
        if observer is None or not observer.is_alive() or not all(emitter.is_alive() for emitter in observer.emitters):
            return False
        return Inotify is None or not isinstance(observer, Inotify) or observer.well()

    def _lose(self) -> None:
        log.warning("folder.events_lost")
        self._lost_at = time.monotonic()
        self._ring()

    def _be_refused(self) -> None:
        if not self.limited:
            self.limited = True
            log.warning("folder.watches_refused", extra={"limit": watch_limit()})
            self._ring()

    def _below(self, path: bytes | str) -> bytes:
        return os.fsencode(path)[len(os.fsencode(self._path)) :].lstrip(b"/")
