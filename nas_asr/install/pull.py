"""Room: install.pull. Brings a checkpoint from a hub: one at a time, resumable, each file compared, locked when it is whole.

May be killed at any moment; the next pull goes on. Until the last file has been compared, everything lies in NAME.part.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from nas_asr.core.checkpoints import PART, CheckpointLock, Hub, LockedFile, known, place, read_lock, unfinished
from nas_asr.core.clock import iso
from nas_asr.core.errors import ModelUnavailable
from nas_asr.core.pulls import PullState
from nas_asr.install.desk import Desk
from nas_asr.install.fetch import HubAway, HubRefused
from nas_asr.install.hub import BRANCH, NAMES, HubPlace, Listing, RemoteFile, checked_id, checked_revision, list_files
from nas_asr.install.seal import (
    PLAN,
    compare,
    git_blob_of,
    link_or_copy,
    mend,
    need_room,
    settle,
    sha256_of,
    write_lock,
)


@dataclass(frozen=True, slots=True)
class Order:
    """What to pull. model: a name that we know, or a hub's OWNER/NAME. hub: None for the first that answers.

    revision: what is there now under this name; empty for what was locked, else the hub's main branch.
    wish: the number of the page's wish, 0 from the command line.
    """

    model: str
    hub: Hub | None = None
    revision: str = ""
    wish: int = 0

    @property
    def name(self) -> str:
        """What it is called here. Raises Invalid where it is no model's name."""
        checkpoint = known(self.model)
        return checkpoint.name if checkpoint else checked_id(self.model)

    @property
    def licence(self) -> str:
        """Of a model that we know; else empty."""
        checkpoint = known(self.model)
        return checkpoint.licence if checkpoint else ""

    @property
    def ids(self) -> Mapping[Hub, str]:
        """Its name at each hub."""
        checkpoint = known(self.model)
        return checkpoint.ids if checkpoint else dict.fromkeys(Hub, self.model)


@dataclass(frozen=True, slots=True)
class Pulled:
    """The end of a pull: where the checkpoint lies, what it is, and how many bytes came."""

    directory: Path
    lock: CheckpointLock
    fetched: int


def pull(desk: Desk, order: Order) -> Pulled:
    """Bring the checkpoint, or what is missing of it. Raises NasAsrError with a sentence; what came so far is kept."""
    name, ids = order.name, order.ids
    if order.revision:
        checked_revision(order.revision)
    with desk.alone(name, order.wish):
        places = [one for one in desk.places if one.hub in ids and order.hub in (None, one.hub)]
        for one in places:
            mend(place(desk.models, one.hub, ids[one.hub]))
        for one in places if not order.revision else ():
            if (found := _repaired(desk, one, ids[one.hub])) is not None:
                return finished(desk, found)
        listing = _ask(desk, places, ids, order.revision)
        revision = order.revision or BRANCH[listing.place.hub]
        lock = CheckpointLock(
            listing.place.hub, listing.model, revision, listing.commit, listing.place.address, order.licence,
            iso(desk.now()), {},
        )  # fmt: skip
        return finished(desk, _Filling(desk, listing, lock).fill())


def finished(desk: Desk, pulled: Pulled) -> Pulled:
    """Tell that it is done."""
    size, hub = pulled.lock.size, pulled.lock.hub.value
    desk.say(state=PullState.DONE, hub=hub, done=size, total=size, message="The model is here and whole.")
    return pulled


def _repaired(desk: Desk, at: HubPlace, model: str) -> Pulled | None:
    """One that was whole once: it is compared with its lock file, and what is not right comes again, as it was locked."""
    directory = place(desk.models, at.hub, model)
    lock = read_lock(directory)
    if lock is None:
        return None
    desk.say(hub=at.hub.value, total=lock.size, message="Comparing what is here with what was pulled.")
    if not (troubles := compare(directory, lock, desk.beat)):
        return Pulled(directory, lock, 0)
    for trouble in troubles:
        (directory / trouble.path).unlink(missing_ok=True)
    files = tuple(RemoteFile(path, file.size, file.sha256) for path, file in lock.files.items())
    return _Filling(desk, Listing(at, model, lock.revision, lock.commit, files), lock, locked=True).fill()


def _ask(desk: Desk, places: Sequence[HubPlace], ids: Mapping[Hub, str], revision: str) -> Listing:
    """The list of the first hub that has one; an unfinished pull goes on with the commit that it began with."""
    refusals: list[ModelUnavailable] = []
    for one in places:
        begun = read_lock(unfinished(desk.models, one.hub, ids[one.hub]), PLAN)
        asked = revision or (begun.commit or begun.revision if begun else "") or BRANCH[one.hub]
        desk.say(hub=one.hub.value, message=f"Asking {NAMES[one.hub]} for the list of files.")
        try:
            return list_files(desk.web, one, ids[one.hub], asked, desk.beat)
        except (HubAway, HubRefused) as refusal:
            refusals.append(refusal)
    raise _nobody(refusals)


