"""Room: doctor. Says what works on this machine, what does not, and the remedy. Looks and tries; changes nothing."""

import platform
import shutil
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import unquote, urlsplit
from urllib.request import urlopen

from nas_asr import bootstrap
from nas_asr.core import checkpoints
from nas_asr.core.errors import NasAsrError
from nas_asr.core.findings import Finding, Verdict
from nas_asr.core.offers import AUTO, MODEL
from nas_asr.core.ports import Options
from nas_asr.services.base import House
from nas_asr.services.engines import served, was_seen
from nas_asr.services.folders import list_folders
from nas_asr.services.house_settings import overlay
from nas_asr.services.summary import live_workers
from nas_asr.settings import ADDRESS, Settings
from nas_asr.store.database import Database, DatabaseTrouble
from nas_asr.store.schema import is_current

_LOW_DISK = 2 * 1024**3
_FULL_DISK = 64 * 1024**2  # the database, Redis and a log line still have to fit
_NETWORK_FILE_SYSTEMS = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "fuse.sshfs", "9p"}


def examine(settings: Settings) -> list[Finding]:
    """Look at everything; no check can stop the others."""
    checks: tuple[Callable[[Settings], Iterator[Finding]], ...] = (
        _python, _data, _database, _redis, _media, _engine, _stage_two, _models, _folders, _running,
    )  # fmt: skip
    return [finding for check in checks for finding in _careful(check, settings)]


def _careful(check: Callable[[Settings], Iterator[Finding]], settings: Settings) -> Iterator[Finding]:
    subject = check.__name__.strip("_").replace("_", " ")
    try:
        yield from check(settings)
    except NasAsrError as error:
        yield Finding(subject, Verdict.BROKEN, error.message, error.remedy)
    except (OSError, DatabaseTrouble, ImportError) as error:
        yield Finding(subject, Verdict.BROKEN, f"{type(error).__name__}: {error}".splitlines()[0])


def _python(_settings: Settings) -> Iterator[Finding]:
    yield Finding("python", Verdict.OK, f"{platform.python_version()}, {platform.system()} {platform.machine()}")


def _data(settings: Settings) -> Iterator[Finding]:
    data = settings.data.absolute()
    if not data.exists():
        yield Finding("data", Verdict.NOTE, f"{data} does not exist yet.", "It is made by the first start: make run")
        return
    free = shutil.disk_usage(data).free
    verdict = Verdict.BROKEN if free < _FULL_DISK else Verdict.NOTE if free < _LOW_DISK else Verdict.OK
    remedy = "" if verdict is Verdict.OK else "Free some space; what was accepted is kept and goes on then."
    yield Finding("data", verdict, f"{data}, {free / 1024**2:,.0f} MiB free", remedy)
    kind = _file_system(data)
    if kind in _NETWORK_FILE_SYSTEMS:
        yield Finding(
            "data", Verdict.BROKEN, f"{data} lies on a network share ({kind}); databases break there.",
            "Put DATA on a local disk with NAS_ASR_DATA.",
        )  # fmt: skip


def _database(settings: Settings) -> Iterator[Finding]:
    if not bootstrap.has_house(settings):
        yield Finding("database", Verdict.NOTE, "There is none yet.", "It is made by the first start: make run")
        return
    db = Database(settings.database)
    try:
        current, kind = is_current(db), db.kind
    finally:
        db.close()
    if current:
        yield Finding("database", Verdict.OK, f"{kind}, its schema is up to date")
    else:
        yield Finding(
            "database", Verdict.NOTE, f"{kind}, its schema is older than this program",
            "It is brought up to date by the next start.",
        )  # fmt: skip


def _redis(settings: Settings) -> Iterator[Finding]:
    alive = bootstrap.queue(settings).alive()
    if settings.redis_url:
        if alive:
            yield Finding("redis", Verdict.OK, "answers at NAS_ASR_REDIS_URL")
        else:
            yield Finding("redis", Verdict.BROKEN, "does not answer at NAS_ASR_REDIS_URL", "Start it.")
        return
    from nas_asr.jobs.embedded import command

    program = next(part for part in command(settings.data) if "redis" in Path(part).name)
    if alive:
        yield Finding("redis", Verdict.OK, f"embedded, {program}, running")
    elif _has_listener(settings):
        yield Finding("redis", Verdict.BROKEN, f"embedded, {program}, takes nothing now (its disk is full?)")
    else:
        yield Finding("redis", Verdict.OK, f"embedded, {program}, not running now")


