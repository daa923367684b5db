"""Room: install.carry. Takes in a checkpoint that somebody carried over: compared with its lock file, or locked as it is.

For machines without a way out. The directory is only read; it may be a download of any tool, or a copy of our own.
"""

import json
import zipfile
from dataclasses import replace
from pathlib import Path

from nas_asr.core.checkpoints import (
    KNOWN_WEIGHTS,
    PART,
    CheckpointLock,
    Hub,
    LockedFile,
    place,
    read_lock,
    unfinished,
)
from nas_asr.core.clock import iso
from nas_asr.core.errors import Invalid
from nas_asr.install.desk import Desk
from nas_asr.install.hub import RemoteFile, checked_path, is_needed
from nas_asr.install.pull import Order, Pulled, finished
from nas_asr.install.seal import compare, link_or_copy, mend, need_room, settle, sha256_of

_CONFIGURATION = ("configuration.json", "config.yaml")


def carry(desk: Desk, order: Order, source: Path) -> Pulled:
    """Check the directory and take it over: linked where the file system can, else copied. Raises Invalid, StorageFull."""
    name, ids = order.name, order.ids
    with desk.alone(name, order.wish):
        desk.say(message="Looking through the directory.")
        directory = _found(source, order)
        theirs = read_lock(directory)
        if theirs is not None and theirs.model not in ids.values():
            raise Invalid(f"{directory} holds {theirs.model}, not {name}.", "Name the model that it is.")
        files = _with_lock(desk, directory, theirs) if theirs is not None else _without(desk, directory)
        hub = order.hub or (theirs.hub if theirs else _hub_of(files)) or next(iter(ids))
        lock = replace(theirs, hub=hub) if theirs else CheckpointLock(
            hub, ids[hub], order.revision, "", "directory", order.licence, iso(desk.now()), {},
        )  # fmt: skip
        mend(place(desk.models, hub, lock.model))
        return finished(desk, _take(desk, directory, replace(lock, files=files)))


def _found(source: Path, order: Order) -> Path:
    """The checkpoint's directory: the one named, or one below it that is laid out as ours or as its name."""
    directory = source.expanduser()
    if not directory.is_dir():
        raise Invalid(f"{directory} is no directory that can be read.", "Name the directory that holds the model's files.")
    below = [place(directory, hub, name) for hub, name in order.ids.items()]
    below += [directory / name for name in order.ids.values()] + [directory / order.name]
    for one in (directory, *below):
        if (one / _CONFIGURATION[0]).is_file():
            return one
    raise Invalid(f"{directory} holds no {_CONFIGURATION[0]}, so it is no checkpoint.", "Copy all files of the model.")


def _with_lock(desk: Desk, directory: Path, lock: CheckpointLock) -> dict[str, LockedFile]:
    for path in lock.files:
        checked_path(path)
    desk.say(total=lock.size, message="Comparing the directory with its lock file.")
    for trouble in compare(directory, lock, desk.beat):
        raise Invalid(f"In {directory}, {trouble.path} {trouble.why}.", "Copy the directory again.")
    return dict(lock.files)


def _without(desk: Desk, directory: Path) -> dict[str, LockedFile]:
    """Nothing to compare with: what can be seen of a broken copy is refused, the rest is locked as it is."""
    there = [
        RemoteFile(file.relative_to(directory).as_posix(), file.stat().st_size)
        for file in sorted(directory.rglob("*"))
        if file.is_file() and not file.name.endswith(PART)
    ]
    needed = [file for file in there if is_needed(file.path, there)]
    for path in (*_CONFIGURATION, "model.pt"):
        if not any(file.path == path and file.size for file in needed):
            raise Invalid(f"{directory} lacks {path}.", "Copy all files of the model.")
    _look_at_weights(directory / "model.pt")
    _look_at_configuration(directory)
    total, before = sum(file.size for file in needed), 0
    desk.say(total=total, message="Reading the directory.")
    files = {}
    for file in needed:
        digest = sha256_of(directory / checked_path(file.path), lambda count, start=before: desk.beat(start + count))  # type: ignore[misc]
        files[file.path] = LockedFile(file.size, digest)
        before += file.size
    return files


def _look_at_weights(weights: Path) -> None:
    """torch writes zip files, whose list stands at the end: a copy that broke off has none."""
    with weights.open("rb") as file:
        head = file.read(64)
    if head.startswith(b"version https://git-lfs"):
        raise Invalid(f"{weights} is only a pointer of Git LFS.", "Run `git lfs pull` there, then copy it again.")
    if head.startswith(b"PK") and not zipfile.is_zipfile(weights):
        raise Invalid(f"{weights} ends too early: it was not copied to its end.", "Copy it again.")


def _look_at_configuration(directory: Path) -> None:
    try:
        json.loads((directory / _CONFIGURATION[0]).read_text("utf-8"))
    except ValueError as error:
        raise Invalid(f"{directory / _CONFIGURATION[0]} is not readable as JSON.", "Copy it again.") from error


def _hub_of(files: dict[str, LockedFile]) -> Hub | None:
    return KNOWN_WEIGHTS.get(files["model.pt"].sha256)


def _take(desk: Desk, directory: Path, lock: CheckpointLock) -> Pulled:
    staging = unfinished(desk.models, lock.hub, lock.model)
    staging.mkdir(parents=True, exist_ok=True)
    need_room(desk.models, 0 if _same_disk(directory, staging) else lock.size, desk.free)
    done = 0
    desk.say(done=0, total=lock.size, message="Taking the model over.")
    for path, file in lock.files.items():
        target = staging / path
        target.unlink(missing_ok=True)
        link_or_copy((directory / path).resolve(), target)
        if sha256_of(target, lambda count, start=done: desk.beat(start + count)) != file.sha256:  # type: ignore[misc]
            raise Invalid(f"{path} changed while it was copied.", "Look at the disk that it comes from, and try again.")
        done += file.size
    whole = settle(desk.models, lock, lock.files)
    return Pulled(whole, lock, lock.size)


def _same_disk(one: Path, other: Path) -> bool:
    return one.stat().st_dev == other.stat().st_dev
