"""Room: install.hub. What ModelScope and Hugging Face have under a name: files, sizes, hashes, addresses. Trusts none of it.

Both interfaces as their own clients use them: huggingface_hub 2.4, modelscope_hub 0.5.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote, urlencode

from nas_asr.core.checkpoints import LOCK, PART, Hub
from nas_asr.core.errors import Invalid
from nas_asr.install.fetch import HubAway, HubRefused, Web

NAMES = {Hub.MODELSCOPE: "ModelScope", Hub.HUGGING_FACE: "Hugging Face"}
BRANCH = {Hub.MODELSCOPE: "master", Hub.HUGGING_FACE: "main"}
_WEIGHTS = (".pt", ".pth", ".bin", ".safetensors", ".onnx")
_TAKEN = (
    *_WEIGHTS, ".json", ".yaml", ".yml", ".txt", ".md", ".model", ".mvn", ".tiktoken", ".vocab", ".jinja", ".merges",
)  # fmt: skip
_LEFT_FOLDERS = {"example", "examples", "fig", "figs", "figures", "image", "images", "asset", "assets", "demo", "docs", "test"}
_LEFT_FILES = {"requirements.txt"}  # funasr would install what it names
_LARGEST_FILE = 1 << 50
_TRUNCATED = 3000  # ModelScope cuts a list there and does not say so
_COMMIT = re.compile(r"[0-9a-f]{40}")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,95}/[A-Za-z0-9][A-Za-z0-9_.-]{0,95}")
_REVISION = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./-]{0,127}")


@dataclass(frozen=True, slots=True)
class HubPlace:
    """A hub, or a mirror that speaks as it does. address: without a slash at the end."""

    hub: Hub
    address: str

    @property
    def name(self) -> str:
        """For sentences."""
        return f"{NAMES[self.hub]} ({self.address})"


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file of a hub. sha256: of its content, in hex, where the hub says it; blob: its git object name, for small ones."""

    path: str
    size: int
    sha256: str = ""
    blob: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """What a model is made of. commit: what the revision means now, where the hub says it."""

    place: HubPlace
    model: str
    revision: str
    commit: str
    files: tuple[RemoteFile, ...]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)

    def url(self, path: str) -> str:
        """Where a file is."""
        return _url(self.place, self.model, self.commit or self.revision, path)


def _url(place: HubPlace, model: str, revision: str, path: str) -> str:
    if place.hub is Hub.MODELSCOPE:
        return f"{place.address}/api/v1/models/{model}/repo?{urlencode({'Revision': revision, 'FilePath': path})}"
    return f"{place.address}/{model}/resolve/{quote(revision, safe='')}/{quote(path)}"


def checked_id(model: str) -> str:
    """The hub's name of a model. Raises Invalid where it is none."""
    if _ID.fullmatch(model) and ".." not in model and not model.endswith((".", PART)):
        return model
    raise Invalid(f"“{model}” is no model that we know.", "See `nas-asr model list`, or give a hub's OWNER/NAME.")


def checked_revision(revision: str) -> str:
    """A branch, tag or commit. Raises Invalid where it cannot be one."""
    if _REVISION.fullmatch(revision) and ".." not in revision:
        return revision
    raise Invalid(f"“{revision}” is no branch, tag or commit.", "Leave --revision out for the newest.")


def list_files(web: Web, place: HubPlace, model: str, revision: str, heard: Callable[[], None]) -> Listing:
    """What is needed of a model at a revision. Raises HubAway or HubRefused."""
    ask = _modelscope if place.hub is Hub.MODELSCOPE else _hugging_face
    try:
        commit, files = ask(web, place, model, revision, heard)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise HubAway(
            f"{place.name} answered with a list that nobody here can read.", "Look whether the mirror's address is right."
        ) from error
    needed = tuple(file for file in files if is_needed(file.path, files))
    if not any(file.path.endswith(_WEIGHTS) for file in needed):
        raise HubRefused(f"{model} at {place.name} holds no weights.", "Look at the name: it has to be a FunASR checkpoint.")
    return Listing(place, model, revision, commit, needed)


