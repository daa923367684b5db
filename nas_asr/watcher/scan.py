"""Room: watcher.scan. One look through a folder: names and numbers of every file. Opens no file, follows no link.

A look is compared with the memory while it goes on: of files that are as they were nothing is kept, however many there are.
"""

import errno
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field

from nas_asr.core.recording import LedgerState
from nas_asr.media import open_folder
from nas_asr.services.sightings import FOLDER, UNREADABLE_FOLDER, Rule, Sighting, Stat
from nas_asr.watcher import ignore
from nas_asr.watcher.memory import Memory, mark, mark_of

_ELSEWHERE = (
    "In the folder's place there is something else, or a symbolic link on the way to it. If that is meant to be, remove the "
    "folder and add it again; its recordings stay."
)
_WHY = {
    errno.ENOENT: "The folder is not there. Is the share mounted?",
    errno.ENOTDIR: _ELSEWHERE,
    errno.ELOOP: _ELSEWHERE,
    errno.EACCES: "The folder may not be read",
    errno.EPERM: "The folder may not be read",
    errno.ESTALE: "The share was taken away while it was mounted.",
    errno.ENOTCONN: "The share's connection is lost.",
    errno.EHOSTDOWN: "The computer that has the share is down.",
    errno.EHOSTUNREACH: "The computer that has the share cannot be reached.",
    errno.ETIMEDOUT: "The share does not answer.",
}


@dataclass(frozen=True, slots=True)
class Root:
    """Which directory it is: a share that is not mounted leaves another one in its place."""

    device: int
    inode: int


# One file that its disk or its server has broken: those beside it are well, and are not to wait for it
_BROKEN = (errno.EIO, errno.EUCLEAN, errno.EBADMSG, errno.EINVAL, errno.EOVERFLOW)
_WENT = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)  # a folder below was removed or exchanged since its name was seen
_AS_NOTHING = mark(FOLDER)
_LONGEST_PATH = 4095  # bytes that the system takes at once; a look goes folder by folder and finds more
_TOO_DEEP = Rule(
    "too_deep", "It lies so deep that the system cannot open it. Move it up, or shorten the names of the folders above it.",
    LedgerState.FAILED, final=True,
)  # fmt: skip


@dataclass(slots=True)
class Seen:
    """What a look saw. fresh: all that the memory does not know like this; unseen: what it knows and was not there.

    files: how many were seen. recognised: whether a file of people's, known by its path, was among them. unread: whether a
    folder below could not be listed; nothing is concluded about what lies in it.
    """

    files: int = 0
    fresh: list[Sighting] = field(default_factory=list)
    unseen: list[bytes] = field(default_factory=list)
    recognised: bool = False
    unread: bool = False


@dataclass(frozen=True, slots=True)
class Scan:
    """A good look, and the root that it saw."""

    root: Root
    seen: Seen


@dataclass(frozen=True, slots=True)
class Away:
    """The folder cannot be looked through, for this reason; nothing is concluded about its files."""

    reason: str


def scan(path: bytes, memory: Memory, marker: bytes = b"") -> Scan | Away:
    """Look through a folder. marker: a file that must be in its root, where an admin put one. Never raises OSError."""
    try:
        before = root_of(path)
        if marker:
            os.lstat(path + b"/" + marker)
        seen = _Walk(path, memory).through()
        after = root_of(path)
    except OSError as error:
        if marker and error.filename == path + b"/" + marker:
            return Away(f"The marker file “{os.fsdecode(marker)}” is not in the folder. Is the right share mounted?")
        return Away(_why(error))
    if before != after:
        return Away("The folder was exchanged while it was looked through.")
    return Scan(before, seen)


def look_at(path: bytes) -> Stat | None:
    """One regular file as it is now; None where it is gone, something else, or cannot be seen."""
    try:
        status = os.lstat(path)
    except OSError:
        return None
    return Stat.of(status) if stat.S_ISREG(status.st_mode) else None


def root_of(path: bytes) -> Root:
    """Which directory is there now. Raises OSError."""
    status = os.lstat(path + b"/.")
    return Root(status.st_dev, Stat.of(status).inode)


