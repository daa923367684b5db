"""Room: cli.ledger. `nas-asr ledger`: every file that was seen and why it is in its state; `ledger retry`."""

import click

from nas_asr.cli.frame import house_of, show
from nas_asr.core.recording import LedgerState, Presence
from nas_asr.services.base import House
from nas_asr.services.ledger import LedgerFilter, LedgerView, list_ledger
from nas_asr.services.ledger_retry import retry_line
from nas_asr.services.paging import MAX_LIMIT, PageOrder


@click.group(invoke_without_command=True)
@click.option("--folder", default="", metavar="ID", help="Only this folder's; see `nas-asr folder list`.")
@click.option(
    "--state", type=click.Choice([state.value for state in LedgerState]), default=None, help="Only in this state."
)
@click.option(
    "--presence", type=click.Choice([one.value for one in Presence]), default=None, help="Missing ones, or others."
)
@click.option("--name", default="", metavar="TEXT", help="Only paths with these words.")
@click.option(
    "--limit", type=click.IntRange(min=1), default=MAX_LIMIT, show_default=True, help="So many, the newest first."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def ledger(ctx: click.Context, /, limit: int, as_json: bool, name: str, **given: str | None) -> None:
    """Every file that was ever seen in a watched folder, and why it is in its state."""
    if ctx.invoked_subcommand is not None:
        return
    state, presence = given["state"], given["presence"]
    wanted = LedgerFilter(
        given["folder"] or "", "", LedgerState(state) if state else None, Presence(presence) if presence else None, name
    )
    lines = _first(house_of(ctx), wanted, limit + 1)
    columns = ("id", "state", "presence", "size_bytes", "first_seen", "next_look", "folder", "path", "reason")
    show(lines[:limit], columns, as_json)
    if len(lines) > limit:
        click.echo(f"There are more: --limit {limit * 10}.", err=True)


@ledger.command("retry")
@click.argument("line_id", metavar="ID")
@click.pass_context
def ledger_retry(ctx: click.Context, line_id: str) -> None:
    """Look at a file again now, also at one that is ignored by its name; its content decides."""
    retry_line(house_of(ctx), None, line_id)
    click.echo("The watcher looks at it in a moment.")


def _first(house: House, wanted: LedgerFilter, count: int) -> list[LedgerView]:
    lines: list[LedgerView] = []
    cursor: str | None = ""
    while cursor is not None and len(lines) < count:
        page = list_ledger(house, None, wanted, PageOrder(min(MAX_LIMIT, count - len(lines)), cursor))
        lines += page.items
        cursor = page.next
    return lines
