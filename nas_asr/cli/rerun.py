"""Room: cli.rerun. `nas-asr rerun`: recordings into the queue once more, with the team's newest hotwords. Waits for none."""

import click

from nas_asr.cli.frame import house_of
from nas_asr.services import recordings
from nas_asr.services.reruns import MOST_DAYS, rerun_team


@click.command()
@click.argument("ids", metavar="[ID]...", nargs=-1)
@click.option("--team", default="", help="Instead of IDs: this team's recordings that last ran with another list.")
@click.option("--days", type=click.IntRange(1, MOST_DAYS), default=7, show_default=True, help="Recorded so lately.")
@click.pass_context
def rerun(ctx: click.Context, /, ids: tuple[str, ...], team: str, days: int) -> None:
    """Transcribe recordings again, with the team's newest hotword list; their transcripts stay until then.

    An ID is what the address of a recording's page ends with. The running worker takes them up; new recordings go first.
    """
    if bool(ids) == bool(team):
        raise click.UsageError("Say either which recordings (their IDs) or --team.")
    house = house_of(ctx)
    if team:
        found = rerun_team(house, None, team, days)
        rest = f", {found.left} left for the next call" if found.left else ""
        click.echo(f"{team}: {found.queued} in the queue again{rest}.")
        return
    for one in ids:
        recordings.retry(house, None, one)
        click.echo(f"{one} is in the queue again.")
