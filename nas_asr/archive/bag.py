"""Room: archive.bag. Writes one bag (RFC 8493): under a name of its own, every byte on disk, then renamed. Whole or not there.

Payload files have names of ours, which no manifest has to escape: BagIt and coreutils escape differently (decision 24).
"""

import hashlib
import os
import re
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from nas_asr.archive.layout import PARTIAL, make_directories, numbered, sync_directory, writing

PLAIN = re.compile(r"[a-z0-9][a-z0-9.-]{0,60}")
DECLARATION = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
MANIFEST, TAG_MANIFEST, INFO = "manifest-sha256.txt", "tagmanifest-sha256.txt", "bag-info.txt"
_AT_ONCE = 1 << 20


@dataclass(frozen=True, slots=True)
class Sealed:
    """A bag that was written: where below the root, its payload in bytes, SHA-256 of its tag manifest."""

    path: Path
    size_bytes: int
    seal: str


@dataclass(slots=True)
class BagWriter:
    """One bag on its way. who: the run that writes it, so that its leftovers are known; name: a word of letters and digits."""

    root: Path
    who: str
    name: str
    _sums: dict[str, str] = field(default_factory=dict)
    _bytes: int = 0

    @property
    def place(self) -> Path:
        """Where it lies until it is whole."""
        return self.root / f"{PARTIAL}{self.who}.{self.name}"

    def begin(self) -> None:
        """An empty bag; what an earlier try left under this name goes."""
        self.discard()
        with writing(self.root):
            (self.place / "data").mkdir(parents=True, mode=0o755)

    def add(self, name: str, pieces: Iterable[bytes]) -> str:
        """A payload file; returns its SHA-256. Errors of whoever gives the pieces pass through."""
        if not PLAIN.fullmatch(name):
            raise ValueError("a payload file's name must need no escaping")
        digest, size = hashlib.sha256(), 0
        with writing(self.root):
            descriptor = os.open(self.place / "data" / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        with os.fdopen(descriptor, "wb", buffering=0) as file:
            for piece in pieces:
                digest.update(piece)
                size += len(piece)
                with writing(self.root):
                    _write_all(file.write, piece)
            with writing(self.root):
                os.fsync(file.fileno())
        self._sums[f"data/{name}"] = digest.hexdigest()
        self._bytes += size
        return digest.hexdigest()

    def seal(self, facts: Mapping[str, str], place: Path) -> Sealed:
        """Write manifests and facts (bag-info.txt), sync everything, rename to the place below the root."""
        info = {**facts, "Payload-Oxum": f"{self._bytes}.{len(self._sums)}"}
        tags = {
            "bagit.txt": DECLARATION,
            INFO: "".join(f"{label}: {_one_line(value)}\n" for label, value in info.items()).encode(),
            MANIFEST: manifest(self._sums),
        }
        tags[TAG_MANIFEST] = manifest({name: hashlib.sha256(content).hexdigest() for name, content in tags.items()})
        with writing(self.root):
            for name, content in tags.items():
                _write_file(self.place / name, content)
            for directory in (self.place / "data", self.place, self.root):
                sync_directory(directory)
            path = self._rename(place)
        return Sealed(path, self._bytes, hashlib.sha256(tags[TAG_MANIFEST]).hexdigest())

    def discard(self) -> None:
        """Leave nothing behind; what cannot be removed now is removed by a later run."""
        shutil.rmtree(self.place, ignore_errors=True)

    def _rename(self, place: Path) -> Path:
        directory = make_directories(self.root, place.parent)
        path = next(one for one in numbered(place) if not os.path.lexists(self.root / one))  # noqa: PTH110 (links count)
        self.place.rename(self.root / path)
        sync_directory(directory)
        return path


def manifest(sums: Mapping[str, str]) -> bytes:
    """Lines as both BagIt and `sha256sum -c` read them, in order of names."""
    return "".join(f"{sums[name]}  {name}\n" for name in sorted(sums)).encode()


def pieces_of(content: bytes) -> Sequence[bytes]:
    """Bytes in portions."""
    return [content[start : start + _AT_ONCE] for start in range(0, len(content), _AT_ONCE)]


def _write_file(path: Path, content: bytes) -> None:
    with os.fdopen(
        os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644), "wb", buffering=0
    ) as file:
        _write_all(file.write, content)
        os.fsync(file.fileno())


def _write_all(write: Callable[[memoryview], int | None], piece: bytes) -> None:
    rest = memoryview(piece)
    while rest:
        rest = rest[write(rest) or 0 :]


def _one_line(text: str) -> str:
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())
