"""Room: cli.commands. Where each command is, and how all of them end. Loads a command's file only when it is called.

`nas-asr web`, `watch` and `work` run for months: what the other commands need must not lie in their memory.
"""

import importlib
import sys
from collections.abc import Mapping
from typing import Any

import click

from nas_asr.core.errors import NasAsrError

COMMANDS: Mapping[str, str] = {
    "up": "nas_asr.cli.run:up",
    "web": "nas_asr.cli.run:web",
    "watch": "nas_asr.cli.run:watch",
    "work": "nas_asr.cli.run:work",
    "sweep": "nas_asr.cli.run:sweep",
    "prepare": "nas_asr.cli.prepare:prepare",
    "trial": "nas_asr.cli.prepare:trial",
    "near": "nas_asr.cli.prepare:near",
    "user": "nas_asr.cli.people:user",
    "team": "nas_asr.cli.people:team",
    "member": "nas_asr.cli.people:member",
    "token": "nas_asr.cli.people:token",
    "folder": "nas_asr.cli.library:folder",
    "ledger": "nas_asr.cli.ledger:ledger",
    "hotwords": "nas_asr.cli.hotwords:hotwords",
    "rerun": "nas_asr.cli.rerun:rerun",
    "transcribe": "nas_asr.cli.library:transcribe",
    "evaluate": "nas_asr.cli.evaluate:evaluate",
    "archive": "nas_asr.cli.archive:archive",
    "model": "nas_asr.cli.models:model",
    "doctor": "nas_asr.cli.checkup:doctor",
    "demo": "nas_asr.cli.demo:demo",
}

_DATABASE = "nas_asr.store.database"


class Sentences(click.Group):
    """A group whose errors end as one sentence on standard error and exit status 1, never a traceback."""

    def __init__(self, commands_at: Mapping[str, str], **options: Any) -> None:
        super().__init__(**options)
        self._commands_at = commands_at

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in the order of use."""
        return list(self._commands_at)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load the file that holds the command."""
        if cmd_name not in self._commands_at:
            return None
        module, _, name = self._commands_at[cmd_name].partition(":")
        command = getattr(importlib.import_module(module), name)
        assert isinstance(command, click.Command)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; what the house says in words is shown as words."""
        try:
            return super().invoke(ctx)
        except NasAsrError as error:
            click.echo(f"nas-asr: {error.message}" + (f" {error.remedy}" if error.remedy else ""), err=True)
            sys.exit(1)
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            click.echo(f"nas-asr: {where}{error.strerror or error}.", err=True)
            sys.exit(1)
        except _database_trouble() as error:
            if not sys.modules[_DATABASE].is_passing(error):
                raise
            click.echo(
                "nas-asr: The database does not answer just now; nothing was changed. Try again in a moment.", err=True
            )
            sys.exit(1)


def _database_trouble() -> tuple[type[Exception], ...]:
    """What a lost database raises. Commands that never opened one do not load SQLAlchemy for this."""
    database = sys.modules.get(_DATABASE)
    return (database.DatabaseTrouble,) if database is not None else ()
