"""Room: watcher.headers. Looks into headers beside the watch of a folder, so that a person who chooses knows how long it takes.

One file after the other, until the sample is through or somebody has chosen. Never takes a file.
"""

import os
import threading
from functools import partial

from nas_asr.core.errors import MediaError, Unreadable
from nas_asr.services.base import House
from nas_asr.services.folders import Watched
from nas_asr.services.header_looks import headers_to_look_into, note_header
from nas_asr.services.ingest import Probe
from nas_asr.watcher.edge import survive

_EVERY_S = 1.0  # until the first look is over, and after trouble


class HeaderLooks:
    """A thread of its own: a header on a slow share takes seconds, and the looking through must not wait for it."""

    def __init__(self, house: House, folder: Watched, probe: Probe) -> None:
        self._house = house
        self._folder_id = folder.id
        self._root = os.fsencode(folder.path)
        self._probe = probe
        self._tried: set[str] = set()
        self._over = threading.Event()

    def start(self) -> None:
        """Begin to look."""
        threading.Thread(target=self._work, name=f"headers-{self._folder_id}", daemon=True).start()

    def stop(self) -> None:
        """End after the file at hand."""
        self._over.set()

    def _work(self) -> None:
        while not self._over.is_set() and survive(self._look_into_all, folder=self._folder_id) is not True:
            self._over.wait(_EVERY_S)

    def _look_into_all(self) -> bool:
        """Whether there is nothing left to do."""
        headers = headers_to_look_into(self._house, self._folder_id)
        for line_id, raw_path in headers.files:
            if line_id in self._tried:
                continue
            if self._over.is_set():
                return True
            self._tried.add(line_id)
            if survive(partial(self._look_into, line_id, raw_path), folder=self._folder_id) is False:
                return True
        return headers.looked or not headers.open

    def _look_into(self, line_id: str, raw_path: bytes) -> bool:
        """Whether the question is still open."""
        duration_ms: int | None
        try:
            duration_ms = self._probe(self._root + b"/" + raw_path, self._root).duration_ms
        except Unreadable:  # the share's trouble, not the file's: it is counted by its bytes
            duration_ms = None
        except MediaError:
            duration_ms = 0
        return note_header(self._house, line_id, duration_ms)