def _has_listener(settings: Settings) -> bool:
    """Whether somebody listens on the socket of the embedded Redis, whatever it answers."""
    path = unquote(bootstrap.queue_url(settings).removeprefix("unix://"))
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        return probe.connect_ex(path) == 0


def _media(_settings: Settings) -> Iterator[Finding]:
    yield Finding("decoding", Verdict.OK, f"PyAV {metadata.version('av')}, nothing needed from the system")


def _engine(settings: Settings) -> Iterator[Finding]:
    chosen = _chosen(settings)
    if (missing := bootstrap.why_not(chosen)) is not None:
        what = f"{missing.message} It is what the settings name: recordings wait for a worker that has it."
        yield Finding("engine", Verdict.NOTE if _elsewhere(settings, chosen.engine) else Verdict.BROKEN, what, missing.remedy)
    transcriber = bootstrap.transcriber(chosen)
    try:
        loaded = {one["engine"]: one for one in transcriber.loaded()}
        for offer in transcriber.offers:
            one = loaded.get(offer.engine)
            if one:
                model, device = one["model"], one["device"]
                yield Finding("engine", Verdict.OK, f"{offer.engine} with {model} on {device}")
            else:
                yield Finding("engine", Verdict.OK, f"{offer.engine} can work here; a run that needs it loads it")
        offered = {offer.engine for offer in transcriber.offers}
    finally:
        transcriber.close()
    if chosen.engine == "openai":
        host = urlsplit(chosen.openai_url).netloc.rpartition("@")[2]
        yield Finding("engine", Verdict.NOTE, f"What is spoken is sent to {host}, and to nobody else.")
    if MODEL not in offered and chosen.engine in (AUTO, MODEL):
        yield _without_model(settings)


def _without_model(settings: Settings) -> Finding:
    """What the absence of Fun-ASR-Nano from this machine means."""
    if _elsewhere(settings, MODEL):
        return Finding("model", Verdict.OK, "Fun-ASR-Nano is not on this machine; a running worker elsewhere has it.")
    remedy = "Get it: nas-asr model pull"
    if bootstrap.stage_two(settings).state.value != "installed":
        remedy = "First the second stage (below), then: nas-asr model pull"
    house = _house(settings)
    lost = house is not None and was_seen(house)
    if house is not None:
        house.db.close()
    if lost:
        gone = "Fun-ASR-Nano worked in this house, and its weights are gone: other languages than English wait."
        return Finding("model", Verdict.BROKEN, gone, f"Put them back, or: {remedy}")
    waits = "Fun-ASR-Nano is not here. Declared English is transcribed by the built-in engine, as drafts; the rest waits."
    return Finding("model", Verdict.NOTE, waits, remedy)


def _elsewhere(settings: Settings, engine: str) -> bool:
    """Whether a running worker, on whatever machine, has the engine."""
    house = _house(settings)
    if house is None:
        return False
    with house.db.read() as session:
        found = bool(served(session, house).languages(engine))
    house.db.close()
    return found


def _stage_two(settings: Settings) -> Iterator[Finding]:
    status = bootstrap.stage_two(settings)
    verdict = {"installed": Verdict.OK, "failed": Verdict.BROKEN}.get(status.state.value, Verdict.NOTE)
    if status.state.value == "installing":
        yield Finding("stage 2", verdict, f"is being installed ({status.step}, {status.done} of {status.total})")
    elif status.state.value == "installed":
        yield Finding("stage 2", verdict, "is installed: torch and funasr", status.remedy)
    else:
        yield Finding("stage 2", verdict, status.message or "is not installed", status.remedy)


