"""Room: media.sound. PyAV itself: open a descriptor, say what is in it, turn its sound into PCM. Runs in the child only."""

import contextlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.filter import Graph

from nas_asr.core.errors import Incomplete, MediaError, NoAudioTrack, NotAudio, Unreadable
from nas_asr.core.ports import EVERY, SAMPLE_RATE, MediaInfo
from nas_asr.core.transcript import Milliseconds
from nas_asr.media import formats

_LOOK = 4096
_KEEP = 0.5  # see pcm()
_SHARE_FAILED = "The share failed while the file was read."
_NO_SOUND = ("The file has a header but no sound.", "If it is still being written, wait; otherwise copy it again.")
_DAY = re.compile(r"\A(\d{4})[-_:. ](\d\d)[-_:. ](\d\d)")
_TIME_ALONE = re.compile(r"(\d\d)[-_:. ](\d\d)[-_:. ](\d\d)")
_SHORT_NAMES = {"mov,mp4,m4a,3gp,3g2,mj2": "mp4", "matroska,webm": "matroska"}


@dataclass(slots=True)
class Source:
    """An open file with the one audio track that we listen to."""

    container: InputContainer
    stream: AudioStream
    damaged: bool = False  # a part could not be decoded
    broken_off: bool = False  # the container promised more than could be read


@contextlib.contextmanager
def opened(descriptor: int) -> Iterator[Source]:
    """The file behind the descriptor, from its start. Raises MediaError with the reason where it is not a recording."""
    head = os.pread(descriptor, _LOOK, 0)
    if not head:
        raise Incomplete("The file is empty.", "It is looked at again when it changes.")
    os.lseek(descriptor, 0, os.SEEK_SET)
    options = {
        "fd": str(descriptor),
        "protocol_whitelist": "fd",
        "format_whitelist": formats.FORMATS,
        "codec_whitelist": formats.CODECS,
    }
    try:
        container = av.open("fd:", options=options, metadata_errors="ignore")
    except (av.FFmpegError, ValueError) as error:
        raise _why_not(head, error) from error
    with container:
        yield Source(container, _track(container))


def _why_not(head: bytes, error: Exception) -> MediaError:
    if isinstance(error, OSError):
        return Unreadable(_SHARE_FAILED)
    known = any(head[at : at + len(mark)] == mark for at, mark in formats.BEGINNINGS)
    if known or not head.strip(b"\0"):  # a NAS client reserves a file's length with zeros before it copies
        return Incomplete(
            "The beginning or the index of the file is missing or damaged.",
            "If it is still being copied, wait; otherwise copy it again, or repair it with the recorder's own program.",
        )
    return NotAudio("The file holds nothing that we can decode as sound.", "Convert it to WAV, FLAC, MP3 or M4A.")


def _track(container: InputContainer) -> AudioStream:
    if not container.streams.audio:
        if len(container.streams):
            raise NoAudioTrack("The file has pictures or text but no sound.", "Export it with its sound track.")
        raise Incomplete("The file holds no track yet.", "If it is still being written, wait; otherwise copy it again.")
    stream = container.streams.best("audio") or container.streams.audio[0]
    assert isinstance(stream, AudioStream)
    context = stream.codec_context
    if context is None:
        raise NotAudio("The file's sound is in a format that we cannot decode.", "Convert it to WAV, FLAC, MP3 or M4A.")
    if not formats.MIN_RATE_HZ <= (context.sample_rate or 0) <= formats.MAX_RATE_HZ:
        raise NotAudio(
            f"The file claims {context.sample_rate} samples a second, which no recording has.", "Record it again."
        )
    if not 1 <= context.channels <= formats.MAX_CHANNELS:
        raise NotAudio(f"The file claims {context.channels} channels, which no recording has.", "Record it again.")
    context.thread_count = 1
    return stream


def describe(source: Source) -> MediaInfo:
    """What the container says. duration_ms is counted by packets where the container does not know; Incomplete if none come."""
    context = source.stream.codec_context
    name = source.container.format.name
    return MediaInfo(
        duration_ms=_declared_ms(source) or _counted_ms(source),
        container=_SHORT_NAMES.get(name, name),
        codec=context.codec.canonical_name,
        sample_rate=context.sample_rate,
        channels=context.channels,
        recorded_at=_recorded_at(source.container.metadata),
    )


def _declared_ms(source: Source) -> Milliseconds:
    """The container's estimate; 0 where it has none, or one that no recording has (recorders that were switched off)."""
    length = round((source.container.duration or 0) / 1000)
    if source.stream.duration and source.stream.time_base:
        length = round(source.stream.duration * source.stream.time_base * 1000)
    return length if 0 < length <= formats.MAX_LENGTH_S * 1000 else 0


def _counted_ms(source: Source) -> Milliseconds:
    """Length by the packets' own durations, without decoding; leaves the container at its start again."""
    seconds = 0.0
    packets = 0
    with contextlib.suppress(av.FFmpegError):
        for packet in source.container.demux(source.stream):
            if packet.size:
                packets += 1
                seconds += float((packet.duration or 0) * (packet.time_base or 0))
    if not packets:
        raise Incomplete(*_NO_SOUND)
    with contextlib.suppress(av.FFmpegError):
        source.container.seek(0)
    return round(seconds * 1000)


