"""Room: cli.run. up, web, watch, work and sweep: the processes of the house. Builds them through bootstrap, decides nothing.

Each command imports what it runs, and only that: these processes stay for months.
"""

import dataclasses
import json
import logging
import secrets
import shlex
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nas_asr import __version__, logs
from nas_asr.cli.given import EVERYWHERE, served_at, settings_of
from nas_asr.core.errors import ConfigError
from nas_asr.settings import ADDRESS, SETUP_TOKEN, Settings
from nas_asr.supervisor import Part, Supervisor

if TYPE_CHECKING:
    from flask import Flask

_host = click.option("--host", default=None, help="Address to serve on (default 127.0.0.1).")
_port = click.option("--port", type=click.IntRange(1, 65535), default=None, help="Port to serve on (default 7860).")


def up_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of `up`, for every command that ends in it."""
    for option in (
        click.option("--workers", type=click.IntRange(0, 64), default=None, help="How many workers (default 1)."),
        _port,
        _host,
        click.option("--data", type=click.Path(path_type=Path), default=None, help="Data directory (default ./data)."),
    ):
        command = option(command)
    return command


@click.command()
@up_options
@click.option("--stage", type=click.Choice(["1", "2"]), default="2", help="1: do not install torch and funasr.")
@click.pass_context
def up(ctx: click.Context, /, stage: str, **options: Any) -> None:
    """Start everything here: web, watcher, workers and Redis; Ctrl-C ends all."""
    start(settings_of(ctx, **options), stage)


def start(settings: Settings, stage: str) -> None:
    """Run the house in this process's care until a signal ends it. ConfigError where it cannot start."""
    logs.configure()
    supervisor = Supervisor()
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    redis = None if settings.redis_url else _start_redis(settings, supervisor)
    try:
        _refuse_a_taken_port(settings)
        greeting = _greeting(settings, _prepare(settings))
        (settings.data / ADDRESS).write_text(served_at(settings), "ascii")
        for part in _parts(settings, stage):
            supervisor.start(part)
        supervisor.chores.append(_Greeter(settings, greeting))
        supervisor.watch()
    finally:
        supervisor.stop()
        (settings.data / ADDRESS).unlink(missing_ok=True)
        if redis is not None:
            redis()
    click.echo("nas_asr has stopped.")


class _Greeter:
    """Greets when the page answers, and not before; a chore of the supervisor."""

    def __init__(self, settings: Settings, greeting: str) -> None:
        self._settings, self._greeting = settings, greeting

    def __call__(self) -> None:
        if not self._greeting:
            return
        host = "127.0.0.1" if self._settings.host in EVERYWHERE else self._settings.host
        with suppress(OSError), socket.create_connection((host, self._settings.port), timeout=0.2):
            click.echo(self._greeting)
            sys.stdout.flush()
            self._greeting = ""


def _refuse_a_taken_port(settings: Settings) -> None:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as gunicorn does: old connections are no obstacle
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise ConfigError(
                f"{settings.host}:{settings.port} cannot be served: {error.strerror}.",
                f"Choose another port with --port or NAS_ASR_PORT, such as {settings.port + 1}.",
            ) from error


def _start_redis(settings: Settings, supervisor: Supervisor) -> Callable[[], None]:
    from nas_asr.jobs.embedded import EmbeddedRedis

    redis = EmbeddedRedis(settings.data)
    redis.start()
    redis.wait_ready()

    def revive() -> None:
        if redis.poll() is not None:
            logging.getLogger("nas_asr.supervisor").warning("part.ended", extra={"part": "redis"})
            redis.start()

    supervisor.chores.append(revive)
    return redis.stop


