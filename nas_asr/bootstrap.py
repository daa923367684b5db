"""Room: bootstrap. The composition root: the only place that knows everyone and hands the right-hand rooms down.

Rooms are imported inside the functions, so that each process loads only what it needs: the watcher no Flask, the web no numpy,
and nobody but the worker's child an engine.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from nas_asr import settings as settings_room
from nas_asr.core.errors import ConfigError
from nas_asr.core.ports import JobQueue, SilentQueue, Transcriber
from nas_asr.services.base import House
from nas_asr.settings import Settings
from nas_asr.store.database import Database
from nas_asr.store.schema import is_current, migrate

if TYPE_CHECKING:
    from flask import Flask

    from nas_asr.install.status import Stage2Status
    from nas_asr.worker.room import WorkerRoom

WORKER_FACTORY = "nas_asr.bootstrap:worker_room"


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
    return House(db=Database(settings.database), queue=SilentQueue(), options=settings)


def open_house(settings: Settings) -> House:
    """The house of a long-running process: database and queue. ConfigError where `up` has not prepared the schema."""
    db = Database(settings.database)
    if not is_current(db):
        db.close()
        prepare(settings)
        db = Database(settings.database)
    return House(db=db, queue=queue(settings), options=settings)


def queue_url(settings: Settings) -> str:
    """Where Redis is: as set, else the embedded one of DATA."""
    from nas_asr.jobs.embedded import socket_url

    return settings.redis_url or socket_url(settings.data)


def queue(settings: Settings) -> JobQueue:
    """The doorbell."""
    from nas_asr.jobs.queue import RqQueue

    return RqQueue(queue_url(settings))


def transcriber(settings: Settings) -> Transcriber:
    """The pipeline with the engine that the settings name."""
    from nas_asr import media
    from nas_asr.engine.build import build_transcriber

    return build_transcriber(settings.engine, None, media.decode)


def worker_room(data: str) -> "WorkerRoom":
    """What the worker's spawned child works with; called in the child, once."""
    from nas_asr.worker.room import WorkerRoom

    settings = settings_room.load_settings(data=data)
    return WorkerRoom(house=open_house(settings), transcriber=transcriber(settings))


def stage_two(settings: Settings) -> "Stage2Status":
    """How far torch and funasr are installed."""
    from nas_asr.install.status import stage2_status

    return stage2_status(settings.data)


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
    )
    return create_app(open_house(settings), setup)
