"""Room: core.transcript. What was said, and when. Pure data: times are integer milliseconds from the recording's start."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from nas_asr.core.replacements import Replacement

Milliseconds = int

# A flag of the first segment: channels were to be kept apart, and no more than one of them holds a voice of its own.
CHANNELS_ALIKE = "channels_alike"


class ItnMode(StrEnum):
    """Who makes the written form out of what was spoken; a folder's setting."""

    MODEL = "model"  # the engine itself, where it can; our rules otherwise
    RULES = "rules"  # our grammars; both texts are kept
    OFF = "off"  # nobody: people read what was spoken


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Where somebody speaks, as VAD hears it: [start_ms, end_ms)."""

    start_ms: Milliseconds
    end_ms: Milliseconds

    @property
    def length_ms(self) -> Milliseconds:
        return self.end_ms - self.start_ms


@dataclass(frozen=True, slots=True)
class Word:
    """One word of an engine that knows word times; text as spoken, before ITN."""

    text: str
    start_ms: Milliseconds
    end_ms: Milliseconds


@dataclass(frozen=True, slots=True)
class Heard:
    """What a recogniser made of one utterance: the spoken text, its own written form if it has one, word times if it has them."""

    spoken: str
    written: str | None = None
    words: tuple[Word, ...] = ()
    confidence: float | None = None
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Segment:
    """A span with its text. `text` is what people read (after ITN), `spoken` what was said; both are kept (decision 8).

    speaker: a person's name, or the number of a channel that is a speaker of its own ("1" for the first).
    replacements: where a hotword took the place of what the engine heard, in order; `spoken` keeps what was heard.
    """

    id: str
    span: Span
    text: str
    spoken: str
    speaker: str | None = None
    confidence: float | None = None
    words: tuple[Word, ...] = ()
    flags: tuple[str, ...] = ()
    replacements: tuple[Replacement, ...] = ()


class VersionKind(StrEnum):
    """A version is the machine's, or a person's edits on top of one."""

    MACHINE = "machine"
    EDITED = "edited"


class Origin(StrEnum):
    """What made a version."""

    RUN = "run"
    EDIT = "edit"
    HOTWORD = "hotword"  # what a hotword replaced was put back, or replaced again
    RESTORE = "restore"  # an older version once more
    CARRY = "carry"  # edits carried over to a newer version by the machine


@dataclass(frozen=True, slots=True)
class EngineLabel:
    """Which engine made a transcript, so that its text is never taken for another's."""

    name: str
    model: str = ""
    revision: str = ""
    device: str = "cpu"


@dataclass(frozen=True, slots=True)
class Waveform:
    """What a recording looks like. speech: where somebody speaks, in order; of silences only the longest are kept.

    peaks: a byte for each step_ms, the square root of its loudest sample; 255 is full scale.
    """

    duration_ms: Milliseconds
    step_ms: Milliseconds
    peaks: bytes
    speech: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Transcript:
    """The whole of one version: segments in order of time, and how they came to be.

    duration_ms: length of the audio; speech_ms: how much of it VAD heard as speech; elapsed_ms: wall time of the run.
    itn: who made the written form in the end; rules do where the engine was to and did not.
    waveform: what the audio looks like, where a pipeline of ours heard it.
    """

    segments: tuple[Segment, ...]
    duration_ms: Milliseconds
    speech_ms: Milliseconds = 0
    elapsed_ms: Milliseconds = 0
    engine: EngineLabel = field(default_factory=lambda: EngineLabel(""))
    language: str = "auto"
    itn: ItnMode = ItnMode.RULES
    waveform: Waveform | None = None

    @property
    def channels_alike(self) -> bool:
        """Whether speakers were looked for by channel and there was one sound only."""
        return any(CHANNELS_ALIKE in segment.flags for segment in self.segments)

    @property
    def rtfx(self) -> float | None:
        """Audio seconds per processing second, or None where it was not measured."""
        return self.duration_ms / self.elapsed_ms if self.elapsed_ms else None


def plain_text(segments: Iterable[Segment]) -> str:
    """The written text of all segments, one line each."""
    return "\n".join(segment.text for segment in segments if segment.text)
