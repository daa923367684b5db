"""Room: core.ports. What the house needs from the outside world, as Protocols. Bootstrap hands the real things down."""

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from nas_asr.core.hotwords import Hotword
from nas_asr.core.offers import Offer
from nas_asr.core.transcript import EngineLabel, Heard, ItnMode, Milliseconds, Span, Transcript

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Pcm = NDArray[Any]
else:
    Pcm = Any

SAMPLE_RATE = 16_000  # Hz; everything the engine hears is mono 16-bit PCM at this rate

EVERY = -1  # of a file's channels: all of them beside each other, and not mixed

# Shape (samples,), dtype int16, 16 kHz mono. Typed loosely, so that numpy stays in media and engine.
PcmBlocks = Iterable[Pcm]


@dataclass(frozen=True, slots=True)
class MediaInfo:
    """What probing a file said.

    recorded_at: the container's creation time in ISO 8601, local where that has no zone; a day alone; or empty.
    """

    duration_ms: Milliseconds
    container: str
    codec: str
    sample_rate: int
    channels: int
    recorded_at: str = ""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What tells a file's content from any other: SHA-256 in hex of `size` bytes; mtime and inode as they were seen then."""

    sha256: str
    size: int
    mtime_ns: int
    inode: int


@dataclass(frozen=True, slots=True)
class Utterance:
    """Merged spans given to the recogniser at once: at most 30 s of int16 PCM, cut at silence where there is any."""

    span: Span
    pcm: Pcm


@dataclass(frozen=True, slots=True)
class Order:
    """What to transcribe, and how. `path` is opened without following symbolic links.

    root: the folder that path must lie in, with no link on the way; empty checks the last component only.
    engine: the one that the run asks for, empty for the house's choice. apart: each channel is a speaker of its own.
    content: the bytes that must lie there; None where nobody else writes there.
    """

    path: bytes
    duration_ms: Milliseconds
    language: str
    hotwords: tuple[str, ...] = ()
    root: bytes = b""
    engine: str = ""
    itn: ItnMode = ItnMode.RULES
    apart: bool = False
    content: Fingerprint | None = None


@dataclass(frozen=True, slots=True)
class Brief:
    """What a recogniser is told about utterances: the declared language, the team's hotwords, and how to write.

    writes: whether its own written form is wanted, where it has one; otherwise what was spoken.
    """

    language: str
    hotwords: tuple[Hotword, ...] = ()
    writes: bool = False


class Decode(Protocol):
    """media.decode, as the engine is handed it: a file's sound in blocks; closing the iterator ends the work.

    channel: None mixes all, a number from 0 is that one alone, EVERY gives blocks of shape (samples, channels).
    content: as in an order.
    """

    def __call__(
        self, path: bytes, root: bytes = b"", *, channel: int | None = None, content: Fingerprint | None = None
    ) -> Generator[Pcm, None, None]: ...


class Vad(Protocol):
    """Finds where somebody speaks. Streaming: constant memory for any length of audio."""

    def spans(self, blocks: PcmBlocks) -> Iterator[Span]:
        """Speech intervals in order of time, each as soon as it is closed."""


Beat = Callable[[], None]  # "I am alive"; raises RunStopped when the run is no longer wanted


class Recogniser(Protocol):
    """Turns utterances into text. An engine says what it serves; nothing else is ever sent to it.

    knows_hotwords: it heeds hotwords while it listens; for any other one, what sounds nearly like them is replaced.
    """

    knows_hotwords: bool

    @property
    def label(self) -> EngineLabel:
        """Which engine it is."""

    def serves(self, language: str) -> bool:
        """Whether text in this declared language may be expected from the engine."""

    def recognise(
        self, utterances: Iterable[Utterance], brief: Brief, beat: Beat
    ) -> Generator[tuple[Utterance, Heard], None, None]:
        """Each utterance with what was heard, in the order given; reads ahead no more than it needs.

        beat is called at least every half second while it waits or works, so that a stopped run ends soon.
        """

    def close(self) -> None:
        """Give back processes, memory and devices."""


Progress = Callable[[float], None]  # 0..1; raises RunStopped when the run is no longer wanted


class Transcriber(Protocol):
    """The whole pipeline: decode, VAD, utterances, recognise, ITN; with one engine, or with all that can work here."""

    @property
    def label(self) -> EngineLabel:
        """The engine that was used last, else the one that an order gets which names none."""

    @property
    def offers(self) -> tuple[Offer, ...]:
        """The engines that can be asked for, best first, with the declared languages that they serve."""

    def serves(self, language: str) -> bool:
        """Whether an order that names no engine may be in this declared language."""

    def transcribe(self, order: Order, progress: Progress) -> Transcript:
        """One recording from file to text; raises MediaError or EngineError."""

    def loaded(self) -> list[dict[str, Any]]:
        """What is in memory now, the last used first: engine, model, revision, device, loaded_at, and what the engine adds.

        loaded_at: ISO 8601. An engine may add memory_used and memory_free, in bytes of its device.
        """

    def close(self) -> None:
        """Give back what the engine holds."""


class JobQueue(Protocol):
    """The doorbell. The database is the truth; losing a ring loses nothing, because sweep rings again."""

    def ring(self, run_id: str, duration_ms: Milliseconds) -> None:
        """Wake a worker for this run; a no-op where it is queued already. Raises QueueUnavailable."""

    def ringing(self) -> set[str]:
        """Run ids that Redis holds, waiting or being worked on. Raises QueueUnavailable."""

    def stop(self, run_id: str) -> None:
        """Interrupt the job that works on this run, if one does. Raises QueueUnavailable."""

    def alive(self) -> bool:
        """Whether Redis answers."""


class SilentQueue:
    """A queue that nobody listens to: for commands that only change the database; the sweep of `up` rings later."""

    def ring(self, run_id: str, duration_ms: Milliseconds) -> None:
        """Nothing rings."""

    def ringing(self) -> set[str]:
        """Nothing is held."""
        return set()

    def stop(self, run_id: str) -> None:
        """Nobody works."""

    def alive(self) -> bool:
        """Nobody answers."""
        return False


class Options(Protocol):
    """The settings that rooms below the attic read; nas_asr.settings.Settings is the real one."""

    @property
    def data(self) -> Path: ...
    @property
    def archive(self) -> Path: ...
    @property
    def engine(self) -> str: ...
    @property
    def model(self) -> str: ...
    @property
    def device(self) -> str: ...
    @property
    def threads(self) -> int: ...
    @property
    def openai_url(self) -> str: ...
    @property
    def openai_key(self) -> str: ...
    @property
    def openai_hotwords(self) -> str: ...
    @property
    def openai_at_once(self) -> int: ...
    @property
    def idle_minutes(self) -> float: ...
    @property
    def redo_drafts(self) -> bool: ...
    @property
    def language(self) -> str: ...
    @property
    def archive_at(self) -> time: ...
    @property
    def settle_seconds(self) -> float: ...
    @property
    def scan_seconds(self) -> float: ...
    @property
    def timezone(self) -> str: ...
    @property
    def max_upload_mb(self) -> int: ...
    @property
    def trusted_hosts(self) -> tuple[str, ...]: ...
    @property
    def trusted_proxies(self) -> tuple[str, ...]: ...
    @property
    def frame_ancestors(self) -> str: ...
    @property
    def host(self) -> str: ...
    @property
    def port(self) -> int: ...
    def pinned(self) -> Mapping[str, str]: ...
    def overlaid(self, stored: Mapping[str, str | None]) -> "Options": ...
