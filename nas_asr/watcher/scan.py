"""Room: watcher.scan. One look through a folder: names and numbers of every file. Opens no file, follows no link."""

import errno
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass

from nas_asr.media import open_folder
from nas_asr.services.sightings import Sighting, Stat
from nas_asr.watcher import ignore

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


@dataclass(frozen=True, slots=True)
class Scan:
    """What a look saw. unread: folders below the root that could not be listed; nothing is concluded about them."""

    root: Root
    files: dict[bytes, Sighting]
    unread: tuple[bytes, ...]

    def tells_about(self, raw_path: bytes) -> bool:
        """Whether not having seen this file means that it is gone."""
        return not any(raw_path.startswith(folder + b"/") for folder in self.unread)


@dataclass(frozen=True, slots=True)
class Away:
    """The folder cannot be looked through, for this reason; nothing is concluded about its files."""

    reason: str


def scan(path: bytes, marker: bytes = b"") -> Scan | Away:
    """Look through a folder. marker: a file that must be in its root, where an admin put one. Never raises OSError."""
    try:
        before = _root(path)
        if marker:
            os.lstat(path + b"/" + marker)
        files, unread = _walk(path)
        after = _root(path)
    except OSError as error:
        if marker and error.filename == path + b"/" + marker:
            return Away(f"The marker file “{os.fsdecode(marker)}” is not in the folder. Is the right share mounted?")
        return Away(_why(error))
    if before != after:
        return Away("The folder was exchanged while it was looked through.")
    return Scan(before, files, unread)


def look_at(path: bytes) -> Stat | None:
    """One regular file as it is now; None where it is gone, something else, or cannot be seen."""
    try:
        status = os.lstat(path)
    except OSError:
        return None
    return Stat.of(status) if stat.S_ISREG(status.st_mode) else None


def _root(path: bytes) -> Root:
    status = os.lstat(path + b"/.")
    folded = Stat.of(status)
    return Root(status.st_dev, folded.inode)


def _walk(root: bytes) -> tuple[dict[bytes, Sighting], tuple[bytes, ...]]:
    files: dict[bytes, Sighting] = {}
    unread: list[bytes] = []
    waiting = [b""]
    while waiting:
        folder = waiting.pop()
        try:
            for sighting in _listed(root, folder, waiting):
                files[sighting.raw_path] = sighting
        except OSError:
            if not folder:
                raise
            unread.append(folder)
    return files, tuple(unread)


def _listed(root: bytes, folder: bytes, waiting: list[bytes]) -> Iterator[Sighting]:
    """Files of one folder; the folders in it are put on the list of those that wait."""
    prefix = folder + b"/" if folder else b""
    # Opened without following links, for a folder may be exchanged for a link after it was seen
    descriptor = open_folder(root, folder)
    try:
        with os.scandir(descriptor) as entries:
            for entry in entries:
                name = os.fsencode(entry.name)
                if entry.is_dir(follow_symlinks=False):
                    if not ignore.skips_folder(name):
                        waiting.append(prefix + name)
                elif not ignore.is_junk(name) and (sighting := _seen(entry, name, prefix)) is not None:
                    yield sighting
    finally:
        os.close(descriptor)


def _seen(entry: os.DirEntry[str], name: bytes, prefix: bytes) -> Sighting | None:
    try:
        status = entry.stat(follow_symlinks=False)
    except FileNotFoundError:  # it went between listing and looking
        return None
    rule = ignore.rule_for(name)
    if not stat.S_ISREG(status.st_mode):
        if not ignore.sounds_like_audio(name):
            return None
        rule = ignore.LINK if stat.S_ISLNK(status.st_mode) else ignore.SPECIAL
    return Sighting(prefix + name, Stat.of(status), rule)


def _why(error: OSError) -> str:
    text = _WHY.get(error.errno or 0, f"The folder cannot be read: {error.strerror}.")
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"{text} by user number {os.geteuid()}. Give the account that nas_asr runs as permission to read it."
    return text
