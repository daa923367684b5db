"""Room: archive.check. Is a bag whole? Reads every byte and says what is changed, missing, extra. Never writes."""

import hashlib
import os
import re
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from nas_asr.archive.bag import DECLARATION, INFO, MANIFEST, TAG_MANIFEST, manifest
from nas_asr.archive.layout import CLUTTER
from nas_asr.core.errors import BagBroken
from nas_asr.core.safe_names import printable

_LINE = re.compile(r"([0-9a-f]{64})  ([A-Za-z0-9._/-]+)")
_PIECE = 1 << 20
_SMALL = 1 << 20  # a tag file is a few hundred bytes
Beat = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found. troubles: sentences, each names its file; empty where the bag is whole."""

    seal: str
    files: int
    size_bytes: int
    troubles: tuple[str, ...]


def check_bag(bag: Path, beat: Beat = lambda: None, seal: str = "") -> Checked:
    """Compare everything in a bag with its manifests, and these with the seal where one is known."""
    name = printable(bag.name)
    try:
        if not stat.S_ISDIR(bag.lstat().st_mode):
            return _broken(f"“{name}” is no bag, but a file or a link.")
        tag_sums, payload_sums, found_seal = _read_manifests(bag)
        there = dict(_files(bag))
    except FileNotFoundError as error:
        return _broken(_is_missing(_shown(bag, Path(str(error.filename or bag)))))
    except OSError as error:
        return _broken(_cannot_be_read(f"“{name}”", error))
    except BagBroken as error:
        return _broken(error.message)
    other = [_is_not_the_one(TAG_MANIFEST)] if seal and found_seal != seal else []
    wanted = {**tag_sums, **payload_sums}
    extra = [_is_extra(printable(name)) for name in sorted(there.keys() - wanted.keys())]
    found = [_compare(bag / name, name, wanted[name], beat) for name in sorted(wanted)]
    troubles = tuple(trouble for trouble in (*other, *extra, *found) if trouble)
    return Checked(found_seal, len(wanted), sum(there.get(name, 0) for name in payload_sums), troubles)


def facts_of(bag: Path) -> dict[str, str]:
    """What bag-info.txt says, by label; empty where it cannot be read."""
    try:
        lines = read_small(bag / INFO).decode("utf-8").splitlines()
    except (OSError, UnicodeDecodeError, BagBroken):
        return {}
    return {label: value for label, found, value in (line.partition(": ") for line in lines) if found}


def read_small(path: Path, most: int = _SMALL) -> bytes:
    """A whole file that must not be longer than that. Never follows a link."""
    with os.fdopen(_open(path), "rb") as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise BagBroken(f"{path.name} is larger than it can be.", "Look at the bag by hand.")
    return content


def pieces(path: Path, beat: Beat = lambda: None) -> Iterator[bytes]:
    """A file's bytes in portions. Never follows a link."""
    with os.fdopen(_open(path), "rb", buffering=0) as file:
        while piece := file.read(_PIECE):
            yield piece
            beat()


def _read_manifests(bag: Path) -> tuple[dict[str, str], dict[str, str], str]:
    tags = read_small(bag / TAG_MANIFEST)
    tag_sums, payload_sums = _sums(TAG_MANIFEST, tags), _sums(MANIFEST, read_small(bag / MANIFEST))
    if read_small(bag / "bagit.txt") != DECLARATION:
        raise BagBroken("bagit.txt was changed, or is of another version of BagIt.")
    if tag_sums.keys() != {"bagit.txt", INFO, MANIFEST}:
        raise BagBroken(f"{TAG_MANIFEST} was changed: it names other files than it should.")
    if any(not name.startswith("data/") or ".." in name.split("/") for name in payload_sums):
        raise BagBroken(f"{MANIFEST} was changed: it names files outside of the bag.")
    tag_sums[TAG_MANIFEST] = hashlib.sha256(tags).hexdigest()
    return tag_sums, payload_sums, tag_sums[TAG_MANIFEST]


def _sums(name: str, content: bytes) -> dict[str, str]:
    found = [_LINE.fullmatch(line) for line in content.decode("ascii", "replace").removesuffix("\n").split("\n")]
    sums = {one[2]: one[1] for one in found if one}
    if manifest(sums) != content:  # as we write it, to the byte: so that a flipped bit shows in the manifests too
        raise BagBroken(f"{name} was changed: it is not as nas_asr writes it.")
    return sums


def _files(bag: Path) -> Iterator[tuple[str, int]]:
    for here, names, files in os.walk(bag):
        links = [name for name in names if (Path(here) / name).is_symlink()]
        names[:] = sorted(name for name in names if name not in CLUTTER and name not in links)
        for name in [*files, *links]:
            path = Path(here) / name
            if name not in CLUTTER and not name.startswith("._"):
                yield path.relative_to(bag).as_posix(), path.lstat().st_size


def _compare(path: Path, name: str, wanted: str, beat: Beat) -> str:
    digest = hashlib.sha256()
    try:
        for piece in pieces(path, beat):
            digest.update(piece)
    except FileNotFoundError:
        return _is_missing(name)
    except OSError as error:
        return _cannot_be_read(name, error)
    return "" if digest.hexdigest() == wanted else f"{name} was changed: its SHA-256 is not the one in the manifest."


def _is_missing(name: str) -> str:
    return f"{name} is missing."


def _is_extra(name: str) -> str:
    return f"{name} is extra: no manifest names it."


def _is_not_the_one(name: str) -> str:
    return f"{name} is not the one that was written."


def _cannot_be_read(name: str, error: OSError) -> str:
    return f"{name} cannot be read: {error.strerror or error}."


def _open(path: Path) -> int:
    return os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)


def _shown(bag: Path, path: Path) -> str:
    return (
        printable(path.relative_to(bag).as_posix())
        if path != bag and path.is_relative_to(bag)
        else f"“{printable(bag.name)}”"
    )


def _broken(trouble: str) -> Checked:
    return Checked("", 0, 0, (trouble,))
