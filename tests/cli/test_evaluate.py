"""Room: tests.cli.test_evaluate. `nas-asr evaluate` against a server whose mistakes are known, and the built-in engine."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.engine.sounds import SAMPLE
from tests.engine.speech_server import SpeechServer, said, speech_server


@pytest.fixture(scope="module")
def server() -> Iterator[SpeechServer]:
    """A server that hears what it is told to."""
    with speech_server() as running:
        yield running


def write_manifest(folder: Path, *rows: str) -> Path:
    """A manifest over copies of the sample meeting."""
    manifest = folder / "mine.csv"
    manifest.write_text("\n".join(["path,reference,language", *rows]), "utf-8")
    return manifest


def run(manifest: Path, *words: str, url: str = "") -> "subprocess.CompletedProcess[str]":
    """The command, as a user gives it."""
    environ = {**os.environ, "NAS_ASR_OPENAI_URL": url, "NAS_ASR_DATA": str(manifest.parent / "none")}
    command = [sys.executable, "-m", "nas_asr", "evaluate", str(manifest), *words]
    return subprocess.run(command, capture_output=True, text=True, env=environ, timeout=120, check=False)


def figures(manifest: Path, server: SpeechServer, *words: str) -> dict[str, Any]:
    """Its JSON."""
    done = run(manifest, "--engine", "openai", "--json", *words, url=server.url)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_chinese_is_counted_by_character_english_by_word(server: SpeechServer, tmp_path: Path) -> None:
    server.answer = lambda asked, _: said("会议明天 三点开始。" if asked.fields["language"] == "zh" else "")
    manifest = write_manifest(
        tmp_path, f"{SAMPLE},会议今天三点开始,zh", f"{SAMPLE},one two three four,en", f"{SAMPLE},,en"
    )
    found = figures(manifest, server)
    heard = found["recordings"][0]["hypothesis"].count("会议")  # once for each utterance of the sample
    assert found["languages"]["zh"]["rate"] == "CER"
    assert found["languages"]["zh"]["units"] == 8
    assert found["languages"]["zh"]["errors"] == 1 + 8 * (heard - 1)
    assert found["languages"]["en"] == {"rate": "WER", "value": 1.0, "errors": 4, "units": 4}
    assert (found["engine"], found["model"]) == ("openai", "parrot-1")
    assert found["rtfx"] > 0 and "loading the model is outside" in found["timer"]


def test_hotwords_have_recall_and_false_alarms_with_and_without_help(server: SpeechServer, tmp_path: Path) -> None:
    with_prompt: list[bool] = []
    lengths: list[int] = []  # the first utterance is known by its length when it is heard again

    def listens(asked: Any, _: int) -> Any:
        with_prompt.append("prompt" in asked.fields)
        lengths.append(asked.samples)
        if asked.samples != lengths[0]:
            return said("")
        return said("Kaliningrad Königsberg" if "prompt" in asked.fields else "colin in grad")

    words = tmp_path / "words.txt"
    words.write_text("Kaliningrad\nKönigsberg\nImmanuel Kant\n", "utf-8")
    manifest = write_manifest(tmp_path, f"{SAMPLE},Kaliningrad and Immanuel Kant,en")
    server.answer = listens
    aided = figures(manifest, server, "--hotwords", str(words))
    assert aided["hotwords"] == {"said": 2, "heard": 1, "invented": 1, "recall": 0.5}
    with_prompt.clear()
    lengths.clear()
    alone = figures(manifest, server, "--hotwords", str(words), "--unaided")
    assert alone["hotwords"] == {"said": 2, "heard": 0, "invented": 0, "recall": 0.0}
    assert not any(with_prompt)


def test_the_built_in_engine_is_measured_and_what_it_does_not_serve_is_left_out(tmp_path: Path) -> None:
    reference = SAMPLE.with_suffix(".txt").read_text("utf-8").replace("\n", " ").replace('"', "")
    manifest = write_manifest(tmp_path, f'{SAMPLE},"{reference}",en', f"{SAMPLE},会议,zh")
    done = run(manifest, "--engine", "sphinx", "--texts")
    assert done.returncode == 0, done.stderr
    assert "WER en:" in done.stdout and "RTFx" in done.stdout
    assert "1 recordings left out" in done.stdout


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("path,text\na.wav,hello", "no column reference"),
        ("path,reference,language\nmissing.wav,hello,en", "line 2: there is no file"),
        ("path,reference,language\n", "has no recording with a reference"),
        (f"path,reference,language\n{'a' * 5000}.wav,hello,en", "line 2: there is no file"),
        (f"path,reference,language\n{{sample}},{'会' * 200_000},zh", "serves none"),
        ("path,reference,language\n{sample},会议,zh", "serves none of the languages"),
    ],
)
def test_a_manifest_that_cannot_be_used_is_one_sentence(tmp_path: Path, content: str, sentence: str) -> None:
    manifest = tmp_path / "bad.csv"
    manifest.write_text(content.replace("{sample}", str(SAMPLE)), "utf-8")
    done = run(manifest, "--engine", "sphinx")
    assert done.returncode == 1
    assert sentence in done.stderr and "Traceback" not in done.stderr


def test_a_recording_that_cannot_be_read_is_told_and_counts_as_lost(server: SpeechServer, tmp_path: Path) -> None:
    (tmp_path / "broken.wav").write_bytes(b"RIFF nothing")
    server.answer = lambda *_: said("")
    manifest = write_manifest(tmp_path, "broken.wav,one two three,en")
    done = run(manifest, "--engine", "openai", url=server.url)
    assert done.returncode == 1
    assert "3/3" in done.stdout and "Traceback" not in done.stderr
