"""Room: services.evaluate. How right and how quick an engine is on somebody's own recordings with known texts. Stores nothing."""

import csv
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from nas_asr.core.errors import Invalid, NasAsrError
from nas_asr.core.languages import AUTO, LANGUAGES
from nas_asr.core.metrics import ErrorCount, HotwordCount, hotword_count, word_errors
from nas_asr.core.ports import Order, Transcriber
from nas_asr.core.transcript import EngineLabel, ItnMode

BY_CHARACTER = ("zh", "yue", "ja", "ko")  # CER; the rest is WER
_LONGEST_TEXT = 16 << 20  # characters of a reference; csv's own limit is less than three hours of English
TIMER = "The timer covers decoding, voice detection, recognising and hotwords; loading the model is outside."


@dataclass(frozen=True, slots=True)
class Sample:
    """A recording, what is said in it, and in which language."""

    path: Path
    reference: str
    language: str


@dataclass(frozen=True, slots=True)
class EvaluateOptions:
    """Which rows and how. unaided: hotwords are counted, but the engine is not told of them."""

    hotwords: tuple[str, ...] = ()
    unaided: bool = False
    language: str | None = None
    tiers: str = ""
    limit: int = 0


@dataclass(frozen=True, slots=True)
class Score:
    """One recording: its errors, its hotwords, its seconds of audio and of work. failure: why it has no text."""

    path: str
    language: str
    errors: ErrorCount
    hotwords: HotwordCount = HotwordCount()
    audio_s: float = 0.0
    elapsed_s: float = 0.0
    hypothesis: str = ""
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All of it. skipped: rows whose language the engine does not serve."""

    engine: EngineLabel
    scores: tuple[Score, ...] = ()
    skipped: int = 0

    def total(self, language: str = "") -> ErrorCount:
        """Errors of all recordings, or of those in one language."""
        found = (score.errors for score in self.scores if language in ("", score.language))
        return sum(found, ErrorCount(0, 0))

    @property
    def hotwords(self) -> HotwordCount:
        """Hotwords of all recordings."""
        return sum((score.hotwords for score in self.scores), HotwordCount())

    @property
    def rtfx(self) -> float:
        """Seconds of audio per second of work; 0 where nothing was heard."""
        elapsed = sum(score.elapsed_s for score in self.scores)
        return sum(score.audio_s for score in self.scores) / elapsed if elapsed else 0.0


Tell = Callable[[Score], None]


def samples(manifest: Path, options: EvaluateOptions) -> list[Sample]:
    """Rows of a CSV file with the columns path, reference and (or --language instead) language; paths are relative to it.

    Rows without a reference are passed over. ref_tier, where there is such a column, may limit them. Raises Invalid that
    names the line.
    """
    csv.field_size_limit(_LONGEST_TEXT)
    try:
        with manifest.open(encoding="utf-8-sig", newline="") as file:
            found = list(_rows(csv.DictReader(file), manifest, options))
    except (UnicodeDecodeError, csv.Error) as error:
        raise Invalid(f"{manifest} is no CSV file in UTF-8.", "Save it as CSV, UTF-8.", field="manifest") from error
    if not found:
        raise Invalid(
            f"{manifest} has no recording with a reference text that was asked for.",
            "It needs the columns path, reference and language.", field="manifest",
        )  # fmt: skip
    return found[: options.limit or None]


def _rows(reader: "csv.DictReader[str]", manifest: Path, options: EvaluateOptions) -> Iterator[Sample]:
    missing = {"path", "reference"} - set(reader.fieldnames or ())
    if missing:
        raise Invalid(f"{manifest} has no column {' and '.join(sorted(missing))}.", "Add it.", field="manifest")
    for row in reader:
        reference, path = (row["reference"] or "").strip(), manifest.parent / (row["path"] or "").strip()
        language = (row.get("language") or AUTO).strip()
        if not reference or not (row.get("ref_tier") or "").startswith(options.tiers):
            continue
        if options.language and language not in (options.language, AUTO):
            continue
        if not _is_file(path):
            raise Invalid(
                f"{manifest}, line {reader.line_num}: there is no file {path}.", "Correct the path.", field="manifest"
            )
        language = options.language or (language if language in LANGUAGES else AUTO)
        yield Sample(path, reference, language)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # its name is too long to be one
        return False


def evaluate(transcriber: Transcriber, wanted: Sequence[Sample], options: EvaluateOptions, tell: Tell) -> Evaluation:
    """Transcribe each recording as the worker does, and compare. A recording that fails counts all its words as lost."""
    served = [sample for sample in wanted if transcriber.serves(sample.language)]
    if not served:
        languages = ", ".join(sorted({sample.language for sample in wanted}))
        raise Invalid(
            f"The engine “{transcriber.label.name}” serves none of the languages of these recordings ({languages}).",
            "Choose another with --engine, or say what is spoken with --language.", field="language",
        )  # fmt: skip
    scores = []
    for sample in served:
        scores.append(_score(transcriber, sample, options))
        tell(scores[-1])
    return Evaluation(transcriber.label, tuple(scores), len(wanted) - len(served))


def _score(transcriber: Transcriber, sample: Sample, options: EvaluateOptions) -> Score:
    told = () if options.unaided else options.hotwords
    order = Order(os.fsencode(sample.path.absolute()), 0, sample.language, told, itn=ItnMode.OFF)
    try:
        transcript = transcriber.transcribe(order, lambda _: None)
    except NasAsrError as error:
        lost = word_errors(sample.reference, "")
        return Score(str(sample.path), sample.language, lost, failure=error.message)
    text = " ".join(segment.text for segment in transcript.segments)
    return Score(
        path=str(sample.path), language=sample.language, errors=word_errors(sample.reference, text),
        hotwords=hotword_count(sample.reference, text, options.hotwords), audio_s=transcript.duration_ms / 1000,
        elapsed_s=transcript.elapsed_ms / 1000, hypothesis=text,
    )  # fmt: skip
