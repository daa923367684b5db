"""Room: cli.given. The settings of one call: --data and its options on top of the environment; where the pages are."""

from typing import Any

import click

from nas_asr.settings import ADDRESS, Settings, load_settings

EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 (addresses that mean all of them)


def settings_of(ctx: click.Context, **overrides: Any) -> Settings:
    """The settings of this call, with --data and the command's own options on top."""
    given = {name: value for name, value in overrides.items() if value is not None}
    return load_settings(**{"data": ctx.find_root().params.get("data"), **given})


def served_at(settings: Settings) -> str:
    """Where a browser on this machine finds the pages that these settings serve."""
    shown = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"http://{'127.0.0.1' if settings.host in EVERYWHERE else shown}:{settings.port}"


def address_of(settings: Settings) -> str:
    """Where the pages of a running `up` are; as the settings say where none runs."""
    note = settings.data / ADDRESS
    return note.read_text("ascii").strip() if note.is_file() else served_at(settings)
