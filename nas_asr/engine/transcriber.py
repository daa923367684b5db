"""Room: engine.transcriber. The stages as lines: decode, VAD, utterances, recognise, hotwords, ITN. Knows no engine."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

from nas_asr.core.clock import iso, utc_now
from nas_asr.core.hotwords import hotword
from nas_asr.core.ids import new_id
from nas_asr.core.languages import LANGUAGES
from nas_asr.core.offers import Offer
from nas_asr.core.ports import EVERY, Brief, Decode, Order, Pcm, Progress, Recogniser, Utterance, Vad
from nas_asr.core.spans import UtteranceLimits
from nas_asr.core.transcript import CHANNELS_ALIKE, EngineLabel, Heard, ItnMode, Milliseconds, Segment, Transcript
from nas_asr.core.waveform import joined
from nas_asr.engine.channels import Channels, survey
from nas_asr.engine.corrections import Corrections, corrected
from nas_asr.engine.drawing import Drawing
from nas_asr.engine.itn import Itn
from nas_asr.engine.utterances import Tape, utterances

_BEAT_S = 0.5


@dataclass(frozen=True, slots=True)
class Stages:
    """What the pipeline is made of. longest_span_ms: what the VAD gives at most."""

    decode: Decode
    vad: Vad
    longest_span_ms: Milliseconds
    limits: UtteranceLimits
    recogniser: Recogniser
    itn: Itn
    clock: Callable[[], float] = time.monotonic


class Pipeline:
    """A Transcriber. One recording at a time; memory does not grow with its length."""

    def __init__(self, stages: Stages) -> None:
        self._stages = stages
        self._since = iso(utc_now())

    @property
    def label(self) -> EngineLabel:
        """The recogniser's; a remote one may learn its own while it works."""
        return self._stages.recogniser.label

    @property
    def offers(self) -> tuple[Offer, ...]:
        """The one engine."""
        return (Offer(self.label.name, tuple(filter(self.serves, LANGUAGES))),)

    def serves(self, language: str) -> bool:
        """What the recogniser serves."""
        return self._stages.recogniser.serves(language)

    def warm_up(self, utterance: Utterance, language: str = "en") -> None:
        """Let the recogniser hear something, so that everything it needs is loaded. Raises EngineError."""
        with closing(self._stages.recogniser.recognise([utterance], Brief(language), lambda: None)) as heard:
            for _ in heard:
                pass

    def transcribe(self, order: Order, progress: Progress) -> Transcript:
        """One recording from file to text. No speech is an empty transcript. Raises MediaError, EngineError, RunStopped."""
        stages, began = self._stages, self._stages.clock()
        channels = self._channels(order, progress)
        course = _Course(order.duration_ms, progress, stages.clock, len(channels.heard))
        segments: list[Segment] = []
        writer = _Writer(order, stages)
        drawings = [Drawing(stages.vad) for _ in channels.heard]
        for channel, drawing in zip(channels.heard, drawings, strict=True):
            speaker = str(channel + 1) if channels.apart and channel is not None else None
            segments += self._one(order, channel, _Listening(course, drawing), writer.by(speaker))
            course.next_channel()
        progress(1.0)
        return Transcript(
            segments=_in_order(segments, CHANNELS_ALIKE if channels.alike else None),
            duration_ms=course.length_ms,
            speech_ms=min(course.speech_ms, course.length_ms),
            elapsed_ms=max(1, round((stages.clock() - began) * 1000)),
            engine=self.label,
            language=order.language,
            itn=writer.mode,
            waveform=joined([(0, drawing.finished(course.length_ms)) for drawing in drawings]),
        )

    def _channels(self, order: Order, progress: Progress) -> Channels:
        if not order.apart:
            return Channels()
        course = _Course(0, progress, self._stages.clock)
        with closing(self._stages.decode(order.path, order.root, channel=EVERY, content=order.content)) as pcm:
            return survey(course.passing(pcm))

    def _one(
        self, order: Order, channel: int | None, listening: "_Listening", written: Callable[[Utterance, Heard], Segment]
    ) -> Iterator[Segment]:
        stages, course, drawing = self._stages, listening.course, listening.drawing
        with closing(stages.decode(order.path, order.root, channel=channel, content=order.content)) as pcm:
            tape = Tape(drawing.passing(course.passing(pcm)), stages.longest_span_ms + 10_000)
            spoken = course.sent(utterances(tape, drawing, stages.limits))
            heard = stages.recogniser.recognise(spoken, _brief(order), course.beat)
            with closing(heard):
                for utterance, text in heard:
                    yield written(utterance, text)
                    course.finished(utterance)
        course.length_ms = max(course.length_ms, tape.length_ms)

    def loaded(self) -> list[dict[str, Any]]:
        """The recogniser's label, and what it says of itself where it can."""
        label = self._stages.recogniser.label
        facts = {"engine": label.name, "model": label.model, "revision": label.revision, "device": label.device}
        state = getattr(self._stages.recogniser, "state", None)
        told = {name: value for name, value in state().items() if value is not None} if callable(state) else {}
        return [{**facts, "loaded_at": self._since, **told}]

    def close(self) -> None:
        """Give back what the recogniser holds."""
        self._stages.recogniser.close()


