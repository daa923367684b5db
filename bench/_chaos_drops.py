"""Room: bench._chaos_drops. People who put recordings into shares, and what is to be expected of each. Never asks the house.

Every content is a small WAV of its own. A file is written whole, grows, comes under another name first, is copied, moved,
replaced or deleted; what the people did is remembered, so that it can be compared with what the house made of it.
"""

import hashlib
import os
import random
import shutil
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

RATE = 8000  # bytes and samples in a second of 8-bit sound
_PIECES = 4
_LONG_ONES = 0.04  # so many of the recordings are long enough to be met by a fault while they are transcribed


@dataclass
class Share:
    """A watched folder. at: where it really is just now (elsewhere while it is unmounted)."""

    folder_id: str
    team: str  # id
    root: Path
    at: Path


@dataclass
class Content:
    """Bytes that somebody dropped. places: (folder, name) of the files that hold them now.

    was_taken: what was known when the last of them went: whether the team had the recording.
    """

    sha256: str
    team: str
    size: int
    dropped_at: float
    places: set[tuple[str, str]] = field(default_factory=set)
    uploaded: bool = False
    was_taken: bool = False

    @property
    def is_promised(self) -> bool:
        """Whether there has to be a transcript: it lies there whole, or was accepted over the network."""
        return bool(self.places) or self.uploaded


@dataclass(frozen=True)
class Left:
    """A file as its dropper left it."""

    sha256: str
    size: int
    mtime_ns: int
    inode: int


@dataclass
class _Growing:
    share: Share
    name: str
    rest: list[bytes]
    due: float
    written: bytes = b""
    touched_at: float = 0.0


