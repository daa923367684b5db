"""Room: export.bundle. Many recordings as one zip, made while it is sent: a folder a recording, a manifest, checksums.

In memory there is one recording at a time, and of those before it what a zip's list of contents needs (about 1 kB each).
"""

import hashlib
import json
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType
from typing import IO, Any

from nas_asr.core.clock import iso
from nas_asr.export.format import Format
from nas_asr.export.names import stem
from nas_asr.export.source import ExportOptions, ExportSource, one_line

SCHEMA = "nas_asr.export/1"
MANIFEST, SUMS, LEFT_OUT = "manifest.json", "SHA256SUMS", "NOT-EXPORTED.txt"
# Windows takes 260 characters for a path: folder and file have nearly the same name, below a Downloads folder
_STEM_BYTES = 96
_IN_MEMORY = 1 << 20
_FILE_MODE = 0o644 << 16
_EARLIEST, _LATEST = (1980, 1, 1, 0, 0, 0), (2107, 12, 31, 23, 59, 58)  # what a zip's dates can say


@dataclass(frozen=True, slots=True)
class BundleWords:
    """What NOT-EXPORTED.txt says, in the reader's language. missing has {} for a number."""

    left_out: str = "These recordings were asked for and are not in this archive."
    ended: str = "Your access ended while this archive was being made. What would have come after that is missing."
    missing: str = "Of the recordings that were there when this began, {} were gone when their turn came."


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A recording that was asked for and cannot be given: a word for programs, a sentence for people."""

    id: str
    code: str
    reason: str
    title: str = ""


class _Sink:
    """Where zipfile writes: it cannot seek, and what came is taken away at once."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, piece: bytes) -> int:
        self._pieces.append(bytes(piece))
        return len(piece)

    def flush(self) -> None:
        """Nothing waits."""

    def taken(self) -> bytes:
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)


@dataclass
class Bundle:
    """Call add() and leave_out() for each recording, then finish(); what they yield, in this order, is the zip."""

    formats: Sequence[Format]
    options: ExportOptions
    made_at: datetime
    by: str
    words: BundleWords = field(default_factory=BundleWords)

    def __post_init__(self) -> None:
        self._sink = _Sink()
        self._zip = zipfile.ZipFile(self._sink, "w", zipfile.ZIP_DEFLATED)  # type: ignore[call-overload]
        self._taken: dict[str, int] = {}
        self._entries, self._refused, self._sums = (_lines() for _ in range(3))
        self.exported = self.refused = 0

    def __enter__(self) -> "Bundle":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for lines in (self._entries, self._refused, self._sums):
            lines.close()

    def add(self, source: ExportSource) -> Iterator[bytes]:
        """A folder with the recording's files."""
        day = source.recorded_at.date()
        name = stem(day, source.title, _STEM_BYTES)
        folder = self._folder(name)
        files = []
        for form in self.formats:
            content = form.write(source, self.options)
            path = f"{folder}/{name}.{form.suffix}"
            yield self._put(path, source.recorded_at, [content], packed=form.binary)
            digest = self._remember(path, content)
            files.append({"path": path, "format": form.name, "size_bytes": len(content), "sha256": digest})
        self.exported += 1
        _write_json(self._entries, _entry(source) | {"folder": folder, "files": files})

    def leave_out(self, one: LeftOut) -> None:
        """Name it in the lists instead."""
        self.refused += 1
        _write_json(self._refused, {"id": one.id, "title": one.title, "code": one.code, "reason": one.reason})

    def finish(self, *, ended: bool = False, missing: int = 0) -> Iterator[bytes]:
        """The lists, and the zip's own. ended: access was over before the last one. missing: how many went before their turn."""
        if self.refused or ended or missing:
            yield self._put_hashed(LEFT_OUT, self._told(ended, missing))
        yield self._put_hashed(MANIFEST, self._manifest(not (ended or missing or self.refused)))
        yield self._put(SUMS, self.made_at, _read(self._sums))
        self._zip.close()
        yield self._sink.taken()

    def _folder(self, wanted: str) -> str:
        """A name that no other folder has, also where a file system does not tell A from a."""
        name = wanted
        while name.casefold() in self._taken:
            self._taken[wanted.casefold()] = number = self._taken[wanted.casefold()] + 1
            name = f"{wanted} ({number})"
        self._taken[name.casefold()] = 1
        return name

    def _put_hashed(self, name: str, pieces: Iterable[bytes]) -> bytes:
        digest = hashlib.sha256()

        def hashed() -> Iterator[bytes]:
            for piece in pieces:
                digest.update(piece)
                yield piece

        packed = self._put(name, self.made_at, hashed())
        self._sums.write(f"{digest.hexdigest()}  {name}\n".encode())
        return packed

    def _put(self, name: str, at: datetime, pieces: Iterable[bytes], *, packed: bool = False) -> bytes:
        entry = zipfile.ZipInfo(name, min(max(at.timetuple()[:6], _EARLIEST), _LATEST))
        entry.external_attr = _FILE_MODE
        entry.create_system = 3  # Unix: the mode above is one
        entry.compress_type = zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED
        with self._zip.open(entry, "w") as file:
            for piece in pieces:
                file.write(piece)
        return self._sink.taken()

    def _remember(self, path: str, content: bytes) -> str:
        digest = hashlib.sha256(content).hexdigest()
        self._sums.write(f"{digest}  {path}\n".encode())
        return digest

    def _told(self, ended: bool, missing: int) -> Iterator[bytes]:
        if ended:
            yield f"{self.words.ended}\n\n".encode()
        if missing:
            yield f"{self.words.missing.replace('{}', str(missing))}\n\n".encode()
        if self.refused:
            yield f"{self.words.left_out}\n\n".encode()
        for line in _read(self._refused):
            one = json.loads(line)
            named = " ".join(part for part in (one_line(one["title"]), f"({one_line(one['id'])})") if part)
            yield f"{named}\n    {one['reason']}\n".encode("utf-8", "replace")

    def _manifest(self, complete: bool) -> Iterator[bytes]:
        head = {
            "schema": SCHEMA, "made_at": iso(self.made_at), "by": self.by, "formats": [form.name for form in self.formats],
            "options": {"text": self.options.text, "timestamps": self.options.timestamps, "speakers": self.options.speakers},
            "exported": self.exported, "left_out": self.refused, "complete": complete,
        }  # fmt: skip
        yield json.dumps(head, ensure_ascii=False, indent=1)[:-2].encode("utf-8", "replace")
        for name, lines in (("recordings", self._entries), ("not_exported", self._refused)):
            yield f',\n "{name}": ['.encode()
            for number, line in enumerate(_read(lines)):
                yield (b",\n  " if number else b"\n  ") + line.rstrip(b"\n")
            yield b"]"
        yield b"\n}\n"


def _entry(source: ExportSource) -> dict[str, Any]:
    return {
        "id": source.id, "title": source.title, "team": source.team, "recorded_at": iso(source.recorded_at),
        "duration_ms": source.duration_ms, "source": source.path, "source_sha256": source.sha256, "version": source.version,
    }  # fmt: skip


def _lines() -> IO[bytes]:
    """Lines that are needed again at the end; the only thing that is put on a disk, when there are many."""
    return tempfile.SpooledTemporaryFile(_IN_MEMORY)


def _read(lines: IO[bytes]) -> Iterator[bytes]:
    lines.seek(0)
    yield from lines


def _write_json(lines: IO[bytes], what: dict[str, Any]) -> None:
    lines.write((json.dumps(what, ensure_ascii=False) + "\n").encode("utf-8", "replace"))
