"""Room: cli.demo. `nas-asr demo SAMPLE`: a house with one team and one recording, to look at. Only ever adds."""

import secrets
import shutil
from pathlib import Path
from typing import Any

import click

from nas_asr.bootstrap import house_without_queue
from nas_asr.cli.given import settings_of
from nas_asr.cli.run import start, up_options
from nas_asr.core.access import Role
from nas_asr.core.errors import ConfigError
from nas_asr.services import accounts, folders, teams
from nas_asr.services.base import House

_TEAM = "demo"


@click.command()
@click.argument("sample", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@up_options
@click.pass_context
def demo(ctx: click.Context, /, sample: Path, **options: Any) -> None:
    """Drop a sample meeting into the folder of a team called demo, and start everything if it is not running."""
    settings = settings_of(ctx, **options)
    house = house_without_queue(settings)
    share = folders.default_folder(house, _TEAM)
    _invite(house)
    shutil.copy(sample, share / sample.name)
    house.db.close()
    click.echo(f"Dropped {sample.name} into {share}. It appears in the library of team {_TEAM}.")
    try:
        start(settings, stage="1")
    except ConfigError as error:
        if "already running" not in error.message:
            raise
        click.echo("nas_asr is running already: look at its page.")


def _invite(house: House) -> None:
    """The demo team with its folder and a person who can read it, where they are not there yet."""
    if any(team.slug == _TEAM for team in teams.list_teams(house, None)):
        click.echo(f"The team is here already; a new password: nas-asr user passwd {_TEAM}")
        return
    password = secrets.token_urlsafe(9)
    accounts.create_user(house, None, accounts.NewUser(_TEAM, password))
    teams.create_team(house, None, _TEAM, "Demo")
    teams.add_member(house, None, _TEAM, _TEAM, Role.MANAGER)
    folders.add_folder(house, None, folders.FolderOrder(team=_TEAM, name=_TEAM, language="en"))
    click.echo(f"Sign in as {_TEAM} with the password {password}")
