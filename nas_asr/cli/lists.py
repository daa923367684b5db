"""Room: cli.lists. Word lists from files, for the commands that take one. Only reads."""

from pathlib import Path

import click

from nas_asr.core.errors import Invalid
from nas_asr.core.hotwords import clean_text

_LARGEST = 1 << 20


def list_of(file: Path) -> str:
    """The text of a list; - is standard input. Invalid where it is too large or no text."""
    with click.open_file(str(file), "rb") as opened:
        content: bytes = opened.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        raise Invalid("This file is larger than 1 MiB, which is no word list.", "Write one word a line.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Invalid("This file is not UTF-8 text.", "Save it as UTF-8.") from error


def hotwords_of(file: Path | None) -> tuple[str, ...]:
    """The lines of a hotword list that may stand; what may not is said on standard error."""
    if file is None:
        return ()
    cleaned = clean_text(list_of(file))
    for refused in cleaned.refused:
        click.echo(f"nas-asr: {file}, line {refused.line}: {refused.reason}", err=True)
    return tuple(word.line for word in cleaned.words)