def _hugging_face(
    web: Web, place: HubPlace, model: str, revision: str, heard: Callable[[], None]
) -> tuple[str, list[RemoteFile]]:
    said = web.json(f"{place.address}/api/models/{model}/revision/{quote(revision, safe='')}?blobs=true", heard)
    files = []
    for one in said["siblings"]:
        large: Mapping[str, Any] = one.get("lfs") or {}
        size = large.get("size", one.get("size"))
        files.append(_file(one["rfilename"], size, str(large.get("sha256", "")), str(one.get("blobId") or "")))
    return _commit(said.get("sha")), files


def _modelscope(
    web: Web, place: HubPlace, model: str, revision: str, heard: Callable[[], None]
) -> tuple[str, list[RemoteFile]]:
    commit = _commit(revision) or _branch_commit(web, place, model, revision, heard)
    asked = urlencode({"Revision": commit or revision, "Recursive": "True"})
    said = web.json(f"{place.address}/api/v1/models/{model}/repo/files?{asked}", heard)
    if said.get("Code", 200) != 200:
        raise HubRefused(f"{place.name} has no such model, revision or file.", "Look at the name and the revision.")
    found = said["Data"]["Files"]
    if len(found) >= _TRUNCATED:
        raise HubRefused(f"{model} has more files than {place.name} lists.", "Take another hub with --hub.")
    files = [_file(one["Path"], one["Size"], str(one.get("Sha256") or "")) for one in found if one.get("Type") != "tree"]
    return commit, files


def _branch_commit(web: Web, place: HubPlace, model: str, revision: str, heard: Callable[[], None]) -> str:
    """The commit of a branch or tag, where the hub tells: without it the files' hashes are what is locked."""
    try:
        branches = web.json(f"{place.address}/api/v1/models/{model}/revisions", heard)["Data"]["RevisionMap"]
        both = [*(branches.get("Branches") or []), *(branches.get("Tags") or [])]
    except (HubRefused, KeyError, TypeError, AttributeError):
        return ""
    return next((_commit(one.get("CommitId")) for one in both if one.get("Revision") == revision), "")


def _commit(said: object) -> str:
    return said if isinstance(said, str) and _COMMIT.fullmatch(said) else ""


def _file(path: str, size: int, sha256: str, blob: str = "") -> RemoteFile:
    checked_path(path)
    if isinstance(size, bool) or not isinstance(size, int) or not 0 <= size <= _LARGEST_FILE:
        raise ValueError("a file without a size that can be")
    known = sha256.lower()
    return RemoteFile(path, size, known if re.fullmatch("[0-9a-f]{64}", known) else "", _commit(blob))


def checked_path(path: str) -> str:
    """A file's name below the checkpoint's directory. Raises HubRefused where it could lie anywhere else."""
    parts = path.split("/")
    clean = path.isprintable() and "\\" not in path and len(path.encode()) < 1024
    if clean and path and not {"", ".", ".."} & set(parts) and parts[-1].casefold() not in (LOCK, LOCK + PART):
        return path
    raise HubRefused(
        f"The list of the model names a file that is not taken: {path[:80]!r}.", "Take another hub, and tell the model's makers."
    )


def is_needed(path: str, files: "list[RemoteFile]") -> bool:
    """Weights, configuration, tokenizer, card and licence; no examples, pictures or programs, no second copy of weights."""
    pure = PurePosixPath(path)
    if any(part.startswith(".") or part.lower() in _LEFT_FOLDERS for part in pure.parts) or pure.name in _LEFT_FILES:
        return False
    # Qwen3's own weights are inside model.pt; its directory is for configuration and tokenizer.
    if len(pure.parts) > 1 and path.endswith(_WEIGHTS) and any(file.path == "model.pt" for file in files):
        return False
    return path.lower().endswith(_TAKEN) or pure.name.upper().startswith(("LICENSE", "LICENCE", "NOTICE"))