class Droppers:
    """Everybody who writes to the shares. `taken(team, sha256)` says whether a content is a recording by now."""

    def __init__(
        self, shares: list[Share], rng: random.Random, settle_s: float, taken: Callable[[str, str], bool]
    ) -> None:
        self.shares = shares
        self.contents: dict[tuple[str, str], Content] = {}  # by team and digest
        self.halves: set[str] = set()  # digests of unfinished files that were quiet for as long as settling takes
        self.left: dict[tuple[str, str], Left] = {}  # by folder and name
        self.drops: list[tuple[float, str, str]] = []  # when, folder, name: each appearance of a new name
        self.did: dict[str, int] = {}
        self._rng = rng
        self._settle_s = settle_s
        self._taken = taken
        self._growing: list[_Growing] = []
        self._numbers = 0
        self._upload: Callable[[Content, bytes], None] | None = None

    @property
    def quiet(self) -> bool:
        """Whether nothing is half written."""
        return not self._growing

    def uploads_by(self, upload: Callable[[Content, bytes], None]) -> None:
        """Who sends what goes over the network."""
        self._upload = upload

    def drop(self) -> None:
        """One more recording, in one of the ways in which people bring them."""
        ways: list[tuple[float, str, Callable[[], None]]] = [
            (0.50, "whole", self._whole), (0.12, "renamed from .part", self._from_part), (0.14, "growing", self._grow),
            (0.12, "replacing", self._replace), (0.06, "copied", self._copy), (0.06, "uploaded", self._send),
        ]  # fmt: skip
        self._do(ways)

    def fiddle(self) -> None:
        """Move or delete a file that lies there."""
        self._do([(0.7, "moved", self._move), (0.3, "deleted", self._delete)])

    def grow(self) -> None:
        """Go on with what is half written."""
        now = time.monotonic()
        for one in [one for one in self._growing if one.due <= now]:
            self._add(one)

    # -- ways ---------------------------------------------------------------------------------------------------------

    def _do(self, ways: list[tuple[float, str, Callable[[], None]]]) -> None:
        _, name, way = self._rng.choices(ways, [weight for weight, _, _ in ways])[0]
        way()
        self.did[name] = self.did.get(name, 0) + 1

    def _whole(self) -> None:
        share, sound = self._rng.choice(self.shares), self._sound()
        self._put(share, self._name(), sound)

    def _from_part(self) -> None:
        share, name, sound = self._rng.choice(self.shares), self._name(), self._sound()
        part = share.at / f"{name}.part"
        part.write_bytes(sound)
        part.rename(share.at / name)
        self._note(share, name, hashlib.sha256(sound).hexdigest())

    def _grow(self) -> None:
        sound = self._sound(2 + 4 * self._rng.random())
        cut = len(sound) // _PIECES + 1
        pieces = [sound[at : at + cut] for at in range(0, len(sound), cut)]
        self._add(_Growing(self._rng.choice(self.shares), self._name(), pieces, 0.0))

    def _add(self, one: _Growing) -> None:
        now = time.monotonic()
        if one.written and now - one.touched_at >= self._settle_s:  # it looked finished, and may have been taken
            self.halves.add(hashlib.sha256(one.written).hexdigest())
        with (one.share.at / one.name).open("ab") as file:
            file.write(one.rest[0])
        one.written, one.rest = one.written + one.rest[0], one.rest[1:]
        one.touched_at = time.monotonic()
        one.due = now + self._settle_s * self._rng.uniform(0.2, 0.7)
        if one in self._growing:
            self._growing.remove(one)
        if one.rest:
            self._growing.append(one)
        else:
            self._note(one.share, one.name, hashlib.sha256(one.written).hexdigest())

    def _replace(self) -> None:
        """New content under an old name: written beside it and renamed, or over it, of the same size half of the time."""
        if (found := self._any_file()) is None:
            return self._whole()
        share, name = found
        old = self.left[share.folder_id, name]
        sound = self._sound(size=old.size if self._rng.random() < 0.5 else None)
        self._forget(share, name)
        if self._rng.random() < 0.5:
            (share.at / f"{name}.tmp").write_bytes(sound)
            (share.at / f"{name}.tmp").rename(share.at / name)
        else:
            with (share.at / name).open("r+b") as file:
                file.write(sound)
                file.truncate()
        return self._note(share, name, hashlib.sha256(sound).hexdigest())

    def _copy(self) -> None:
        """The same bytes in another place: of the same team, or of another one."""
        if (found := self._any_file()) is None:
            return self._whole()
        share, name = found
        other, copy = self._rng.choice(self.shares), self._name()
        shutil.copyfile(share.at / name, other.at / copy)
        return self._note(other, copy, self.left[share.folder_id, name].sha256)

    def _send(self) -> None:
        if self._upload is None:
            return self._whole()
        sound = self._sound()
        share = self._rng.choice(self.shares)
        return self._upload(self._content(share.team, hashlib.sha256(sound).hexdigest(), len(sound)), sound)

    def _move(self) -> None:
        if (found := self._any_file()) is None:
            return
        share, name = found
        other = self._rng.choice([one for one in self.shares if one.team == share.team])
        new, left = self._name(), self.left[share.folder_id, name]
        (share.at / name).rename(other.at / new)
        self._note(other, new, left.sha256)
        self._forget(share, name)

    def _delete(self) -> None:
        if (found := self._any_file()) is None:
            return
        share, name = found
        self._forget(share, name)
        (share.at / name).unlink()

    # -- memory -------------------------------------------------------------------------------------------------------

    def _put(self, share: Share, name: str, sound: bytes) -> None:
        (share.at / name).write_bytes(sound)
        self._note(share, name, hashlib.sha256(sound).hexdigest())

    def _note(self, share: Share, name: str, sha256: str) -> None:
        status = (share.at / name).lstat()
        self.left[share.folder_id, name] = Left(sha256, status.st_size, status.st_mtime_ns, status.st_ino)
        self._content(share.team, sha256, status.st_size).places.add((share.folder_id, name))
        self.drops.append((time.monotonic(), share.folder_id, name))

    def _forget(self, share: Share, name: str) -> None:
        """The file is about to go, or to hold something else."""
        content = self.contents[share.team, self.left.pop((share.folder_id, name)).sha256]
        content.places.discard((share.folder_id, name))
        content.was_taken = self._taken(share.team, content.sha256)

    def _content(self, team: str, sha256: str, size: int) -> Content:
        return self.contents.setdefault((team, sha256), Content(sha256, team, size, time.monotonic()))

    def _any_file(self) -> tuple[Share, str] | None:
        if not self.left:
            return None
        folder_id, name = self._rng.choice(sorted(self.left, key=lambda key: key[1])[-60:])
        return next(share for share in self.shares if share.folder_id == folder_id), name

    def _name(self) -> str:
        self._numbers += 1
        return f"{self._numbers:05d}.wav"

    def _sound(self, seconds: float = 0.0, size: int | None = None) -> bytes:
        if not seconds:
            seconds = self._rng.uniform(20, 36) if self._rng.random() < _LONG_ONES else self._rng.uniform(0.5, 1.5)
        length = int(seconds * RATE) if size is None else size - 44
        head = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + length, b"WAVE", b"fmt ", 16, 1, 1, RATE, RATE, 1, 8,
                           b"data", length)  # fmt: skip
        return head + self._rng.randbytes(length)


def tree_troubles(droppers: Droppers) -> list[str]:
    """Every difference between the shares and what their droppers left there."""
    troubles = []
    for share in droppers.shares:
        here = {entry.name: entry for entry in share.at.iterdir()}
        left = {name: left for (folder_id, name), left in droppers.left.items() if folder_id == share.folder_id}
        troubles += [f"{share.root}: {name} is not as it was left" for name in here.keys() ^ left.keys()]
        for name in here.keys() & left.keys():
            status = here[name].lstat()
            digest = hashlib.sha256(here[name].read_bytes()).hexdigest()
            if left[name] != Left(digest, status.st_size, status.st_mtime_ns, status.st_ino):
                troubles.append(f"{share.root}/{name} was changed: {left[name]}")
    return troubles


def rename(share: Share, to: Path) -> None:
    """The share's root is somewhere else from now on."""
    os.rename(share.at, to)  # noqa: PTH104 (the same on all systems)
    share.at = to
