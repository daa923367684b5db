"""Room: cli.library. folder commands, and `transcribe`, which does files without any server."""

import sys
from pathlib import Path
from typing import Any

import click

from nas_asr import bootstrap
from nas_asr.cli.frame import house_of, show
from nas_asr.cli.given import settings_of
from nas_asr.cli.lists import hotwords_of
from nas_asr.core.errors import Invalid, NasAsrError
from nas_asr.core.languages import AUTO, LANGUAGES
from nas_asr.core.offers import ENGINES
from nas_asr.core.ports import Transcriber
from nas_asr.core.transcript import ItnMode
from nas_asr.export import FORMATS
from nas_asr.services import folders, single
from nas_asr.services.first_look import choose
from nas_asr.services.folder_marker import set_marker
from nas_asr.services.folder_reading import Reading, set_reading
from nas_asr.settings import Settings

_language = click.Choice(LANGUAGES)
_APART = "Each channel is a speaker of its own, as call recorders write them."
_itn = click.option(
    "--itn", type=click.Choice([mode.value for mode in ItnMode]), default=ItnMode.RULES.value,
    help="Who writes figures (twenty five percent: 25%): the engine itself where it can, our rules, or nobody.",
)  # fmt: skip


@click.group()
def folder() -> None:
    """Watched folders."""


@folder.command("add")
@click.argument("team_slug", metavar="TEAM")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--name", default="", help="Name for people; the directory's if left out.")
@click.option(
    "--language", type=_language, default=None, help="What is spoken in it; en lets the built-in engine serve it."
)
@click.option(
    "--since", default="all", help="all, now, a date such as 2026-01-31 (take only what changed since), or ask."
)
@_itn
@click.option("--apart", is_flag=True, help=_APART)
@click.pass_context
def folder_add(ctx: click.Context, /, team_slug: str, path: Path, language: str | None, **options: Any) -> None:
    """Watch a folder for a team; nothing in it is ever changed."""
    house = house_of(ctx)
    spoken = language or house.options.language or AUTO
    order = folders.FolderOrder(team=team_slug, path=path.absolute(), language=spoken, **options)
    added = folders.add_folder(house, None, order)
    click.echo(f"Watching {added.path} for {team_slug} ({added.id}).")
    if added.awaiting_choice:
        click.echo(
            f"Nothing that is there is taken before somebody chooses: nas-asr folder choose {added.id} all|now|DATE"
        )
    if added.language == AUTO:
        click.echo(
            "Nobody said what is spoken there: its recordings wait for Fun-ASR-Nano. Or say --language en.", err=True
        )


@folder.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def folder_list(ctx: click.Context, as_json: bool) -> None:
    """List watched folders."""
    columns = (
        "id", "team", "name", "language", "itn", "apart", "online", "awaiting_choice", "last_scan_at", "files", "missing", "path",
        "offline_reason",
    )  # fmt: skip
    show(folders.list_folders(house_of(ctx), None), columns, as_json)


@folder.command("change")
@click.argument("folder_id", metavar="ID")
@click.option("--itn", type=click.Choice([mode.value for mode in ItnMode]), default=None, help="Who writes figures.")
@click.option("--apart/--together", default=None, help=_APART)
@click.option(
    "--marker", default=None, help='A file that is in it; while it is not, the folder is offline. "" for none.'
)
@click.pass_context
def folder_change(ctx: click.Context, folder_id: str, itn: str | None, apart: bool | None, marker: str | None) -> None:
    """Change how the recordings of a folder are written down, from the next one on, or which file marks it."""
    if itn is None and apart is None and marker is None:
        raise click.UsageError("Say what to change: --itn, --apart, --together or --marker.")
    if marker is not None:
        set_marker(house_of(ctx), None, folder_id, marker)
        click.echo(
            f"The folder is offline while it has no file {marker.strip()}." if marker.strip() else "No marker file."
        )
    if itn is not None or apart is not None:
        set_reading(house_of(ctx), None, folder_id, Reading(itn=itn, apart=apart))
        click.echo("Changed. It holds for what is transcribed from now on, also again.")


