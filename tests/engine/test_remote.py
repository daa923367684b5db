"""Room: tests.engine.test_remote. The engine `openai` against a real HTTP server: order, retries, refusals, whole pipeline."""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from nas_asr.core.errors import EngineBusy, EngineError, ModelUnavailable, RunStopped
from nas_asr.core.hotwords import Hotword
from nas_asr.core.ports import Brief, Order, Utterance
from nas_asr.core.transcript import ItnMode, Span
from nas_asr.engine.build import build_transcriber
from nas_asr.engine.options import EngineOptions
from nas_asr.engine.remote import Remote, Server
from nas_asr.media import decode
from tests.engine.sounds import SAMPLE, ignore_progress
from tests.engine.speech_server import Asked, SpeechServer, refusal, said, speech_server


@pytest.fixture
def server() -> Iterator[SpeechServer]:
    """The server."""
    with speech_server() as running:
        yield running


def remote(server: SpeechServer, **treatment: object) -> Remote:
    """The engine, in a hurry."""
    return Remote(Server(server.url, **{"pause_s": 0.01, "patience_s": 5.0, **treatment}))  # type: ignore[arg-type]


@contextmanager
def dripping() -> Iterator[str]:
    """The address of a server that sends a good answer, but a byte at a time."""
    over = threading.Event()

    class Drip(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # noqa: N802 (http.server's name)
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.end_headers()
            with suppress(OSError):
                for sign in b'{"text": "%s"}' % (b"a" * 400):
                    self.wfile.write(bytes([sign]))
                    if over.wait(0.05):
                        break

        def log_message(self, format: str, *args: object) -> None:
            """Tests need no log."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Drip) as http:
        threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield f"http://127.0.0.1:{http.server_address[1]}/v1"
        over.set()
        http.shutdown()


def utterances(*lengths_ms: int) -> list[Utterance]:
    """Quiet utterances of these lengths, one after the other."""
    found, at = [], 0
    for length in lengths_ms:
        found.append(Utterance(Span(at, at + length), np.zeros(length * 16, np.int16)))
        at += length
    return found


def texts(engine: Remote, spoken: list[Utterance], brief: Brief | None = None) -> list[str]:
    """What is heard, in the order given."""
    with closing(engine.recognise(spoken, brief or Brief("en"), lambda: None)) as heard:
        return [text.spoken for _, text in heard]


def test_texts_come_back_in_order_however_long_each_takes(server: SpeechServer) -> None:
    turn = threading.Barrier(2)

    def first_waits_for_second(asked: Asked, number: int) -> tuple[int, dict[str, str], bytes]:
        if number <= 2:
            turn.wait(5)  # both are under way at once, or this breaks
        return said(f"{asked.samples // 16} ms")

    server.answer = first_waits_for_second
    assert texts(remote(server), utterances(3000, 200, 1000)) == ["3000 ms", "200 ms", "1000 ms"]


def test_no_more_requests_are_under_way_than_allowed(server: SpeechServer) -> None:
    def slowly(_: Asked, __: int) -> tuple[int, dict[str, str], bytes]:
        time.sleep(0.02)
        return said("yes")

    server.answer = slowly
    assert texts(remote(server, at_once=2), utterances(*[500] * 12)) == ["yes"] * 12
    assert server.most_at_once == 2


def test_the_request_is_what_every_such_server_understands(server: SpeechServer) -> None:
    engine = remote(server, key="secret", hotwords="both")
    server.key = "secret"
    texts(engine, utterances(1000), Brief("zh", (Hotword("Kaliningrad"), Hotword("张伟", "zhang wei"))))
    asked = server.asked[0]
    assert (asked.samples, asked.rate) == (16000, 16000)
    assert asked.fields == {
        "model": "parrot-1", "response_format": "json", "temperature": "0", "language": "zh",
        "prompt": "Kaliningrad, 张伟", "hotwords": "Kaliningrad, 张伟",
    }  # fmt: skip
    assert engine.label.device == server.url.split("/")[2]
    assert "secret" not in repr(engine.label)


def test_an_undeclared_language_is_left_to_the_server_and_no_hotwords_are_no_prompt(server: SpeechServer) -> None:
    texts(remote(server), utterances(1000), Brief("auto"))
    assert not {"language", "prompt", "hotwords"} & set(server.asked[0].fields)


def test_a_long_list_is_cut_between_two_words(server: SpeechServer) -> None:
    texts(remote(server), utterances(1000), Brief("en", tuple(Hotword(f"Kaliningrad{i}") for i in range(500))))
    prompt = server.asked[0].fields["prompt"]
    assert 500 < len(prompt) <= 600
    assert prompt.split(", ")[-1].startswith("Kaliningrad")


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_what_may_pass_is_tried_again(server: SpeechServer, status: int) -> None:
    server.answer = lambda _, number: refusal(status, "later", Retry_After="0") if number < 3 else said("at last")
    assert texts(remote(server), utterances(1000)) == ["at last"]
    assert len(server.asked) == 3


def test_a_server_that_stays_broken_lets_the_recording_wait(server: SpeechServer) -> None:
    server.answer = lambda *_: refusal(503, "loading the model")
    with pytest.raises(EngineBusy, match="loading the model") as caught:
        texts(remote(server, tries=2), utterances(1000))
    assert not caught.value.permanent
    assert len(server.asked) == 2


def test_a_server_that_is_not_there_is_one_sentence() -> None:
    engine = Remote(Server("http://127.0.0.1:9/v1", model="m", tries=2, pause_s=0.01))
    with pytest.raises(EngineBusy, match=r"127\.0\.0\.1:9 does not answer") as caught:
        texts(engine, utterances(1000))
    assert "NAS_ASR_OPENAI_URL" in caught.value.remedy
    with pytest.raises(ModelUnavailable, match="does not answer"):
        Remote(Server("http://127.0.0.1:9/v1", tries=1))


def test_a_server_that_never_answers_runs_into_the_time_limit(server: SpeechServer) -> None:
    over = threading.Event()

    def never(*_: object) -> tuple[int, dict[str, str], bytes]:
        over.wait(10)
        return said("too late")

    server.answer = never
    with pytest.raises(EngineBusy, match="does not answer"):
        texts(remote(server, patience_s=0.1, tries=2), utterances(1000))
    over.set()


def test_a_wrong_key_says_which_setting_and_never_the_key(server: SpeechServer) -> None:
    server.key = "right"
    with pytest.raises(EngineError, match="wrong key") as caught:
        texts(remote(server, key="wr0ng-s3cret"), utterances(1000))
    assert "NAS_ASR_OPENAI_KEY" in caught.value.remedy
    assert "s3cret" not in caught.value.message + caught.value.remedy
    assert caught.value.permanent
    assert not server.asked


def test_recordings_are_not_sent_on_to_where_the_server_points(server: SpeechServer) -> None:
    with speech_server() as other:
        server.answer = lambda *_: refusal(307, Location=f"{other.url}/audio/transcriptions")
        with pytest.raises(EngineError, match="307"):
            texts(remote(server), utterances(1000))
        assert not other.asked


@pytest.mark.parametrize(
    "body", [b"<html>a router's page</html>", b"[]", b'{"txt": 1}', b'{"text": null}', b"", b"[" * 200_000]
)
def test_something_else_that_answers_is_said_clearly(server: SpeechServer, body: bytes) -> None:
    server.answer = lambda *_: (200, {}, body)
    with pytest.raises(EngineError, match=r"no OpenAI-compatible|without a text"):
        texts(remote(server), utterances(1000))


@pytest.mark.parametrize(
    "url", ["", "gpu-pc:8000", "ftp://gpu-pc/v1", "http://me:pw@gpu-pc/v1", "http:///v1", "http://a:x/v1"]
)
def test_what_is_no_address_names_the_setting(url: str) -> None:
    with pytest.raises(ModelUnavailable) as caught:
        Remote(Server(url, model="m"))
    assert "NAS_ASR_OPENAI_URL" in caught.value.remedy


def test_a_password_in_an_address_is_not_repeated() -> None:
    with pytest.raises(ModelUnavailable) as caught:
        Remote(Server("http://me:s3cret@gpu-pc/v1", model="m"))
    assert "s3cret" not in caught.value.message + caught.value.remedy


@pytest.mark.parametrize("key", ["s3cret\nsecond line", "s3cret\r\nX-Admin: yes", "s3cret钥匙"])
def test_a_key_that_is_none_is_a_sentence_without_the_key(key: str) -> None:
    with pytest.raises(ModelUnavailable, match="signs that no key has") as caught:
        Remote(Server("http://127.0.0.1:9/v1", key=key, model="m"))
    assert "s3cret" not in caught.value.message + caught.value.remedy


def test_signs_that_no_database_takes_are_not_taken_over(server: SpeechServer) -> None:
    server.answer = lambda *_: said("\ud800 one\x00two \x1b[31mthree\n")
    assert texts(remote(server), utterances(1000)) == ["one two [31mthree"]


def test_a_text_without_end_is_cut_where_nobody_speaks_so_fast(server: SpeechServer) -> None:
    server.answer = lambda *_: said("一万" * 40_000)
    assert len(texts(remote(server), utterances(1000))[0]) == 2_000


def test_a_server_that_drips_its_answer_is_away(server: SpeechServer) -> None:
    with dripping() as url, pytest.raises(EngineBusy, match="does not answer"):
        texts(Remote(Server(url, model="m", patience_s=0.3, tries=1)), utterances(1000))


def test_a_stopped_run_ends_while_the_server_is_still_thinking(server: SpeechServer) -> None:
    over = threading.Event()

    def thinks(*_: object) -> tuple[int, dict[str, str], bytes]:
        over.wait(10)
        return said("nobody hears this")

    def stopped() -> None:
        raise RunStopped("Somebody asked to stop this transcription.")

    server.answer = thinks
    began = time.monotonic()
    with pytest.raises(RunStopped), closing(remote(server).recognise(utterances(1000), Brief("en"), stopped)) as heard:
        next(heard)
    assert time.monotonic() - began < 5
    over.set()


def test_less_than_a_tenth_of_a_second_is_not_worth_a_question(server: SpeechServer) -> None:
    assert texts(remote(server), utterances(60, 1000)) == ["", "16000 samples"]
    assert len(server.asked) == 1


def test_the_whole_pipeline_sends_utterances_of_at_most_half_a_minute(server: SpeechServer) -> None:
    options = EngineOptions("openai", openai_url=server.url)
    server.answer = lambda *_: said("twenty five percent")
    with closing(build_transcriber(options, decode)) as transcriber:
        order = Order(os.fsencode(SAMPLE), 0, "en", ("Kaliningrad",))
        by_rules = transcriber.transcribe(order, ignore_progress)
        by_model = transcriber.transcribe(
            Order(order.path, 0, "en", ("Kaliningrad",), itn=ItnMode.MODEL), ignore_progress
        )
    assert server.asked and max(asked.samples for asked in server.asked) <= 30 * 16000
    assert {asked.fields["prompt"] for asked in server.asked} == {"Kaliningrad"}
    assert {segment.text for segment in by_rules.segments} == {"25%"}
    assert {segment.text for segment in by_model.segments} == {"twenty five percent"}
    assert by_rules.engine.name == "openai" and by_rules.engine.model == "parrot-1"
