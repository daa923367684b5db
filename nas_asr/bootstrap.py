"""Room: bootstrap. The composition root: the only place that knows everyone and hands the right-hand rooms down.

Rooms are imported inside the functions, so that each process loads only what it needs: the watcher no Flask, the web no numpy,
and nobody but the worker's child an engine.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, cast

from nas_asr import settings as settings_room
from nas_asr.core import checkpoints
from nas_asr.core.checkpoints import Hub
from nas_asr.core.errors import ConfigError, Conflict, ModelUnavailable, Unexpected
from nas_asr.core.findings import Finding, Verdict
from nas_asr.core.offers import AUTO, Offer, Skills
from nas_asr.core.ports import JobQueue, Options, SilentQueue, Transcriber
from nas_asr.core.transcript import EngineLabel
from nas_asr.services.base import House
from nas_asr.services.house_settings import LiveOptions, overlay
from nas_asr.settings import Settings
from nas_asr.store.database import Database
from nas_asr.store.schema import is_current, migrate

if TYPE_CHECKING:
    from flask import Flask

    from nas_asr.engine.options import EngineOptions
    from nas_asr.install.desk import Desk
    from nas_asr.install.status import Stage2Status
    from nas_asr.worker.room import WorkerRoom

WORKER_FACTORY = "nas_asr.bootstrap:worker_room"
_one_beside_us = Lock()  # each may load an engine; the pages' process has threads for a dozen
TRIAL_S = 120.0  # as long as a large model may take to come from a slow disk


def prepare(settings: Settings) -> None:
    """Make DATA and bring the database to the newest schema. ConfigError where DATA cannot be written."""
    try:
        settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        (settings.data / "logs").mkdir(exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"The data directory {settings.data.absolute()} cannot be made: {error.strerror}.",
            "Choose another with --data or NAS_ASR_DATA, or correct its owner.",
        ) from error
    if not os.access(settings.data, os.W_OK):
        raise ConfigError(
            f"The data directory {settings.data.absolute()} cannot be written by user id {os.getuid()}.",
            "Correct its owner, or choose another with --data or NAS_ASR_DATA.",
        )
    db = Database(settings.database)
    try:
        migrate(db)
    finally:
        db.close()


def has_house(settings: Settings) -> bool:
    """Whether a house was ever made here; a database on a server is taken for one."""
    sqlite = "sqlite:///"
    return not settings.database.startswith(sqlite) or Path(settings.database.removeprefix(sqlite)).is_file()


def house_without_queue(settings: Settings) -> House:
    """For commands that change rows and let the running sweep ring."""
    prepare(settings)
    db = Database(settings.database)
    return House(db=db, queue=SilentQueue(), options=overlay(settings, db))


def open_house(settings: Settings) -> House:
    """The house of a long-running process: database, queue, settings as they are now.

    ConfigError where `up` has not prepared the schema.
    """
    db = Database(settings.database)
    if not is_current(db):
        db.close()
        prepare(settings)
        db = Database(settings.database)
    return House(db=db, queue=queue(settings), options=cast("Options", LiveOptions(settings, db)))


def queue_url(settings: Settings) -> str:
    """Where Redis is: as set, else the embedded one of DATA."""
    from nas_asr.jobs.embedded import socket_url

    return settings.redis_url or socket_url(settings.data)


def queue(settings: Settings) -> JobQueue:
    """The doorbell."""
    from nas_asr.jobs.queue import RqQueue

    return RqQueue(queue_url(settings))


def transcriber(settings: Options) -> Transcriber:
    """The pipelines of all engines that can work here; runs that name none get the one of the settings."""
    settings_room.prepare_torch(settings.threads)
    from nas_asr import media
    from nas_asr.engine.build import build_transcriber
    from nas_asr.engine.presence import options_for
    from nas_asr.engine.switchboard import Switchboard

    options = _engine_options(settings)
    skills = Skills(offers(settings), settings.engine)
    return Switchboard(skills, lambda engine: build_transcriber(options_for(options, engine), media.decode))


def offers(settings: Options) -> tuple[Offer, ...]:
    """The engines that can work on this machine now, best first. Loads none of them."""
    from nas_asr.engine.build import engines
    from nas_asr.engine.presence import offers_here

    return offers_here(_engine_options(settings), engines(), _has_second_stage(settings))


def look(settings: Options) -> str:
    """A word that changes when engines come or go on this machine: packages, weights, other weights in their place."""
    from nas_asr.engine.presence import footprint

    return f"{_has_second_stage(settings)} {footprint(_engine_options(settings))}"


def why_not(settings: Options) -> ModelUnavailable | None:
    """Why the engine that the settings name cannot work here, None where it can. `auto` always can."""
    from nas_asr.engine.build import engines
    from nas_asr.engine.presence import reason

    if settings.engine == AUTO or any(offer.engine == settings.engine for offer in offers(settings)):
        return None
    return reason(settings.engine, engines(), _has_second_stage(settings))


def _has_second_stage(settings: Options) -> bool:
    from nas_asr.install.status import Stage2State, stage2_status

    return stage2_status(settings.data).state is Stage2State.INSTALLED


def trial(settings: Options) -> EngineLabel:
    """Load the engine that the settings name, here and now. Raises ModelUnavailable or EngineError."""
    settings_room.prepare_torch(settings.threads)
    from nas_asr import media
    from nas_asr.engine.presence import options_for
    from nas_asr.engine.trial import try_out

    if (missing := why_not(settings)) is not None:
        raise missing
    options = _engine_options(settings)
    best = next((offer.engine for offer in offers(settings) if settings.engine in (AUTO, offer.engine)), settings.engine)
    wanted = options_for(options, best)
    return try_out(wanted if wanted.model else replace(wanted, model=options.model), media.decode)


def _engine_options(settings: Options) -> "EngineOptions":
    from nas_asr.engine.options import EngineOptions

    return EngineOptions(
        engine=settings.engine, model=settings.model, device=settings.device, threads=settings.threads or None,
        models=checkpoints.models(settings.data), openai_url=settings.openai_url, openai_key=settings.openai_key,
        openai_hotwords=settings.openai_hotwords, openai_at_once=settings.openai_at_once,
    )  # fmt: skip


def trial_elsewhere(wanted: Options, patience_s: float = TRIAL_S) -> None:
    """The same in a program of its own, so that an engine that crashes or hangs harms nobody. Raises ModelUnavailable."""
    words = ["trial", "--engine", wanted.engine, "--model", wanted.model]
    words += ["--device", wanted.device, "--threads", str(wanted.threads)]
    try:
        status, said = _ask_elsewhere(wanted, words, patience_s)
    except subprocess.TimeoutExpired as error:
        raise ModelUnavailable(
            f"The engine “{wanted.engine}” was not ready within {patience_s:g} seconds, so nothing was changed.",
            "Try again when the machine has less to do, or choose a smaller model.",
        ) from error
    if status != 0:
        raise _not_loaded(wanted.engine, said)


def examine_elsewhere(settings: Options, patience_s: float = TRIAL_S) -> list[Finding]:
    """What the doctor finds, in a program of its own: the engines that it tries stay out of the pages' memory.

    Raises Unexpected where it says nothing.
    """
    try:
        _, said = _ask_elsewhere(settings, ["doctor", "--json"], patience_s)
        return [Finding(**{**one, "verdict": Verdict(one["verdict"])}) for one in json.loads(said)]
    except (subprocess.TimeoutExpired, ValueError, TypeError, KeyError) as error:
        raise Unexpected(
            "The system check did not come to an end.", "Run `nas-asr doctor` in a terminal on that machine."
        ) from error


def near(lines: Sequence[str], texts: Sequence[str]) -> list[list[tuple[int, int, str]]]:
    """Where hotwords of a list are meant in each text, by their sound."""
    from nas_asr.engine.corrections import Corrections

    corrections = Corrections(lines)
    return [[(one.start, one.end, one.hotword) for one in corrections.matches(text)] for text in texts]


def near_elsewhere(
    settings: Options, lines: Sequence[str], texts: Sequence[str], patience_s: float = TRIAL_S
) -> list[list[tuple[int, int, str]]]:
    """The same in a program of its own: what compares sounds takes more memory than the pages have. Raises Unexpected."""
    asked = json.dumps({"lines": list(lines), "texts": list(texts)}).encode()
    try:
        _, said = _ask_elsewhere(settings, ["near"], patience_s, asked)
        return [[(start, end, word) for start, end, word in places] for places in json.loads(said)]
    except (subprocess.TimeoutExpired, ValueError, TypeError) as error:
        raise Unexpected("Comparing the list with the transcripts did not come to an end.", "Try a shorter list.") from error


def _ask_elsewhere(
    settings: Options, words: Sequence[str], patience_s: float, asked: bytes = b""
) -> tuple[int, bytes]:
    """One of our commands as a program of its own: its exit status and what it printed. Conflict while another one runs."""
    if not _one_beside_us.acquire(blocking=False):
        raise Conflict("Somebody else has this machine look already.", "Wait a few seconds, then try again.")
    try:
        return _answer_of(settings, words, patience_s, asked)
    finally:
        _one_beside_us.release()


def _answer_of(settings: Options, words: Sequence[str], patience_s: float, asked: bytes) -> tuple[int, bytes]:
    """It does not outlive us, nor its patience."""
    command = [sys.executable, "-m", "nas_asr.core.lifeline", str(os.getpid()), sys.executable, "-m", "nas_asr"]
    program = subprocess.Popen(
        [*command, "--data", str(settings.data), *words],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        said = program.communicate(asked, timeout=patience_s)[0]
    finally:
        with suppress(ProcessLookupError):
            os.killpg(program.pid, signal.SIGKILL)
        program.wait()
    return program.returncode, said


def _not_loaded(engine: str, said: bytes) -> ModelUnavailable:
    try:
        words = json.loads(said)
        return ModelUnavailable(words["message"], words["remedy"])
    except (ValueError, KeyError, TypeError):
        return ModelUnavailable(
            f"The program that loaded the engine “{engine}” on trial ended without a word, so nothing was changed.",
            "Look for a lack of memory, or choose another engine.",
        )


def worker_room(data: str) -> "WorkerRoom":
    """What the worker's spawned child works with, by the settings of this moment; called in the child, once."""
    from nas_asr.worker.room import WorkerRoom

    settings = settings_room.load_settings(data=data)
    house = open_house(settings)
    return WorkerRoom(house=house, transcriber=transcriber(overlay(settings, house.db)))


