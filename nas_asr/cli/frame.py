"""Room: cli.frame. What the short commands share: a house without a queue, passwords, tables, JSON. No command itself."""

import dataclasses
import json
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from nas_asr.bootstrap import has_house, house_without_queue
from nas_asr.cli.given import settings_of
from nas_asr.core.clock import iso
from nas_asr.core.errors import ConfigError, Invalid
from nas_asr.services.base import House

_WIDEST = 48  # of a column in a table: one file with a very long name pushes only its own line to the right


def house_of(ctx: click.Context, *, make: bool = False) -> House:
    """The house for commands that change rows; nobody is rung, the running sweep does that.

    Only what may be the first command ever makes a new house: elsewhere it would be one that nobody serves.
    """
    settings = settings_of(ctx)
    if not make and not has_house(settings):
        raise ConfigError(
            f"There is no nas_asr data in {settings.data.absolute()}.",
            "Go to the folder where you ran `make run`, or say --data DIR or NAS_ASR_DATA.",
        )
    return house_without_queue(settings)


def password_from_stdin(wanted: bool) -> str:
    """The password: one line of standard input, or asked for twice where a person sits there."""
    if wanted:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise Invalid("A password is needed.", "Give --password-stdin and write it to standard input.")
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))


def show(rows: Sequence[Any], columns: Iterable[str], as_json: bool) -> None:
    """Rows (dataclasses) as a table for people, or whole as JSON."""
    if as_json:
        click.echo(json.dumps([_plain(dataclasses.asdict(row)) for row in rows], ensure_ascii=False, indent=2))
        return
    names = list(columns)
    table = [[_cell(getattr(row, name)) for name in names] for row in rows]
    widths = [max(min(len(line[i]), _WIDEST) for line in [names, *table]) for i in range(len(names))]
    for line in [[name.upper() for name in names], *table]:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.astimezone().strftime("%Y-%m-%d %H:%M")
    if isinstance(value, dict):
        return " ".join(f"{k}:{v}" for k, v in value.items()) or "-"
    return str(value)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, datetime):
        return iso(value)
    return str(value) if isinstance(value, Path) else value
