"""Room: services.single. One file to text without queue, folder or account: `nas-asr transcribe`. Stores nothing."""

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import select

from nas_asr import media
from nas_asr.core.errors import ModelUnavailable, Unreadable
from nas_asr.core.languages import AUTO
from nas_asr.core.ports import Order, Transcriber
from nas_asr.core.transcript import ItnMode
from nas_asr.export import FORMATS as EXPORTS
from nas_asr.export import ExportOptions, ExportSource
from nas_asr.store.database import Database
from nas_asr.store.models import Folder, Team

FORMATS = tuple(EXPORTS)
Tell = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class SingleOrder:
    """Which form, where to (None: given back as bytes), and what is spoken. say: where remarks for the person go."""

    suffix: str
    output: Path | None
    language: str | None
    hotwords: tuple[str, ...] = ()
    itn: ItnMode = ItnMode.RULES
    apart: bool = False
    say: Callable[[str], None] = lambda _sentence: None

    def speaking(self, language: str) -> "SingleOrder":
        """The same for a declared language."""
        return replace(self, language=language)


def transcribe_file(transcriber: Transcriber, path: Path, order: SingleOrder, tell: Tell) -> bytes | Path:
    """The file's text in the wanted form: as bytes, or as the path that it was written to.

    Raises MediaError where the file is not audio, ModelUnavailable where no engine here serves the language.
    """
    language = order.language or AUTO
    if not path.exists():
        raise Unreadable("There is no such file.", "Check the name.")
    raw = os.fsencode(path.absolute())
    info = media.probe(raw)
    if not transcriber.serves(language):
        raise ModelUnavailable(
            f"No engine here serves the language “{language}”: the built-in engine reads English only.",
            "Say --language en if this is English; other languages need the Fun-ASR model.",
        )
    what = Order(raw, info.duration_ms, language, order.hotwords, itn=order.itn, apart=order.apart)
    transcript = transcriber.transcribe(what, tell)
    tell(1.0)
    if transcript.channels_alike:
        order.say("No more than one of its channels holds a voice of its own, so it was read once and names no speakers.")
    source = ExportSource(
        transcript=transcript,
        id="",
        title=path.stem.encode("utf-8", "replace").decode(),
        team="",
        recorded_at=datetime.fromtimestamp(path.stat().st_mtime).astimezone(),
        duration_ms=transcript.duration_ms,
        sha256=_sha256(path),
        version=1,
        language=language,
        path=path.name.encode("utf-8", "replace").decode(),
        hotwords_version=0,
    )
    content = EXPORTS[order.suffix].write(source, ExportOptions())
    if order.output is None:
        return content
    order.output.mkdir(parents=True, exist_ok=True)
    target = order.output / f"{path.stem}.{order.suffix}"
    target.write_bytes(content)
    return target


def language_in_house(database_url: str, path: Path) -> str | None:
    """What was declared for the watched folder that holds the file, else for all teams alike; None where nothing was."""
    if database_url.startswith("sqlite:///") and not Path(database_url.removeprefix("sqlite:///")).is_file():
        return None
    db = Database(database_url)
    try:
        with db.read() as session:
            for folder in session.scalars(select(Folder).where(Folder.removed_at.is_(None))):
                if path.absolute().is_relative_to(folder.path) and folder.language != AUTO:
                    return folder.language
            declared = set(session.scalars(select(Team.language)))
    finally:
        db.close()
    return declared.pop() if len(declared) == 1 and AUTO not in declared else None


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
