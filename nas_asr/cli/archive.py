"""Room: cli.archive. The archive: run, verify, import, rule. Also what the watcher starts at night, as a process of its own."""

import dataclasses
import json
import sys
from pathlib import Path

import click

from nas_asr import logs
from nas_asr.cli.frame import house_of
from nas_asr.core.archive_rule import Stay
from nas_asr.services import archive_checks as checks
from nas_asr.services.archive import Report
from nas_asr.services.archive_checks import CheckReport
from nas_asr.services.archive_import import import_bags
from nas_asr.services.archive_nights import ask, meet_nights
from nas_asr.services.archive_plan import Plan, at_once, tonight
from nas_asr.services.archive_rules import RuleOrder, read_rule, save_rule
from nas_asr.services.base import House
from nas_asr.services.teams import list_teams

_STAYS = {
    Stay.ARCHIVED: "in the archive already",
    Stay.FOLDER: "in a folder that the rule leaves out",
    Stay.SHORT: "too short",
    Stay.NO_TRANSCRIPT: "without a transcript",
    Stay.UNDER_WAY: "being transcribed or waiting for it",
    Stay.FRESH: "touched a short while ago",
}
_team = click.option("--team", default="", help="This team only.")


@click.group()
def archive() -> None:
    """The nightly archive of meetings."""


@archive.command()
@_team
@click.option("--now", is_flag=True, help="Do not wait for the night, nor for recordings to rest.")
@click.option("--dry-run", is_flag=True, help="Only say what would be archived, and why the others stay.")
@click.option("--as-child", is_flag=True, hidden=True, help="Started by the watcher: say events, not sentences.")
@click.pass_context
def run(ctx: click.Context, /, team: str, now: bool, dry_run: bool, as_child: bool) -> None:
    """Archive what is due by now: a night that has come or was missed, or with --now at once."""
    house = house_of(ctx)
    if as_child:
        logs.configure()
    slugs = [team] if team else [one.slug for one in list_teams(house, None)]
    if dry_run:
        for slug in slugs:
            _show_plan(slug, (at_once if now else tonight)(house, None, slug))
        return
    if team:
        read_rule(house, None, team)  # a team that is not there is a mistake, not a quiet night
    reports = _all_due(house, team) if not now else _at_once(house, slugs, named=bool(team))
    if not reports and not as_child:
        click.echo("Nothing is due.")
    failed = [_tell(report) for report in reports]
    sys.exit(1 if any(failed) else 0)


@archive.command()
@click.option(
    "--all", "everything", is_flag=True, help="Also the bags in the archive's root that this house does not know."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def verify(ctx: click.Context, everything: bool, as_json: bool) -> None:
    """Read every bag again and compare it with its checksums; exit status 1 names each file that is not as it was."""
    house = house_of(ctx)
    reports = checks.verify_known(house) + ([checks.verify_others(house)] if everything else [])
    for report in reports:
        for one in report.troubles:
            click.echo(f"nas-asr: {one['bag']}: {one['trouble']}", err=True)
        if report.failure:
            click.echo(f"nas-asr: {report.failure}", err=True)
    bags, files = sum(one.bags for one in reports), sum(one.files for one in reports)
    troubles = sum(len(one.troubles) for one in reports)
    if as_json:
        click.echo(json.dumps([dataclasses.asdict(report) for report in reports], ensure_ascii=False, indent=2))
    else:
        click.echo(f"{bags} bags with {files} files verified, {troubles} not as they were.")
    sys.exit(1 if troubles or any(report.failure for report in reports) else 0)


@archive.command("import")
@click.argument("path", type=click.Path(path_type=Path))
@click.option(
    "--team", default="", help="Put all into this team; the bags' own team if left out, made where it is missing."
)
@click.pass_context
def import_(ctx: click.Context, path: Path, team: str) -> None:
    """Bring back a bag, or all below a directory, with the same ids; what is here already stays as it is."""
    report = import_bags(house_of(ctx, make=True), path, team)
    for bag, reason in report.refused:
        click.echo(f"nas-asr: {bag}: {reason}", err=True)
    click.echo(
        f"{report.added} added, {report.completed} completed, {report.known} here already, {len(report.refused)} refused."
    )
    sys.exit(1 if report.refused else 0)


@archive.command()
@click.argument("team", metavar="TEAM")
@click.option("--on/--off", "on", default=None, help="Archive this team's meetings each night, or do not.")
@click.option("--folder", "folders", multiple=True, help="Only this folder (its ID; may be said again).")
@click.option("--all-folders", is_flag=True, help="All folders and uploads again.")
@click.option("--min-minutes", type=int, default=None, help="Shorter recordings stay.")
@click.option("--untouched-hours", type=int, default=None, help="Recordings touched since then stay.")
@click.pass_context
def rule(
    ctx: click.Context, /, team: str, folders: tuple[str, ...], all_folders: bool, **fields: int | bool | None
) -> None:
    """Show a team's rule, or change it."""
    house = house_of(ctx)
    chosen = () if all_folders else folders or None
    order = RuleOrder(folders=chosen, **fields)  # type: ignore[arg-type]  # click has checked them
    found = read_rule(house, None, team) if order == RuleOrder() else save_rule(house, None, team, order)
    click.echo(
        f"{team}: {'on' if found.on else 'off'}, folders: {', '.join(found.folders) or 'all'}, "
        f"at least {found.min_minutes} min, untouched for {found.untouched_hours} h"
    )


def _all_due(house: House, team: str) -> list[Report | CheckReport]:
    meet_nights(house)
    reports = []
    while (report := checks.do_due(house, team)) is not None:
        reports.append(report)
    return reports


def _at_once(house: House, slugs: list[str], *, named: bool) -> list[Report | CheckReport]:
    reports: list[Report | CheckReport] = []
    for slug in slugs:
        if not named and not read_rule(house, None, slug).on:
            continue
        report = checks.do_due(house, slug, ask(house, None, slug))
        reports.append(
            report or Report(slug, failure=f"The archive of team {slug} is being written by another process.")
        )
    return reports


def _tell(report: Report | CheckReport) -> bool:
    """Say what a run did; whether it failed."""
    if isinstance(report, Report):
        stay = sum(report.stayed.values())
        click.echo(f"{report.team}: {report.archived} archived, {len(report.skipped)} skipped, {stay} stay.")
        for bag in report.bags:
            click.echo(f"  {bag}")
        for one in report.skipped:
            click.echo(f"nas-asr: {one['title']}: {one['reason']}", err=True)
    else:
        click.echo(f"{report.team}: {report.bags} bags verified, {len(report.troubles)} troubles.")
    if report.failure:
        click.echo(f"nas-asr: {report.team}: {report.failure}", err=True)
    return bool(report.failure)


def _show_plan(slug: str, plan: Plan) -> None:
    state = "" if plan.rule.on else " (the rule is off: nothing will be)"
    click.echo(f"{slug}, {plan.at.astimezone():%Y-%m-%d %H:%M}: {len(plan.due)} due{state}")
    for one in plan.due:
        click.echo(f"  due    {one.recorded_at.astimezone():%Y-%m-%d}  {one.title}")
    for one in plan.others:
        click.echo(
            f"  stays  {one.recorded_at.astimezone():%Y-%m-%d}  {one.title}: {_STAYS[one.stay] if one.stay else ''}"
        )
    for stay, count in plan.counts.items():
        click.echo(f"  {count} {_STAYS[stay]}")
