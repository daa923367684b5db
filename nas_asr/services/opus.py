"""Room: services.opus. Sound that browsers cannot play, as Opus: made once, found again by content. Touches no share.

A few are made at a time, in threads of their own whose children do the work: nobody who asks waits for more than a moment.
"""

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from nas_asr import media
from nas_asr.core.access import Viewer
from nas_asr.core.errors import NasAsrError, Unreadable
from nas_asr.core.ports import Fingerprint
from nas_asr.media.shelf import Shelf
from nas_asr.services.audio import AudioPlace
from nas_asr.services.base import House
from nas_asr.services.listening import AudioGone, Sound, find_sound

log = logging.getLogger(__name__)

CACHE_BYTES = 2 << 30  # seventy meetings of two hours
AT_ONCE = 2
_MADE = "1.webm"  # another number when it is made otherwise, so that nothing old is found
_WAITING = 16  # more are not remembered; who still wants one asks again
_PATIENCE_S = 60.0  # who asked last so long ago has gone
_MOMENT_S = 0.3  # a short memo is made while one waits
_FAILURES = 256


@dataclass(frozen=True, slots=True)
class Making:
    """It is being made. progress: 0 to 1."""

    progress: float


class Encode(Protocol):
    """media.to_opus: writes into an open file, yields how much is done."""

    def __call__(
        self, path: bytes, root: bytes, into: int, *, content: Fingerprint | None = None
    ) -> Iterator[float]: ...


@dataclass(slots=True)
class _Task:
    name: str
    place: AudioPlace
    asked_at: float
    progress: float = 0.0
    over: threading.Event = field(default_factory=threading.Event)


class OpusDesk:
    """Where a process has Opus made and finds it again; one for all its threads."""

    def __init__(
        self,
        shelf: Shelf,
        encode: Encode = media.to_opus,
        clock: Callable[[], float] = time.monotonic,
        moment_s: float = _MOMENT_S,
    ) -> None:
        self._shelf = shelf
        self._encode = encode
        self._clock = clock
        self._moment_s = moment_s
        self._lock = threading.Lock()
        self._tasks: dict[str, _Task] = {}  # in the order in which they were first asked for
        self._at_work: set[str] = set()
        self._failed: dict[str, NasAsrError] = {}

    def get(self, name: str, place: AudioPlace) -> int | Making:
        """A descriptor of what is made of the file there, which the caller closes, or how far it is.

        Raises why it could not be made: MediaError, StorageFull. What may pass is raised once, and tried again when asked again.
        """
        descriptor = self._shelf.open(name)
        if descriptor is not None:
            return descriptor
        task = self._asked(name, place)
        if task is None:
            return Making(0.0)
        if task.over.wait(self._moment_s):
            self._raise_failure(name)
            descriptor = self._shelf.open(name)
        return Making(task.progress) if descriptor is None else descriptor

    def _asked(self, name: str, place: AudioPlace) -> _Task | None:
        """The task, begun where nobody has yet; None where too many wait."""
        self._raise_failure(name)
        with self._lock:
            task = self._tasks.get(name)
            if task is None:
                if len(self._tasks) >= _WAITING + AT_ONCE:
                    return None
                task = self._tasks[name] = _Task(name, place, self._clock())
            task.asked_at = self._clock()
            self._begin()
            return task

    def _begin(self) -> None:
        """Start what waits longest, while there is room; who has gone is not waited for. The lock is held."""
        for task in [task for task in self._tasks.values() if task.name not in self._at_work]:
            if len(self._at_work) == AT_ONCE:
                return
            if self._clock() - task.asked_at > _PATIENCE_S:
                del self._tasks[task.name]
                task.over.set()
                continue
            # A thread for each: on Linux a child dies with the thread that started it
            threading.Thread(target=self._work, args=(task,), name="opus", daemon=True).start()
            self._at_work.add(task.name)

    def _work(self, task: _Task) -> None:
        try:
            self._make(task)
        except NasAsrError as error:
            log.warning("opus.failed", extra={"code": error.code})
            with self._lock:
                self._failed[task.name] = error
                if len(self._failed) > _FAILURES:
                    del self._failed[next(iter(self._failed))]
        finally:
            with self._lock:
                self._at_work.discard(task.name)
                del self._tasks[task.name]
                self._begin()
            task.over.set()

    def _make(self, task: _Task) -> None:
        with self._shelf.draft(task.name) as into:
            if into is None:  # another process is at it, or it was done a moment ago
                return
            for share in self._encode(task.place.path, task.place.root, into, content=task.place.content):
                task.progress = share
        self._shelf.tidy()

    def _raise_failure(self, name: str) -> None:
        with self._lock:
            error = self._failed.get(name)
            if error is not None and not error.permanent:
                del self._failed[name]
        if error is not None:
            raise type(error)(error.message, error.remedy)


def opus_desk(data: Path) -> OpusDesk:
    """The desk of a process whose house has its DATA there."""
    return OpusDesk(Shelf(data / "cache" / "opus", CACHE_BYTES))


def open_opus(
    house: House, viewer: Viewer, desk: OpusDesk, recording_id: str, part: int | None = None
) -> Sound | Making:
    """The sound of a recording, or of one part of a joined one, as Opus; or how far that is.

    Raises as open_sound does, for what lies no longer in its folder is not played from here either; MediaError where nothing of
    it can be decoded, StorageFull where DATA takes no more.
    """
    found = find_sound(house, viewer, recording_id, part)
    # A team finds only what it had made itself: nobody is to learn from the clock what another team has
    name = f"{found.team_id}/{found.sha256}.{_MADE}"
    try:
        made = desk.get(name, found.place)
    except Unreadable as error:
        raise AudioGone(error.message, error.remedy) from error
    if isinstance(made, Making):
        return made
    seen = os.fstat(made)
    mark = f"{found.sha256[:32]}-{_MADE}"
    return Sound(
        made, seen.st_size, seen.st_mtime_ns, mark, "matroska", found.title, found.recorded_at
    )
