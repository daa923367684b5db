"""Room: watcher.memory. What the ledger says of every file of a folder, small enough for a million of them. Asks nobody.

A file is its name below its folder's and one number that its size, time and inode give: about 130 to 165 bytes each, measured by
bench/scan.py. A folder that has a line of its own (`private/`) stands under its own path with an empty name.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from nas_asr.services.sightings import KnownFile, Stat

_BITS = (1 << 60) - 1  # what Python keeps in 32 bytes
_SIGN = 1 << 63
_NOBODY: Mapping[bytes, int] = MappingProxyType({})
_UNLIKE_ANY = -1


def mark(stat: Stat) -> int:
    """A number for what a file looks like; two looks of one file that differ give the same one time in 10^18."""
    return hash(tuple(stat)) & _BITS


def mark_of(status: os.stat_result) -> int:
    """The same, straight from the system: this is done for every file in every look."""
    size, mtime_ns, inode = status.st_size, status.st_mtime_ns, status.st_ino
    if -_SIGN <= mtime_ns < _SIGN and inode < _SIGN:
        return hash((size, mtime_ns, inode)) & _BITS
    return mark(Stat.of(status))


class Memory:
    """Files by folder and name: those that are here, and those that are missing."""

    def __init__(self) -> None:
        self._here: dict[bytes, dict[bytes, int]] = {}
        self._missing: dict[bytes, dict[bytes, int]] = {}

    def learn(self, files: Iterable[KnownFile]) -> None:
        """Take in what the ledger says; where it names a file twice, the later counts.

        Files that were growing are news to whoever starts now: the wait for them is measured by a clock that nobody sets.
        """
        for raw_path, stat, present, growing in files:
            self.note(raw_path, stat)
            if not present:
                self.note_missing(raw_path)
            elif growing:
                self.doubt(raw_path)

    def folder(self, folder: bytes) -> Mapping[bytes, int]:
        """The files of one folder that are here, with their marks."""
        return self._here.get(folder, _NOBODY)

    def folders(self) -> Iterable[bytes]:
        """Every folder with a file that is here."""
        return self._here.keys()

    def here(self) -> Iterator[tuple[bytes, bytes]]:
        """Every file that is here: folder and name."""
        return ((folder, name) for folder, names in self._here.items() for name in names)

    def __contains__(self, raw_path: bytes) -> bool:
        return self.mark(raw_path) is not None

    def is_missing(self, raw_path: bytes) -> bool:
        """Whether the ledger knows the file as missing."""
        folder, name = _split(raw_path)
        return name in self._missing.get(folder, _NOBODY)

    def mark(self, raw_path: bytes) -> int | None:
        """What a file looked like, here or before it went."""
        folder, name = _split(raw_path)
        found = self.folder(folder).get(name)
        return self._missing.get(folder, _NOBODY).get(name) if found is None else found

    def note(self, raw_path: bytes, stat: Stat) -> None:
        """The file is here and looks like this."""
        self._put(raw_path, mark(stat))

    def note_back(self, raw_path: bytes) -> None:
        """A file that was missing is here again, as it was."""
        found = self.mark(raw_path)
        self._put(raw_path, _UNLIKE_ANY if found is None else found)

    def note_missing(self, raw_path: bytes) -> None:
        """The file is gone."""
        folder, name = _split(raw_path)
        if (found := _taken(self._here, folder, name)) is not None:
            self._missing.setdefault(folder, {})[name] = found

    def doubt(self, raw_path: bytes) -> None:
        """Whatever the next look sees of this file is news, be it here or missing now."""
        folder, name = _split(raw_path)
        store = self._missing if name in self._missing.get(folder, _NOBODY) else self._here
        store.setdefault(folder, {})[name] = _UNLIKE_ANY

    def _put(self, raw_path: bytes, found: int) -> None:
        folder, name = _split(raw_path)
        _taken(self._missing, folder, name)
        self._here.setdefault(folder, {})[name] = found


def _split(raw_path: bytes) -> tuple[bytes, bytes]:
    folder, _, name = raw_path.rpartition(b"/")
    return folder, name


def _taken(store: dict[bytes, dict[bytes, int]], folder: bytes, name: bytes) -> int | None:
    names = store.get(folder)
    found = None if names is None else names.pop(name, None)
    if names is not None and not names:
        del store[folder]
    return found