def _prepare(settings: Settings) -> bool:
    """Data directory and schema, by a process of its own; whether anybody lives here already."""
    command = [sys.executable, "-m", "nas_asr", "--data", str(settings.data), "prepare"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ConfigError(done.stderr.strip().removeprefix("nas-asr: "))
    return bool(json.loads(done.stdout)["anybody"])


def _parts(settings: Settings, stage: str) -> list[Part]:
    # The parts get what the command line said through their own; the environment they inherit.
    command = [sys.executable, "-m", "nas_asr", "--data", str(settings.data)]
    logs_of = settings.data / "logs"
    address = ["--host", settings.host, "--port", str(settings.port)]
    parts = [
        Part("web", [*command, "web", *address], logs_of / "web.log"),
        Part("watcher", [*command, "watch"], logs_of / "watcher.log"),
        *(Part(f"worker {n}", [*command, "work"], logs_of / f"worker-{n}.log") for n in range(1, settings.workers + 1)),
    ]
    if stage == "2":
        stage_two = [sys.executable, "-m", "nas_asr.install.stage2", "--data", str(settings.data)]
        parts.append(Part("stage 2", stage_two, logs_of / "stage2.log", once=True))
    return parts


def _command(settings: Settings) -> str:
    """How a person calls us for this house from another terminal; without its DATA, the first user would live elsewhere."""
    program = Path(sys.argv[0]).absolute()
    start = [sys.executable, "-m", "nas_asr"] if program.name == "__main__.py" else [str(program)]
    data = settings.data.absolute()
    return shlex.join(start if data == Path("data").absolute() else [*start, "--data", str(data)])


def _greeting(settings: Settings, anybody: bool) -> str:
    address = served_at(settings)
    lines = [f"nas_asr {__version__} serves {address} from {settings.data.absolute()}   (Ctrl-C ends it)"]
    if not anybody:
        token = _setup_token(settings)
        lines += [
            "",
            f"First account: open {address}/setup   (from another machine it asks for this token: {token})",
            f"               or: {_command(settings)} user add NAME --admin --password-stdin",
            f"First folder:  {settings.data.absolute()}/recordings/TEAM   (made with the first team; any other can be added)",
        ]
    return "\n".join(lines)


def _setup_token(settings: Settings) -> str:
    path = settings.data / SETUP_TOKEN
    if not path.is_file():
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(6), "ascii")
    return path.read_text("ascii").strip()


@click.command()
@_host
@_port
@click.pass_context
def web(ctx: click.Context, host: str | None, port: int | None) -> None:
    """Serve the pages and the API. Without `up`, NAS_ASR_REDIS_URL has to name a Redis."""
    logs.configure()
    from nas_asr.web.server import serve

    settings = settings_of(ctx, host=host, port=port)

    def build() -> "Flask":
        # Called in gunicorn's worker: its master holds none of this.
        from nas_asr import bootstrap

        return bootstrap.web_app(settings)

    serve(build, settings.host, settings.port)


@click.command()
@click.pass_context
def watch(ctx: click.Context) -> None:
    """Watch the folders, and repair what a crash left behind. Without `up`, NAS_ASR_REDIS_URL has to name a Redis."""
    logs.configure()
    from nas_asr import bootstrap
    from nas_asr.cli.night import NightShift
    from nas_asr.core.ids import new_id
    from nas_asr.services.archive_nights import anything_due
    from nas_asr.services.duties import Duties
    from nas_asr.services.transcribe import Incarnation
    from nas_asr.services.upkeep import Upkeep
    from nas_asr.watcher.main import run

    settings = settings_of(ctx)
    house = bootstrap.open_house(settings)
    who = Incarnation(f"watcher@{socket.gethostname()}", new_id())
    upkeep = Upkeep(house, NightShift(settings.data, lambda: anything_due(house)), who)
    try:
        run(house, sweep=upkeep, duties=Duties(house, who))
    finally:
        upkeep.close()


@click.command()
@click.option("--name", default="", help="Stable name of this worker; needed only for several of one host and DATA.")
@click.pass_context
def work(ctx: click.Context, name: str) -> None:
    """Transcribe what is waiting, here or on another machine with the same settings and a Redis that NAS_ASR_REDIS_URL names."""
    logs.configure()
    from nas_asr import bootstrap
    from nas_asr.worker.main import run
    from nas_asr.worker.room import WorkerPlan

    settings = settings_of(ctx)
    house = bootstrap.open_house(settings)
    plan = WorkerPlan(
        queue_url=bootstrap.queue_url(settings),
        factory=bootstrap.WORKER_FACTORY,
        argument=str(settings.data),
        name=name,
        look=lambda: bootstrap.look(house.options),
    )
    sys.exit(run(plan, house))


@click.command()
@click.pass_context
def sweep(ctx: click.Context) -> None:
    """Repair what a crash left behind, once; `watch` does it all the time.

    A run under way is watched until its worker moves, or has been silent for the run's lease (30 s).
    """
    from nas_asr import bootstrap
    from nas_asr.services.sweep import sweep_once

    report = sweep_once(bootstrap.open_house(settings_of(ctx)))
    done = [f"{value} {name.replace('_', ' ')}" for name, value in dataclasses.asdict(report).items() if value]
    click.echo(", ".join(done) or "Nothing had to be repaired.")
