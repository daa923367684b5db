"""Room: cli.models. `nas-asr model pull|list|verify`: brings the weights of the engines, and says what is here. Loads none."""

import dataclasses
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import NoReturn

import click

from nas_asr import bootstrap
from nas_asr.cli.given import settings_of
from nas_asr.core.checkpoints import CHECKPOINTS, Hub, known, models, read_lock
from nas_asr.core.clock import utc_now
from nas_asr.core.errors import Invalid
from nas_asr.core.pulls import PullState, PullStatus, read_status

_BAR = 30
_BAR_EVERY_S = 0.2
_LINE_EVERY_S = 15.0
_UNLOCKED = {"unfinished": ["was not downloaded to its end"], "broken": ["has no readable lock file"]}


@click.group()
def model() -> None:
    """The models of the engines: get them, list them, check them."""


@model.command()
@click.argument("name", default=CHECKPOINTS[0].name)
@click.option("--hub", type=click.Choice([hub.value for hub in Hub]), default=None, help="Only from this hub.")
@click.option("--revision", default="", help="Branch, tag or commit; what is there now replaces what was locked.")
@click.option(
    "--from", "source", type=click.Path(path_type=Path), default=None, help="From a directory, without any network."
)
@click.option("--wish", type=int, default=0, hidden=True, help="Started by a worker: the number of the page's wish.")
@click.pass_context
def pull(ctx: click.Context, /, name: str, source: Path | None, wish: int, **asked: str | None) -> None:
    """Get a model (Fun-ASR-Nano-2512 where none is named), or what is missing of it. May be broken off and started again."""
    from nas_asr.install.carry import carry
    from nas_asr.install.pull import Order
    from nas_asr.install.pull import pull as bring

    desk = bootstrap.pull_desk(settings_of(ctx))
    order = Order(name, Hub(asked["hub"]) if asked["hub"] else None, asked["revision"] or "", wish)
    if wish:
        os.nice(10)  # pages and recordings come first
    signal.signal(signal.SIGTERM, _leave)
    checkpoint = known(name)
    if checkpoint is not None:
        click.echo(f"{checkpoint.name}: about {checkpoint.gigabytes:.1f} GB, licence {checkpoint.licence}")
    bar = _Bar()
    desk.heard = bar
    try:
        pulled = carry(desk, order, source) if source is not None else bring(desk, order)
    finally:
        bar.end()
    word = "is here and whole" if pulled.fetched == 0 else "is here now"
    click.echo(f"{order.name} {word}: {pulled.directory}")
    click.echo(f"  from {pulled.lock.source}, revision {pulled.lock.commit or pulled.lock.revision or 'unknown'}, locked")


@model.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def list_(ctx: click.Context, as_json: bool) -> None:
    """Every model that is known or here: size, licence, languages, engine, state."""
    from nas_asr.install.shelf import shelf

    folder = models(settings_of(ctx).data)
    rows, status = shelf(folder), read_status(folder, utc_now())
    if as_json:
        plain = [dataclasses.asdict(row) | {"directory": str(row.directory or "")} for row in rows]
        click.echo(json.dumps(plain, ensure_ascii=False, indent=2))
        return
    table = [("MODEL", "ENGINE", "SIZE", "STATE", "HUB", "LICENCE", "LANGUAGES")]
    table += [
        (row.name, row.engine or "-", f"{row.size / 1e9:.2f} GB", row.state, row.hub or "-", row.licence or "-",
         " ".join(row.languages) or "-")
        for row in rows
    ]  # fmt: skip
    widths = [max(len(line[i]) for line in table) for i in range(len(table[0]))]
    for line in table:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
    for row in rows:
        if row.broken:
            click.echo(f"{row.name}: {', '.join(row.broken)} missing or of another size. Run: nas-asr model pull {row.name}")
    if status is not None and status.state is not PullState.DONE:
        click.echo(f"{status.model}: {_progress(status)} {status.remedy}".rstrip())


@model.command()
@click.argument("name", default="")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def verify(ctx: click.Context, name: str, as_json: bool) -> None:
    """Read every file of a model again and compare it with what was pulled; exit status 1 names each that differs."""
    from nas_asr.install.seal import compare
    from nas_asr.install.shelf import ShelfState, named

    folder = models(settings_of(ctx).data)
    rows = [row for row in named(folder, name) if row.state is not ShelfState.ABSENT]
    if name and not rows:
        raise Invalid(f"{name} is not here.", f"Run: nas-asr model pull {name}")
    report = []
    for row in rows:
        assert row.directory is not None
        lock = read_lock(row.directory)
        troubles = [f"{one.path} {one.why}" for one in compare(row.directory, lock)] if lock else _UNLOCKED.get(row.state, [])
        locked = len(lock.files) if lock else 0
        report.append({"name": row.name, "hub": row.hub, "state": row.state, "files": locked, "troubles": troubles})
        if not as_json:
            _tell(row.name, row.hub, locked, troubles)
    if as_json:
        click.echo(json.dumps(report, ensure_ascii=False, indent=2))
    elif not rows:
        click.echo("No model is here. Run: nas-asr model pull")
    sys.exit(1 if any(one["troubles"] for one in report) else 0)


def _tell(name: str, hub: str, locked: int, troubles: list[str]) -> None:
    for trouble in troubles:
        click.echo(f"nas-asr: {name} ({hub}): {trouble}. Run: nas-asr model pull {name} --hub {hub}", err=True)
    if not troubles:
        by_hand = "was put here by hand, so there is nothing to compare with"
        click.echo(f"{name} ({hub}): {f'{locked} files are as they were pulled' if locked else by_hand}.")


def _leave(_number: int, _frame: object) -> NoReturn:
    sys.exit(1)


def _progress(status: PullStatus) -> str:
    share = 100 * status.done // status.total if status.total else 0
    figures = f" {share} % of {status.total / 1e9:.2f} GB." if status.total else ""
    return f"{status.message}{figures}"


class _Bar:
    """A bar where somebody looks, a line now and then where nobody does."""

    def __init__(self) -> None:
        self._looks = sys.stderr.isatty()
        self._next = 0.0
        self._said = ""
        self._began: tuple[float, int] | None = None

    def __call__(self, status: PullStatus) -> None:
        now = time.monotonic()
        fresh = status.message != self._said
        if not fresh and now < self._next or status.state is not PullState.PULLING:
            return
        if fresh:
            self._began = (now, status.done)
        self._next = now + (_BAR_EVERY_S if self._looks else _LINE_EVERY_S)
        self._said = status.message
        if self._looks:
            click.echo("\r\x1b[K" + self._line(status, now), nl=False, err=True)
        else:
            click.echo(_progress(status), err=True)

    def _line(self, status: PullStatus, now: float) -> str:
        if not status.total:
            return status.message
        filled = _BAR * status.done // status.total
        since, before = self._began or (now, status.done)
        speed = (status.done - before) / (now - since) if now > since else 0.0
        figures = f"{status.done / 1e6:,.0f} of {status.total / 1e6:,.0f} MB, {speed / 1e6:.1f} MB/s"
        return f"[{'#' * filled}{'.' * (_BAR - filled)}] {figures}"

    def end(self) -> None:
        """Leave the cursor on a line of its own."""
        if self._looks and self._said:
            click.echo("", err=True)
