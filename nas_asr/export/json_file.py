"""Room: export.json_file. Our own versioned JSON, whole in both directions: nothing of a transcript is lost. For programs.

The schema's number changes when a reader of the old one would be misled; adding a field is no reason.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from nas_asr.core.errors import Invalid
from nas_asr.core.replacements import Replacement
from nas_asr.core.transcript import EngineLabel, ItnMode, Segment, Span, Transcript, Word
from nas_asr.export.source import ExportOptions, ExportSource

SCHEMA = "nas_asr.transcript/1"


def write(source: ExportSource, options: ExportOptions) -> bytes:
    """UTF-8, indented by one, keys in reading order. The options do not apply: both texts and all times are always there."""
    return (json.dumps(_document(source), ensure_ascii=False, indent=1) + "\n").encode("utf-8", "replace")


def from_json(content: bytes) -> ExportSource:
    """What write() was given. Raises Invalid that names the field where the content is not of this schema."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise Invalid("This is not JSON.", "Choose a file that nas_asr exported as json.", field="file") from error
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise Invalid(f"This is not a transcript of schema {SCHEMA}.", "Export it again as json.", field="schema")
    return _source(document)


def _document(source: ExportSource) -> dict[str, Any]:
    transcript = source.transcript
    engine = transcript.engine
    return {
        "schema": SCHEMA,
        "recording": {
            "id": source.id,
            "title": source.title,
            "team": source.team,
            **({"team_name": source.team_name} if source.team_name else {}),
            "recorded_at": source.recorded_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            "duration_ms": source.duration_ms,
            "sha256": source.sha256,
            "language": source.language,
            "source": source.path,
        },
        "version": source.version,
        "pipeline": {
            "engine": engine.name,
            "model": engine.model,
            "revision": engine.revision,
            "device": engine.device,
            "language": transcript.language,
            "itn": transcript.itn,
            "hotwords_version": source.hotwords_version,
            "heard_ms": transcript.duration_ms,
            "speech_ms": transcript.speech_ms,
            "elapsed_ms": transcript.elapsed_ms,
        },
        "speakers": sorted({segment.speaker for segment in transcript.segments if segment.speaker}),
        "segments": [_segment_out(segment) for segment in transcript.segments],
    }


def _segment_out(segment: Segment) -> dict[str, Any]:
    made = {"replacements": [asdict(one) for one in segment.replacements]} if segment.replacements else {}
    return {
        "id": segment.id,
        "start_ms": segment.span.start_ms,
        "end_ms": segment.span.end_ms,
        "speaker": segment.speaker,
        "text": segment.text,
        "spoken": segment.spoken,
        "confidence": segment.confidence,
        "flags": list(segment.flags),
        "words": [{"text": w.text, "start_ms": w.start_ms, "end_ms": w.end_ms} for w in segment.words],
        **made,
    }


def _source(document: Mapping[str, Any]) -> ExportSource:
    with _reading(document, "pipeline") as pipeline:
        names = [str(pipeline[name]) for name in ("engine", "model", "revision", "device")]
        hotwords_version = int(pipeline["hotwords_version"])
        transcript = Transcript(
            segments=tuple(_segments_in(document)),
            duration_ms=int(pipeline["heard_ms"]),
            speech_ms=int(pipeline["speech_ms"]),
            elapsed_ms=int(pipeline["elapsed_ms"]),
            engine=EngineLabel(*names),
            language=str(pipeline["language"]),
            itn=ItnMode(pipeline.get("itn", ItnMode.RULES)),
        )
    with _reading(document, "recording") as recording:
        return ExportSource(
            transcript=transcript,
            id=str(recording["id"]),
            title=str(recording["title"]),
            team=str(recording["team"]),
            recorded_at=_moment(recording["recorded_at"]),
            duration_ms=int(recording["duration_ms"]),
            sha256=str(recording["sha256"]),
            version=int(document.get("version", 0)),
            language=str(recording["language"]),
            path=str(recording["source"]),
            hotwords_version=hotwords_version,
            team_name=str(recording.get("team_name", "")),
        )


def _segments_in(document: Mapping[str, Any]) -> Iterator[Segment]:
    for number, one in enumerate(document.get("segments", ())):
        with _reading({"": one}, "", f"segments[{number}]") as fields:
            words = tuple(Word(str(w["text"]), int(w["start_ms"]), int(w["end_ms"])) for w in fields["words"])
            yield Segment(
                id=str(fields["id"]),
                span=Span(int(fields["start_ms"]), int(fields["end_ms"])),
                text=str(fields["text"]),
                spoken=str(fields["spoken"]),
                speaker=None if fields["speaker"] is None else str(fields["speaker"]),
                confidence=None if fields["confidence"] is None else float(fields["confidence"]),
                words=words,
                flags=tuple(str(flag) for flag in fields["flags"]),
                replacements=tuple(_replacement(one) for one in fields.get("replacements", ())),
            )


def _replacement(one: Mapping[str, Any]) -> Replacement:
    return Replacement(int(one["start"]), int(one["end"]), str(one["was"]), str(one["hotword"]), bool(one["undone"]))


def _moment(value: object) -> datetime:
    moment = datetime.fromisoformat(str(value))
    if moment.tzinfo is None:
        raise ValueError("a time without a zone")
    return moment


@contextmanager
def _reading(document: Mapping[str, Any], key: str, name: str = "") -> Iterator[Mapping[str, Any]]:
    """The object under a key; whatever is missing or of the wrong kind inside becomes Invalid with its name."""
    name = name or key
    try:
        yield document[key]
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        detail = f"{name}.{error.args[0]}" if isinstance(error, KeyError) and error.args[0] != key else name
        raise Invalid(f"{detail} is missing or has a wrong value.", "Export it again as json.", field=detail) from error