def _recorded_at(tags: dict[str, str]) -> str:
    """The creation time in ISO 8601, with its zone if the file says one; a day alone where it says no more; "" for none, and for
    clocks that were never set.
    """
    day = _DAY.sub(r"\1-\2-\3", tags.get("date", ""))  # of ©day, ICRD, TDRC and bext, whose separators are free
    text = tags.get("com.apple.quicktime.creationdate") or tags.get("creation_time") or day
    if alone := _TIME_ALONE.fullmatch(text):  # Broadcast WAV keeps date and time of day apart
        text = f"{day}T{':'.join(alone.groups())}"
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return ""
    if moment.year < 1990:  # 1904 and 1970 are where containers' and recorders' clocks begin
        return ""
    if moment.tzinfo is None and len(text) <= len("2025-01-02"):
        return moment.date().isoformat()
    return (moment.astimezone(UTC) if moment.tzinfo else moment).isoformat()


def pcm(source: Source, channel: int | None = None) -> Iterator[bytes]:
    """16 kHz mono 16-bit PCM in pieces, of all channels or of one; with EVERY they are interleaved."""
    step = 2 * (source.stream.codec_context.channels if channel == EVERY else 1)
    for frame in heard(source, channel):
        yield bytes(frame.planes[0])[: frame.samples * step]


def heard(source: Source, channel: int | None = None, rate: int = SAMPLE_RATE) -> Iterator[AudioFrame]:
    """The sound as frames of 16 bits at this rate, channels as for pcm(). What cannot be decoded is left out.

    The rule for damaged files: what there is, is worth reading; a meeting whose recorder lost power is transcribed as far as
    it goes. Only where damage was seen and less than half of the declared length came out is it Incomplete, for then it is
    rather a copy that broke off; and where nothing came out at all.
    """
    declared = _declared_ms(source) / 1000
    samples = 0
    mixer = _Mixer(channel, source.stream.codec_context.channels, rate)
    for frame in _frames(source):
        for piece in mixer.push(frame):
            samples += piece.samples
            yield piece
    for piece in mixer.flush():
        samples += piece.samples
        yield piece
    if not samples:
        raise _nothing(source)
    if (source.damaged or source.broken_off) and samples / rate < declared * _KEEP:
        raise Incomplete(
            f"Only {samples / rate:.0f} of {declared:.0f} seconds could be decoded.",
            "Copy the file again; if it is no better at its origin, cut the good part out.",
        )


def _nothing(source: Source) -> MediaError:
    if source.damaged and not source.broken_off:
        return NotAudio("Nothing of the file's sound could be decoded.", "Convert it to WAV, FLAC, MP3 or M4A.")
    return Incomplete(*_NO_SOUND)


def _frames(source: Source) -> Iterator[AudioFrame]:
    for packet in _packets(source):
        try:
            frames = source.stream.codec_context.decode(packet)
        except (av.FFmpegError, ValueError):
            source.damaged = True
            continue
        yield from frames


def _packets(source: Source) -> Iterator["av.Packet[AudioStream]"]:
    try:
        yield from source.container.demux(source.stream)
    except av.FFmpegError as error:
        if isinstance(error, OSError):
            raise Unreadable(_SHARE_FAILED) from error
        source.broken_off = True


class _Mixer:
    """Brings frames to mono of one rate; begins anew where a file changes its rate or channels in the middle.

    All channels count alike: a meeting recorder puts one person on each, and the usual fold-down of "7.1" would drop the one
    on the bass channel. Or one channel alone, or every one of the `declared` ones beside the others; a channel that a part of the
    file does not have is silent there.
    """

    def __init__(self, channel: int | None, declared: int, rate: int) -> None:
        self._channel = channel
        self._declared = declared
        self._rate = rate
        self._graph: Graph | None = None
        self._shape: tuple[int, str, str] = (0, "", "")

    def push(self, frame: AudioFrame) -> Iterator[AudioFrame]:
        shape = (frame.sample_rate, frame.format.name, frame.layout.name)
        if shape != self._shape:
            yield from self.flush()
            self._graph, self._shape = _graph(frame, self._pan(frame.layout.nb_channels), self._rate), shape
        assert self._graph is not None
        frame.pts = None  # the filters would take a wrong time stamp for a reason to complain
        self._graph.push(frame)
        yield from self._pull()

    def flush(self) -> Iterator[AudioFrame]:
        if self._graph is not None:
            self._graph.push(None)
            yield from self._pull()
        self._graph = None

    def _pull(self) -> Iterator[AudioFrame]:
        assert self._graph is not None
        while True:
            try:
                out = self._graph.pull()
            except (av.error.BlockingIOError, av.error.EOFError):
                return
            assert isinstance(out, AudioFrame)
            yield out

    def _pan(self, there: int) -> str:
        """What FFmpeg's filter of that name is told about a part of the file that has so many channels."""
        if self._channel is None:
            return "mono|c0<" + "+".join(f"c{i}" for i in range(there))
        wanted = range(self._declared) if self._channel == EVERY else [self._channel]
        gains = (f"c{place}=" + (f"c{i}" if i < there else "0*c0") for place, i in enumerate(wanted))
        return "|".join(["mono" if len(wanted) == 1 else f"{len(wanted)}c", *gains])


def _graph(frame: AudioFrame, pan: str, rate: int) -> Graph:
    graph = Graph()
    nodes = [
        graph.add(
            "abuffer",
            sample_rate=str(frame.sample_rate),
            sample_fmt=frame.format.name,
            channel_layout=frame.layout.name,
            time_base=f"1/{frame.sample_rate}",
        ),
        graph.add("pan", pan),
        graph.add("aresample", str(rate)),
        graph.add("aformat", f"sample_fmts=s16:sample_rates={rate}"),
        graph.add("abuffersink"),
    ]
    graph.link_nodes(*nodes).configure()
    return graph