class _Walk:
    """One walk through all folders, the deepest of the last one first."""

    def __init__(self, root: bytes, memory: Memory) -> None:
        self._root = root
        self._memory = memory
        self._longest = _LONGEST_PATH - len(root) - 1
        self._seen = Seen()
        self._waiting = [b""]
        self._been_in: set[bytes] = set()
        self._unread: list[bytes] = []

    def through(self) -> Seen:
        """Walk. Raises OSError where the root itself cannot be listed."""
        while self._waiting:
            folder = self._waiting.pop()
            try:
                self._look_into(folder)
            except OSError as error:
                if not folder:
                    raise
                self._unread.append(folder)
                self._seen.unread = True
                if error.errno not in _WENT:
                    self._line_of_its_own(folder, _unreadable(error))
        for folder in self._memory.folders():
            if folder not in self._been_in and not self._is_unread(folder):
                self._miss(folder, set())
        return self._seen

    def _look_into(self, folder: bytes) -> None:
        # Opened without following links, for a folder may be exchanged for a link after it was seen
        descriptor = open_folder(self._root, folder)
        try:
            with os.scandir(descriptor) as entries:
                recognised = self._compare(entries, folder)
            self._been_in.add(folder)
            if recognised != len(self._memory.folder(folder)):
                # Names are listed once more only where one is missed: to keep all of them each time costs more than the look
                with os.scandir(descriptor) as entries:
                    files = {os.fsencode(entry.name) for entry in entries if not _is_folder(entry)}
                self._miss(folder, files)
        finally:
            os.close(descriptor)

    def _compare(self, entries: Iterator[os.DirEntry[str]], folder: bytes) -> int:
        """Tell known from fresh; returns how many known names there were. This is the loop that counts."""
        prefix = folder + b"/" if folder else b""
        known, seen = self._memory.folder(folder), self._seen
        recognised = 0
        for entry in entries:
            name = os.fsencode(entry.name)
            try:
                status = None if entry.is_dir(follow_symlinks=False) else entry.stat(follow_symlinks=False)
            except OSError as error:
                recognised += self._meet_broken(prefix + name, known.get(name), error)
                continue
            if status is None:
                self._meet_folder(prefix + name, name)
                continue
            seen.files += 1
            before = known.get(name)
            if before is not None:
                recognised += 1
                if not seen.recognised:
                    seen.recognised = not ignore.is_junk(name)
            if before != mark_of(status):
                rule = _rule(status, name) if len(prefix) + len(name) <= self._longest else _TOO_DEEP
                seen.fresh.append(Sighting(prefix + name, Stat.of(status), rule))
        return recognised

    def _meet_folder(self, path: bytes, name: bytes) -> None:
        rule = ignore.folder_rule(name)
        if rule is None:
            self._waiting.append(path)
        else:
            self._been_in.add(path)
            self._line_of_its_own(path, rule)
            self._miss(path, {b""})

    def _meet_broken(self, path: bytes, before: int | None, error: OSError) -> int:
        """A name whose file cannot even be looked at has a line that says so. Returns 1 where the memory knows the name: it is
        there, so it does not go missing. Raises what is not the one file's trouble.
        """
        if isinstance(error, FileNotFoundError):  # it went between listing and looking
            return 0
        if error.errno not in _BROKEN:
            raise error
        self._seen.files += 1
        if before != _AS_NOTHING:
            self._seen.fresh.append(Sighting(path, FOLDER, _broken(error)))
        return int(before is not None)

    def _line_of_its_own(self, folder: bytes, rule: Rule) -> None:
        if self._memory.folder(folder).get(b"") != _AS_NOTHING:
            self._seen.fresh.append(Sighting(folder + b"/", FOLDER, rule))

    def _miss(self, folder: bytes, names: set[bytes]) -> None:
        prefix = folder + b"/" if folder else b""
        gone = self._memory.folder(folder).keys() - names
        self._seen.unseen.extend(prefix + name for name in gone)

    def _is_unread(self, folder: bytes) -> bool:
        return any(folder == unread or folder.startswith(unread + b"/") for unread in self._unread)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:  # a broken name
        return False


def _rule(status: os.stat_result, name: bytes) -> Rule | None:
    if stat.S_ISREG(status.st_mode):
        return ignore.rule_for(name)
    return ignore.LINK if stat.S_ISLNK(status.st_mode) else ignore.SPECIAL


def _broken(error: OSError) -> Rule:
    said = f"This file cannot even be looked at: {error.strerror}. It is tried again at each look."
    return Rule("broken_entry", said, LedgerState.FAILED, final=True)


def _unreadable(error: OSError) -> Rule:
    if error.errno in (errno.EACCES, errno.EPERM):
        said = (
            f"This folder may not be read by user number {os.geteuid()}. Give the account that nas_asr runs as permission "
            "to read it."
        )
    else:
        said = f"This folder cannot be read: {error.strerror}. It is tried again at each look."
    return Rule(UNREADABLE_FOLDER, said, LedgerState.FAILED, final=True)


def _why(error: OSError) -> str:
    text = _WHY.get(error.errno or 0, f"The folder cannot be read: {error.strerror}.")
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"{text} by user number {os.geteuid()}. Give the account that nas_asr runs as permission to read it."
    return text
