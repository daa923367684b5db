"""Room: cli.checkup. `nas-asr doctor`: prints what nas_asr.doctor found, for people or as JSON."""

import dataclasses
import json
import sys

import click

from nas_asr.cli.given import settings_of
from nas_asr.core.findings import Verdict
from nas_asr.doctor import examine

_MARKS = {Verdict.OK: "ok    ", Verdict.NOTE: "note  ", Verdict.BROKEN: "BROKEN"}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def doctor(ctx: click.Context, as_json: bool) -> None:
    """Say what works here, what does not, and the remedy."""
    findings = examine(settings_of(ctx))
    if as_json:
        click.echo(json.dumps([dataclasses.asdict(finding) for finding in findings], ensure_ascii=False, indent=2))
    else:
        for finding in findings:
            click.echo(f"{_MARKS[finding.verdict]}  {finding.subject:9}  {finding.message}")
            if finding.remedy:
                click.echo(f"{'':19}-> {finding.remedy}")
    sys.exit(1 if any(finding.verdict is Verdict.BROKEN for finding in findings) else 0)
