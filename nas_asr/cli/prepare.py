"""Room: cli.prepare. Hidden commands that other parts run as programs: the newest schema, an engine's trial, an ear.

Migrations need three times the memory of the supervisor, and for a second only; an engine may need all there is, or hang.
"""

import json
import sys
from typing import Any

import click

from nas_asr import bootstrap
from nas_asr.cli.frame import house_of
from nas_asr.cli.given import settings_of
from nas_asr.core.errors import NasAsrError
from nas_asr.services.accounts import anybody


@click.command(hidden=True)
@click.pass_context
def prepare(ctx: click.Context) -> None:
    """Make the data directory and bring the database up to date."""
    bootstrap.prepare(settings_of(ctx))
    click.echo(json.dumps({"anybody": anybody(house_of(ctx))}))


@click.command(hidden=True)
@click.option("--engine")
@click.option("--model")
@click.option("--device")
@click.option("--threads")
@click.pass_context
def trial(ctx: click.Context, /, **wanted: Any) -> None:
    """Load the engine of these settings and say in JSON what it is, or why it does not load (exit status 1)."""
    try:
        label = bootstrap.trial(settings_of(ctx, **wanted))
    except NasAsrError as error:
        click.echo(json.dumps({"code": error.code, "message": error.message, "remedy": error.remedy}))
        sys.exit(1)
    click.echo(json.dumps({"engine": label.name, "model": label.model, "device": label.device}))


@click.command(hidden=True)
def near() -> None:
    """Read a hotword list and texts as JSON from standard input, and say where hotwords are meant in each text."""
    asked = json.load(sys.stdin)
    click.echo(json.dumps(bootstrap.near(asked["lines"], asked["texts"])))
