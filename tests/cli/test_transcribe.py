"""Room: tests.cli.test_transcribe. `nas-asr transcribe --format ...`: every format of the table, and where it may go."""

import csv
import io
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from nas_asr import bootstrap
from nas_asr.__main__ import main
from nas_asr.core.ports import Order
from nas_asr.core.transcript import Transcript
from nas_asr.export import FORMATS
from tests.engine.sounds import SAMPLE
from tests.export.sources import FULL, read_docx


class Finished:
    """An engine that has heard it all before."""

    def serves(self, language: str) -> bool:
        """Everything."""
        return language == "zh"

    def transcribe(self, order: Order, progress: Callable[[float], None]) -> Transcript:
        """The same for every file."""
        return FULL.transcript

    def close(self) -> None:
        """Nothing is held."""


@pytest.fixture
def transcribe(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Result]:
    """The command, with an engine that takes no time."""
    monkeypatch.setattr(bootstrap, "why_not", lambda _settings: None)
    monkeypatch.setattr(bootstrap, "transcriber", lambda _settings: Finished())
    where = ["--data", str(tmp_path / "data"), "transcribe", "--language", "zh"]
    return lambda *words: CliRunner().invoke(main, [*where, *words])


def test_every_format_is_written_beside_the_others(transcribe: Callable[..., Result], tmp_path: Path) -> None:
    for name in FORMATS:
        result = transcribe(str(SAMPLE), "--format", name, "--output", str(tmp_path))
        assert result.exit_code == 0, result.output
        assert (tmp_path / f"meeting.{name}").stat().st_size > 100
    assert "张伟  00:00:00" in read_docx((tmp_path / "meeting.docx").read_bytes())
    assert "好的，我们开始。" in (tmp_path / "meeting.md").read_text("utf-8")


def test_a_document_can_be_sent_into_a_file(transcribe: Callable[..., Result]) -> None:
    assert "Alice" in read_docx(transcribe(str(SAMPLE), "--format", "docx").stdout_bytes)
    rows = csv.reader(io.StringIO(transcribe(str(SAMPLE), "--format", "csv").stdout_bytes.decode("utf-8-sig")))
    assert len(list(rows)) == 7


def test_several_documents_are_not_one_after_the_other(transcribe: Callable[..., Result]) -> None:
    result = transcribe(str(SAMPLE), str(SAMPLE), "--format", "docx")
    assert (result.exit_code, result.stdout_bytes) == (2, b"")
    assert "--output DIR" in result.stderr


def test_a_document_is_nothing_for_a_terminal(tmp_path: Path) -> None:
    terminal, inside = pty.openpty()
    command = [sys.executable, "-m", "nas_asr", "--data", str(tmp_path), "transcribe", str(SAMPLE), "--format", "docx"]
    try:
        ended = subprocess.run(command, stdout=inside, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    finally:
        os.close(inside)
        os.close(terminal)
    assert ended.returncode == 2
    assert "terminal" in ended.stderr and "--output DIR" in ended.stderr