def stage_two(settings: Settings) -> "Stage2Status":
    """How far torch and funasr are installed."""
    from nas_asr.install.status import stage2_status

    return stage2_status(settings.data)


def pull_desk(settings: Settings) -> "Desk":
    """Where models are pulled to and from: ModelScope first, because its weights hold what word times are made of."""
    from nas_asr.install.desk import Desk
    from nas_asr.install.hub import HubPlace

    addresses = {Hub.MODELSCOPE: settings.modelscope_url, Hub.HUGGING_FACE: settings.huggingface_url}
    return Desk(checkpoints.models(settings.data), tuple(HubPlace(hub, at) for hub, at in addresses.items()))


def setup_token(settings: Settings) -> str:
    """What /setup asks of another machine; `up` makes it while no user exists. Empty where there is none."""
    path = settings.data / settings_room.SETUP_TOKEN
    return path.read_text("ascii").strip() if path.is_file() else ""


def web_app(settings: Settings) -> "Flask":
    """The pages and the API."""
    from nas_asr.web.app import create_app
    from nas_asr.web.wiring import StageTwoView, WebSetup

    def stage_two_view() -> StageTwoView:
        status = stage_two(settings)
        state = "ready" if status.state == "installed" else status.state.value
        return StageTwoView(state, status.step, status.done, status.total, status.message, status.remedy)

    setup = WebSetup(
        secret_key=settings_room.secret_key(settings),
        trusted_hosts=settings.hosts,
        trusted_proxies=settings.trusted_proxies,
        frame_ancestors=settings.frame_ancestors,
        redis_url=queue_url(settings),
        max_upload_mb=settings.max_upload_mb,
        stage_two=stage_two_view,
        setup_token=setup_token(settings),
        trial=trial_elsewhere,
        examine=lambda: examine_elsewhere(settings),
        listen=lambda lines, texts: near_elsewhere(settings, lines, texts),
    )
    return create_app(open_house(settings), setup)
