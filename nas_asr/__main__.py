"""Room: roof. The command line `nas-asr`: names the commands of nas_asr.cli and loads the one that is called. Decides nothing."""

from pathlib import Path

import click

from nas_asr import __version__
from nas_asr.cli.commands import COMMANDS, Sentences


@click.group(cls=Sentences, commands_at=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="nas-asr")
@click.option(
    "--data", type=click.Path(path_type=Path), default=None, help="Data directory (default ./data or NAS_ASR_DATA)."
)
def main(data: Path | None) -> None:
    """Recordings dropped into a team's folder become text that the team can read, search and export."""


if __name__ == "__main__":
    main()