def _models(settings: Settings) -> Iterator[Finding]:
    from nas_asr.install.shelf import ShelfState, shelf

    for row in shelf(checkpoints.models(settings.data)):
        what = f"{row.name} ({row.hub}, {row.size / 1e9:.2f} GB, {row.licence})"
        again = f"nas-asr model pull {row.name} --hub {row.hub}"
        if row.state is ShelfState.HERE:
            yield Finding("model", Verdict.OK, f"{what}: every file is here in its size", "")
        elif row.state is ShelfState.BY_HAND:
            yield Finding("model", Verdict.NOTE, f"{what}: put here by hand, not locked", "nas-asr model pull NAME --from DIR")
        elif row.state is ShelfState.BROKEN:
            yield Finding("model", Verdict.BROKEN, f"{what}: not whole ({', '.join(row.broken)})", again)
        elif row.state is ShelfState.UNFINISHED:
            yield Finding("model", Verdict.NOTE, f"{what}: its download is not finished", again)


def _folders(settings: Settings) -> Iterator[Finding]:
    house = _house(settings)
    if house is None:
        return
    rows = list_folders(house, None)
    house.db.close()
    for folder in rows:
        if folder.online:
            yield Finding("folder", Verdict.OK, f"{folder.path}, {folder.files_seen} files at the last look")
        else:
            yield Finding(
                "folder", Verdict.BROKEN, f"{folder.path} is offline: {folder.offline_reason}", "Mount it again."
            )
    if not rows:
        yield Finding("folder", Verdict.NOTE, "No folder is watched yet.", "nas-asr folder add TEAM PATH --language en")


def _running(settings: Settings) -> Iterator[Finding]:
    house = _house(settings)
    if house is None:
        return
    with house.db.read() as session:
        beats = live_workers(session, house)
        workers = [beat.name for beat in beats]
        slow = [finding for beat in beats for finding in _slow(beat.name, beat.detail)]
    house.db.close()
    if workers:
        yield Finding("workers", Verdict.OK, ", ".join(workers))
    else:
        yield Finding("workers", Verdict.NOTE, "none is running", "Start everything with: make run")
    yield from slow
    address = f"{_address(settings)}/healthz"
    try:
        with urlopen(address, timeout=3) as answer:  # noqa: S310 (our own address)
            yield Finding("page", Verdict.OK if answer.status == 200 else Verdict.BROKEN, f"answers at {address}")
    except (URLError, OSError):
        yield Finding("page", Verdict.NOTE, f"nothing answers at {address}", "Start everything with: make run")


def _slow(worker: str, told: Mapping[str, Any]) -> Iterator[Finding]:
    """funasr takes the processor without a word where it finds no card; so we say it."""
    on_processor = [
        one for one in told.get("loaded", []) if one.get("engine") == MODEL and str(one.get("device")).startswith("cpu")
    ]
    if on_processor and told.get("nvidia"):
        what = f"{worker} has Fun-ASR-Nano on the processor, although its machine has an NVIDIA card."
        yield Finding("device", Verdict.BROKEN, what, "Look at the driver (nvidia-smi) and at NAS_ASR_DEVICE there.")
    elif on_processor:
        what = f"{worker} has Fun-ASR-Nano on the processor: expect about three times as fast as listening (RTFx 3)."
        yield Finding("device", Verdict.NOTE, what)


def _address(settings: Settings) -> str:
    """Where the page is: `up` leaves a note while it runs, because its command line may have said another port."""
    note = settings.data / ADDRESS
    return note.read_text("ascii").strip() if note.is_file() else f"http://{settings.host}:{settings.port}"


def _chosen(settings: Settings) -> Options:
    """The settings with what an admin chose on the page."""
    house = _house(settings)
    if house is None:
        return settings
    chosen = overlay(settings, house.db)
    house.db.close()
    return chosen


def _house(settings: Settings) -> House | None:
    if not bootstrap.has_house(settings):
        return None
    db = Database(settings.database)
    if not is_current(db):
        db.close()
        return None
    return House(db, bootstrap.queue(settings), settings)


def _file_system(path: Path) -> str:
    """The type of the mounted file system that holds a path; empty where the kernel does not tell."""
    if sys.platform != "linux":
        return ""
    best, kind = "", ""
    for line in Path("/proc/self/mountinfo").read_text("utf-8", "replace").splitlines():
        left, _, right = line.partition(" - ")
        mount = left.split()[4].replace("\\040", " ")
        if path.is_relative_to(mount) and len(mount) >= len(best):
            best, kind = mount, right.split()[0]
    return kind
