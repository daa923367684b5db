"""Room: install.seal. Lock files and hashes of checkpoints: written last, compared file by file. Downloads nothing."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from nas_asr.core.checkpoints import LOCK, PART, CheckpointLock, LockedFile, misfits, place, read_lock, unfinished
from nas_asr.core.errors import StorageFull

PLAN = LOCK + PART  # what an unfinished checkpoint will be; hashes as the hub announces them
_BLOCK = 4 << 20
_SPARE = 64 << 20  # for the database and a log line, which share the disk
GB = 1000**3

Heard = Callable[[int], None]  # called often, with the bytes that are done


@dataclass(frozen=True, slots=True)
class Trouble:
    """A file of a checkpoint that is not as it was pulled, and why."""

    path: str
    why: str


def sha256_of(file: Path, heard: Heard = lambda count: None) -> str:
    """SHA-256 of a file, in hex."""
    digest, count = hashlib.sha256(), 0
    with file.open("rb") as source:
        while block := source.read(_BLOCK):
            digest.update(block)
            count += len(block)
            heard(count)
    return digest.hexdigest()


def git_blob_of(file: Path) -> str:
    """The name that git gives a file's content; Hugging Face lists small files by it."""
    content = file.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def compare(directory: Path, lock: CheckpointLock, heard: Heard = lambda count: None) -> list[Trouble]:
    """Read every locked file again. heard: bytes of the whole checkpoint."""
    missing, before = set(misfits(directory, lock)), 0
    troubles = []
    for path, file in lock.files.items():

        def beat(count: int, before: int = before) -> None:
            heard(before + count)

        if path in missing:
            there = (directory / path).is_file()
            troubles.append(Trouble(path, "has another size than at its pull" if there else "is missing"))
        elif sha256_of(directory / path, beat) != file.sha256:
            troubles.append(Trouble(path, "has another content than at its pull"))
        before += file.size
    return troubles


def write_lock(directory: Path, lock: CheckpointLock, name: str = LOCK) -> None:
    """Write the lock file, on the disk for certain when this returns."""
    part = directory / f"{name}.{os.getpid()}"
    with part.open("w", encoding="utf-8") as file:
        json.dump({"format": 1, **asdict(lock)}, file, ensure_ascii=False, indent=1, sort_keys=True)
        file.flush()
        os.fsync(file.fileno())
    part.replace(directory / name)
    sync(directory)


def sync(directory: Path) -> None:
    """The names in a directory, on the disk for certain."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def link_or_copy(source: Path, target: Path) -> None:
    """The same content under a second name: without another byte where the file system can, else as a copy."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        target.hardlink_to(source)
    except OSError:  # another file system, one without links, or a file of somebody else
        part = target.with_name(target.name + PART)
        with source.open("rb") as content, part.open("wb") as copy:
            shutil.copyfileobj(content, copy, _BLOCK)
            copy.flush()
            os.fsync(copy.fileno())
        part.replace(target)


def settle(models: Path, lock: CheckpointLock, files: Mapping[str, LockedFile]) -> Path:
    """Make the unfinished directory the checkpoint: its lock file comes last, then one rename puts it into its place."""
    staging, whole = unfinished(models, lock.hub, lock.model), place(models, lock.hub, lock.model)
    _drop_strangers(staging, files)
    for folder in {(staging / path).parent for path in files}:
        sync(folder)
    write_lock(staging, replace(lock, files=files))
    mend(whole)
    return whole


def mend(whole: Path) -> None:
    """Bring a swap to its end that a kill cut short; whoever looks meanwhile finds the old one, the new one, or none."""
    staging, old = whole.with_name(whole.name + PART), whole.with_name(whole.name + ".old")
    if read_lock(staging) is not None:
        (staging / PLAN).unlink(missing_ok=True)
        if whole.exists():
            shutil.rmtree(old, ignore_errors=True)
            whole.replace(old)
        staging.replace(whole)
        sync(whole.parent)
    elif old.exists() and not whole.exists():
        old.replace(whole)
    shutil.rmtree(old, ignore_errors=True)


def _drop_strangers(staging: Path, files: Mapping[str, LockedFile]) -> None:
    """What an earlier try left there and this one does not know."""
    for file in sorted(staging.rglob("*"), reverse=True):
        if file.is_dir() and not file.is_symlink():
            with suppress(OSError):  # not empty
                file.rmdir()
        elif file.relative_to(staging).as_posix() not in {*files, PLAN}:
            file.unlink()


def need_room(models: Path, needed: int, free: Callable[[Path], int] | None = None) -> None:
    """Raise StorageFull where the disk cannot take so many bytes."""
    left = shutil.disk_usage(models).free if free is None else free(models)
    if left < needed + _SPARE:
        raise StorageFull(
            f"The model needs {(needed + _SPARE) / GB:.1f} GB of free disk in {models.absolute()}, "
            f"and there are {left / GB:.1f} GB.",
            "Make room there, then start it again: what was downloaded is kept.",
        )
