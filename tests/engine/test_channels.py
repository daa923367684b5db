"""Room: tests.engine.test_channels. Channels that are speakers are heard apart; copies and empty channels are not heard twice."""

import shutil
import subprocess
import wave
from collections.abc import Generator, Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest

from nas_asr.core.metrics import word_errors
from nas_asr.core.ports import EVERY, Beat, Brief, Fingerprint, Order, Pcm, PcmBlocks, Utterance
from nas_asr.core.spans import UtteranceLimits
from nas_asr.core.transcript import CHANNELS_ALIKE, EngineLabel, Heard, ItnMode, Span, Transcript
from nas_asr.engine.channels import Channels, survey
from nas_asr.engine.transcriber import Pipeline, Stages
from nas_asr.media import decode
from tests.engine.sounds import make_transcriber
from tests.media.made import RATE, Samples, noise, speech

QUIET = np.zeros(RATE * 4, np.int16)


def voice(seed: int) -> Samples:
    """Four seconds that are nobody else's."""
    return (np.random.default_rng(seed).standard_normal(RATE * 4) * 3000).astype(np.int16)


def beside(*channels: Samples) -> Iterator[Pcm]:
    """Blocks of a second with the channels beside each other."""
    table = np.stack(channels, axis=1)
    for start in range(0, len(table), RATE):
        yield table[start : start + RATE]


ONE, TWO, THREE = voice(1), voice(2), voice(3)


