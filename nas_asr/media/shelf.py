"""Room: media.shelf. Files made of recordings: found, made whole or not at all, thrown away when there are too many. Under DATA.

Several processes may use one shelf: a draft is locked by who writes it, and the lock dies with them. Nothing on it is missed when
it is gone, so that DATA/cache may be emptied at any time.
"""

import contextlib
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from nas_asr.core.errors import StorageFull
from nas_asr.core.locks import taken

_DRAFT = ".part"
_OPEN = os.O_CLOEXEC | os.O_NOFOLLOW
_SHARE = 10  # of what is free the shelf takes no more than one in so many bytes


@dataclass(frozen=True, slots=True)
class Shelf:
    """A folder of made files, each at a name of its own. most_bytes: more than that is never kept."""

    root: Path
    most_bytes: int

    def open(self, name: str) -> int | None:
        """A descriptor of a made file, which the caller closes, or None. Whoever is used last goes last."""
        try:
            descriptor = os.open(self.root / name, os.O_RDONLY | _OPEN)
        except FileNotFoundError:
            return None
        with contextlib.suppress(OSError):
            # By its own clock: disks that are mounted for few writes do not note who reads
            os.utime(descriptor, ns=(time.time_ns(), os.fstat(descriptor).st_mtime_ns))
        return descriptor

    @contextlib.contextmanager
    def draft(self, name: str) -> Iterator[int | None]:
        """An empty file to write to, which takes its name at the end of the block; None where somebody is making it or has.

        Where the block raises, nothing is left. Raises StorageFull where DATA takes no more.
        """
        final = self.root / name
        place = final.with_name(final.name + _DRAFT)
        with _in_words():
            final.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = _ours(place)
        if descriptor is None:
            yield None
            return
        try:
            with contextlib.ExitStack() as undone:
                undone.callback(place.unlink, missing_ok=True)
                if final.exists():  # since the caller looked
                    yield None
                    return
                with _in_words():
                    os.ftruncate(descriptor, 0)  # of somebody who was killed
                    yield descriptor
                    os.fsync(descriptor)  # or a power cut leaves the name without the bytes
                    place.rename(final)
                undone.pop_all()
        finally:
            os.close(descriptor)

    def tidy(self) -> None:
        """Throw away drafts that nobody writes, and of the rest what was not used for longest, until it fits."""
        made = []
        for place in self.root.glob("*/*"):
            with contextlib.suppress(FileNotFoundError):
                if place.name.endswith(_DRAFT):
                    _forget(place)
                else:
                    seen = place.stat()
                    made.append((seen.st_atime_ns, seen.st_size, place))
        made.sort()
        total = sum(size for _, size, _ in made)
        room = min(self.most_bytes, (shutil.disk_usage(self.root).free + total) // _SHARE) if made else 0
        for _, size, place in made[:-1]:  # somebody waits for the last one
            if total > room:
                place.unlink(missing_ok=True)
                total -= size


def _ours(place: Path) -> int | None:
    """The draft, open and locked by us; None where another one has it."""
    while True:
        descriptor = os.open(place, os.O_RDWR | os.O_CREAT | _OPEN, 0o600)
        if not taken(descriptor):
            os.close(descriptor)
            return None
        # It may have taken its name, or have been thrown away, between the two lines above
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(descriptor), place.stat()):
                return descriptor
        os.close(descriptor)


def _forget(draft: Path) -> None:
    descriptor = os.open(draft, os.O_RDWR | _OPEN)
    try:
        if taken(descriptor):
            draft.unlink()
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageFull(
            f"The sound for browsers could not be written under DATA: {error.strerror}.",
            "Free some space there; the recording itself is not harmed, and can be downloaded.",
        ) from error
