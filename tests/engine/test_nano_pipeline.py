"""Room: tests.engine.test_nano_pipeline. From a file to text with the small checkpoint: meetings, telephones, tiny clips, hours.

The checkpoint is loaded once; what is heard without a network is heard by a program of its own.
"""

import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Generator, Iterable, Iterator
from pathlib import Path

import av
import numpy as np
import pytest

from nas_asr.core.ports import SAMPLE_RATE, Beat, Brief, Decode, Fingerprint, Order, Pcm, Recogniser, Utterance
from nas_asr.core.spans import UtteranceLimits
from nas_asr.core.transcript import Heard, ItnMode, Transcript
from nas_asr.media import decode
from tests.engine.sounds import ignore_progress
from tests.media.made import noise, write_wav
from tests.nano.checkpoint import CLIPS, SMALL, clip, clip_lines
from tests.stage_two import need

pytestmark = [
    pytest.mark.torch,
    pytest.mark.skipif(not (SMALL / "model.pt").is_file(), reason="the small checkpoint is not here"),
]
need()

from nas_asr.engine.build import LONGEST_SPAN_MS, build_transcriber  # noqa: E402
from nas_asr.engine.fun_asr import Nano  # noqa: E402
from nas_asr.engine.itn import written  # noqa: E402
from nas_asr.engine.options import EngineOptions  # noqa: E402
from nas_asr.engine.silero import SileroVad, VadRules  # noqa: E402
from nas_asr.engine.transcriber import Pipeline, Stages  # noqa: E402


@pytest.fixture(scope="module")
def nano(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nano]:
    """The engine with the small checkpoint."""
    engine = Nano(EngineOptions("fun-asr-nano", str(SMALL), "cpu", models=tmp_path_factory.mktemp("models")))
    yield engine
    engine.close()


def pipeline(recogniser: Recogniser, opened: Decode = decode) -> Pipeline:
    """Everything else as the house has it."""
    vad = SileroVad(VadRules(max_speech_ms=LONGEST_SPAN_MS))
    return Pipeline(Stages(opened, vad, LONGEST_SPAN_MS, UtteranceLimits(), recogniser, written))


def transcript(nano: Nano, path: Path, language: str = "auto", hotwords: tuple[str, ...] = ()) -> Transcript:
    """With the model's own written form."""
    order = Order(bytes(path), 0, language, hotwords, itn=ItnMode.MODEL)
    return pipeline(nano).transcribe(order, ignore_progress)


@pytest.mark.parametrize(
    ("name", "language", "slips"), [("meeting_zh.flac", "zh", 0), ("meeting_mixed.flac", "auto", 1)]
)
def test_a_meeting_is_read_sentence_by_sentence_with_its_times(
    nano: Nano, name: str, language: str, slips: int
) -> None:
    lines = clip_lines(name)
    found = transcript(nano, CLIPS / name, language)
    wrong = [
        (segment.text, line["text"])
        for segment, line in zip(found.segments, lines, strict=True)
        if segment.text != line["text"]
    ]
    assert len(wrong) <= slips, wrong
    for segment, line in zip(found.segments, lines, strict=True):
        assert abs(segment.span.start_ms - line["start_ms"]) < 400 and abs(segment.span.end_ms - line["end_ms"]) < 400
        assert segment.words and segment.span.start_ms <= segment.words[0].start_ms
        assert segment.words[-1].end_ms <= segment.span.end_ms
    assert found.engine.name == "fun-asr-nano"


def test_two_lists_of_names_change_the_names_only(nano: Nano) -> None:
    path, lines = CLIPS / "meeting_zh.flac", clip_lines("meeting_zh.flac")
    hotwords = tuple(word for line in lines for word in line["hotwords"])
    with_twins = transcript(nano, path, "zh", hotwords)
    assert [segment.text for segment in with_twins.segments] == [line["text_with_hotwords"] for line in lines]
    with_others = transcript(nano, path, "zh", ("张伟", "王芳"))
    assert [segment.text for segment in with_others.segments] == [line["text"] for line in lines]


def test_what_was_spoken_is_written_by_our_rules_where_the_folder_says_so(nano: Nano) -> None:
    order = Order(bytes(CLIPS / "meeting_zh.flac"), 0, "zh", itn=ItnMode.OFF)
    off = pipeline(nano).transcribe(order, ignore_progress)
    assert [segment.text for segment in off.segments] == [line["spoken"] for line in clip_lines("meeting_zh.flac")]


# The small model never learned telephones, where the band above 4 kHz is gone: these are the clips that it reads all the same.
@pytest.mark.parametrize(
    ("name", "language", "codec"), [("zh_two_names.flac", "zh", "pcm_s16le"), ("en_one_word.flac", "en", "pcm_mulaw")]
)
def test_a_telephone_of_8_khz_is_read(nano: Nano, tmp_path: Path, name: str, language: str, codec: str) -> None:
    path = tmp_path / "call.wav"
    samples = (clip(name) * 32767).astype(np.int16)
    with av.open(str(path), "w", format="wav") as container:
        track = container.add_stream(codec, rate=8000, layout="mono")
        assert isinstance(track, av.AudioStream)
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = SAMPLE_RATE
        for each in [*av.AudioResampler("s16", "mono", 8000).resample(frame), None]:
            container.mux(track.encode(each))
    (segment,) = transcript(nano, path, language).segments
    assert segment.spoken == clip_lines(name)[0]["spoken"]


