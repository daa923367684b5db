"""Room: archive.layout. Where a bag lies below the archive's root, and that the root is there. Never leaves the root.

TEAM/YYYY/MM/`YYYY-MM-DD title`; what was there before is never written over: the next one of the name is `... (2)`.
"""

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from nas_asr.core.errors import ArchiveUnavailable
from nas_asr.core.safe_names import MAX_BYTES, safe_name, shortened

MARKER = ".nas_asr-archive"  # says that this is the archive, and not the empty place where its share is mounted
PARTIAL = ".nas_asr-partial-"
_NUMBER = " (9999)"
# What NAS systems and desktops put into folders by themselves.
CLUTTER = frozenset({"@eaDir", ".DS_Store", "Thumbs.db", "desktop.ini", "#recycle", ".@__thumb", ".AppleDouble"})
_NAMES_OF_WINDOWS = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))}
_NO_DIRECTORY_SYNC = (errno.EINVAL, errno.ENOTSUP, errno.EBADF, errno.EACCES)
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def place_of(team: str, day: date, title: str) -> Path:
    """The bag's path below the root, without the number that a second one of the name gets."""
    head = f"{day.isoformat()} "
    name = head + (shortened(safe_name(title), MAX_BYTES - len(head) - len(_NUMBER)) or "recording")
    return Path(_team(team)) / f"{day.year:04}" / f"{day.month:02}" / name


def numbered(place: Path) -> Iterator[Path]:
    """The path and those that stand in for it where it is taken."""
    yield place
    for number in range(2, 10_000):
        yield place.with_name(f"{place.name} ({number})")


def open_root(root: Path, *, make: bool, used_before: bool) -> None:
    """See that the root is there, is the archive and may be written. ArchiveUnavailable says what is the matter.

    make: the root is our own (below DATA) and may be made. used_before: bags were written there already.
    """
    with writing(root):
        if make:
            root.mkdir(parents=True, exist_ok=True, mode=0o700)
    marker = root / MARKER
    with writing(root):
        there, marked = root.is_dir(), marker.is_file()
    if not there:
        raise ArchiveUnavailable(
            f"The archive's root {root} is not there.",
            "See whether its share is mounted, or correct NAS_ASR_ARCHIVE_ROOT.",
        )
    if used_before and not marked:
        raise ArchiveUnavailable(
            f"The archive's root {root} is not the one that was written to before: its file “{MARKER}” is missing.",
            "See whether its share is mounted; if this is meant to be a new archive, make an empty file of that name in it.",
        )
    with writing(root):
        if not marker.exists():
            marker.touch(mode=0o600)
            sync_directory(root)
        if not os.access(root, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, "Permission denied")


def make_directories(root: Path, below: Path) -> Path:
    """The directory below the root, made where it is not there; no component may be a link, for links lead out of the root."""
    here = root
    for part in below.parts:
        here = here / part
        with contextlib.suppress(FileExistsError):
            here.mkdir(mode=0o755)
            sync_directory(here.parent)
        if not stat.S_ISDIR(here.lstat().st_mode):
            raise ArchiveUnavailable(
                f"{here} in the archive is no directory of its own.", "Move it away; links are never followed there."
            )
    return here


def sync_directory(path: Path) -> None:
    """Names are on the disk only when their directory is. Some file systems of a NAS have no such call."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_DIRECTORY_SYNC:
            raise
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def writing(root: Path) -> Iterator[None]:
    """Whatever the system says while we write into the archive, as ArchiveUnavailable with a sentence."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise ArchiveUnavailable(
                f"The disk of the archive {root} is full.", "Free some space; nothing half was left there."
            ) from error
        raise ArchiveUnavailable(
            f"The archive {root} cannot be written: {error.strerror or error}.",
            "Let the account that nas_asr runs as write there, or correct NAS_ASR_ARCHIVE_ROOT.",
        ) from error


def partials(root: Path) -> list[tuple[Path, str]]:
    """What lies half-written in the root, each with the word that its writer gave: who it was."""
    try:
        found = sorted(entry.name for entry in os.scandir(root) if entry.name.startswith(PARTIAL))
    except OSError:
        return []
    return [(root / name, name.removeprefix(PARTIAL).split(".")[0]) for name in found]


def bags_below(root: Path) -> Iterator[Path]:
    """Every bag below a directory, or the directory itself where it is one; in order of names, without the half ones."""
    if (root / "bagit.txt").is_file():
        yield root
        return
    for here, names, files in os.walk(root):
        names[:] = sorted(name for name in names if name not in CLUTTER and not name.startswith(PARTIAL))
        if "bagit.txt" in files:
            names.clear()
            yield Path(here)


def _team(slug: str) -> str:
    return f"{slug}_" if slug in _NAMES_OF_WINDOWS else safe_name(slug) or "team"
