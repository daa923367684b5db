"""Room: tests.engine.test_hard_cases. Silence, noise, stopped runs, dead processes, wrong languages: each ends well."""

import csv
import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from nas_asr.core.errors import EngineError, Incomplete, MediaError, ModelUnavailable, RunStopped
from nas_asr.core.ports import Order
from nas_asr.engine.build import build_transcriber, engines
from nas_asr.engine.options import EngineOptions
from nas_asr.engine.presence import offers_here, reason
from nas_asr.engine.sphinx import processes
from nas_asr.media import decode
from tests.engine.sounds import SAMPLE, all_processes, engine_processes, ignore_progress, make_transcriber
from tests.media.made import noise, speech, write_wav


def test_silence_and_noise_give_an_empty_transcript_and_start_no_recogniser(tmp_path: Path) -> None:
    with make_transcriber() as transcriber:
        for sound in (np.zeros(16_000 * 5, np.int16), noise(5, 0.1), noise(5, 0.001)):
            transcript = transcriber.transcribe(
                Order(bytes(write_wav(tmp_path / "a.wav", sound)), 5000, "en"), ignore_progress
            )
            assert transcript.segments == ()
            assert (transcript.duration_ms, transcript.speech_ms) == (5000, 0)
        assert not engine_processes()


def test_an_instant_of_sound_is_no_trouble(tmp_path: Path) -> None:
    with make_transcriber() as transcriber:
        for samples in (1, 100, 511, 513):
            path = write_wav(tmp_path / "a.wav", noise(1)[:samples])
            assert transcriber.transcribe(Order(bytes(path), 0, "en"), ignore_progress).segments == ()


def test_one_speaker_of_eight_channels_is_understood(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", speech(4.5), channels=8)
    with make_transcriber() as transcriber:
        transcript = transcriber.transcribe(Order(bytes(path), 0, "en"), ignore_progress)
    assert [segment.spoken for segment in transcript.segments] == [
        "good morning and welcome to the weekly meeting of the sales team"
    ]


def test_a_stopped_run_ends_within_two_seconds_and_leaves_no_process_at_work() -> None:
    class Stop:
        asked: float | None = None

        def __call__(self, share: float) -> None:
            if engine_processes():
                self.asked = self.asked or time.monotonic()
                raise RunStopped("A person stopped it.")

    with make_transcriber() as transcriber:
        stop = Stop()
        with pytest.raises(RunStopped):
            transcriber.transcribe(Order(bytes(SAMPLE), 43_085, "en"), stop)
        assert stop.asked is not None
        assert time.monotonic() - stop.asked < 2
        assert not all_processes()
        assert len(transcriber.transcribe(Order(bytes(SAMPLE), 43_085, "en"), ignore_progress).segments) == 10


def test_a_run_can_be_stopped_while_nobody_speaks(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    write_wav(path, np.zeros(16_000 * 1800, np.int16))

    def stop(share: float) -> None:
        raise RunStopped("A person stopped it.")

    with make_transcriber() as transcriber:
        began = time.monotonic()
        with pytest.raises(RunStopped):
            transcriber.transcribe(Order(bytes(path), 1_800_000, "en"), stop)
        assert time.monotonic() - began < 3
        assert not all_processes()


def test_a_process_that_dies_is_an_engine_error_and_the_next_run_works() -> None:
    def kill(share: float) -> None:
        for process in engine_processes()[:1]:
            os.kill(process, signal.SIGKILL)

    with make_transcriber() as transcriber:
        with pytest.raises(EngineError, match="signal 9") as caught:
            transcriber.transcribe(Order(bytes(SAMPLE), 43_085, "en"), kill)
        assert not isinstance(caught.value, RunStopped)
        assert not caught.value.permanent
        assert not all_processes()
        assert len(transcriber.transcribe(Order(bytes(SAMPLE), 43_085, "en"), ignore_progress).segments) == 10


def test_the_processes_stay_warm_from_one_recording_to_the_next() -> None:
    with make_transcriber(threads=1) as transcriber:
        for _ in range(2):
            transcriber.transcribe(Order(bytes(SAMPLE), 43_085, "en"), ignore_progress)
        (first,) = engine_processes()
        transcriber.transcribe(Order(bytes(SAMPLE), 43_085, "en"), ignore_progress)
        assert engine_processes() == [first]


def test_a_broken_file_is_its_own_error_and_not_the_engines(tmp_path: Path) -> None:
    (tmp_path / "a.wav").touch()
    with make_transcriber() as transcriber, pytest.raises(Incomplete):
        transcriber.transcribe(Order(bytes(tmp_path / "a.wav"), 0, "en"), ignore_progress)


@pytest.mark.parametrize("language", ["zh", "auto", "de"])
def test_nobody_is_given_invented_english(language: str) -> None:
    with make_transcriber() as transcriber:
        assert not transcriber.serves(language)
        assert transcriber.serves("en")
        with pytest.raises(EngineError, match="cannot hear"):
            transcriber.transcribe(Order(bytes(SAMPLE), 43_085, language), ignore_progress)


@pytest.mark.parametrize("engine", ["fun-asr-nano", "sensevoice"])
def test_an_engine_that_is_not_here_says_what_is_missing(engine: str) -> None:
    with pytest.raises(ModelUnavailable, match=engine) as caught:
        build_transcriber(EngineOptions(engine), decode)
    assert caught.value.remedy
    assert not caught.value.permanent


def test_doctor_can_ask_which_engines_work_here(tmp_path: Path) -> None:
    here = {offer.engine for offer in offers_here(EngineOptions(models=tmp_path), engines(), second_stage=True)}
    assert "sphinx" in here and set(engines()) == {"sphinx", "openai", "fun-asr-nano", "sensevoice"}
    missing = [reason(engine, engines(), second_stage=True) for engine in engines() if engine not in here]
    assert len(missing) == 3 and all(each.message and each.remedy for each in missing)


def test_recordings_without_speech_stay_empty_of_invented_words(audio: Path) -> None:
    with (audio / "MANIFEST.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["kind"] in ("non-speech", "malformed")]
    assert len(rows) > 20
    with make_transcriber() as transcriber:
        for row in rows:
            try:
                transcript = transcriber.transcribe(Order(bytes(audio / row["path"]), 0, "en"), ignore_progress)
            except MediaError:
                assert row["kind"] == "malformed"
                continue
            if row["ref_tier"].startswith("E") and "laugh" not in row["path"]:  # laughter is a voice
                assert transcript.segments == (), row["path"]


@pytest.mark.parametrize(("threads", "cores", "made"), [(256, 2, 2), (None, 64, 8), (12, 64, 12), (1, 2, 1)])
def test_more_processes_than_cores_are_never_started(threads: int | None, cores: int, made: int) -> None:
    assert processes(threads, cores) == made