def _nobody(refusals: Sequence[ModelUnavailable]) -> ModelUnavailable:
    if not refusals:
        return HubRefused("No hub is known that has this model.", "Give another --hub, or bring it in with --from DIR.")
    for refusal in refusals:
        if isinstance(refusal, HubRefused):
            return refusal
    reasons = "; ".join(one.message.rstrip(".") for one in refusals)
    return HubAway(
        f"No model hub was reached ({reasons}); meanwhile the built-in engine transcribes what somebody declared English, and "
        "everything else waits.",
        "Look at the network, name a mirror with NAS_ASR_MODELSCOPE_URL or NAS_ASR_HUGGINGFACE_URL, or carry the model over "
        "with `nas-asr model pull NAME --from DIR`.",
    )


@dataclass(slots=True)
class _Filling:
    """One directory on its way to being whole. locked: its files were locked before, and must come as they were then."""

    desk: Desk
    listing: Listing
    lock: CheckpointLock
    locked: bool = False
    have: dict[str, LockedFile] = field(default_factory=dict)
    fetched: int = 0

    def fill(self) -> Pulled:
        """Bring what is missing, compare, settle."""
        self.staging.mkdir(parents=True, exist_ok=True)
        self._forget_what_changed(read_lock(self.staging, PLAN))
        write_lock(self.staging, self._plan(), PLAN)
        self._take_over_what_is_here()
        files = sorted(self.listing.files, key=lambda file: file.size)
        missing = [file for file in files if file.path not in self.have]
        need_room(self.desk.models, sum(file.size - self._begun(file) for file in missing), self.desk.free)
        total, done = self.listing.size, sum(file.size for file in self.have.values())
        self.desk.say(total=total, done=done, message=f"Downloading from {NAMES[self.listing.place.hub]}.")
        for file in missing:
            self.have[file.path] = self._bring(file)
        whole = settle(self.desk.models, self.lock, self.have)
        return Pulled(whole, replace(self.lock, files=self.have), self.fetched)

    @property
    def staging(self) -> Path:
        """Where it lies until it is whole."""
        return unfinished(self.desk.models, self.listing.place.hub, self.listing.model)

    def _plan(self) -> CheckpointLock:
        announced = {file.path: LockedFile(file.size, file.sha256 or file.blob) for file in self.listing.files}
        return replace(self.lock, files=announced)

    def _forget_what_changed(self, before: CheckpointLock | None) -> None:
        """Drop what an earlier try brought where the hub announces something else now."""
        for path, file in self._plan().files.items():
            if before is None or before.files.get(path) != file:
                for name in (path, path + PART):
                    (self.staging / name).unlink(missing_ok=True)

    def _take_over_what_is_here(self) -> None:
        """Files that an earlier try compared, and equal ones of the checkpoint that is replaced."""
        whole = place(self.desk.models, self.listing.place.hub, self.listing.model)
        old = read_lock(whole)
        for file in self.listing.files:
            there, locked = self.staging / file.path, LockedFile(file.size, file.sha256)
            if there.is_file() and there.stat().st_size == file.size:
                self.have[file.path] = LockedFile(file.size, file.sha256 or sha256_of(there))
            elif old and old.files.get(file.path) == locked and (whole / file.path).is_file():
                link_or_copy(whole / file.path, there)
                self.have[file.path] = locked

    def _begun(self, file: RemoteFile) -> int:
        part = self.staging / (file.path + PART)
        return min(part.stat().st_size, file.size) if part.is_file() else 0

    def _bring(self, file: RemoteFile) -> LockedFile:
        """One file, compared; what came wrong is thrown away and fetched once more."""
        target = self.staging / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        before = sum(one.size for one in self.have.values())
        for _ in range(2):
            begun = self._begun(file)
            self.desk.web.file(self.listing.url(file.path), target, file.size, lambda count: self.desk.beat(before + count))
            part = target.with_name(target.name + PART)
            found = sha256_of(part, lambda count: self.desk.beat())
            if file.sha256 in ("", found) and (file.sha256 or not file.blob or git_blob_of(part) == file.blob):
                part.replace(target)
                self.fetched += file.size - begun
                return LockedFile(file.size, found)
            part.unlink()
        raise self._wrong(file)

    def _wrong(self, file: RemoteFile) -> ModelUnavailable:
        name = NAMES[self.listing.place.hub]
        if self.locked:
            return HubRefused(
                f"{name} has another {file.path} under the same revision than was locked at the first pull.",
                f"If you trust the change: `nas-asr model pull {self.desk.said.model} --revision {self.lock.revision}`.",
            )
        now = list_files(self.desk.web, self.listing.place, self.listing.model, self.listing.revision, self.desk.beat)
        if file not in now.files:
            return HubAway(f"{name} changed {file.path} while it was downloaded.", "Start it again.")
        return HubRefused(
            f"{file.path} came twice with another content than {name} announces.",
            "A mirror or a proxy in between may have changed it: try without it, or take another hub.",
        )
