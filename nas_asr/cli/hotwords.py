"""Room: cli.hotwords. hotwords set and show: a team's list from a file and to standard output. Nothing else of the team."""

import json
from pathlib import Path

import click

from nas_asr.cli.frame import house_of
from nas_asr.cli.lists import list_of
from nas_asr.core.clock import iso
from nas_asr.core.hotwords import clean_text
from nas_asr.services import hotwords as service


@click.group()
def hotwords() -> None:
    """A team's hotword list."""


@hotwords.command("set")
@click.argument("team_slug", metavar="TEAM")
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@click.pass_context
def hotwords_set(ctx: click.Context, team_slug: str, file: Path) -> None:
    """Make FILE the list of TEAM: one word a line, or `word = what it sounds like`; - reads standard input."""
    view = service.set_hotwords(house_of(ctx), None, team_slug, clean_text(list_of(file)))
    for one in view.refused:
        click.echo(f"line {one.line}: {one.text}: {one.reason}" if one.line else one.reason, err=True)
    click.echo(f"Version {view.number} of {team_slug}: {len(view.words)} words, {len(view.refused)} refused.")


@hotwords.command("show")
@click.argument("team_slug", metavar="TEAM")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def hotwords_show(ctx: click.Context, team_slug: str, as_json: bool) -> None:
    """Print the list of TEAM as `set` takes it."""
    view = service.read_hotwords(house_of(ctx), None, team_slug)
    if as_json:
        when = iso(view.created_at) if view.created_at else None
        shown = {"version": view.number, "words": list(view.words), "author": view.author, "created_at": when}
        click.echo(json.dumps(shown, ensure_ascii=False, indent=2))
    elif view.words:
        click.echo(view.text)
