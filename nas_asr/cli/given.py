"""Room: cli.given. The settings of one call: --data and the command's own options on top of the environment. Nothing else."""

from typing import Any

import click

from nas_asr.settings import Settings, load_settings


def settings_of(ctx: click.Context, **overrides: Any) -> Settings:
    """The settings of this call, with --data and the command's own options on top."""
    given = {name: value for name, value in overrides.items() if value is not None}
    return load_settings(**{"data": ctx.find_root().params.get("data"), **given})
