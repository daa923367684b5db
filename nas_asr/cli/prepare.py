"""Room: cli.prepare. Makes DATA and the newest schema, says whether anybody lives here; `up` runs it as a process of its own.

Migrations need three times the memory of the supervisor, and for a second only.
"""

import json

import click

from nas_asr import bootstrap
from nas_asr.cli.frame import house_of
from nas_asr.cli.given import settings_of
from nas_asr.services.accounts import anybody


@click.command(hidden=True)
@click.pass_context
def prepare(ctx: click.Context) -> None:
    """Make the data directory and bring the database up to date."""
    bootstrap.prepare(settings_of(ctx))
    click.echo(json.dumps({"anybody": anybody(house_of(ctx, make=True))}))