@folder.command("choose")
@click.argument("folder_id", metavar="ID")
@click.argument("since", metavar="all|now|DATE")
@click.pass_context
def folder_choose(ctx: click.Context, folder_id: str, since: str) -> None:
    """Choose which of the files that were in a folder first are taken; later, take older ones too."""
    taken = choose(house_of(ctx), None, folder_id, since)
    click.echo(f"{taken} files are taken. Whatever comes into the folder from now on is taken anyway.")


@folder.command("remove")
@click.argument("folder_id", metavar="ID")
@click.pass_context
def folder_remove(ctx: click.Context, folder_id: str) -> None:
    """Stop watching a folder; its recordings and files stay."""
    folders.remove_folder(house_of(ctx), None, folder_id)
    click.echo("Removed. Its recordings and its files stay.")


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--format", "suffix", type=click.Choice(single.FORMATS), default="txt", help="Form of the text.")
@click.option(
    "--output", type=click.Path(path_type=Path, file_okay=False), default=None, help="Directory for the text."
)
@click.option("--language", type=_language, default=None, help="What is spoken.")
@click.option(
    "--hotwords", type=click.Path(path_type=Path, exists=True, dir_okay=False), default=None, help="A hotword list."
)
@_itn
@click.option("--apart", is_flag=True, help=_APART)
@click.option("--engine", type=click.Choice(ENGINES), default=None, help="Recogniser; auto if left out.")
@click.pass_context
def transcribe(ctx: click.Context, /, files: tuple[Path, ...], suffix: str, engine: str | None, **where: Any) -> None:
    """Transcribe files without any server; the text goes to standard output or into --output."""
    _check_where(suffix, where["output"], len(files))
    settings = settings_of(ctx, engine=engine)
    words = hotwords_of(where["hotwords"])
    if (missing := bootstrap.why_not(settings)) is not None:
        raise missing
    recogniser = bootstrap.transcriber(settings)
    failed = 0
    try:
        for path in files:
            order = single.SingleOrder(
                suffix, where["output"], where["language"], words, ItnMode(where["itn"]), where["apart"],
                say=lambda sentence: click.echo(f"nas-asr: {sentence}", err=True),
            )  # fmt: skip
            failed += not _one(settings, recogniser, path, order)
    finally:
        recogniser.close()
    sys.exit(1 if failed else 0)


def _check_where(suffix: str, output: Path | None, files: int) -> None:
    """Said before hours of work, not after."""
    if output is not None or not FORMATS[suffix].binary:
        return
    if sys.stdout.isatty():
        raise click.UsageError(f"A {suffix} file is nothing for a terminal: say --output DIR, or send it into a file with >.")
    if files > 1:
        raise click.UsageError(f"Several {suffix} files do not fit one after the other: say --output DIR.")


def _one(settings: Settings, recogniser: Transcriber, path: Path, order: single.SingleOrder) -> bool:
    try:
        order = order.speaking(_declared(settings, path, order.language))
        written = single.transcribe_file(recogniser, path, order, _progress(path))
    except NasAsrError as error:
        click.echo(f"nas-asr: {path}: {error.message} {error.remedy}".rstrip(), err=True)
        return False
    if isinstance(written, Path):
        click.echo(f"{path} -> {written}", err=True)
    else:
        sys.stdout.buffer.write(written)
        sys.stdout.flush()
    return True


def _declared(settings: Settings, path: Path, language: str | None) -> str:
    """The language somebody declared: here, for the folder that the file lies in, or for the whole house (decision 14)."""
    if language is not None:
        return language
    known = single.language_in_house(settings.database, path)
    if known is not None:
        return known
    if sys.stdin.isatty():
        return str(click.prompt("Which language is spoken", type=_language, default="en", err=True))
    raise Invalid(
        "Nobody has said which language is spoken.",
        "Say it, such as --language en; with --language auto an engine that can finds out for itself.",
    )


def _progress(path: Path) -> "single.Tell":
    if not sys.stderr.isatty():
        return lambda _share: None
    return lambda share: click.echo(f"\r{path.name}: {share:4.0%} ", nl=share >= 1.0, err=True)