class _Writer:
    """From what was heard to segments. Hotwords are found in what was spoken, or in the engine's own written form, and ITN leaves
    them alone.
    """

    def __init__(self, order: Order, stages: Stages) -> None:
        self._order = order
        self._rules = stages.itn
        self._corrections = Corrections(() if stages.recogniser.knows_hotwords else order.hotwords)
        self._engine_wrote = False

    @property
    def mode(self) -> ItnMode:
        """Who wrote, so far: rules write where the engine was asked to and did not."""
        if self._order.itn is ItnMode.MODEL:
            return ItnMode.MODEL if self._engine_wrote else ItnMode.RULES
        return self._order.itn

    def by(self, speaker: str | None) -> Callable[[Utterance, Heard], Segment]:
        """What makes the segments of one speaker."""
        return lambda utterance, heard: self._segment(utterance, heard, speaker)

    def _segment(self, utterance: Utterance, heard: Heard, speaker: str | None) -> Segment:
        before, itn = heard.spoken, str if self._order.itn is ItnMode.OFF else self._written
        if self._order.itn is ItnMode.MODEL and heard.written is not None:
            self._engine_wrote = True
            before, itn = heard.written, str
        text, replacements = corrected(before, self._corrections.matches(before), itn)
        return Segment(
            id=new_id(),
            span=utterance.span,
            text=text,
            spoken=heard.spoken,
            speaker=speaker,
            confidence=heard.confidence,
            words=heard.words,
            flags=heard.flags,
            replacements=replacements,
        )

    def _written(self, spoken: str) -> str:
        return self._rules(spoken, self._order.language)


@dataclass(frozen=True, slots=True)
class _Listening:
    """What goes along while one channel is heard."""

    course: "_Course"
    drawing: Drawing


def _in_order(segments: list[Segment], flag: str | None) -> tuple[Segment, ...]:
    """Those with text, by their beginning, then by channel; people may speak at once. flag: goes to the first."""
    found = sorted((segment for segment in segments if segment.spoken), key=lambda segment: segment.span.start_ms)
    if flag and found:
        found[0] = replace(found[0], flags=(*found[0].flags, flag))
    return tuple(found)


def _brief(order: Order) -> Brief:
    return Brief(order.language, tuple(map(hotword, order.hotwords)), writes=order.itn is ItnMode.MODEL)


class _Course:
    """How far the work is: the end of the last finished utterance, or, where nothing is under way, the end of what was heard.

    channels: how many are heard one after the other, each for an equal share.
    """

    def __init__(
        self, duration_ms: Milliseconds, progress: Progress, clock: Callable[[], float], channels: int = 1
    ) -> None:
        self._duration = duration_ms
        self._progress = progress
        self._clock = clock
        self._told = clock()
        self._channels = channels
        self._channel = 0
        self._done: Milliseconds = 0
        self._passed: Milliseconds = 0
        self._under_way = 0
        self.speech_ms: Milliseconds = 0
        self.length_ms: Milliseconds = 0

    def next_channel(self) -> None:
        """One channel is done; the next begins at its start."""
        self._channel += 1
        self._done = self._passed = self._under_way = 0

    def passing(self, blocks: Iterator[Pcm]) -> Iterator[Pcm]:
        """The same blocks; a long silence goes by with a sign of life, too."""
        for block in blocks:
            yield block
            self._passed += len(block) // 16
            if not self._under_way:
                self._done = max(self._done, self._passed - 60_000)
            self.beat()

    def sent(self, spoken: Iterator[Utterance]) -> Iterator[Utterance]:
        """The same utterances, counted."""
        for utterance in spoken:
            self._under_way += 1
            self.speech_ms += utterance.span.length_ms
            yield utterance

    def finished(self, utterance: Utterance) -> None:
        """One more utterance has its text."""
        self._under_way -= 1
        self._done = max(self._done, utterance.span.end_ms)
        self._tell()

    def beat(self) -> None:
        """Tell, unless that was done a moment ago; raises RunStopped when the run is no longer wanted."""
        if self._clock() - self._told >= _BEAT_S:
            self._tell()

    def _tell(self) -> None:
        self._told = self._clock()
        share = min(1.0, self._done / self._duration) if self._duration else 0.0
        self._progress(min(1.0, (self._channel + share) / self._channels))