@pytest.mark.parametrize(
    ("channels", "heard", "alike"),
    [
        ((ONE, TWO), (0, 1), False),
        ((ONE, ONE), (0,), True),
        ((ONE // 2, ONE), (1,), True),  # of copies the louder
        ((ONE, -ONE), (0,), True),
        ((QUIET, ONE), (1,), True),
        ((QUIET, QUIET), (None,), True),
        ((ONE, ONE, TWO, QUIET), (0, 2), False),
        ((ONE, (ONE * 0.3 + TWO).astype(np.int16)), (0, 1), False),  # one speaker is heard on the other's channel, too
        ((ONE, np.concatenate([ONE[: RATE * 3], TWO[:RATE]])), (0, 1), False),  # copies but for a second
        ((ONE,), (None,), False),
        ((ONE,) * 9, (None,), False),
        ((ONE, ((ONE + noise(4, 0.001)) * 0.9).astype(np.int16)), (0,), True),
    ],
)
def test_a_channel_is_heard_alone_where_it_has_a_voice_of_its_own(
    channels: tuple[Samples, ...], heard: tuple[int | None, ...], alike: bool
) -> None:
    found = survey(beside(*channels))
    assert (set(found.heard), found.alike) == (set(heard), alike)


def test_no_sound_at_all_is_no_channel() -> None:
    assert survey([]) == Channels()


class Times:
    """A VAD that says the same of each channel's loudness: two seconds of speech wherever it is loud."""

    def spans(self, blocks: PcmBlocks) -> Iterator[Span]:
        for at, block in enumerate(blocks):
            if np.abs(block).max() > 100:
                yield Span(at * 1000, at * 1000 + 900)


class Named:
    """A recogniser that says how loud it was."""

    label = EngineLabel("fake")
    knows_hotwords = True

    def __init__(self, written: str | None = None) -> None:
        self._written = written

    def serves(self, language: str) -> bool:
        return True

    def recognise(
        self, utterances: Iterable[Utterance], brief: Brief, beat: Beat
    ) -> Generator[tuple[Utterance, Heard], None, None]:
        for utterance in utterances:
            beat()
            yield utterance, Heard(f"loud {np.abs(utterance.pcm).max()}", self._written if brief.writes else None)

    def close(self) -> None:
        """Nothing to give back."""


def transcribed(
    *channels: Samples, itn: ItnMode = ItnMode.OFF, written: str | None = None
) -> tuple[Transcript, list[float]]:
    """What a pipeline makes of these channels, and the progress that it told."""

    def handed(
        path: bytes, root: bytes = b"", *, channel: int | None = None, content: Fingerprint | None = None
    ) -> Generator[Pcm, None, None]:
        for block in beside(*channels):
            if channel == EVERY:
                yield block
            else:
                yield (
                    block.mean(axis=1).astype(np.int16) if channel is None else np.ascontiguousarray(block[:, channel])
                )

    clock = iter(range(1_000_000))
    stages = Stages(
        handed, Times(), 5_000, UtteranceLimits(join_gap_ms=0, pad_ms=0), Named(written),
        lambda spoken, _language: spoken.upper(), lambda: float(next(clock)),
    )  # fmt: skip
    told: list[float] = []
    order = Order(b"x", 4000, "en", itn=itn, apart=True)
    return Pipeline(stages).transcribe(order, told.append), told


def silent_but(second: int, loudness: int) -> Samples:
    """A click of nearly a second, at one second of four."""
    sound = QUIET.copy()
    sound[second * RATE : second * RATE + RATE] = (voice(loudness)[:RATE].clip(-900, 900) * (loudness / 900)).astype(
        np.int16
    )
    return sound


def test_two_channels_are_one_conversation_in_order_of_time() -> None:
    left = silent_but(0, 1000) + silent_but(2, 1000)
    right = silent_but(1, 2000) + silent_but(2, 2000)
    transcript, told = transcribed(left, right)
    said = [(one.span.start_ms, one.speaker, one.spoken) for one in transcript.segments]
    assert said == [
        (0, "1", "loud 1000"), (1000, "2", "loud 2000"), (2000, "1", "loud 1000"), (2000, "2", "loud 2000"),
    ]  # fmt: skip
    assert told == sorted(told) and told[-1] == 1.0 and max(one for one in told if one < 0.6) > 0.4
    assert transcript.duration_ms == 4000 and not transcript.channels_alike


def test_one_microphone_on_both_channels_is_read_once_and_that_is_said() -> None:
    sound = silent_but(0, 1000) + silent_but(2, 1000)
    transcript, _ = transcribed(sound, sound)
    assert [one.speaker for one in transcript.segments] == [None, None]
    assert transcript.channels_alike and [one.flags for one in transcript.segments] == [(CHANNELS_ALIKE,), ()]


@pytest.mark.parametrize(
    ("asked", "engine_writes", "text", "mode"),
    [
        (ItnMode.OFF, "by the engine", "loud", ItnMode.OFF),
        (ItnMode.RULES, "by the engine", "LOUD", ItnMode.RULES),
        (ItnMode.MODEL, "by the engine", "by the engine", ItnMode.MODEL),
        (ItnMode.MODEL, None, "LOUD", ItnMode.RULES),
    ],
)
def test_both_texts_are_kept_and_who_wrote_is_recorded(
    asked: ItnMode, engine_writes: str | None, text: str, mode: ItnMode
) -> None:
    transcript, _ = transcribed(silent_but(0, 1000), silent_but(1, 2000), itn=asked, written=engine_writes)
    assert transcript.itn is mode
    assert all(one.text.startswith(text) and one.spoken.startswith("loud") for one in transcript.segments)


def test_the_decoder_gives_one_channel_or_all_beside_each_other(tmp_path: Path) -> None:
    path = write_beside(tmp_path / "two.wav", ONE, TWO)
    assert np.array_equal(np.concatenate(list(decode(bytes(path), channel=0))), ONE)
    assert np.array_equal(np.concatenate(list(decode(bytes(path), channel=1))), TWO)
    blocks = list(decode(bytes(path), channel=EVERY))
    assert [block.shape for block in blocks] == [(RATE, 2)] * 4
    assert np.array_equal(np.concatenate(blocks), np.stack([ONE, TWO], axis=1))
    assert not np.concatenate(list(decode(bytes(path), channel=5))).any()


def write_beside(path: Path, *channels: Samples) -> Path:
    """A WAV file with each sound on a channel of its own, as long as the longest."""
    table = np.zeros((max(map(len, channels)), len(channels)), np.int16)
    for place, sound in enumerate(channels):
        table[: len(sound), place] = sound
    with wave.open(str(path), "wb") as file:
        file.setparams((len(channels), 2, RATE, len(table), "NONE", ""))
        file.writeframes(table.tobytes())
    return path


ANNA = "good morning and welcome to the meeting of the sales team"
BEN = "we sold three hundred chairs in the first week of january"


def test_two_people_who_speak_at_once_are_both_understood(tmp_path: Path) -> None:
    if shutil.which("flite") is None:
        pytest.skip("flite is not installed (Debian: apt-get install flite)")
    sounds = []
    for name, sentence in (("slt", ANNA), ("rms", BEN)):
        subprocess.run(["flite", "-voice", name, "-t", sentence, "-o", str(tmp_path / f"{name}.wav")], check=True)
        sounds.append(np.concatenate(list(decode(bytes(tmp_path / f"{name}.wav")))))
    path = write_beside(tmp_path / "call.wav", *sounds)
    with make_transcriber() as transcriber:
        transcript = transcriber.transcribe(Order(bytes(path), 4000, "en", apart=True), lambda _share: None)
    for speaker, sentence in (("1", ANNA), ("2", BEN)):
        heard = " ".join(one.spoken for one in transcript.segments if one.speaker == speaker)
        assert word_errors(sentence, heard).rate < 0.3, heard
    assert len({one.span for one in transcript.segments}) == len(transcript.segments)


def test_a_mono_recording_in_such_a_folder_is_read_as_ever(tmp_path: Path) -> None:
    path = write_beside(tmp_path / "mono.wav", speech(4.5))
    with make_transcriber() as transcriber:
        transcript = transcriber.transcribe(Order(bytes(path), 4500, "en", apart=True), lambda _share: None)
    assert [(one.speaker, one.flags) for one in transcript.segments] == [(None, ())]