def test_a_clip_under_a_second_is_read(nano: Nano, tmp_path: Path) -> None:
    samples = (clip("en_one_word.flac") * 32767).astype(np.int16)[: SAMPLE_RATE * 9 // 10]
    (segment,) = transcript(nano, write_wav(tmp_path / "word.wav", samples), "en").segments
    assert segment.text == "budget"


def test_no_speech_is_an_empty_transcript(nano: Nano, tmp_path: Path) -> None:
    silent = write_wav(tmp_path / "silent.wav", np.zeros(SAMPLE_RATE * 3, np.int16))
    for path in (CLIPS / "noise.flac", silent, write_wav(tmp_path / "noise.wav", noise(3))):
        found = transcript(nano, path, "zh")
        assert (found.segments, found.speech_ms) == ((), 0)
    empty = write_wav(tmp_path / "moment.wav", np.zeros(40, np.int16))
    assert transcript(nano, empty, "zh").segments == ()


class Watching:
    """A recogniser that notes how far the file was read when a text came out."""

    def __init__(self, nano: Nano) -> None:
        self._nano = nano
        self.label, self.knows_hotwords = nano.label, nano.knows_hotwords
        self.read_ms = 0
        self.ahead_ms: list[int] = []

    def minutes(
        self, path: bytes, root: bytes = b"", *, channel: int | None = None, content: Fingerprint | None = None
    ) -> Generator[Pcm, None, None]:
        """The meeting over and over, in blocks of half a second."""
        samples = (clip("meeting_zh.flac") * 32767).astype(np.int16)
        for _ in range(24):
            for at in range(0, len(samples), SAMPLE_RATE // 2):
                block = samples[at : at + SAMPLE_RATE // 2]
                self.read_ms += len(block) // 16
                yield block

    def serves(self, language: str) -> bool:
        """What Nano serves."""
        return self._nano.serves(language)

    def recognise(
        self, utterances: Iterable[Utterance], brief: Brief, beat: Beat
    ) -> Generator[tuple[Utterance, Heard], None, None]:
        """Nano's, watched."""
        for utterance, heard in self._nano.recognise(utterances, brief, beat):
            self.ahead_ms.append(self.read_ms - utterance.span.end_ms)
            yield utterance, heard

    def close(self) -> None:
        """Nothing of its own."""


def test_a_long_recording_is_never_read_far_ahead_of_its_text(nano: Nano) -> None:
    watching = Watching(nano)
    found = pipeline(watching, watching.minutes).transcribe(Order(b"made", 0, "zh"), ignore_progress)
    assert found.duration_ms > 6 * 60_000
    assert len(found.segments) == 24 * 5
    lines = clip_lines("meeting_zh.flac")
    for at in (0, 2, 4):  # each text at its place, from the first minute to the last
        texts = Counter(segment.text for segment in found.segments[at::5])
        assert texts[lines[at]["text"]] > 12, texts  # of 24; the detector cuts each a little differently
    # Two minutes of speech, with the silence between it, and what the voice detector and an open utterance hold back.
    assert max(watching.ahead_ms) < 240_000


# -- the command, without a network -----------------------------------------------------------------------------------------


def command(*words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """`nas-asr transcribe` where there is no network at all."""
    program = [sys.executable, "-m", "nas_asr", "transcribe", *words]
    environment = {**os.environ, **settings, "NAS_ASR_ENGINE": "fun-asr-nano"}
    return subprocess.run(["unshare", "-rn", *program], env=environment, capture_output=True, text=True, timeout=240)


@pytest.fixture(scope="module")
def alone() -> None:
    """Whether this machine lets a program be without a network."""
    if shutil.which("unshare") is None or subprocess.run(["unshare", "-rn", "true"], capture_output=True).returncode:
        pytest.skip("unshare -rn is not allowed here")


@pytest.mark.usefixtures("alone")
def test_without_any_network_the_text_and_nothing_else_comes_out(tmp_path: Path) -> None:
    ended = command(
        str(CLIPS / "zh_name.flac"), "--language", "zh", NAS_ASR_MODEL=str(SMALL), NAS_ASR_DATA=str(tmp_path / "data")
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.splitlines()[1:] == [clip_lines("zh_name.flac")[0]["spoken"]]
    assert "funasr" not in ended.stderr and "Notice" not in ended.stderr


@pytest.mark.usefixtures("alone")
def test_weights_that_were_cut_off_end_in_one_sentence(tmp_path: Path) -> None:
    broken = Path(shutil.copytree(SMALL, tmp_path / "broken"))
    (broken / "model.pt").write_bytes((SMALL / "model.pt").read_bytes()[:100_000])
    ended = command(
        str(CLIPS / "zh.flac"), "--language", "zh", NAS_ASR_MODEL=str(broken), NAS_ASR_DATA=str(tmp_path / "data")
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "model.pt is cut off" in ended.stderr and "model pull" in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1


def test_build_gives_the_engine_that_is_named(tmp_path: Path) -> None:
    from nas_asr.core.errors import ModelUnavailable

    with pytest.raises(ModelUnavailable, match="SenseVoiceSmall, which is not on this machine"):
        build_transcriber(EngineOptions("sensevoice", models=tmp_path), decode)
