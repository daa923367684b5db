"""Room: media.files. Opens a file of a share and tells its bytes from others'. Never follows a link, never writes."""

import errno
import hashlib
import os
import stat

from nas_asr.core.errors import Unreadable
from nas_asr.core.ports import Fingerprint

# NONBLOCK: opening a fifo must not wait for its writer
_READ = os.O_RDONLY | os.O_CLOEXEC | os.O_NOCTTY | os.O_NONBLOCK
_FOLDER = os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# To pass through a folder takes less permission than to list it
_PASS = getattr(os, "O_PATH", os.O_RDONLY)
_PIECE = 1 << 20

_WHY = {
    errno.ENOENT: "The file is gone.",
    errno.ENOTDIR: "The file is gone, or lies behind a symbolic link, which is never followed.",
    errno.ELOOP: "It is a symbolic link, and links are never followed.",
    errno.EACCES: "The share does not let us read the file.",
    errno.EPERM: "The share does not let us read the file.",
    errno.ESTALE: "The share lost the file while we looked at it.",
    errno.EISDIR: "It is a folder.",
    errno.ENAMETOOLONG: "Its name is longer than this system can open.",
}
_REMEDY = {
    errno.EACCES: "Give the account that nas_asr runs as permission to read it.",
    errno.EPERM: "Give the account that nas_asr runs as permission to read it.",
    errno.ELOOP: "Put the recording itself into the folder.",
}


def open_no_follow(path: bytes, root: bytes = b"") -> int:
    """A read-only descriptor of a regular file; the caller closes it.

    root: the folder that the path must lie in, as it was resolved when it was chosen; no component of either may be a symbolic
    link by now, for whoever may write beside a folder could put another team's in its place. Without a root only the last
    component may be none. Raises Unreadable.
    """
    try:
        descriptor = _open_below(root, _parts_below(path, root)) if root else os.open(path, _READ | os.O_NOFOLLOW)
    except (OSError, ValueError) as error:
        raise unreadable(error) from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise Unreadable("It is not a regular file.", "Put the recording itself into the folder.")
    return descriptor


def _parts_below(path: bytes, root: bytes) -> list[bytes]:
    base = root.rstrip(b"/") + b"/"
    parts = [part for part in path[len(base) :].split(b"/") if part]
    if not path.startswith(base) or not parts or b".." in parts or b"." in parts:
        raise Unreadable("The file does not lie in its folder.", "Look at the folder's path.")
    return parts


def _open_below(root: bytes, parts: list[bytes]) -> int:
    here = _descend(os.open(b"/", _PASS | _FOLDER), [*root.split(b"/"), *parts[:-1]], _PASS)
    try:
        return os.open(parts[-1], _READ | os.O_NOFOLLOW, dir_fd=here)
    finally:
        os.close(here)


def open_folder(root: bytes, below: bytes = b"") -> int:
    """A descriptor of a folder to list: the root itself, or one below it. Follows no link. Raises OSError."""
    return _descend(os.open(b"/", _PASS | _FOLDER), [*root.split(b"/"), *below.split(b"/")], os.O_RDONLY)


def _descend(here: int, parts: list[bytes], how: int) -> int:
    """From an open folder, which is closed, down to the last of the parts, which is opened as `how` says."""
    parts = [part for part in parts if part] or [b"."]
    for left, part in zip(range(len(parts) - 1, -1, -1), parts, strict=True):
        try:
            below = os.open(part, (_PASS if left else how) | _FOLDER, dir_fd=here)
        finally:
            os.close(here)
        here = below
    return here


def fingerprint(descriptor: int) -> Fingerprint:
    """Hash the whole file from its start, a mebibyte at a time. Raises Unreadable where the share fails or the file changes.

    A writer that is still at work changes size or mtime between the look before and the look after: then the hash would be of
    something that never was a file.
    """
    digest = hashlib.sha256()
    try:
        before = os.fstat(descriptor)
        read = 0
        while read <= before.st_size and (piece := os.pread(descriptor, _PIECE, read)):  # more bytes show that it grows
            digest.update(piece)
            read += len(piece)
        after = os.fstat(descriptor)
    except OSError as error:
        raise unreadable(error) from error
    if read != after.st_size:
        raise changed()
    check_unchanged(before, after)
    return Fingerprint(digest.hexdigest(), read, after.st_mtime_ns, after.st_ino)


def check_unchanged(before: os.stat_result, after: os.stat_result) -> None:
    """Raise Unreadable where a file that was read between two looks was written to meanwhile."""
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise changed()


def changed() -> Unreadable:
    """What is said of a file that somebody wrote to while it was read."""
    return Unreadable("The file changed while it was read.", "It is looked at again when it has settled.")


def check_content(descriptor: int, wanted: Fingerprint) -> None:
    """Raise Unreadable where other bytes lie there. They are read only where size, mtime or inode are not as they were: a NAS
    touches files that nobody changed, and another machine may number them otherwise.
    """
    found = os.fstat(descriptor)
    numbered_alike = (found.st_ino - wanted.inode) % (1 << 64) == 0  # databases hold 64 bits with a sign
    if numbered_alike and (found.st_size, found.st_mtime_ns) == (wanted.size, wanted.mtime_ns):
        return
    if found.st_size != wanted.size or fingerprint(descriptor).sha256 != wanted.sha256:
        raise Unreadable(
            "In the file's place there is another one by now.", "The new one becomes a recording of its own."
        )


def unreadable(error: OSError | ValueError) -> Unreadable:
    """What an operating system's error means to a person."""
    number = getattr(error, "errno", None) or 0
    why = _WHY.get(number) or f"The share could not give us the file: {getattr(error, 'strerror', None) or error}."
    return Unreadable(why, _REMEDY.get(number, ""))
